"""IdentityRegistry: how a controller names guardians and dismisses them."""

import pytest

from careledger.identity.did.errors import (
    BadGuardianship,
    BadRegistrySignature,
    NoGuardians,
    NotIdentityController,
)
from tests.worlds.identity.recovery import ROOT, WEEK, named, recovery, two
from tests.worlds.identity.registry import DAY, NOBODY


class TestSetGuardians:
    def test_a_stranger_is_refused(self, world):
        with pytest.raises(NotIdentityController) as refusal:
            world.do("setGuardians", world.alice.address, ROOT, 2, WEEK, sender=world.mallory)
        assert refusal.value.controller == world.alice.address

    @pytest.mark.parametrize(
        ("root", "threshold", "delay"),
        [
            (ROOT, 0, WEEK),
            (ROOT, 2, DAY - 1),
            (ROOT, 2, 365 * DAY + 1),
            (ROOT, 2, 0),
            (bytes(32), 1, 0),
            (bytes(32), 0, WEEK),
            (bytes(32), 2, WEEK),
        ],
    )
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
            "round": 1,
            "identity": world.alice.address,
            "controller": world.alice.address,
            "root": ROOT,
            "threshold": 255,
            "delay": delay,
        }
        assert named(world) == {
            "root": ROOT,
            "controller": world.alice.address,
            "threshold": 255,
            "delay": delay,
            "round": 1,
            "active": True,
        }

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
