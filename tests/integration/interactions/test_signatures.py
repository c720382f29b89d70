"""A brand's promise and a customer's acknowledgement in a receipt."""

import json
from dataclasses import replace

import pytest

from careledger.interactions import anchoring, formats
from careledger.interactions.receipt import Receipt
from careledger.interactions.record import InteractionRecord
from careledger.interactions.verdict import Verdict
from careledger.interactions.verification import verify, verify_offline
from tests.integration.interactions.conftest import (
    add_delegate,
    change_owner,
)
from tests.worlds.interactions import high_s

DAY = 24 * 3600


class TestPromise:
    def give(self, desk, anchor_by=None, signer=None, number=0):
        log = anchoring.log_address(desk.log, desk.brand.address)
        anchor_by = anchor_by or desk.chain.timestamp() + DAY
        signer = (signer or desk.agent).account
        return anchoring.promise(log, desk.records()[number], desk.keyring, anchor_by, signer)

    def test_it_is_pending_until_its_time_and_broken_after(self, desk, development):
        receipt = self.give(desk)
        assert Receipt.parse(receipt.canonical()) == receipt
        assert verify(receipt, desk.chain).verdict is Verdict.PENDING
        development.warp(receipt.promise.anchor_by)
        assert verify(receipt, desk.chain).verdict is Verdict.PENDING
        development.warp(receipt.promise.anchor_by + 1)
        result = verify(receipt, desk.chain)
        assert result.verdict is Verdict.PROMISE_BROKEN
        assert "no proof that it did" in result.sentence()

    def test_the_brand_itself_can_promise(self, desk):
        assert verify(self.give(desk, signer=desk.brand), desk.chain).verdict is Verdict.PENDING

    def test_a_promise_by_a_stranger_is_none(self, desk):
        result = verify(self.give(desk, signer=desk.customer), desk.chain)
        assert (result.verdict, result.parts) == (Verdict.ALTERED, ["promise"])

    def test_a_changed_promise_is_found_out(self, desk):
        receipt = self.give(desk)
        later = replace(
            receipt, promise=replace(receipt.promise, anchor_by=receipt.promise.anchor_by + 1)
        )
        assert verify(later, desk.chain).parts == ["promise"]
        malleable = replace(
            receipt, promise=replace(receipt.promise, signature=high_s(receipt.promise.signature))
        )
        assert verify(malleable, desk.chain).parts == ["promise"]
        other = replace(receipt, record=desk.records()[1].raw)
        result = verify(other, desk.chain)
        assert result.verdict is Verdict.ALTERED
        assert "record" in result.parts
        assert verify(replace(receipt, record=b"{}"), desk.chain).parts == ["record"]

    def test_a_changed_time_is_named_as_in_the_receipt(self, desk):
        receipt = self.give(desk)
        fields = replace(receipt.fields, started_at=receipt.fields.started_at + 1)
        result = verify(replace(receipt, fields=fields), desk.chain)
        assert result.parts == ["promise", "interaction.startedAt"]

    def test_kept_in_time_or_late(self, desk, development):
        promised = self.give(desk)
        batch = desk.anchor(3)
        receipt = desk.receipt(batch, promise=promised.promise)
        assert verify(receipt, desk.chain).verdict is Verdict.MATCH
        promised = self.give(desk)
        development.warp(promised.promise.anchor_by + 5)
        late = desk.receipt(desk.anchor(2), promise=promised.promise)
        result = verify(late, desk.chain)
        assert result.verdict is Verdict.LATE
        assert "later than promised" in result.sentence()
        assert verify_offline(late, late.anchored.anchor.block_hash).verdict is Verdict.LATE

    def test_a_dismissed_agents_promise_no_longer_counts(self, desk):
        receipt = self.give(desk)
        add_delegate(desk.chain, desk.registry, desk.brand, desk.agent.address, 0)
        assert verify(receipt, desk.chain).parts == ["promise"]

    def test_a_wallet_that_is_a_contract_can_promise(self, desk, senders):
        from careledger.chain import artifacts

        code = (
            artifacts.load("Wallet1271").bytecode
            + bytes(12)
            + bytes.fromhex(desk.agent.address[2:])
        )
        wallet = senders[0].transact(None, code).contract_address
        add_delegate(desk.chain, desk.registry, desk.brand, wallet)
        receipt = self.give(desk)
        by_wallet = replace(receipt, promise=replace(receipt.promise, signer=wallet))
        assert verify(by_wallet, desk.chain).verdict is Verdict.PENDING
        broken = replace(by_wallet, promise=replace(by_wallet.promise, signature=bytes(65)))
        assert verify(broken, desk.chain).parts == ["promise"]
        no_wallet = replace(receipt, promise=replace(receipt.promise, signer=desk.registry))
        assert verify(no_wallet, desk.chain).parts == ["promise"]


class TestAcknowledgement:
    @pytest.fixture
    def signed(self, desk):
        """A receipt of an interaction with the customer of the desk, countersigned."""
        person = formats.did(desk.chain.chain_id, desk.customer.address)
        item = json.loads(desk.records()[0].raw) | {"customer": person}
        record = InteractionRecord.create(item, desk.name)
        path = desk.folder / "personal.json"
        batch = anchoring.prepare(desk.log, desk.brand.address, [record], desk.keyring, path)
        batch = anchoring.anchor(desk.log, batch, path)
        given = anchoring.acknowledgement(
            batch.log,
            desk.customer.address,
            batch.entries[0].fields,
            desk.chain.timestamp() + DAY,
            desk.customer.account,
        )
        return desk.receipt(batch, acknowledgement=given)

    def test_it_is_checked_and_whether_it_was_relayed_is_told(self, desk, signed):
        assert Receipt.parse(signed.canonical()) == signed
        result = verify(signed, desk.chain)
        assert (result.verdict, result.facts["acknowledgedAt"]) == (Verdict.MATCH, None)
        given = signed.acknowledgement
        desk.log.acknowledge_by_sig(
            given.customer, desk.brand.address, signed.anchored.batch.id, signed.fields, [],
            deadline=given.deadline, signature=given.signature,
        )  # fmt: skip
        assert verify(signed, desk.chain).facts["acknowledgedAt"].endswith("Z")
        assert verify_offline(signed, signed.anchored.anchor.block_hash).verdict is Verdict.MATCH

    def test_anothers_signature_and_another_customer(self, desk, signed):
        given = signed.acknowledgement
        for changed in (replace(given, deadline=given.deadline + 1), replace(given, signature=b""),
                        replace(given, customer=desk.brand.address)):  # fmt: skip
            result = verify(replace(signed, acknowledgement=changed), desk.chain)
            assert (result.verdict, result.parts) == (Verdict.ALTERED, ["acknowledgement"])
        own = anchoring.acknowledgement(
            signed.log, desk.brand.address, signed.fields, given.deadline, desk.brand.account
        )
        assert verify(replace(signed, acknowledgement=own), desk.chain).parts == ["acknowledgement"]

    def test_a_rotated_key_does_not_sign_any_more(self, desk, signed):
        change_owner(desk.registry, desk.customer, desk.agent.address)
        assert verify(signed, desk.chain).parts == ["acknowledgement"]
