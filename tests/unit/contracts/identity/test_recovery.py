"""IdentityRegistry: guardians, and what a thief among them, or with an old key, cannot do."""

from dataclasses import replace

import pytest

from careledger.crypto.merkle import MerkleTree
from careledger.identity.did.errors import (
    BadGuardianship,
    BadNewOwner,
    BadRegistrySignature,
    NoGuardians,
    NoRecovery,
    NotGuardian,
    NotIdentityController,
    RecoveryTooEarly,
    RecoveryVoid,
    RegistrySignatureExpired,
    WrongThreshold,
)
from careledger.identity.did.guardians import Guardians, _leaf
from careledger.identity.did.messages import IdentityMessages
from careledger.identity.did.model import DEACTIVATED, GuardianApproval
from tests.support.evm import START
from tests.worlds.identity.registry import AGENT, DAY, NOBODY, SERVICE, at, malleated

ROOT = b"\7" * 32
WEEK = 7 * DAY


def named(world):
    root, controller, threshold, delay, round_, active = world.ask(
        "guardianship", world.alice.address
    )
    return {
        "root": root, "controller": controller, "threshold": threshold, "delay": delay, "round": round_,
        "active": active,
    }  # fmt: skip


def recovery(world):
    return world.ask("recovery", world.alice.address)


def two(world, **rest):
    return [
        world.approval(world.gina, world.bob, **rest),
        world.approval(world.gus, world.bob, **rest),
    ]


class TestSetGuardians:
    def test_a_stranger_is_refused(self, world):
        with pytest.raises(NotIdentityController) as refusal:
            world.do("setGuardians", world.alice.address, ROOT, 2, WEEK, sender=world.mallory)
        assert refusal.value.controller == world.alice.address

    @pytest.mark.parametrize(
        ("root", "threshold", "delay"),
        [
            (ROOT, 0, WEEK), (ROOT, 2, DAY - 1), (ROOT, 2, 365 * DAY + 1), (ROOT, 2, 0),
            (bytes(32), 1, 0), (bytes(32), 0, WEEK), (bytes(32), 2, WEEK),
        ],
    )  # fmt: skip
    def test_what_could_not_work_is_refused(self, world, root, threshold, delay):
        with pytest.raises(BadGuardianship) as refusal:
            world.do(
                "setGuardians", world.alice.address, root, threshold, delay, sender=world.alice
            )
        assert (refusal.value.root, refusal.value.threshold, refusal.value.delay) == (
            root,
            threshold,
            delay,
        )

    @pytest.mark.parametrize("delay", [DAY, 365 * DAY])
    def test_the_event_and_the_commitment(self, world, delay):
        done = world.do("setGuardians", world.alice.address, ROOT, 255, delay, sender=world.alice)
        (event,) = done.named("GuardiansSet")
        assert event.arguments == {
            "round": 1, "identity": world.alice.address, "controller": world.alice.address, "root": ROOT,
            "threshold": 255, "delay": delay,
        }  # fmt: skip
        assert named(world) == {
            "root": ROOT, "controller": world.alice.address, "threshold": 255, "delay": delay, "round": 1,
            "active": True,
        }  # fmt: skip

    def test_nobody_learns_who_they_are(self, world):
        done = world.guard()
        for guardian, _ in world.guardians.members:
            assert guardian not in str([event.arguments for event in done.events])

    def test_changed_does_not_move_for_resolvers_would_find_no_event(self, world):
        world.guard()
        assert world.ask("changed", world.alice.address) == 0

    def test_zeros_dismiss_them(self, world):
        world.guard()
        world.do("setGuardians", world.alice.address, bytes(32), 0, 0, sender=world.alice)
        assert named(world)["active"] is False
        with pytest.raises(NoGuardians):
            world.start(two(world))

    def test_naming_anew_ends_a_recovery_and_voids_approvals(self, world):
        world.guard()
        approvals = two(world)
        world.start(approvals)
        world.guard()
        assert recovery(world)[0] == NOBODY
        with pytest.raises(BadRegistrySignature):
            world.start(approvals)

    def test_the_bounds_can_be_read(self, world):
        assert (world.ask("MIN_RECOVERY_DELAY"), world.ask("MAX_RECOVERY_DELAY")) == (
            DAY,
            365 * DAY,
        )


