"""IdentityRegistry: what becomes of a recovery when the controller changes meanwhile."""

import pytest

from careledger.identity.did.errors import (
    BadRegistrySignature,
    NoGuardians,
    RecoveryVoid,
)
from careledger.identity.did.model import DEACTIVATED
from tests.support.evm import START
from tests.worlds.identity.recovery import WEEK, named, recovery, two
from tests.worlds.identity.registry import DAY, SERVICE


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
            world.alice.address,
            world.carol.address,
        )

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
