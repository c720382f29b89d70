"""IdentityRegistry: what ERC-1056 prescribes, authority, batches."""

import pytest
from eth_utils.crypto import keccak

from careledger.chain.reverts import Panicked, RevertedWithText
from careledger.crypto.typed_data import HALF_ORDER
from careledger.identity.did.errors import (
    AlreadyExpired,
    ControllerChangedMidway,
    EmptyBatch,
    NotIdentityController,
)
from careledger.identity.did.model import DEACTIVATED, Operation, name32
from tests.support.evm import START
from tests.worlds.identity.registry import (
    AGENT,
    DAY,
    ENDPOINT,
    NOBODY,
    ORDER,
    SERVICE,
    at,
    raw,
    word,
)

BEYOND = 2**256 - 1

WRITES = {
    "changeOwner": lambda w: (w.bob.address,),
    "addDelegate": lambda w: (AGENT, w.carol.address, DAY),
    "revokeDelegate": lambda w: (AGENT, w.carol.address),
    "setAttribute": lambda w: (SERVICE, ENDPOINT, DAY),
    "revokeAttribute": lambda w: (SERVICE, ENDPOINT),
}
PACKED = {
    "changeOwner": lambda w: (raw(w.bob),),
    "addDelegate": lambda w: (AGENT, raw(w.carol), word(DAY)),
    "revokeDelegate": lambda w: (AGENT, raw(w.carol)),
    "setAttribute": lambda w: (SERVICE, ENDPOINT, word(DAY)),
    "revokeAttribute": lambda w: (SERVICE, ENDPOINT),
}
each = pytest.mark.parametrize("operation", WRITES)


def refused(reason, call, *arguments, **rest):
    with pytest.raises(RevertedWithText) as refusal:
        call(*arguments, **rest)
    assert refusal.value.reason == reason


def relay(world, operation, signature, identity=None, arguments=None):
    identity = identity or world.alice
    return world.do(
        f"{operation}Signed", identity.address, *signature, *(arguments or WRITES[operation](world))
    )


class TestAnIdentityNobodyTouched:
    def test_controls_itself(self, world):
        assert world.owner() == world.alice.address

    def test_has_no_record(self, world):
        assert world.ask("owners", world.alice.address) == NOBODY
        assert world.ask("changed", world.alice.address) == 0
        assert world.nonce(world.alice) == 0
        assert world.ask("delegates", world.alice.address, keccak(AGENT), world.carol.address) == 0
        assert world.ask("validDelegate", world.alice.address, AGENT, world.carol.address) is False


class TestEveryDirectOperation:
    @each
    def test_a_stranger_is_refused(self, world, operation):
        arguments = WRITES[operation](world)
        refused(
            "bad_actor", world.do, operation, world.alice.address, *arguments, sender=world.mallory
        )

    @each
    def test_a_delegate_is_refused(self, world, operation):
        world.do(
            "addDelegate", world.alice.address, AGENT, world.carol.address, DAY, sender=world.alice
        )
        arguments = WRITES[operation](world)
        refused(
            "bad_actor", world.do, operation, world.alice.address, *arguments, sender=world.carol
        )

    @each
    def test_the_former_controller_is_refused_and_the_new_one_is_not(self, world, operation):
        world.do("changeOwner", world.alice.address, world.carol.address, sender=world.alice)
        arguments = WRITES[operation](world)
        refused(
            "bad_actor", world.do, operation, world.alice.address, *arguments, sender=world.alice
        )
        world.do(operation, world.alice.address, *arguments, sender=world.carol)

    @each
    def test_changed_moves_to_this_block_and_the_event_names_the_one_before(self, world, operation):
        first = world.do(
            operation, world.alice.address, *WRITES[operation](world), sender=world.alice
        )
        assert [event.previous_change for event in first.events] == [0]
        assert world.ask("changed", world.alice.address) == 1
        world.evm.sleep(12)
        controller = world.bob if operation == "changeOwner" else world.alice
        second = world.do(
            operation, world.alice.address, *WRITES[operation](world), sender=controller
        )
        assert [event.previous_change for event in second.events] == [1]
        assert world.ask("changed", world.alice.address) == 2

    @each
    def test_nothing_of_another_identity_changes(self, world, operation):
        world.do(operation, world.alice.address, *WRITES[operation](world), sender=world.alice)
        assert world.owner(world.bob) == world.bob.address
        assert world.ask("changed", world.bob.address) == 0


