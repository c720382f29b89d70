"""Lists that are exported from a real chain say what the chain says."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from careledger.errors import NodeError
from careledger.identity.credentials import errors
from careledger.identity.credentials.did_keys import DidKeys
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.status.bitstring_list import export_vc2
from careledger.identity.status.kinds import read_status_list
from careledger.identity.status.readers import ListStatusReader
from careledger.identity.status.snapshot import MIN_SIZE, take_snapshot
from careledger.identity.status.token_list import export_token_list
from tests.support.refusals import because
from tests.worlds.identity.status_parties import DAY, LIST, URI


class TestLists:
    def test_all_forms_say_what_the_chain_says(self, bank):
        revoked = [0, 7, 8, 255, 256, 65_535, MIN_SIZE - 1]
        keys = DidKeys(bank.registry)
        for form, text in bank.lists(*revoked).items():
            found = read_status_list(text, URI, bank.did, keys)
            assert [index for index in range(found.size) if found.is_revoked(index)] == revoked, (
                form
            )

    def test_a_list_is_of_one_block_and_says_of_which(self, bank):
        bank.status.revoke(bank.address, LIST, 1)
        at = bank.registry.chain.block_number()
        bank.status.revoke(bank.address, LIST, 2)
        snapshot = take_snapshot(bank.status, bank.address, LIST, block=at)
        assert (snapshot.revoked, snapshot.block) == ([1], at)
        assert "0x" + snapshot.block_hash.hex() == bank.registry.chain.block(at)["hash"]
        assert snapshot.taken_at >= datetime.fromtimestamp(bank.registry.chain.timestamp(at), UTC)
        with pytest.raises(NodeError):
            take_snapshot(bank.status, bank.address, LIST, block=at + 100)

    def test_another_account_cannot_sign_one(self, bank, accounts):
        snapshot = take_snapshot(bank.status, bank.address, LIST)
        stranger = bank.exporter(SigningKey.of_account(accounts[2]))
        text = export_token_list(snapshot, URI, stranger)
        with because(errors.SignatureReason.SIGNATURE_INVALID):
            read_status_list(text, URI, bank.did, DidKeys(bank.registry))

    def test_a_key_that_was_rotated_signs_no_new_ones(self, bank, accounts, later):
        old = bank.lists()["token"]
        later(600)
        bank.registry.change_owner(bank.address, accounts[2].address)
        later(600)
        keys = DidKeys(bank.registry)
        assert read_status_list(old, URI, bank.did, keys), (
            "what it signed before stands, for as long as it is fresh"
        )
        with because(errors.IssuerReason.KEY_ROTATED):
            read_status_list(bank.lists()["token"], URI, bank.did, keys)

    def test_every_kind_of_key_of_the_document_signs_lists(self, bank, later):
        for number, alg in enumerate(("ES256", "EdDSA"), 1):
            key = SigningKey(alg, bytes([number]) * 32)
            bank.registry.set_attribute(bank.address, *key.attribute, DAY)
            later(5)
            exporter = replace(bank.exporter(key), kid=f"{bank.did}#delegate-{number}")
            text = export_vc2(take_snapshot(bank.status, bank.address, LIST), URI, exporter)
            assert read_status_list(text, URI, bank.did, DidKeys(bank.registry)).size == MIN_SIZE

    def test_a_verifier_without_the_contract_takes_a_list_and_no_stale_one(self, bank):
        served, clock = bank.lists(300), [bank.now]
        clock[0] = take_snapshot(bank.status, bank.address, LIST).taken_at
        for text in served.values():
            reader = ListStatusReader(
                bank.did, DidKeys(bank.registry), lambda _, text=text: text, now=lambda: clock[0]
            )
            assert reader.is_revoked(bank.reference(300))
            assert not reader.is_revoked(bank.reference(301))
            clock[0] += DAY
            with pytest.raises(errors.StatusStale):
                reader.is_revoked(bank.reference(301))
            clock[0] -= DAY
