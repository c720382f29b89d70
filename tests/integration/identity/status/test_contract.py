"""Revocations on a real chain: by whom, in which transactions, and what a reader sees."""

import pytest

from careledger.errors import InputError, SettingsError
from careledger.identity.credentials import errors
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.status.client import CredentialStatus
from careledger.identity.status.errors import NotIssuer
from careledger.identity.status.events import CredentialsRevoked
from careledger.identity.status.readers import ChainStatusReader
from careledger.identity.status.snapshot import MIN_SIZE, take_snapshot
from tests.support.refusals import because
from tests.worlds.identity.status_parties import DAY, LIST, URI


class TestClient:
    def test_a_stranger_cannot_revoke(self, bank, senders, accounts):
        for act in ("revoke", "revoke_word"):
            arguments = (bank.address, LIST, 5) + ((1,) if act == "revoke_word" else ())
            with pytest.raises(NotIssuer) as refused:
                getattr(bank.status.using(senders[2]), act)(*arguments)
            found = refused.value
            assert [found.issuer, found.actor] == [
                bank.address,
                accounts[2].address,
            ]
            assert found.controller == bank.address

    def test_a_delegate_for_status_can(self, bank, senders, accounts):
        role = bank.status.status_role()
        assert role.rstrip(b"\0") == b"careledger.status"
        bank.registry.add_delegate(bank.address, role, accounts[2].address, DAY)
        bank.status.using(senders[2]).revoke(bank.address, LIST, 5)
        assert bank.status.is_revoked(bank.address, LIST, 5)

    def test_a_place_that_is_none_is_refused_before_anything_is_sent(self, bank):
        for index in (-1, 2**256):
            with pytest.raises(InputError, match="not a number that a status list can have"):
                bank.status.revoke(bank.address, LIST, index)
            with pytest.raises(InputError):
                bank.status.is_revoked(bank.address, LIST, index)

    def test_without_a_key_nothing_is_written(self, bank, chain):
        with pytest.raises(SettingsError):
            CredentialStatus(chain, bank.status.address).revoke_many(bank.address, LIST, [1])

    def test_the_event_names_what_was_revoked_now(self, bank):
        first = bank.status.events(bank.status.revoke(bank.address, LIST, 259))
        (event,) = bank.status.events(bank.status.revoke_word(bank.address, LIST, 1, 0b1011))
        assert [one.indexes for one in first] == [(259,)]
        assert isinstance(event, CredentialsRevoked)
        assert (event.issuer, event.list, event.word, event.indexes) == (
            bank.address,
            LIST,
            1,
            (256, 257),
        )
        assert bank.status.events(bank.status.revoke(bank.address, LIST, 257)) == [], (
            "a second try does no harm"
        )
        history = bank.status.history(CredentialsRevoked, issuer=bank.address)
        assert [one.indexes for one in history] == [(259,), (256, 257)]

    def test_many_take_a_transaction_a_word_and_a_second_call_does_the_rest(self, bank):
        wanted = [0, 255, 256, 1000, 1001, MIN_SIZE - 1]
        receipts = bank.status.revoke_many(bank.address, LIST, wanted)
        assert len(receipts) == 4
        again = bank.status.revoke_many(bank.address, LIST, [*wanted, 3])
        assert [event.indexes for receipt in again for event in bank.status.events(receipt)] == [
            (3,)
        ]
        assert take_snapshot(bank.status, bank.address, LIST).revoked == sorted([*wanted, 3])
        assert bank.status.revoke_many(bank.address, LIST, []) == []

    def test_words_are_read_in_pages(self, bank):
        bank.status.revoke_many(bank.address, LIST, [255 * 256, 256 * 256 + 1])
        found = bank.status.words(bank.address, LIST, 0, 300)
        assert (len(found), found[255], found[256], sum(found)) == (300, 1, 2, 3)
        assert (
            bank.status.words(bank.address, LIST, 256, 1)
            == [2]
            == [bank.status.word(bank.address, LIST, 256)]
        )

    def test_it_asks_the_suites_registry(self, bank, suite):
        assert bank.status.registry() == suite["IdentityRegistry"]


class TestChainStatusReader:
    def test_it_reads_as_of_a_block(self, bank):
        reader = ChainStatusReader(bank.status)
        before = bank.registry.chain.block_number()
        bank.status.revoke(bank.address, LIST, 7)
        assert reader.is_revoked(bank.reference(7))
        assert not reader.is_revoked(bank.reference(7), before)
        assert not reader.is_revoked(bank.reference(8))
        assert not reader.is_revoked(bank.reference(7, list_id=bytes(32)))
        assert not reader.is_revoked(bank.reference(7, issuer="0x" + "11" * 20))

    def test_what_is_kept_elsewhere_cannot_be_known(self, bank):
        reader = ChainStatusReader(bank.status)
        for change in ({"chain_id": 1}, {"contract": "0x" + "11" * 20}):
            with because(errors.IssuerReason.UNKNOWN_CHAIN, match="is read here"):
                reader.is_revoked(bank.reference(7, **change))
        with because(errors.StatusReason.STATUS_UNREADABLE, match="not kept on a chain"):
            reader.is_revoked(StatusReference(URI, 7))
