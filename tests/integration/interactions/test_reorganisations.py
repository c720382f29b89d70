"""Receipts after a reorganisation of the chain."""

from dataclasses import replace

import pytest

from careledger.chain.send import Sender
from careledger.errors import Conflict
from careledger.interactions import anchoring
from careledger.interactions.batch import Batch
from careledger.interactions.verdict import Verdict
from careledger.interactions.verification import verify


class TestReorganisation:
    @pytest.fixture
    def own(self, desk, development):
        """The desk before anything was anchored, and the way back to it."""
        snapshot = development.snapshot()

        def back(blocks):
            """Undo what was anchored, and let the chain go on without it."""
            nonlocal snapshot
            development.revert(snapshot)
            snapshot = development.snapshot()
            development.mine(blocks)
            desk.log = desk.log.using(
                Sender(desk.chain, desk.agent.account)
            )  # nonces went back, too

        return desk, back

    def test_the_same_batch_in_another_block(self, own):
        desk, back = own
        batch = desk.anchor(5, "batch.json")
        receipt = desk.receipt(batch, 1)
        back(2)
        assert verify(receipt, desk.chain).verdict is Verdict.UNKNOWN
        with pytest.raises(Conflict, match="anchor it again"):
            desk.receipt(batch, 1)
        again = anchoring.anchor(desk.log, batch, desk.folder / "batch.json")
        assert again.anchor.block_hash != batch.anchor.block_hash
        result = verify(receipt, desk.chain)
        assert result.verdict is Verdict.REORGED
        assert "anchor.blockHash" in result.parts
        fresh = desk.receipt(batch, 1)  # from the file of before: the place is looked up anew
        assert fresh.anchored.anchor.block_hash == again.anchor.block_hash
        assert verify(fresh, desk.chain).verdict is Verdict.MATCH

    def test_the_same_batch_in_an_earlier_block(self, own):
        desk, back = own
        back(9)
        batch = desk.anchor(5, "batch.json")
        back(0)
        again = anchoring.anchor(desk.log, batch)
        assert again.anchor.block_number < batch.anchor.block_number
        assert desk.receipt(batch).anchored.anchor.block_number == again.anchor.block_number

    def test_another_batch_in_its_place(self, own):
        desk, back = own
        receipt = desk.receipt(desk.anchor(5, "batch.json"), 1)
        back(1)
        desk.anchor(7, "other.json")
        result = verify(receipt, desk.chain)
        assert result.verdict is Verdict.REORGED
        with pytest.raises(Conflict):
            desk.receipt(Batch.read(desk.folder / "batch.json"), 1)

    def test_the_same_batch_under_another_id(self, own):
        """Two batches came back as three: the numbers stayed, the ids did not."""
        desk, back = own
        one, two = desk.anchor(2, "one.json"), desk.anchor(3, "two.json")
        receipt = desk.receipt(two, 1)
        back(1)
        for entry in one.entries:
            single = Batch(one.log, entry.fields.index, (entry,))
            anchoring.anchor(desk.log, single)
        anchoring.anchor(desk.log, two)
        result = verify(receipt, desk.chain)
        assert result.verdict is Verdict.REORGED
        assert result.facts["batch"] == 2
        assert desk.receipt(two, 1).anchored.batch.id == 2

    def test_a_chain_that_became_shorter(self, own):
        desk, back = own
        receipt = desk.receipt(desk.anchor(5, "batch.json"), 1)
        back(0)
        result = verify(receipt, desk.chain)
        assert (result.verdict, result.parts) == (
            Verdict.UNKNOWN,
            ["batch.id", "anchor.blockNumber"],
        )

    def test_what_is_altered_besides_is_still_altered(self, own):
        desk, back = own
        batch = desk.anchor(5, "batch.json")
        receipt = desk.receipt(batch, 1)
        back(2)
        anchoring.anchor(desk.log, batch)
        result = verify(replace(receipt, record=b"{}"), desk.chain)
        assert result.verdict is Verdict.ALTERED
        assert "record" in result.parts
