"""`careledger interactions …` as a person types it."""

import json
import stat

import pytest

from careledger.cli.interactions import app
from careledger.cli.program import run
from careledger.interactions.receipt import Receipt
from tests.integration.interactions.conftest import EXAMPLES

KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
"""Anvil's second account, the brand of these tests; known to everybody."""
FIRST = "call-20260302-001"


@pytest.fixture
def terminal(desk, deployments, capsys, monkeypatch):
    """Run a command in the tests' folder; returns exit status, stdout and stderr."""
    for name in ("CARELEDGER_RPC", "CARELEDGER_KEYSTORE", "CARELEDGER_DEPLOYMENTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CARELEDGER_PRIVATE_KEY", KEY)
    monkeypatch.setenv("CARELEDGER_DEPLOYMENTS", str(deployments))
    monkeypatch.chdir(desk.folder)

    def call(*arguments, rpc=desk.chain.url):
        if rpc:
            monkeypatch.setenv("CARELEDGER_RPC", rpc)
        else:
            monkeypatch.delenv("CARELEDGER_RPC", raising=False)
        capsys.readouterr()
        status = 0
        try:
            run(app, [str(argument) for argument in arguments])
        except SystemExit as stop:
            status = stop.code
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return call


@pytest.fixture
def anchored(terminal, desk):
    """The examples, anchored by command, and one receipt."""
    (desk.folder / "calls.json").write_bytes(EXAMPLES.read_bytes())
    status, out, err = terminal("anchor", "calls.json", "--json")
    assert status == 0, err
    status, _, err = terminal("receipt", "calls.batch.json", "--id", FIRST)
    assert status == 0, err
    return json.loads(out)


class TestAnchor:
    def test_it_says_what_was_anchored_and_where(self, desk, anchored):
        assert (anchored["batch"], anchored["first"], anchored["count"]) == (0, 0, 36)
        assert (anchored["brand"], anchored["contract"]) == (desk.brand.address, desk.log.address)
        assert desk.log.batch(desk.brand.address, 0).root.hex() == anchored["root"][2:]
        for name in ("calls.batch.json", "customer-keys.json", "receipt.json"):
            assert stat.S_IMODE((desk.folder / name).stat().st_mode) == 0o600

    def test_again_changes_nothing(self, desk, terminal, anchored):
        status, out, _ = terminal("anchor", "calls.json")
        assert status == 0
        assert "36 interactions anchored as batch 0" in out
        assert desk.log.head(desk.brand.address).batches == 1

    def test_for_another_brand_as_its_delegate(self, desk, terminal):
        (desk.folder / "calls.json").write_bytes(EXAMPLES.read_bytes())
        status, _, err = terminal("anchor", "calls.json", "--brand", desk.customer.address)
        assert status == 1
        assert err.startswith(
            "error: The account is neither the brand's controller nor its delegate"
        )
        assert err.count("\n") == 1

    def test_an_urgent_interaction_is_a_file_of_one(self, desk, terminal):
        one = json.loads(EXAMPLES.read_text())[3]
        (desk.folder / "one.json").write_text(json.dumps(one))
        status, out, _ = terminal("anchor", "one.json", "--json")
        assert (status, json.loads(out)["count"]) == (0, 1)

    @pytest.mark.parametrize(
        ("content", "status", "message"),
        [
            (None, 2, "the interactions file calls.json cannot be read: No such file or directory"),
            ("{", 2, "calls.json $: not JSON"),
            ("[]", 2, "calls.json $: it holds no interaction"),
            ('[{"id":"x"}]', 2, "calls.json, item 1 $.agent: missing"),
        ],
    )
    def test_bad_input_is_one_sentence_and_nothing_is_done(
        self, desk, terminal, content, status, message
    ):
        if content is not None:
            (desk.folder / "calls.json").write_text(content)
        found, out, err = terminal("anchor", "calls.json")
        assert (found, out) == (status, "")
        assert err.startswith("error: ")
        assert message in err
        assert err.count("\n") == 1
        assert {path.name for path in desk.folder.iterdir()} <= {"calls.json"}

    @pytest.mark.parametrize(
        ("options", "status", "message"),
        [
            (["--contract", "0x12"], 2, "--contract '0x12' is not an address"),
            (["--contract", "0x" + "12" * 20], 1, "there is no InteractionLog at"),
            (["--brand", "acme"], 2, "--brand 'acme' is not an address"),
            (
                ["--deployments", "nowhere"],
                1,
                "no deployment on chain 31337 is recorded in nowhere",
            ),
            (["--rpc", "http://127.0.0.1:9"], 3, "no node answers at http://127.0.0.1:9"),
            (["--keys", "calls.json"], 2, "key file $"),
            (["--batch", "calls.json"], 2, "batch file $"),
        ],
    )
    def test_bad_options_are_one_sentence(self, desk, terminal, options, status, message):
        (desk.folder / "calls.json").write_bytes(EXAMPLES.read_bytes())
        found, _, err = terminal("anchor", "calls.json", *options)
        assert found == status
        assert message in err
        assert err.count("\n") == 1
        assert desk.log.head(desk.brand.address).batches == 0

    def test_without_a_key_the_development_chains_first_account_signs(
        self, desk, terminal, senders, monkeypatch
    ):
        monkeypatch.delenv("CARELEDGER_PRIVATE_KEY")
        (desk.folder / "calls.json").write_bytes(EXAMPLES.read_bytes())
        status, out, _ = terminal("anchor", "calls.json", "--json")
        assert (status, json.loads(out)["brand"]) == (0, senders[0].address)


