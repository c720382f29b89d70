"""Unaltered receipts, judged by a node and by a block hash; receipts unknown to the chain."""

from dataclasses import replace

import pytest

from careledger.chain.node import LocalNode
from careledger.chain.send import Sender
from careledger.errors import InputError, WrongChain
from careledger.interactions import anchoring
from careledger.interactions.batch import Batch
from careledger.interactions.receipt import ReceiptState
from careledger.interactions.verdict import Verdict
from careledger.interactions.verification import verify, verify_offline


class TestMatch:
    def test_every_member_of_batches_of_every_shape(self, desk):
        tree_sizes = []
        for count in (1, 2, 3, 7, 36):
            batch = desk.anchor(count)
            for place in {0, count // 2, count - 1}:
                receipt = desk.receipt(batch, place)
                result = verify(receipt, desk.chain, desk.log.address)
                assert result.verdict is Verdict.MATCH, result.sentence()
                assert not result.findings
                assert result.facts["id"] == desk.records()[place].id
                assert "unchanged" in result.sentence()
                offline = verify_offline(receipt, batch.anchor.block_hash, desk.log.address)
                assert offline.verdict is Verdict.MATCH
                assert len(receipt.canonical()) < 8_000
            tree_sizes.append(receipt.anchored.log.size)
        assert tree_sizes == [1, 2, 3, 4, 5]
        first = Batch.read(desk.folder / "batch-0.json")
        assert verify(desk.receipt(first), desk.chain).verdict is Verdict.MATCH

    def test_a_receipt_stays_good_while_the_log_grows(self, desk, held):
        for _ in range(3):
            desk.anchor(2)
            assert verify(held, desk.chain, desk.log.address).verdict is Verdict.MATCH

    def test_the_contract_agrees(self, desk, held):
        shown = held.anchored.batch
        assert desk.log.verify(held.log.brand, shown.id, held.fields, list(shown.proof))

    def test_a_final_block_is_said_to_be_final(self, desk, development):
        batch = desk.anchor(3)
        assert desk.receipt(batch).state is ReceiptState.MINED
        development.mine(70)
        receipt = desk.receipt(batch)
        assert receipt.state is ReceiptState.FINAL
        assert verify(receipt, desk.chain).facts["state"] == "FINAL"

    def test_a_receipt_without_record_matches_with_the_record_beside_it(self, desk):
        batch = desk.anchor(3)
        receipt = desk.receipt(batch, 1, with_record=False)
        assert verify(receipt, desk.chain).verdict is Verdict.ERASED
        assert (
            verify(receipt.with_record(desk.records()[1].raw), desk.chain).verdict is Verdict.MATCH
        )
        assert verify(receipt.with_record(desk.records()[0].raw), desk.chain).parts == ["record"]

    def test_a_receipt_without_evidence_needs_a_node(self, desk):
        batch = desk.anchor(3)
        receipt = desk.receipt(batch, with_evidence=False)
        assert verify(receipt, desk.chain).verdict is Verdict.MATCH
        with pytest.raises(InputError, match="no offline evidence"):
            verify_offline(receipt, batch.anchor.block_hash)


class TestUnknown:
    def test_an_address_without_our_code(self, desk, held):
        for address in (desk.registry, desk.customer.address):
            result = verify(replace(held, log=replace(held.log, contract=address)), desk.chain)
            assert (result.verdict, result.parts) == (Verdict.UNKNOWN, ["contract"])

    def test_a_batch_and_a_number_that_were_never_given(self, desk, held):
        anchored = replace(held.anchored, batch=replace(held.anchored.batch, id=99))
        result = verify(
            replace(held, anchored=anchored, fields=replace(held.fields, index=999)), desk.chain
        )
        assert (result.verdict, result.parts) == (Verdict.UNKNOWN, ["batch.id"])

    def test_another_chain_is_an_error_and_no_verdict(self, desk, held):
        with pytest.raises(WrongChain):
            verify(replace(held, log=replace(held.log, chain_id=1)), desk.chain)


def test_another_chain_with_the_same_contract_knows_nothing_of_it(desk, held, senders):
    """The same suite at the same addresses, and an empty log."""
    from careledger.chain.deploy import deploy

    with LocalNode("anvil", extra=["--timestamp", str(desk.chain.timestamp())]) as other:
        addresses = deploy(other, Sender(other, senders[0].account), desk.folder / "deployments")
        assert addresses["InteractionLog"] == desk.log.address
        assert verify(held, other).verdict is Verdict.UNKNOWN


class TestErased:
    def test_a_destroyed_key_leaves_a_leaf_that_says_nothing(self, desk):
        batch = desk.anchor(6)
        customer = batch.entries[2].record.customer
        kept = desk.receipt(batch, 2)
        desk.keyring.erase(customer)
        bare = desk.receipt(batch.without_customer(customer), 2)
        assert (bare.record, bare.salts) == (None, None)
        assert verify(bare, desk.chain).verdict is Verdict.ERASED
        assert "nothing can be said" in verify(bare, desk.chain).sentence()
        without_key = desk.receipt(batch, 2)
        assert without_key.salts is None
        assert anchoring.receipt(desk.log, batch, 2, None).salts is None
        assert (
            verify(kept, desk.chain).verdict is Verdict.MATCH
        )  # what the customer kept still proves
