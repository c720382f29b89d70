"""IdentityRegistry: a change of the controller, and deactivation."""

import pytest

from careledger.identity.did.errors import (
    NotIdentityController,
)
from careledger.identity.did.model import DEACTIVATED
from tests.worlds.identity.registry import (
    AGENT,
    NOBODY,
)
from tests.worlds.identity.registry_operations import refused


class TestChangeOwner:
    def test_the_event_and_the_new_controller(self, world):
        done = world.do("changeOwner", world.alice.address, world.bob.address, sender=world.alice)
        (event,) = done.named("DIDOwnerChanged")
        assert (event.identity, event.owner, event.previous_change) == (
            world.alice.address,
            world.bob.address,
            0,
        )
        assert world.owner() == world.ask("owners", world.alice.address) == world.bob.address

    def test_back_to_the_first_key(self, world):
        world.do("changeOwner", world.alice.address, world.bob.address, sender=world.alice)
        world.do("changeOwner", world.alice.address, world.alice.address, sender=world.bob)
        assert world.owner() == world.ask("owners", world.alice.address) == world.alice.address

    def test_the_zero_address_gives_control_back_to_the_first_key_as_erc_1056_has_it(self, world):
        world.do("changeOwner", world.alice.address, world.bob.address, sender=world.alice)
        world.do("changeOwner", world.alice.address, NOBODY, sender=world.bob)
        assert world.ask("owners", world.alice.address) == NOBODY
        assert world.owner() == world.alice.address


class TestDeactivate:
    def test_a_stranger_is_refused(self, world):
        with pytest.raises(NotIdentityController) as refusal:
            world.do("deactivate", world.alice.address, sender=world.mallory)
        assert refusal.value.identity == world.alice.address
        assert refusal.value.actor == world.mallory.address
        assert refusal.value.controller == world.alice.address

    def test_resolvers_are_told_the_zero_address(self, world):
        done = world.do("deactivate", world.alice.address, sender=world.alice)
        (event,) = done.named("DIDOwnerChanged")
        assert (event.owner, event.previous_change) == (NOBODY, 0)

    def test_nobody_controls_it_any_more_not_even_its_first_key(self, world):
        world.do("changeOwner", world.alice.address, world.bob.address, sender=world.alice)
        world.do("deactivate", world.alice.address, sender=world.bob)
        assert world.owner() == world.ask("DEACTIVATED") == DEACTIVATED
        for who in (world.alice, world.bob, world.mallory):
            refused(
                "bad_actor", world.do, "changeOwner", world.alice.address, who.address, sender=who
            )
            assert world.ask("mayAct", world.alice.address, AGENT, who.address) is False