class TestEverySignedOperation:
    @each
    def test_anyone_relays_what_the_controller_signed(self, world, operation):
        direct = world.evm.snapshot()
        expected = world.do(
            operation, world.alice.address, *WRITES[operation](world), sender=world.alice
        ).events
        world.evm.revert(direct)
        signature = world.signed(world.alice, world.alice, operation, *PACKED[operation](world))
        assert relay(world, operation, signature).events == expected
        assert world.nonce(world.alice) == 1

    @each
    def test_a_strangers_signature_is_refused(self, world, operation):
        signature = world.signed(world.mallory, world.alice, operation, *PACKED[operation](world))
        refused("bad_signature", relay, world, operation, signature)
        assert world.nonce(world.alice) == 0

    @each
    def test_a_signature_is_good_once(self, world, operation):
        signature = world.signed(world.alice, world.alice, operation, *PACKED[operation](world))
        relay(world, operation, signature)
        refused("bad_signature", relay, world, operation, signature)

    @each
    def test_a_nonce_that_is_not_due_is_refused(self, world, operation):
        signature = world.signed(
            world.alice, world.alice, operation, *PACKED[operation](world), nonce=1
        )
        refused("bad_signature", relay, world, operation, signature)

    @each
    def test_a_signature_for_another_registry_is_refused(self, world, operation):
        packed = PACKED[operation](world)
        signature = world.signed(
            world.alice, world.alice, operation, *packed, registry=world.bob.address
        )
        refused("bad_signature", relay, world, operation, signature)

    @each
    def test_a_signature_for_another_identity_is_refused(self, world, operation):
        world.do("changeOwner", world.carol.address, world.alice.address, sender=world.carol)
        signature = world.signed(world.alice, world.carol, operation, *PACKED[operation](world))
        refused("bad_signature", relay, world, operation, signature)

    @each
    def test_other_arguments_than_signed_are_refused(self, world, operation):
        signature = world.signed(world.alice, world.alice, operation, *PACKED[operation](world))
        arguments = list(WRITES[operation](world))
        for place, value in enumerate(arguments):
            other = {
                bytes: lambda v: v[:-1] + b"\1",
                str: lambda _: world.mallory.address,
                int: lambda v: v + 1,
            }
            changed = [*arguments[:place], other[type(value)](value), *arguments[place + 1 :]]
            refused("bad_signature", relay, world, operation, signature, None, changed)

    @each
    def test_the_former_controllers_signature_is_refused(self, world, operation):
        signature = world.signed(world.alice, world.alice, operation, *PACKED[operation](world))
        world.do("changeOwner", world.alice.address, world.carol.address, sender=world.alice)
        refused("bad_signature", relay, world, operation, signature)

    @each
    def test_nonsense_does_not_act_for_the_identity_zero(self, world, operation):
        """Where recovery of the signer fails it yields the zero address, which controls itself."""
        nobody = type("Nobody", (), {"address": NOBODY})
        refused("bad_signature", relay, world, operation, (0, bytes(32), bytes(32)), nobody)

    @each
    def test_the_malleable_twin_is_as_good_but_not_a_second_time(self, world, operation):
        """As on every ERC-1056 registry; the nonce makes it harmless."""
        v, r, s = world.signed(world.alice, world.alice, operation, *PACKED[operation](world))
        twin = (55 - v, r, word(ORDER - int.from_bytes(s, "big")))
        assert int.from_bytes(twin[2], "big") > HALF_ORDER
        relay(world, operation, twin)
        refused("bad_signature", relay, world, operation, (v, r, s))

    def test_the_nonce_is_the_controllers_and_not_the_identitys(self, world):
        world.do("changeOwner", world.alice.address, world.bob.address, sender=world.alice)
        world.do("changeOwner", world.carol.address, world.bob.address, sender=world.carol)
        for count, identity in enumerate((world.alice, world.carol)):
            signature = world.signed(
                world.bob, identity, "revokeAttribute", SERVICE, ENDPOINT, nonce=count
            )
            relay(world, "revokeAttribute", signature, identity)
        assert (world.nonce(world.bob), world.nonce(world.alice), world.nonce(world.carol)) == (
            2,
            0,
            0,
        )


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


