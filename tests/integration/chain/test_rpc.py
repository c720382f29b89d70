"""The connection on a real node, directly and through a proxy that
limits, cuts and talks nonsense.
"""

import random

import pytest

from careledger.chain import artifacts
from careledger.chain.contract import ContractClient
from careledger.chain.node import LocalNode, development_accounts
from careledger.chain.reverts import RevertedWithText
from careledger.chain.rpc import connect
from careledger.chain.send import Sender
from careledger.errors import LogsRefused, NodeError, Unreachable, WrongChain
from tests.support.proxy import Fault, Proxy, on

ROLE = b"careledger.agent".ljust(32, b"\0")


class Registry(ContractClient):
    name = "IdentityRegistry"


class TestRequest:
    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (Fault.REFUSE, "no node answers"),
            (Fault.LOST, "no node answers"),
            (Fault.TRUNCATE, "no node answers"),
            (Fault.LIMIT, "429: it is asked too often"),
            (Fault.DROP, "did not answer eth_blockNumber in time"),
            ((503, b""), "HTTP status 503"),
            (b"[" * 100_000, "no node answers"),
            (b"{", "no node answers"),
            (b"[]", "is not a node"),
            (b"null", "is not a node"),
            (b'"text"', "is not a node"),
            (b"{}", "is not a node"),
        ],
    )
    def test_where_no_answer_comes_through_it_is_open_what_the_node_did(self, chain, reply, words):
        with (
            Proxy(chain.url, on("eth_blockNumber", reply)) as proxy,
            pytest.raises(Unreachable, match=words),
        ):
            connect(proxy.url, timeout=0.1).block_number()

    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            ((413, b""), "HTTP status 413"),
            ((403, b"<html>"), "HTTP status 403"),
            ((400, b"{}"), "HTTP status 400"),
            ((400, b"[" * 100_000), "HTTP status 400"),
            (
                (400, b'{"error": {"code": 1, "message": "too much"}}'),
                "refused eth_blockNumber: too much",
            ),
            (
                (500, b'{"error": {"code": 1, "message": "not now"}}'),
                "refused eth_blockNumber: not now",
            ),
        ],
    )
    def test_a_status_of_http_that_says_no_is_a_refusal(self, chain, reply, words):
        with (
            Proxy(chain.url, on("eth_blockNumber", reply)) as proxy,
            pytest.raises(NodeError, match=words) as refused,
        ):
            connect(proxy.url).block_number()
        assert not isinstance(refused.value, Unreachable)

    def test_an_answer_that_carries_an_empty_error_is_an_answer(self, chain):
        reply = {"error": None, "result": "0x7"}
        with Proxy(chain.url, on("eth_blockNumber", reply)) as proxy:
            assert connect(proxy.url).block_number() == 7


class TestCall:
    def test_the_sender_and_the_ether_of_a_call_count(self, chain, suite, senders):
        brand, stranger = senders[1].address, senders[5].address
        registry = Registry(chain, suite["IdentityRegistry"])
        data = registry.encode("addDelegate", brand, ROLE, stranger, 1000)
        assert chain.call(registry.address, data, sender=brand) == b""
        with pytest.raises(RevertedWithText, match="bad_actor"):
            chain.call(registry.address, data, sender=stranger)
        with pytest.raises(NodeError):
            chain.call(stranger, b"", sender=brand, value=10**30)


class TestBlock:
    def test_it_is_found_by_number_and_by_hash(self, chain):
        block = chain.block(1)
        assert chain.block(bytes.fromhex(block["hash"][2:])) == block

    @pytest.mark.parametrize(
        ("name", "words"), [(10**6, "no block 1000000"), (b"\1" * 32, "no block 0x0101")]
    )
    def test_one_that_is_not_there_is_said(self, chain, name, words):
        with pytest.raises(NodeError, match=words):
            chain.block(name)


class TestExpect:
    def test_another_chain_is_refused(self, chain):
        chain.expect(31337)
        with pytest.raises(WrongChain, match="serves chain 31337, but chain 1 is expected"):
            chain.expect(1)


@pytest.fixture(scope="module")
def busy():
    """A chain with a known number of events in each block; the blocks and the events' block
    numbers.
    """
    with LocalNode("anvil", extra=["--no-mining"]) as chain:
        sender = Sender(chain, development_accounts(1)[0])
        made = sender.send(None, artifacts.load("IdentityRegistry").bytecode)
        chain.request("evm_mine")
        registry = Registry(chain, sender.wait(made).contract_address, sender)
        choose, numbers = random.Random(7), []
        for block in range(2, 66):
            for _ in range(choose.choice((0, 0, 1, 1, 2, 9))):
                registry._send(
                    "setAttribute", sender.address, ROLE, bytes([block]), 1000, gas=100_000
                )
                numbers.append(block)
            chain.request("evm_mine")
        assert chain.block_number() == 65
        yield chain, registry.address, numbers


