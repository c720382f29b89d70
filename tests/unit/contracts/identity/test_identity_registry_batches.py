"""IdentityRegistry: several operations in one transaction."""

import pytest

from careledger.identity.did.errors import (
    AlreadyExpired,
    ControllerChangedMidway,
    EmptyBatch,
    NotIdentityController,
)
from careledger.identity.did.model import DEACTIVATED, Operation
from tests.support.evm import START
from tests.worlds.identity.registry import (
    AGENT,
    DAY,
    ENDPOINT,
    SERVICE,
    at,
)


class TestExecute:
    def run(self, world, *steps, sender=None):
        return world.do(
            "execute",
            world.alice.address,
            [step.abi() for step in steps],
            sender=sender or world.alice,
        )

    def every(self, world):
        return [
            Operation.add_delegate(AGENT, world.carol.address, at(START + DAY)),
            Operation.revoke_delegate(AGENT, world.mallory.address),
            Operation.set_attribute(SERVICE, ENDPOINT, at(START + DAY)),
            Operation.revoke_attribute(SERVICE, b"old"),
            Operation.change_owner(world.bob.address),
        ]

    def test_a_stranger_is_refused(self, world):
        with pytest.raises(NotIdentityController):
            self.run(world, *self.every(world), sender=world.mallory)

    def test_nothing_to_do_is_refused(self, world):
        with pytest.raises(EmptyBatch) as refusal:
            self.run(world)
        assert refusal.value.identity == world.alice.address

    def test_every_operation_in_order(self, world):
        done = self.run(world, *self.every(world))
        names = ["DIDDelegateChanged"] * 2 + ["DIDAttributeChanged"] * 2 + ["DIDOwnerChanged"]
        assert [event.name for event in done.events] == names
        assert [event.arguments.get("valid_to") for event in done.events] == [
            START + DAY,
            START,
            START + DAY,
            0,
            None,
        ]
        assert world.ask("mayAct", world.alice.address, AGENT, world.carol.address) is True
        assert world.owner() == world.bob.address

    def test_all_events_name_the_change_before_the_batch(self, world):
        world.do("revokeAttribute", world.alice.address, SERVICE, b"", sender=world.alice)
        world.evm.sleep(12)
        done = self.run(world, *self.every(world))
        assert {event.previous_change for event in done.events} == {1}
        assert world.ask("changed", world.alice.address) == 2

    @pytest.mark.parametrize(
        "last", [Operation.deactivate(), Operation.change_owner("0x" + "11" * 20)]
    )
    def test_nothing_may_follow_a_change_of_the_controller(self, world, last):
        with pytest.raises(ControllerChangedMidway) as refusal:
            self.run(
                world,
                Operation.revoke_attribute(SERVICE, b""),
                last,
                Operation.revoke_attribute(SERVICE, b""),
            )
        assert refusal.value.index == 1
        assert world.owner() == world.alice.address
        assert world.ask("changed", world.alice.address) == 0

    def test_what_would_be_void_at_once_refuses_the_whole_batch(self, world):
        for late in (
            Operation.add_delegate(AGENT, world.bob.address, at(START)),
            Operation.set_attribute(SERVICE, ENDPOINT, at(START)),
        ):
            with pytest.raises(AlreadyExpired) as refusal:
                self.run(
                    world, Operation.add_delegate(AGENT, world.carol.address, at(START + DAY)), late
                )
            assert (refusal.value.valid_to, refusal.value.time) == (START, START)
            assert (
                world.ask("validDelegate", world.alice.address, AGENT, world.carol.address) is False
            )

    def test_deactivation_as_the_last_step(self, world):
        self.run(
            world, Operation.revoke_delegate(AGENT, world.carol.address), Operation.deactivate()
        )
        assert world.owner() == DEACTIVATED