class TestAddDelegate:
    def test_the_event_and_the_expiry(self, world):
        done = world.do(
            "addDelegate", world.alice.address, AGENT, world.carol.address, DAY, sender=world.alice
        )
        (event,) = done.named("DIDDelegateChanged")
        assert event.arguments == {
            "identity": world.alice.address, "delegate_type": AGENT, "delegate": world.carol.address,
            "valid_to": START + DAY, "previous_change": 0,
        }  # fmt: skip
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


class TestAttributes:
    def test_set_is_an_event_with_an_expiry(self, world):
        done = world.do(
            "setAttribute", world.alice.address, SERVICE, ENDPOINT, DAY, sender=world.alice
        )
        (event,) = done.named("DIDAttributeChanged")
        assert event.arguments == {
            "identity": world.alice.address, "name": SERVICE, "value": ENDPOINT,
            "valid_to": START + DAY, "previous_change": 0,
        }  # fmt: skip

    def test_revoke_is_an_event_without_one(self, world):
        done = world.do(
            "revokeAttribute", world.alice.address, SERVICE, ENDPOINT, sender=world.alice
        )
        (event,) = done.named("DIDAttributeChanged")
        assert (event.name, event.value, event.valid_to) == ("DIDAttributeChanged", ENDPOINT, 0)
        assert event.arguments["name"] == SERVICE

    @pytest.mark.parametrize("value", [b"", b"\0" * 31, b"x" * 32, b"y" * 33, b"z" * 5000])
    def test_values_of_any_length(self, world, value):
        done = world.do(
            "setAttribute", world.alice.address, SERVICE, value, DAY, sender=world.alice
        )
        assert done.events[0].value == value

    def test_an_expiry_beyond_all_numbers_is_refused(self, world):
        with pytest.raises(Panicked):
            world.do(
                "setAttribute", world.alice.address, SERVICE, ENDPOINT, BEYOND, sender=world.alice
            )

    def test_signed_beyond_all_numbers_is_refused(self, world):
        signature = world.signed(
            world.alice, world.alice, "setAttribute", SERVICE, ENDPOINT, word(BEYOND)
        )
        with pytest.raises(Panicked):
            relay(world, "setAttribute", signature, None, (SERVICE, ENDPOINT, BEYOND))


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


class TestCancelSignatures:
    def test_what_was_signed_is_void(self, world):
        signature = world.signed(world.alice, world.alice, "changeOwner", raw(world.bob))
        done = world.do("cancelSignatures", sender=world.alice)
        (event,) = done.events
        assert event.arguments == {"nonce": 1, "controller": world.alice.address}
        assert world.nonce(world.alice) == 1
        refused("bad_signature", relay, world, "changeOwner", signature)

    def test_one_controllers_only(self, world):
        world.do("cancelSignatures", sender=world.mallory)
        assert world.nonce(world.alice) == 0


class TestDomain:
    def test_is_described_as_eip_5267_asks(self, world):
        fields, name, version, chain_id, contract, salt, extensions = world.ask("eip712Domain")
        assert (fields, name, version) == (b"\x0f", "CareLedger IdentityRegistry", "1")
        assert (chain_id, contract) == (31337, world.registry.address)
        assert (salt, extensions) == (bytes(32), [])
