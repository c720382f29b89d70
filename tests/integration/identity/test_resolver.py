"""The resolver on a node: what it asks, and what it does not believe. Its documents:
tests/interop/identity.
"""

from datetime import UTC, datetime, timedelta

import pytest

from careledger.chain.node import LocalNode
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.errors import NodeError, NotFound, WrongChain
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import format_did
from careledger.identity.did.errors import HistoryWithheld, MalformedDid
from careledger.identity.did.history import delegates_at, history
from careledger.identity.did.model import AGENT, Operation, name32
from careledger.identity.did.resolver import resolve

HOUR, SERVICE = 3600, "did/svc/Care"


class Altered:
    """A node whose answers to eth_getLogs are changed on the way."""

    def __init__(self, monkeypatch, chain, change):
        self.methods, ask = [], chain.request

        def request(method, *parameters):
            self.methods.append(method)
            if method == "eth_getLogs":
                return change(parameters[0], lambda: ask(method, *parameters))
            return ask(method, *parameters)

        monkeypatch.setattr(chain, "request", request)


@pytest.fixture
def alice(senders):
    return senders[1].address


@pytest.fixture
def lived(registry, alice, senders, soon):
    """Give alice a history over five blocks, two of them with several events."""
    registry.add_delegate(alice, "veriKey", senders[2].address, HOUR)
    registry.execute(
        alice,
        [
            Operation.add_delegate(AGENT, senders[3].address, soon),
            Operation.set_attribute(SERVICE, b"https://one.example", soon),
            Operation.set_attribute(SERVICE, b"https://two.example", soon),
        ],
    )
    registry.revoke_delegate(alice, "veriKey", senders[2].address)
    registry.add_delegate(alice, "sigAuth", senders[4].address, 10 * HOUR)
    registry.change_owner(alice, senders[6].address)
    return registry


class TestHistory:
    def test_two_calls_whatever_the_number_of_changes(self, lived, alice, monkeypatch):
        node = Altered(monkeypatch, lived.chain, lambda _, ask: ask())
        assert len(history(lived, alice)) == 7
        assert node.methods == ["eth_call", "eth_getLogs"]

    def test_of_an_untouched_identity_is_empty_after_one(self, registry, alice, monkeypatch):
        node = Altered(monkeypatch, registry.chain, lambda _, ask: ask())
        assert history(registry, alice) == []
        assert node.methods == ["eth_call"]

    def test_a_node_that_refuses_the_range_is_asked_along_the_links(
        self, lived, alice, monkeypatch
    ):
        expected = history(lived, alice)

        def change(query, ask):
            if query["fromBlock"] != query["toBlock"]:
                raise NodeError("the node refused eth_getLogs: range too large")
            return ask()

        node = Altered(monkeypatch, lived.chain, change)
        assert history(lived, alice) == expected
        assert node.methods.count("eth_getLogs") == 6

    def test_so_is_one_that_cuts_its_answer_short(self, lived, alice, monkeypatch):
        expected = history(lived, alice)
        Altered(
            monkeypatch,
            lived.chain,
            lambda query, ask: ask() if query["fromBlock"] == query["toBlock"] else ask()[:3],
        )
        assert history(lived, alice) == expected

    @pytest.mark.parametrize("missing", range(7))
    def test_a_missing_event_that_a_link_leads_to_is_noticed(
        self, lived, alice, monkeypatch, missing
    ):
        """Whole blocks are linked; the node leaves out the block of one event."""
        gone = {log["blockNumber"] for log in _logs(lived, alice)[missing : missing + 1]}
        Altered(
            monkeypatch,
            lived.chain,
            lambda _, ask: [log for log in ask() if log["blockNumber"] not in gone],
        )
        with pytest.raises(HistoryWithheld, match="archive node"):
            history(lived, alice)

    def test_a_node_without_old_logs_is_noticed(self, lived, alice, monkeypatch):
        Altered(monkeypatch, lived.chain, lambda _, ask: [])
        with pytest.raises(HistoryWithheld):
            history(lived, alice)

    def test_a_node_that_invents_a_link_in_circles_is_noticed(self, lived, alice, monkeypatch):
        def change(query, ask):
            if query["fromBlock"] != query["toBlock"]:
                raise NodeError("no")
            return [log | {"blockNumber": hex(int(log["blockNumber"], 16) - 99)} for log in ask()]

        Altered(monkeypatch, lived.chain, change)
        with pytest.raises(HistoryWithheld):
            history(lived, alice)

    def test_several_changes_of_one_block_are_linked_to_the_one_before(
        self, registry, alice, chain
    ):
        chain.request("evm_setAutomine", False)
        try:
            for number in range(3):
                registry._send(
                    "setAttribute", alice, name32(SERVICE), b"%d" % number, HOUR, gas=100_000
                )
            chain.request("evm_mine")
        finally:
            chain.request("evm_setAutomine", True)
        registry.set_attribute(alice, SERVICE, b"3", HOUR)
        assert [change.value for change in history(registry, alice)] == [b"0", b"1", b"2", b"3"]


def _logs(registry, alice):
    topics = [None, "0x" + bytes(12).hex() + alice[2:].lower()]
    return registry.chain.request(
        "eth_getLogs", {"address": registry.address, "topics": topics, "fromBlock": "0x0"}
    )


