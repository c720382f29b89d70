"""A brand that numbers its interactions wrongly, and those who find out."""

from dataclasses import replace

import pytest

from careledger.errors import ProofError
from careledger.interactions import anchoring, formats
from careledger.interactions.audit import check_leaves, contradict
from careledger.interactions.batch import Batch, BatchEntry
from careledger.interactions.proofs import BatchProof
from tests.worlds.interactions import tree_of


class TestCheckLeaves:
    def test_the_leaves_say_whether_every_number_is_there_once(self, desk):
        desk.anchor(3)
        batch = desk.anchor(7)
        bare = Batch.parse(batch.without_records().canonical())
        assert all(entry.record is None for entry in bare.entries)
        assert check_leaves(desk.log, bare) == 1

    def test_what_was_not_anchored_is_refused(self, desk):
        path = desk.folder / "batch.json"
        batch = anchoring.prepare(desk.log, desk.brand.address, desk.records(3), desk.keyring, path)
        with pytest.raises(ProofError, match="no batch is anchored from number 0"):
            check_leaves(desk.log, batch)

    @pytest.mark.parametrize("numbers", [(0, 1, 1), (0, 0, 2), (0, 2, 2), (1, 2, 3), (1, 0, 2)])
    def test_a_brand_with_other_numbers_in_its_leaves_has_no_list_to_show(self, desk, numbers):
        log = anchoring.log_address(desk.log, desk.brand.address)
        fields = [
            entry.fields for entry in Batch.build(log, desk.records(3), desk.keyring, 0).entries
        ]
        numbered = [replace(one, index=number) for one, number in zip(fields, numbers, strict=True)]
        desk.log.anchor(desk.brand.address, tree_of(log, numbered).root, 3, 0)
        in_order = sorted(numbered, key=lambda one: one.index)
        shown = Batch(
            log,
            0,
            tuple(
                BatchEntry(replace(one, index=place), None) for place, one in enumerate(in_order)
            ),
        )
        if sorted(numbers) == [0, 1, 2]:  # in another order only: that is no lie
            assert check_leaves(desk.log, shown) == 0
            return
        with pytest.raises(ProofError, match="given twice or left out"):
            check_leaves(desk.log, shown)


class TestContradict:
    @pytest.fixture
    def twice(self, desk):
        """Two receipts of number 1, of a brand that gave it to two customers."""
        log = anchoring.log_address(desk.log, desk.brand.address)
        honest = Batch.build(log, desk.records(3), desk.keyring, 0)
        members = [
            honest.entries[0].fields,
            honest.entries[1].fields,
            replace(honest.entries[2].fields, index=1),
        ]
        tree = tree_of(log, members)
        anchor = desk.log.anchor(desk.brand.address, tree.root, 3, 0)
        good = desk.receipt(desk.anchor(3))
        there = desk.log.batch(desk.brand.address, anchor.id)
        bare = replace(good, record=None, salts=None, evidence=None)

        def shown(place):
            proof = BatchProof(0, there, tuple(tree.proof(place)))
            return replace(
                bare, fields=members[place], anchored=replace(good.anchored, batch=proof)
            )

        return [shown(place) for place in range(3)]

    def test_two_receipts_of_one_number_convict(self, desk, twice):
        first, one, other = twice
        assert contradict(desk.log, one, other)
        assert contradict(desk.log, other, one)
        assert not contradict(desk.log, first, one)
        assert not contradict(desk.log, one, one)

    def test_a_made_up_receipt_convicts_nobody(self, desk, twice):
        _, one, other = twice
        forged = replace(other, fields=replace(other.fields, kind=9))
        assert not contradict(desk.log, one, forged)
        assert not contradict(desk.log, one, replace(other, anchored=None))
        assert not contradict(
            desk.log, one, replace(other, log=replace(other.log, brand=desk.customer.address))
        )


def test_the_list_of_leaves_names_nobody(desk):
    batch = desk.anchor(7)
    text = batch.without_records().canonical().decode()
    for entry in batch.entries:
        assert entry.record.customer not in text
        assert entry.record.id not in text
    assert formats.VERSION.decode() not in text