class TestStartRecovery:
    def test_enough_guardians_start_it_sent_by_anyone(self, world):
        world.guard()
        (event,) = world.start(two(world)).events
        assert event.arguments == {
            "round": 2, "identity": world.alice.address, "new_owner": world.bob.address, "ready_at": START + WEEK,
        }  # fmt: skip
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
            {"round_": 0}, {"round_": 2}, {"domain": IdentityMessages(1, "0x" + "11" * 20)},
            {"controller": "0x" + "33" * 20},
        ],
    )  # fmt: skip
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


class TestStopRecovery:
    def test_only_the_controller_objects(self, world):
        world.started()
        for who in (world.mallory, world.gina, world.bob):
            with pytest.raises(NotIdentityController):
                world.do("stopRecovery", world.alice.address, sender=who)

    def test_where_none_is_under_way_it_is_refused(self, world):
        with pytest.raises(NoRecovery):
            world.do("stopRecovery", world.alice.address, sender=world.alice)

    def test_the_event_and_the_end(self, world):
        world.started()
        (event,) = world.do("stopRecovery", world.alice.address, sender=world.alice).events
        assert event.arguments == {
            "round": 3,
            "identity": world.alice.address,
            "controller": world.alice.address,
        }
        assert recovery(world) == (NOBODY, 0, False)
        with pytest.raises(NoRecovery):
            world.do("finishRecovery", world.alice.address)

    def test_approvals_made_before_are_void(self, world):
        world.started()
        in_hand = two(world)
        world.do("stopRecovery", world.alice.address, sender=world.alice)
        with pytest.raises(BadRegistrySignature):
            world.start(in_hand)

    def test_it_can_be_stopped_until_it_is_finished(self, world):
        world.started()
        world.evm.warp(START + 2 * WEEK)
        world.do("stopRecovery", world.alice.address, sender=world.alice)


class TestFinishRecovery:
    def test_where_none_is_under_way_it_is_refused(self, world):
        with pytest.raises(NoRecovery) as refusal:
            world.do("finishRecovery", world.alice.address)
        assert refusal.value.identity == world.alice.address

    def test_not_before_the_delay_has_passed(self, world):
        world.started()
        world.evm.warp(START + WEEK - 1)
        with pytest.raises(RecoveryTooEarly) as refusal:
            world.do("finishRecovery", world.alice.address, sender=world.bob)
        assert (refusal.value.ready_at, refusal.value.time) == (START + WEEK, START + WEEK - 1)

    def test_anyone_finishes_and_resolvers_are_told(self, world):
        world.started()
        world.evm.warp(START + WEEK)
        done = world.do("finishRecovery", world.alice.address, sender=world.mallory)
        finished, changed = done.events
        assert finished.arguments == {
            "round": 2,
            "identity": world.alice.address,
            "new_owner": world.bob.address,
        }
        assert changed.arguments == {
            "identity": world.alice.address, "owner": world.bob.address, "previous_change": 0,
        }  # fmt: skip
        assert world.owner() == world.bob.address
        assert world.ask("changed", world.alice.address) == world.evm.number

    def test_only_once(self, world):
        world.started()
        world.evm.warp(START + WEEK)
        world.do("finishRecovery", world.alice.address)
        with pytest.raises(NoRecovery):
            world.do("finishRecovery", world.alice.address)

    def test_the_lost_key_controls_nothing_any_more(self, world):
        world.started()
        world.evm.warp(START + WEEK)
        world.do("finishRecovery", world.alice.address)
        assert world.ask("mayAct", world.alice.address, AGENT, world.alice.address) is False
        with pytest.raises(NotIdentityController):
            world.do("stopRecovery", world.alice.address, sender=world.alice)

    def test_the_guardians_who_helped_have_to_be_named_anew(self, world):
        world.started()
        world.evm.warp(START + WEEK)
        world.do("finishRecovery", world.alice.address)
        assert named(world)["active"] is False
        with pytest.raises(NoGuardians):
            world.start([], world.carol)