class TestDelegatesAt:
    def test_every_type_as_of_a_time_and_a_block(self, lived, alice, senders, chain):
        changes, now = history(lived, alice), chain.timestamp()
        found = {(one.delegate_type, one.delegate) for one in delegates_at(changes, now)}
        assert found == {
            (name32(AGENT), senders[3].address),
            (name32("sigAuth"), senders[4].address),
        }
        first = changes[0].log.block_number
        (only,) = delegates_at(changes, now, first)
        assert (only.delegate_type, only.delegate) == (name32("veriKey"), senders[2].address)
        assert [one.delegate_type for one in delegates_at(changes, now + 2 * HOUR)] == [
            name32("sigAuth")
        ]


class TestResolve:
    def test_five_calls_at_most(self, lived, alice, monkeypatch):
        did = format_did(alice, 31337)
        middle = history(lived, alice)[2].log.block_number
        node = Altered(monkeypatch, lived.chain, lambda _, ask: ask())
        resolve(lived, did)
        assert len(node.methods) <= 5
        node.methods.clear()
        found = resolve(lived, did, block=middle)
        assert len(node.methods) <= 5
        assert found.metadata["versionId"] == str(middle)

    def test_the_document_and_its_versions(self, lived, alice, senders, chain, development):
        """A second after the revocation: as in npm's resolver an expiry counts from the second
        after it.
        """
        development.warp(chain.timestamp() + 1)
        did = format_did(alice, 31337)
        changes = history(lived, alice)
        now = resolve(lived, did).document
        assert (
            now["verificationMethod"][0]["blockchainAccountId"]
            == f"eip155:31337:{senders[6].address}"
        )
        assert [key["id"] for key in now["verificationMethod"]] == [
            f"{did}#controller",
            f"{did}#delegate-4",
        ]
        assert [service["serviceEndpoint"] for service in now["service"]] == [
            "https://one.example",
            "https://two.example",
        ]
        before = resolve(lived, f"{did}?versionId={changes[0].log.block_number}")
        assert before.metadata["nextVersionId"] == str(changes[1].log.block_number)
        assert "service" not in before.document

    def test_expiry_goes_by_the_later_of_both_clocks(self, lived, alice, development, soon):
        did = format_did(alice, 31337)
        development.warp(int(soon.timestamp()) + 1)
        assert "service" not in resolve(lived, did).document
        assert "service" in resolve(lived, did, now=soon - timedelta(minutes=1)).document

    def test_at_a_block_the_blocks_time_counts_unless_another_is_given(self, lived, alice, soon):
        did, top = format_did(alice, 31337), lived.chain.block_number()
        assert "service" in resolve(lived, did, block=top).document
        assert (
            "service" not in resolve(lived, did, block=top, now=soon + timedelta(hours=1)).document
        )

    def test_an_untouched_identity_has_a_document_too(self, registry):
        found = resolve(
            registry,
            "did:ethr:0x7a69:0x0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        )
        assert found.metadata == {}
        assert [key["id"].rpartition("#")[2] for key in found.document["verificationMethod"]] == [
            "controller", "controllerKey",
        ]  # fmt: skip

    def test_a_deactivated_identity_has_no_keys(self, registry, alice):
        registry.deactivate(alice)
        found = resolve(registry, format_did(alice, 31337))
        assert found.metadata["deactivated"] is True
        assert found.document["verificationMethod"] == []

    def test_of_another_chain_it_says_so_and_what_it_would_be_here(self, registry, alice):
        for text in (f"did:ethr:{alice}", f"did:ethr:sepolia:{alice}", f"did:ethr:0x1:{alice}"):
            with pytest.raises(WrongChain, match=f"did:ethr:0x7a69:{alice}"):
                resolve(registry, text)

    def test_an_unknown_network_is_refused_and_a_named_one_is_not(self, registry, alice):
        with pytest.raises(MalformedDid, match="'dev' is unknown"):
            resolve(registry, f"did:ethr:dev:{alice}")
        assert (
            resolve(registry, f"did:ethr:dev:{alice}", names={"dev": 31337}).document["id"]
            == f"did:ethr:dev:{alice}"
        )

    def test_a_block_that_is_not_there_yet_is_refused(self, lived, alice):
        with pytest.raises(NotFound, match="there is no block 999999 yet"):
            resolve(lived, format_did(alice, 31337), block=999_999)

    @pytest.mark.parametrize(
        ("text", "endpoint"),
        [
            (b'{"a": [1, 2.5, -0, 1e400]}', {"a": [1, 2.5, 0, None]}), (b"NaN", "NaN"), (b"12", 12),
            (b"[" * 100_000, "[" * 100_000), (b'{"a":', '{"a":'),
        ],
    )  # fmt: skip
    def test_endpoints_are_json_or_text(self, registry, alice, text, endpoint):
        registry.set_attribute(alice, SERVICE, text, HOUR)
        (service,) = resolve(registry, format_did(alice, 31337)).document["service"]
        assert service["serviceEndpoint"] == endpoint

    def test_on_ganache_too(self, accounts):
        from careledger.chain import artifacts

        with LocalNode("ganache") as ganache:
            assert isinstance(ganache, Chain)
            sender = Sender(ganache, accounts[0])
            receipt = sender.wait(sender.send(None, artifacts.load("IdentityRegistry").bytecode))
            registry = IdentityRegistry(ganache, receipt.contract_address, sender)
            registry.set_attribute(sender.address, SERVICE, b"https://care.example", HOUR)
            found = resolve(registry, format_did(sender.address, 1337), now=datetime.now(UTC))
            assert len(found.document["service"]) == 1
