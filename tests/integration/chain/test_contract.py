"""The base of the typed clients, on a real node, with the smallest client there is."""

from dataclasses import replace

import pytest

from careledger.chain.contract import ContractClient
from careledger.chain.reverts import RevertedSilently
from careledger.chain.rpc import Log
from careledger.errors import InputError, NodeError, NotFound, SettingsError
from careledger.identity.did.events import DIDDelegateChanged, DIDOwnerChanged
from careledger.interactions.events import BatchAnchored
from careledger.values.addresses import ZERO_ADDRESS

ROLE = b"careledger.agent".ljust(32, b"\0")


class Registry(ContractClient):
    name = "IdentityRegistry"


@pytest.fixture
def registry(chain, suite, senders):
    return Registry(chain, suite["IdentityRegistry"], senders[1])


def add(registry, senders, count=1):
    brand = senders[1].address
    return [
        registry._write("addDelegate", brand, ROLE, senders[2 + n].address, 1000)
        for n in range(count)
    ]


class TestReading:
    def test_one_value_comes_bare(self, registry, senders):
        assert registry._read("identityOwner", senders[3].address) == senders[3].address

    def test_a_place_without_the_contract_answers_nothing(self, chain, senders):
        with pytest.raises(RevertedSilently):
            Registry(chain, senders[3].address)._read("identityOwner", senders[3].address)

    def test_a_function_that_is_not_there_is_said(self, registry):
        with pytest.raises(NotFound, match="0 functions 'nothing'"):
            registry._read("nothing")

    def test_arguments_that_do_not_fit_are_said_before_anything_is_sent(self, registry):
        with pytest.raises(InputError, match=r"identityOwner\(address\)"):
            registry._read("identityOwner", 5)
        with pytest.raises(InputError):
            registry._read("identityOwner")

    def test_an_earlier_block_can_be_asked(self, registry, chain, senders):
        before = chain.block_number()
        add(registry, senders)
        asked = ("validDelegate", senders[1].address, ROLE, senders[2].address)
        assert registry._read(*asked)
        assert not registry._read(*asked, block=before)


class TestWriting:
    def test_without_a_key_nothing_is_sent(self, chain, suite, senders):
        with pytest.raises(SettingsError, match="needs a key"):
            Registry(chain, suite["IdentityRegistry"])._write(
                "changeOwner", senders[1].address, senders[2].address
            )

    def test_somebody_else_may_pay(self, registry, senders):
        assert registry.using(senders[4]).sender is senders[4]


class TestEvents:
    def test_a_receipts_events_are_typed(self, registry, senders):
        (receipt,) = add(registry, senders)
        (event,) = registry.events(receipt)
        assert isinstance(event, DIDDelegateChanged)
        assert event.identity == senders[1].address
        assert event.delegate == senders[2].address
        assert event.delegate_type == ROLE
        assert event.log.block_number == receipt.block_number

    def test_logs_of_others_and_unknown_ones_are_passed_over(self, registry, senders):
        (receipt,) = add(registry, senders)
        log = receipt.logs[0]
        stranger = Log(senders[5].address, log.topics, log.data, 1, b"", b"", 0)
        unknown = Log(registry.address, (b"\1" * 32,), log.data, 1, b"", b"", 0)
        bare = Log(registry.address, (), b"", 1, b"", b"", 0)
        assert [registry.decode_log(x) for x in (stranger, unknown, bare)] == [None, None, None]

    def test_events_without_a_class_are_passed_over(self, registry, chain, senders):
        class Bare(ContractClient):
            name = "IIdentityRegistry"  # the interface: the same events, and no classes of its own

        add(registry, senders)
        bare = Bare(chain, registry.address)
        assert chain.logs(bare.address)
        assert list(bare.history()) == []

    def test_history_is_filtered_by_kind_and_by_indexed_argument(self, registry, senders):
        add(registry, senders, 3)
        registry._write("changeOwner", senders[1].address, senders[6].address)
        brand = senders[1].address
        assert len(list(registry.history(DIDDelegateChanged, identity=brand))) == 3
        assert len(list(registry.history(DIDOwnerChanged, identity=brand))) == 1
        assert list(registry.history(DIDOwnerChanged, identity=senders[2].address)) == []
        assert len(list(registry.history(DIDOwnerChanged, DIDDelegateChanged))) >= 4
        assert len(list(registry.history())) >= 4

    def test_several_kinds_and_several_values_are_asked_for_at_once(self, registry, senders):
        add(registry, senders)
        registry._write("changeOwner", senders[1].address, senders[6].address)
        brand = senders[1].address
        other = senders[7].address
        found = registry.history(DIDOwnerChanged, DIDDelegateChanged, identity=[brand, other])
        assert {type(event) for event in found} == {DIDOwnerChanged, DIDDelegateChanged}
        assert list(registry.history(DIDOwnerChanged, identity=[other, ZERO_ADDRESS])) == []

    def test_what_the_events_do_not_have_in_common_is_refused(self, registry, senders):
        for kinds, indexed in (
            ((DIDOwnerChanged,), {"owner": senders[1].address}),
            ((DIDOwnerChanged, DIDDelegateChanged), {"nothing": 1}),
            ((DIDOwnerChanged,), {"identity": "no address"}),
            ((BatchAnchored,), {}),
        ):
            with pytest.raises(InputError):
                list(registry.history(*kinds, **indexed))

    def test_the_one_event_of_a_kind(self, registry, senders):
        (receipt,) = add(registry, senders)
        assert registry.event(receipt, DIDDelegateChanged).delegate == senders[2].address
        with pytest.raises(NodeError, match="has 0 events DIDOwnerChanged"):
            registry.event(receipt, DIDOwnerChanged)
        with pytest.raises(NodeError, match="has 2 events DIDDelegateChanged"):
            registry.event(replace(receipt, logs=receipt.logs * 2), DIDDelegateChanged)
