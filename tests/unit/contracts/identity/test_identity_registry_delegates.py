"""IdentityRegistry: delegates, their expiry, and who may act in which role."""

import pytest
from eth_utils.crypto import keccak

from careledger.chain.reverts import Panicked
from careledger.identity.did.model import name32
from tests.support.evm import START
from tests.worlds.identity.registry import (
    AGENT,
    DAY,
    raw,
    word,
)
from tests.worlds.identity.registry_operations import BEYOND, relay


class TestAddDelegate:
    def test_the_event_and_the_expiry(self, world):
        done = world.do(
            "addDelegate", world.alice.address, AGENT, world.carol.address, DAY, sender=world.alice
        )
        (event,) = done.named("DIDDelegateChanged")
        assert event.arguments == {
            "identity": world.alice.address,
            "delegate_type": AGENT,
            "delegate": world.carol.address,
            "valid_to": START + DAY,
            "previous_change": 0,
        }
        assert (
            world.ask("delegates", world.alice.address, keccak(AGENT), world.carol.address)
            == START + DAY
        )

    def test_valid_until_the_second_before_the_expiry(self, world):
        world.do(
            "addDelegate", world.alice.address, AGENT, world.carol.address, DAY, sender=world.alice
        )
        world.evm.warp(START + DAY - 1)
        assert world.ask("validDelegate", world.alice.address, AGENT, world.carol.address) is True
        world.evm.warp(START + DAY)
        assert world.ask("validDelegate", world.alice.address, AGENT, world.carol.address) is False

    def test_of_one_type_only(self, world):
        world.do(
            "addDelegate", world.alice.address, AGENT, world.carol.address, DAY, sender=world.alice
        )
        assert (
            world.ask(
                "validDelegate",
                world.alice.address,
                name32("careledger.issuer"),
                world.carol.address,
            )
            is False
        )

    def test_again_sets_the_new_expiry_though_it_is_earlier(self, world):
        for validity in (DAY, 60):
            world.do(
                "addDelegate",
                world.alice.address,
                AGENT,
                world.carol.address,
                validity,
                sender=world.alice,
            )
        assert (
            world.ask("delegates", world.alice.address, keccak(AGENT), world.carol.address)
            == START + 60
        )

    def test_for_no_time_is_void_at_once(self, world):
        world.do(
            "addDelegate", world.alice.address, AGENT, world.carol.address, 0, sender=world.alice
        )
        assert world.ask("validDelegate", world.alice.address, AGENT, world.carol.address) is False

    def test_an_expiry_beyond_all_numbers_is_refused(self, world):
        with pytest.raises(Panicked) as panic:
            world.do(
                "addDelegate",
                world.alice.address,
                AGENT,
                world.carol.address,
                BEYOND,
                sender=world.alice,
            )
        assert panic.value.panic == 0x11
        world.do(
            "addDelegate",
            world.alice.address,
            AGENT,
            world.carol.address,
            BEYOND - START,
            sender=world.alice,
        )
        assert world.ask("validDelegate", world.alice.address, AGENT, world.carol.address) is True

    def test_signed_beyond_all_numbers_is_refused(self, world):
        arguments = (AGENT, world.carol.address, BEYOND)
        signature = world.signed(
            world.alice, world.alice, "addDelegate", AGENT, raw(world.carol), word(BEYOND)
        )
        with pytest.raises(Panicked):
            relay(world, "addDelegate", signature, None, arguments)


class TestRevokeDelegate:
    def test_effective_in_this_block(self, world):
        world.do(
            "addDelegate", world.alice.address, AGENT, world.carol.address, DAY, sender=world.alice
        )
        done = world.do(
            "revokeDelegate", world.alice.address, AGENT, world.carol.address, sender=world.alice
        )
        (event,) = done.named("DIDDelegateChanged")
        assert (event.delegate, event.valid_to, event.previous_change) == (
            world.carol.address,
            START,
            1,
        )
        assert world.ask("validDelegate", world.alice.address, AGENT, world.carol.address) is False

    def test_one_who_never_was(self, world):
        world.do(
            "revokeDelegate", world.alice.address, AGENT, world.carol.address, sender=world.alice
        )
        assert (
            world.ask("delegates", world.alice.address, keccak(AGENT), world.carol.address) == START
        )


class TestMayAct:
    def may(self, world, actor, role=AGENT):
        return world.ask("mayAct", world.alice.address, role, actor.address)

    def test_a_stranger_may_not(self, world):
        assert self.may(world, world.mallory) is False

    def test_the_controller_may_in_every_role(self, world):
        assert self.may(world, world.alice) is True
        assert self.may(world, world.alice, name32("anything")) is True

    def test_a_delegate_may_in_its_role_until_the_expiry(self, world):
        world.do(
            "addDelegate", world.alice.address, AGENT, world.carol.address, DAY, sender=world.alice
        )
        assert self.may(world, world.carol) is True
        assert self.may(world, world.carol, name32("careledger.issuer")) is False
        world.evm.warp(START + DAY)
        assert self.may(world, world.carol) is False

    def test_a_rotated_key_may_no_more(self, world):
        world.do("changeOwner", world.alice.address, world.bob.address, sender=world.alice)
        assert self.may(world, world.alice) is False
        assert self.may(world, world.bob) is True

    def test_a_delegate_outlives_the_rotation(self, world):
        world.do(
            "addDelegate", world.alice.address, AGENT, world.carol.address, DAY, sender=world.alice
        )
        world.do("changeOwner", world.alice.address, world.bob.address, sender=world.alice)
        assert self.may(world, world.carol) is True
