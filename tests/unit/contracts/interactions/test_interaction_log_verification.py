"""InteractionLog: which interactions a proof shows to be in a batch."""

from dataclasses import replace
from hashlib import sha256

import pytest

from careledger.interactions import formats
from careledger.interactions.formats import LeafFields
from tests.support.evm import CHAIN_ID
from tests.worlds.interactions import leaf, some_fields, tree_of

ROOT = sha256(b"a root").digest()


class TestVerify:
    @pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 16, 33])
    def test_every_member_and_nothing_else(self, world, count):
        members = [some_fields(index) for index in range(count)]
        tree = world.anchor_members(members, sender=world.agent)
        for place, fields in enumerate(members):
            proof = tree.proof(place)
            assert (
                world.log.call("leafOf", fields.abi())
                == tree.leaf(place)
                == leaf(world.where(), fields)
            )
            assert world.verify(0, fields, proof)
            for wrong in (
                LeafFields(
                    fields.parties, fields.content, fields.kind, fields.started_at, fields.index
                ),
                LeafFields(
                    fields.content, fields.parties, fields.kind + 1, fields.started_at, fields.index
                ),
                LeafFields(
                    fields.content, fields.parties, fields.kind, fields.started_at + 1, fields.index
                ),
                LeafFields(
                    fields.content, fields.parties, fields.kind, fields.started_at, fields.index + 1
                ),
            ):
                assert not world.verify(0, wrong, proof)
            assert not world.verify(0, fields, [*proof, bytes(32)])
            assert not world.verify(1, fields, proof)
            assert not world.verify(2**256 - 1, fields, proof)
            if proof:
                assert not world.verify(0, fields, proof[:-1])
                assert not world.verify(0, fields, [])
                assert not world.verify(0, fields, [bytes(32), *proof[1:]])

    def test_an_empty_proof_is_only_good_for_a_batch_of_one(self, world):
        """OpenZeppelin's verification takes the root for a leaf.

        Here it does not help that the root is a leaf.
        """
        fields = some_fields(0)
        root = leaf(world.where(), fields)
        world.anchor(root, 2, 0)
        assert not world.verify(0, fields, [])
        world.anchor(leaf(world.where(), some_fields(2)), 1, 2)
        assert world.verify(1, some_fields(2), [])

    @pytest.mark.parametrize("indices", [(10, 13, 9), (12, 2**63, 0), (11, 2**64 - 1, 13)])
    def test_a_number_outside_the_batch_is_refused_even_with_a_good_proof(self, world, indices):
        """A brand can put any number into a leaf; only those of the batch count."""
        world.anchor(ROOT, 10, 0)
        members = [replace(some_fields(index, started_at=0), started_at=1) for index in indices]
        tree = tree_of(world.where(), members)
        world.anchor(tree.root, 3, 10)
        answers = [
            world.verify(1, fields, tree.proof(place)) for place, fields in enumerate(members)
        ]
        assert answers == [True, False, False]

    @pytest.mark.parametrize("count", [2, 3, 4, 5, 8])
    def test_a_proof_as_long_as_no_leaf_of_such_a_tree_has_is_refused(self, world, count):
        """A brand that anchors a deeper tree than it counts cannot prove what it hid in it."""
        members = [some_fields(index) for index in range(32)]
        tree = world.anchor_members(members[:1], sender=world.agent)
        deep = tree_of(world.where(), [some_fields(1 + index) for index in range(64)])
        world.anchor(deep.root, count, 1)
        assert not world.verify(1, some_fields(1), deep.proof(0))
        assert tree.root

    def test_the_leaf_of_another_contract_is_refused(self, world):
        elsewhere = formats.LogAddress(CHAIN_ID, world.registry.address, world.brand.address)
        tree = tree_of(elsewhere, [some_fields(0), some_fields(1)])
        world.anchor(tree.root, 2, 0)
        assert not world.verify(0, some_fields(0), tree.proof(0))

    def test_a_proof_of_more_than_32_hashes_is_refused_without_overflow(self, world):
        world.anchor(ROOT, 2**32 - 1, 0)
        for length in (33, 64, 255, 256, 300):
            assert not world.verify(0, some_fields(0), [bytes(32)] * length)
