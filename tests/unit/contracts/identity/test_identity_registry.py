"""IdentityRegistry: what ERC-1056 prescribes of every operation, direct and signed."""

from eth_utils.crypto import keccak

from careledger.crypto.typed_data import HALF_ORDER
from tests.worlds.identity.registry import (
    AGENT,
    DAY,
    ENDPOINT,
    NOBODY,
    ORDER,
    SERVICE,
    raw,
    word,
)
from tests.worlds.identity.registry_operations import PACKED, WRITES, each, refused, relay


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
