"""IdentityRegistry: who starts a recovery, and what a thief among the guardians cannot do."""

from dataclasses import replace

import pytest

from careledger.crypto.merkle import MerkleTree
from careledger.identity.did.errors import (
    BadNewOwner,
    BadRegistrySignature,
    NoGuardians,
    NotGuardian,
    RegistrySignatureExpired,
    WrongThreshold,
)
from careledger.identity.did.guardians import Guardians, _leaf
from careledger.identity.did.messages import IdentityMessages
from careledger.identity.did.model import GuardianApproval
from tests.support.evm import START
from tests.worlds.identity.recovery import WEEK, recovery, two
from tests.worlds.identity.registry import DAY, NOBODY, at, malleated


class TestStartRecovery:
    def test_enough_guardians_start_it_sent_by_anyone(self, world):
        world.guard()
        (event,) = world.start(two(world)).events
        assert event.arguments == {
            "round": 2,
            "identity": world.alice.address,
            "new_owner": world.bob.address,
            "ready_at": START + WEEK,
        }
        assert recovery(world) == (world.bob.address, START + WEEK, True)
        assert world.owner() == world.alice.address
        assert world.ask("changed", world.alice.address) == 0

    def test_where_nobody_is_named_it_is_refused(self, world):
        with pytest.raises(NoGuardians) as refusal:
            world.start([])
        assert (refusal.value.named_by, refusal.value.controller) == (
            NOBODY,
            world.alice.address,
        )

    def test_to_nobody_or_to_the_controller_is_refused(self, world):
        world.guard()
        for owner in (NOBODY, world.alice.address):
            with pytest.raises(BadNewOwner) as refusal:
                world.start(two(world), owner)
            assert refusal.value.new_owner == owner

    def test_one_guardian_is_not_two(self, world):
        world.guard()
        with pytest.raises(WrongThreshold) as refusal:
            world.start([world.approval(world.gina, world.bob)])
        assert (refusal.value.approvals, refusal.value.threshold) == (1, 2)

    def test_one_guardian_does_not_count_twice(self, world):
        world.guard()
        with pytest.raises(NotGuardian) as refusal:
            world.start([world.approval(world.gina, world.bob)] * 2)
        assert refusal.value.guardian == world.gina.address

    def test_one_guardian_does_not_sign_for_another(self, world):
        world.guard()
        mine, theirs = two(world)
        with pytest.raises(BadRegistrySignature) as refusal:
            world.start([mine, replace(theirs, signature=mine.signature)])
        assert refusal.value.signer == world.gus.address

    def test_one_guardian_does_not_bring_friends(self, world):
        world.guard()
        friends = Guardians(((world.mallory.address, b"\1" * 32), (world.gina.address, b"\1" * 32)))
        typed = world.domain.approve_recovery(
            world.alice.address,
            world.alice.address,
            world.bob.address,
            in_round=1,
            deadline=world.deadline,
        )
        mine = world.approval(world.gina, world.bob)
        for proof in (friends.tree.proof(0), list(mine.proof), []):
            friend = replace(
                mine,
                guardian=world.mallory.address,
                proof=tuple(proof),
                signature=typed.sign(world.mallory),
            )
            with pytest.raises(NotGuardian) as refusal:
                world.start([mine, friend])
            assert refusal.value.guardian == world.mallory.address

    def test_descending_order_is_refused(self, world):
        world.guard()
        descending = sorted(two(world), key=lambda one: -int(one.guardian, 16))
        with pytest.raises(NotGuardian):
            world.start(descending, sort=False)

    def test_another_salt_is_refused(self, world):
        world.guard()
        mine, theirs = two(world)
        with pytest.raises(NotGuardian):
            world.start([replace(mine, salt=b"\0" * 32), theirs])

    def test_an_interior_node_is_no_guardian(self, world):
        """Nothing hashes to an interior node as a guardian does: leaves are hashed twice."""
        world.guard()
        tree = world.guardians.tree
        assert tree.root != MerkleTree([_leaf(g, s) for g, s in world.guardians.members[:2]]).root
        for member, salt in world.guardians.members:
            assert world.ask("guardianLeaf", member, salt) == tree.leaf(
                [m for m, _ in world.guardians.members].index(member)
            )

    @pytest.mark.parametrize(
        "other",
        [
            {"round_": 0},
            {"round_": 2},
            {"domain": IdentityMessages(1, "0x" + "11" * 20)},
            {"controller": "0x" + "33" * 20},
        ],
    )
    def test_approvals_for_anything_else_are_refused(self, world, other):
        world.guard()
        with pytest.raises(BadRegistrySignature):
            world.start(two(world, **other))

    def test_approvals_for_another_new_key_are_refused(self, world):
        world.guard()
        with pytest.raises(BadRegistrySignature):
            world.start(two(world), world.mallory)

    def test_another_deadline_than_signed_is_refused(self, world):
        world.guard()
        with pytest.raises(BadRegistrySignature):
            world.start([replace(one, deadline=one.deadline + 1) for one in two(world)])

    def test_each_guardian_stands_by_it_as_long_as_it_says(self, world):
        world.guard()
        short = world.approval(world.gina, world.bob, deadline=at(START + 60))
        long = world.approval(world.gus, world.bob)
        world.evm.warp(START + 61)
        with pytest.raises(RegistrySignatureExpired) as refusal:
            world.start([short, long])
        assert (refusal.value.deadline, refusal.value.time) == (START + 60, START + 61)
        world.evm.warp(START + 60)
        world.start([short, long])

    def test_the_malleable_twin_of_an_approval_is_refused(self, world):
        world.guard()
        mine, theirs = two(world)
        with pytest.raises(BadRegistrySignature):
            world.start([replace(mine, signature=malleated(mine.signature)), theirs])

    def test_a_contract_can_be_a_guardian(self, world):
        wallet = world.evm.deploy("Wallet1271", world.carol.address)
        world.guardians = Guardians(((wallet.address, b"\1" * 32),))
        world.guard(threshold=1)
        typed = world.domain.approve_recovery(
            world.alice.address,
            world.alice.address,
            world.bob.address,
            in_round=1,
            deadline=world.deadline,
        )
        world.start(
            [GuardianApproval(wallet.address, START + DAY, b"\1" * 32, (), typed.sign(world.carol))]
        )
        assert recovery(world)[2] is True

    def test_a_newer_one_replaces_it_and_the_delay_begins_anew(self, world):
        world.started()
        world.evm.sleep(DAY)
        approvals = [
            world.approval(world.gus, world.carol),
            world.approval(world.greta, world.carol),
        ]
        world.start(approvals, world.carol)
        assert recovery(world) == (world.carol.address, START + DAY + WEEK, True)

    def test_the_same_approvals_do_not_start_it_again(self, world):
        world.guard()
        approvals = two(world)
        world.start(approvals)
        with pytest.raises(BadRegistrySignature):
            world.start(approvals)