class TestReceipt:
    def test_it_can_leave_the_record_out(self, desk, terminal, anchored):
        status, out, _ = terminal(
            "receipt",
            "calls.batch.json",
            "--id",
            FIRST,
            "--no-record",
            "--out",
            "bare.json",
            "--json",
        )
        assert (status, json.loads(out)["index"]) == (0, 0)
        receipt = Receipt.parse((desk.folder / "bare.json").read_bytes())
        assert receipt.record is None
        assert receipt.salts is not None

    @pytest.mark.parametrize(
        ("arguments", "status", "message"),
        [
            (["calls.batch.json", "--id", "call-0"], 1, "no interaction 'call-0' is in this batch"),
            (["nothing.json", "--id", "x"], 2, "the batch file nothing.json cannot be read"),
            (["receipt.json", "--id", "x"], 2, "batch file $"),
            (
                ["calls.batch.json", "--id", FIRST, "--keys", "nothing"],
                2,
                "the key file nothing is not there",
            ),
            (["calls.batch.json", "--id", FIRST, "--out", "calls.json/x"], 2, "cannot be written"),
        ],
    )
    def test_bad_input_is_one_sentence(self, terminal, anchored, arguments, status, message):
        found, _, err = terminal("receipt", *arguments)
        assert found == status
        assert message in err
        assert err.count("\n") == 1


class TestVerify:
    def test_a_match_ends_with_0_and_one_line(self, terminal, anchored):
        status, out, err = terminal("verify", "receipt.json")
        assert (status, err) == (0, "")
        assert out.startswith("MATCH: Interaction 0 of ")
        assert out.count("\n") == 1
        status, out, _ = terminal("verify", "receipt.json", "--json")
        document = json.loads(out)
        assert (status, document["verdict"], document["altered"]) == (0, "MATCH", [])

    def test_one_changed_byte_is_named_and_ends_with_1(self, desk, terminal, anchored):
        path = desk.folder / "receipt.json"
        text = path.read_text()
        assert "29,90" in text
        path.write_text(text.replace("29,90", "29,91", 1))
        status, out, _ = terminal("verify", "receipt.json")
        assert status == 1
        assert out.startswith("ALTERED: ")
        assert "record: " in out
        status, out, _ = terminal("verify", "receipt.json", "--json")
        assert (status, json.loads(out)["altered"]) == (1, ["record"])

    def test_offline(self, desk, terminal, anchored):
        receipt = Receipt.parse((desk.folder / "receipt.json").read_bytes())
        block = "0x" + receipt.anchored.anchor.block_hash.hex()
        status, out, _ = terminal("verify", "receipt.json", "--block-hash", block, rpc=None)
        assert (status, out[:6]) == (0, "MATCH:")
        status, out, _ = terminal(
            "verify", "receipt.json", "--block-hash", block, "--contract", desk.registry, rpc=None
        )
        assert (status, out[:8]) == (1, "ALTERED:")
        status, out, _ = terminal(
            "verify", "receipt.json", "--block-hash", "0x" + "00" * 32, rpc=None
        )
        assert (status, out[:8]) == (1, "ALTERED:")
        status, _, err = terminal("verify", "receipt.json", "--block-hash", "0x12", rpc=None)
        assert status == 2
        assert "--block-hash" in err

    def test_two_nodes_have_to_agree(self, desk, terminal, anchored, deployments):
        from careledger.chain.node import LocalNode

        url = desk.chain.url
        status, out, _ = terminal("verify", "receipt.json", "--rpc", url, "--rpc", url)
        assert (status, out[:6]) == (0, "MATCH:")
        with LocalNode("anvil") as other:
            status, _, err = terminal(
                "verify", "receipt.json", "--rpc", url, "--rpc", other.url, "--deployments", "none"
            )
            assert status == 3
            assert "the nodes disagree" in err
            assert "MATCH" in err

    def test_a_record_beside_the_receipt(self, desk, terminal, anchored):
        terminal("receipt", "calls.batch.json", "--id", FIRST, "--no-record", "--out", "bare.json")
        status, out, _ = terminal("verify", "bare.json")
        assert (status, out[:7]) == (1, "ERASED:")
        record = Receipt.parse((desk.folder / "receipt.json").read_bytes()).record
        (desk.folder / "record.json").write_bytes(record)
        assert terminal("verify", "bare.json", "--record", "record.json")[0] == 0
        (desk.folder / "record.json").write_bytes(b"\xff")
        assert terminal("verify", "bare.json", "--record", "record.json")[0] == 2

    def test_without_a_deployment_record_the_code_decides(self, terminal, anchored):
        status, out, _ = terminal("verify", "receipt.json", "--deployments", "nowhere")
        assert (status, out[:6]) == (0, "MATCH:")

    @pytest.mark.parametrize(
        ("content", "status", "message"),
        [
            (None, 2, "the receipt file bad.json cannot be read"),
            ("", 2, "receipt $: not JSON"),
            ("{}", 2, "receipt $.format: missing"),
            ("[" * 100_000, 2, "receipt $: nested"),
        ],
    )
    def test_bad_input_is_one_sentence(self, desk, terminal, content, status, message):
        if content is not None:
            (desk.folder / "bad.json").write_text(content)
        found, out, err = terminal("verify", "bad.json")
        assert (found, out) == (status, "")
        assert message in err
        assert err.count("\n") == 1

    def test_another_chain_is_one_sentence(self, desk, terminal, anchored):
        path = desk.folder / "receipt.json"
        path.write_text(path.read_text().replace('"chainId":31337', '"chainId":1'))
        status, _, err = terminal("verify", "receipt.json")
        assert status == 3
        assert "chain 1 is expected" in err


def test_every_command_has_an_example(terminal):
    for command in ("anchor", "receipt", "verify"):
        status, out, _ = terminal(command, "--help")
        assert status == 0
        assert "Example" in out