class Limit:
    """Refuses requests for logs of too many blocks, or with too many events in the answer."""

    def __init__(self, chain, blocks=10**9, events=10**9, by=None):
        self.chain, self.blocks, self.events = chain, blocks, events
        self.by = by or {"error": {"code": -32005, "message": "query exceeds the limit"}}

    def __call__(self, method, parameters):
        if method != "eth_getLogs":
            return None
        query = parameters[0]
        first, last = (
            int(self.chain.block(self._given(query[end]))["number"], 16)
            for end in ("fromBlock", "toBlock")
        )
        refused = (
            last - first >= self.blocks
            or len(self.chain.request("eth_getLogs", query)) > self.events
        )
        return self.by if refused else None

    @staticmethod
    def _given(block):
        return int(block, 16) if block.startswith("0x") else block


class TestLogs:
    def test_a_node_without_limits_is_asked_once(self, busy):
        chain, registry, numbers = busy
        with Proxy(chain.url, lambda *_: None) as proxy:
            found = connect(proxy.url).logs(registry)
        assert [log.block_number for log in found] == numbers
        assert proxy.asked["eth_getLogs"] == 1
        assert proxy.asked["eth_getBlockByNumber"] == 0

    @pytest.mark.parametrize(
        "limit",
        [
            {"blocks": 1},
            {"blocks": 2},
            {"blocks": 10},
            {"blocks": 64},
            {"events": 9},
            {"events": 30},
            {"blocks": 7, "events": 9},
        ],
        ids=str,
    )
    def test_a_node_with_limits_gives_the_same_events_in_the_same_order(self, busy, limit):
        chain, registry, _ = busy
        with Proxy(chain.url, Limit(chain, **limit)) as proxy:
            limited = connect(proxy.url)
            assert limited.logs(registry) == chain.logs(registry)
            assert limited.logs(registry, from_block=13, to_block=41) == chain.logs(
                registry, from_block=13, to_block=41
            )

    def test_the_requests_are_about_twice_the_pages(self, busy):
        chain, registry, _ = busy
        with Proxy(chain.url, Limit(chain, blocks=8)) as proxy:
            connect(proxy.url).logs(registry, from_block=2, to_block=65)
        assert proxy.asked["eth_getLogs"] == 8 + 7

    @pytest.mark.parametrize(
        "by",
        [(413, b""), {"error": "too much"}, {"error": {"code": -32602, "message": "range"}}],
        ids=str,
    )
    def test_however_it_says_no(self, busy, by):
        chain, registry, _ = busy
        with Proxy(chain.url, Limit(chain, blocks=20, by=by)) as proxy:
            assert connect(proxy.url).logs(registry) == chain.logs(registry)

    def test_a_block_that_is_too_much_by_itself_is_an_error_of_its_own(self, busy):
        chain, registry, numbers = busy
        full = next(block for block in numbers if numbers.count(block) == 9)
        with Proxy(chain.url, Limit(chain, events=8)) as proxy:
            limited = connect(proxy.url)
            with pytest.raises(LogsRefused, match=f"block {full} alone: .*exceeds the limit"):
                limited.logs(registry)
            with pytest.raises(LogsRefused):
                limited.logs(registry, from_block=full, to_block=full)

    def test_who_knows_a_cheaper_way_hears_the_refusal(self, busy):
        chain, registry, _ = busy
        with (
            Proxy(chain.url, Limit(chain, blocks=8)) as proxy,
            pytest.raises(NodeError, match="exceeds the limit"),
        ):
            connect(proxy.url).logs(registry, split=False)
        assert proxy.asked["eth_getLogs"] == 1

    def test_a_range_that_ends_before_it_begins_is_the_nodes_to_refuse(self, busy):
        chain, registry, _ = busy
        with (
            Proxy(chain.url, on("eth_getLogs", {"error": "bad range"})) as proxy,
            pytest.raises(NodeError, match="bad range") as refused,
        ):
            connect(proxy.url).logs(registry, from_block=9, to_block=8)
        assert not isinstance(refused.value, LogsRefused)

    @pytest.mark.parametrize("asks", [1, 4])
    def test_silence_is_no_limit(self, busy, asks):
        chain, registry, _ = busy
        limit, asked = Limit(chain, blocks=8), []

        def silent_after_a_while(method, parameters):
            asked.append(method)
            return Fault.REFUSE if asked.count("eth_getLogs") == asks else limit(method, parameters)

        with Proxy(chain.url, silent_after_a_while) as proxy, pytest.raises(Unreachable):
            connect(proxy.url).logs(registry)
        assert proxy.asked["eth_getLogs"] == asks
