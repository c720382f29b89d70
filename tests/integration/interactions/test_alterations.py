"""Receipts with one part altered: each verification names the part."""

from dataclasses import replace

import pytest

from careledger.interactions.batch import Batch
from careledger.interactions.verdict import Verdict
from careledger.interactions.verification import verify, verify_offline
from tests.integration.interactions.conftest import OTHER, altered

ALTERATIONS = [
    (["record"], "{}", "record"),
    (["salts", "content"], "0x" + OTHER.hex(), "record"),
    (["salts", "parties"], "0x" + OTHER.hex(), "salts.parties"),
    (["interaction", "content"], "0x" + OTHER.hex(), "interaction.content"),
    (["interaction", "parties"], "0x" + OTHER.hex(), "interaction.parties"),
    (["interaction", "kind"], 9, "interaction.kind"),
    (["interaction", "startedAt"], 5, "interaction.startedAt"),
    (["interaction", "index"], 17, "interaction.index"),
    (["batch", "root"], "0x" + OTHER.hex(), "batch.root"),
    (["batch", "first"], 2, "batch.first"),
    (["batch", "count"], 35, "batch.count"),
    (["batch", "anchoredAt"], 5, "batch.anchoredAt"),
    (["batch", "proof"], [], "batch.proof"),
    (["log", "head"], "0x" + OTHER.hex(), "log.head"),
    (["log", "proof"], ["0x" + OTHER.hex()] * 2, "log.proof"),
]


class TestAltered:
    @pytest.mark.parametrize(("path", "value", "part"), ALTERATIONS)
    def test_a_node_shows_which_part(self, desk, held, path, value, part):
        result = verify(altered(held, path, value), desk.chain, desk.log.address)
        assert (result.verdict, result.parts) == (Verdict.ALTERED, [part])
        assert result.sentence().startswith("ALTERED: ")

    @pytest.mark.parametrize(
        ("path", "value", "part"), [row for row in ALTERATIONS if row[2] != "log.head"]
    )
    def test_the_evidence_shows_which_part(self, held, path, value, part):
        result = verify_offline(altered(held, path, value), held.anchored.anchor.block_hash)
        assert (result.verdict, result.parts) == (Verdict.ALTERED, [part])

    @pytest.mark.parametrize(
        ("path", "value", "part"),
        [
            (["batch", "id"], 0, "batch.id"), (["batch", "id"], 2, "batch.id"),
            (["batch", "id"], 99, "batch.id"),
            (["log", "size"], 2, "log.size"), (["log", "size"], 4, "log.size"),
            (["state"], "FINAL", "state"),
            (["anchor", "transaction"], "0x" + OTHER.hex(), "anchor.transaction"),
            (["evidence", "header"], "0x00", "evidence"), (["evidence", "account"], [], "evidence"),
            (["evidence", "root"], ["0xc0"], "evidence"), (["evidence", "numbers"], [], "evidence"),
        ],
    )  # fmt: skip
    def test_what_only_a_node_can_tell(self, desk, held, path, value, part):
        result = verify(altered(held, path, value), desk.chain, desk.log.address)
        assert (result.verdict, result.parts) == (Verdict.ALTERED, [part])

    def test_every_changed_byte_of_the_record(self, desk, held):
        raw = held.record
        for at in range(0, len(raw), 29):
            for flip in (1, 0x20):
                changed = bytearray(raw)
                changed[at] ^= flip
                result = verify(replace(held, record=bytes(changed)), desk.chain)
                assert (result.verdict, result.parts) == (Verdict.ALTERED, ["record"])

    def test_anothers_transaction(self, desk, held):
        other = Batch.read(desk.folder / "batch-0.json").anchor
        result = verify(
            altered(held, ["anchor", "transaction"], "0x" + other.transaction_hash.hex()),
            desk.chain,
        )
        assert result.parts == ["anchor.transaction"]

    def test_the_block_of_another_batch(self, desk, held):
        other = Batch.read(desk.folder / "batch-0.json").anchor
        place = replace(
            held.anchored.anchor, block_number=other.block_number, block_hash=other.block_hash
        )
        result = verify(
            replace(held, evidence=None, anchored=replace(held.anchored, anchor=place)), desk.chain
        )
        assert result.parts == ["anchor.blockHash"]

    def test_another_brand(self, desk, held):
        changed = replace(held, log=replace(held.log, brand=desk.customer.address))
        assert verify(changed, desk.chain).parts == ["brand"]
        assert verify(replace(changed, record=None), desk.chain).verdict is Verdict.UNKNOWN

    def test_a_contract_that_is_not_the_trusted_one(self, desk, held):
        for result in (
            verify(held, desk.chain, desk.registry),
            verify_offline(held, OTHER, desk.registry),
        ):
            assert (result.verdict, result.parts) == (Verdict.ALTERED, ["contract"])

    def test_a_time_beyond_the_calendar(self, desk, held):
        result = verify(altered(held, ["batch", "anchoredAt"], 2**40 - 1), desk.chain)
        assert result.parts == ["batch.anchoredAt"]
        receipt = altered(held, ["batch", "anchoredAt"], 2**40 - 1)
        assert verify(
            replace(receipt, log=replace(held.log, contract=desk.registry)), desk.chain
        ).facts["anchoredAt"] == ("1099511627775 s")

    def test_another_batch_and_a_broken_proof(self, desk, held):
        shown = replace(held.anchored.batch, id=0, proof=(OTHER,))
        result = verify(replace(held, anchored=replace(held.anchored, batch=shown)), desk.chain)
        assert result.verdict is Verdict.ALTERED
        assert {"batch.root", "batch.proof"} <= set(result.parts)

    def test_evidence_under_another_block_hash(self, held):
        result = verify_offline(held, OTHER)
        assert (result.verdict, result.parts) == (Verdict.ALTERED, ["evidence"])
