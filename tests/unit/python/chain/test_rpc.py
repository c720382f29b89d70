import http.server
import threading

import pytest
from eth_abi.abi import encode

from careledger.chain.node import free_port
from careledger.chain.reverts import RevertedSilently, RevertedWithText
from careledger.chain.rpc import _failure, connect
from careledger.errors import InputError, NodeError, NoFunds
from careledger.values.addresses import address


class TestAddress:
    def test_lower_case_becomes_checksummed(self):
        text = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
        assert address(text) == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

    def test_a_wrong_checksum_is_a_typing_error(self):
        with pytest.raises(InputError, match="wrong checksum"):
            address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267")

    @pytest.mark.parametrize(
        "text", ["", "0x", "0x12", "f39fd6e51aad88f6f4ce6ab8827279cfffb92266", "0x" + "g" * 40, 5]
    )
    def test_anything_else_is_named(self, text):
        with pytest.raises(InputError, match="payer"):
            address(text, "payer")


class _Page(http.server.BaseHTTPRequestHandler):
    body = b"<html>hello</html>"

    def do_POST(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_):
        pass


@pytest.fixture
def web_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class TestConnect:
    def test_no_node_is_one_sentence(self):
        with pytest.raises(NodeError, match="no node answers at http://127"):
            connect(f"http://127.0.0.1:{free_port()}")

    def test_a_web_page_is_no_node(self, web_server):
        with pytest.raises(NodeError, match="no node answers"):
            connect(web_server)

    @pytest.mark.parametrize("url", ["", "ws://127.0.0.1:1", "127.0.0.1:8545", "file:///etc"])
    def test_only_http_is_spoken(self, url):
        with pytest.raises(InputError, match="not an HTTP address"):
            connect(url)


class TestFailure:
    def test_ganache_hides_the_revert_data_deeper(self):
        data = (
            "0x08c379a0"
            + (32).to_bytes(32, "big").hex()
            + (2).to_bytes(32, "big").hex()
            + "6e6f"
            + "00" * 30
        )
        error = _failure(
            "eth_call",
            {"code": -32000, "message": "VM Exception: revert", "data": {"result": data}},
        )
        assert isinstance(error, RevertedWithText)
        assert error.reason == "no"

    def test_a_revert_without_data_is_silent(self):
        assert isinstance(
            _failure("eth_call", {"code": 3, "message": "execution reverted"}), RevertedSilently
        )

    def test_an_empty_purse_is_told_apart(self):
        assert isinstance(
            _failure("m", {"code": -32003, "message": "Insufficient funds for gas * price"}),
            NoFunds,
        )

    def test_anything_else_is_the_nodes(self):
        assert isinstance(_failure("m", {"code": -32601, "message": "Method not found"}), NodeError)
        assert isinstance(_failure("m", "a bare text"), NodeError)


class TestRefusals:
    def test_a_token_that_speaks_of_insufficient_funds_refused_all_the_same(self):
        reason = encode(["string"], ["Insufficient funds"]).hex()
        error = {
            "code": 3,
            "message": "execution reverted: Insufficient funds",
            "data": "0x08c379a0" + reason,
        }

        refusal = _failure("eth_call", error)

        assert isinstance(refusal, RevertedWithText)
        assert refusal.reason == "Insufficient funds"

    def test_a_sender_without_ether_is_told_so(self):
        error = {"code": -32000, "message": "insufficient funds for gas * price + value"}
        assert isinstance(_failure("eth_sendRawTransaction", error), NoFunds)

    def test_data_that_is_not_hexadecimal_is_no_answer_of_a_contract(self):
        error = {"code": -32000, "message": "nonsense", "data": "0xzz"}
        assert type(_failure("eth_call", error)) is NodeError
