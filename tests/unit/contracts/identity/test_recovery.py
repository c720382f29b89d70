"""IdentityRegistry: how a recovery is stopped or finished."""

import pytest

from careledger.identity.did.errors import (
    BadRegistrySignature,
    NoGuardians,
    NoRecovery,
    NotIdentityController,
    RecoveryTooEarly,
)
from tests.support.evm import START
from tests.worlds.identity.recovery import WEEK, named, recovery, two
from tests.worlds.identity.registry import AGENT, NOBODY


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
            "identity": world.alice.address,
            "owner": world.bob.address,
            "previous_change": 0,
        }
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


class TestEventsOfOurOwn:
    def test_none_has_an_address_as_its_first_topic(self, world):
        """Resolvers ask for every event whose first topic is an identity.

        Old resolvers know only the events of ERC-1056.
        """
        for entry in world.registry.artifact.entries("event"):
            if not entry["name"].startswith("DID"):
                first = next(parameter for parameter in entry["inputs"] if parameter["indexed"])
                assert first["type"] != "address", entry["name"]