class TestAChangeOfTheControllerMeanwhile:
    """Whoever acts as controller has not lost the key."""

    def test_a_rotation_voids_it(self, world):
        world.started()
        world.do("changeOwner", world.alice.address, world.carol.address, sender=world.alice)
        world.evm.warp(START + WEEK)
        assert recovery(world)[2] is False
        with pytest.raises(NoGuardians) as refusal:
            world.do("finishRecovery", world.alice.address)
        assert (refusal.value.named_by, refusal.value.controller) == (
            world.alice.address, world.carol.address,
        )  # fmt: skip

    def test_so_does_a_rotation_there_and_back(self, world):
        world.started()
        world.evm.sleep(12)
        world.do("changeOwner", world.alice.address, world.carol.address, sender=world.alice)
        world.do("changeOwner", world.alice.address, world.alice.address, sender=world.carol)
        world.evm.warp(START + WEEK)
        assert recovery(world)[2] is False
        with pytest.raises(RecoveryVoid) as refusal:
            world.do("finishRecovery", world.alice.address)
        assert (refusal.value.started_after, refusal.value.changed) == (0, 2)

    def test_so_does_any_change_that_the_controller_makes(self, world):
        world.started()
        world.evm.sleep(12)
        world.do("setAttribute", world.alice.address, SERVICE, b"", DAY, sender=world.alice)
        world.evm.warp(START + WEEK)
        with pytest.raises(RecoveryVoid):
            world.do("finishRecovery", world.alice.address)

    def test_an_earlier_change_does_not(self, world):
        world.do("setAttribute", world.alice.address, SERVICE, b"", DAY, sender=world.alice)
        world.evm.sleep(12)
        world.started()
        world.evm.sleep(WEEK)
        world.do("finishRecovery", world.alice.address)
        assert world.owner() == world.bob.address

    def test_a_deactivation_is_final(self, world):
        world.started()
        world.do("deactivate", world.alice.address, sender=world.alice)
        world.evm.warp(START + WEEK)
        with pytest.raises(NoGuardians):
            world.do("finishRecovery", world.alice.address)
        with pytest.raises(NoGuardians):
            world.start(two(world))
        assert world.owner() == DEACTIVATED

    def test_approvals_for_the_old_key_do_not_dethrone_the_new_one(self, world):
        world.guard()
        approvals = two(world)
        world.do("changeOwner", world.alice.address, world.carol.address, sender=world.alice)
        with pytest.raises(NoGuardians):
            world.start(approvals)
        world.do(
            "setGuardians",
            world.alice.address,
            world.guardians.tree.root,
            2,
            WEEK,
            sender=world.carol,
        )
        with pytest.raises(BadRegistrySignature):
            world.start(approvals)

    def test_whoever_receives_an_identity_inherits_no_guardians(self, world):
        """Else its seller could plant some, and take it back."""
        world.guard(threshold=1, delay=DAY)
        world.do("changeOwner", world.alice.address, world.carol.address, sender=world.alice)
        assert named(world)["active"] is False
        with pytest.raises(NoGuardians):
            world.start([world.approval(world.gina, world.bob, controller=world.alice.address)])

    def test_an_attempt_that_was_voided_can_be_begun_anew(self, world):
        world.started()
        world.evm.sleep(12)
        world.do("setAttribute", world.alice.address, SERVICE, b"", DAY, sender=world.alice)
        world.start(two(world))
        world.evm.sleep(WEEK)
        world.do("finishRecovery", world.alice.address)
        assert world.owner() == world.bob.address


class TestEventsOfOurOwn:
    def test_none_has_an_address_as_its_first_topic(self, world):
        """Resolvers ask for every event whose first topic is an identity, and old ones know those of ERC-1056 only."""
        for entry in world.registry.artifact.entries("event"):
            if not entry["name"].startswith("DID"):
                first = next(parameter for parameter in entry["inputs"] if parameter["indexed"])
                assert first["type"] != "address", entry["name"]
