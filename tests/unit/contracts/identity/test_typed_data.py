"""IdentityRegistry: which signatures over typed data are taken, and which are refused."""

from datetime import timedelta

import pytest

from careledger.crypto.typed_data import HALF_ORDER
from careledger.identity.did.errors import (
    AlreadyExpired,
    BadGuardianship,
    BadRegistrySignature,
    ControllerChangedMidway,
    EmptyBatch,
    NoRecovery,
    RegistrySignatureExpired,
)
from careledger.identity.did.messages import IdentityMessages
from careledger.identity.did.model import DEACTIVATED, Operation
from tests.support.evm import START, actor
from tests.worlds.identity.registry import AGENT, DAY, ENDPOINT, SERVICE, at, malleated
from tests.worlds.identity.registry_typed_data import (
    CASES,
    ROOT,
    UNTIL,
    WEEK,
    each,
    refused,
    send,
    typed,
)


@pytest.fixture
def ready(world):
    """Alice has guardians, and a recovery is under way for her to stop."""
    world.started()
    world.evm.sleep(12)
    return world


class TestEveryVariant:
    @each
    def test_does_what_the_direct_call_does_sent_by_anyone(self, ready, function):
        direct, arguments = CASES[function][2]
        snapshot = ready.evm.snapshot()
        expected = ready.do(
            direct, ready.alice.address, *arguments(ready), sender=ready.alice
        ).events
        ready.evm.revert(snapshot)
        signature = typed(ready, function).sign(ready.alice)
        assert send(ready, function, signature).events == expected
        assert ready.nonce(ready.alice) == 1

    @each
    def test_is_good_until_the_deadline_and_no_longer(self, ready, function):
        signature = typed(ready, function).sign(ready.alice)
        ready.evm.warp(START + DAY + 1)
        with pytest.raises(RegistrySignatureExpired) as refusal:
            send(ready, function, signature)
        assert (refusal.value.deadline, refusal.value.time) == (START + DAY, START + DAY + 1)
        ready.evm.warp(START + DAY)
        send(ready, function, signature)

    @each
    def test_is_good_once(self, ready, function):
        signature = typed(ready, function).sign(ready.alice)
        snapshot = ready.evm.snapshot()
        send(ready, function, signature)
        if ready.owner() == ready.alice.address:
            refused(ready, function, signature)
        ready.evm.revert(snapshot)
        ready.do("cancelSignatures", sender=ready.alice)
        refused(ready, function, signature)

    @each
    def test_a_strangers_signature_is_refused(self, ready, function):
        refusal = refused(ready, function, typed(ready, function).sign(ready.mallory))
        assert refusal.signer == ready.alice.address

    @each
    @pytest.mark.parametrize("other", [{"chain_id": 1}, {"registry": actor("elsewhere").address}])
    def test_of_another_chain_or_registry_is_refused(self, ready, function, other):
        domain = IdentityMessages(
            **({"chain_id": 31337, "registry": ready.registry.address} | other)
        )
        refused(ready, function, typed(ready, function, domain).sign(ready.alice))

    @each
    def test_with_another_nonce_is_refused(self, ready, function):
        refused(ready, function, typed(ready, function, nonce=1).sign(ready.alice))

    @each
    def test_with_another_deadline_is_refused(self, ready, function):
        signature = typed(ready, function).sign(ready.alice)
        refused(ready, function, signature, deadline=ready.deadline + timedelta(seconds=1))

    @each
    def test_with_any_other_argument_is_refused(self, ready, function):
        signature = typed(ready, function).sign(ready.alice)
        arguments = list(CASES[function][1](ready))
        other = {
            bytes: lambda v: bytes([v[0] ^ 1]) + v[1:],
            str: lambda _: ready.mallory.address,
            int: lambda v: v + 1,
            list: lambda v: v[:-1],
        }
        for place, value in enumerate(arguments):
            changed = [*arguments[:place], other[type(value)](value), *arguments[place + 1 :]]
            refused(ready, function, signature, changed)

    @each
    def test_for_another_identity_of_the_same_controller_is_refused(self, ready, function):
        ready.do("changeOwner", ready.carol.address, ready.alice.address, sender=ready.carol)
        signature = typed(ready, function).sign(ready.alice)
        sent = CASES[function][1](ready)
        with pytest.raises(BadRegistrySignature):
            ready.do(
                function, ready.carol.address, *sent, int(ready.deadline.timestamp()), signature
            )

    @each
    def test_of_the_former_controller_is_refused(self, ready, function):
        signature = typed(ready, function).sign(ready.alice)
        ready.do("changeOwner", ready.alice.address, ready.carol.address, sender=ready.alice)
        assert refused(ready, function, signature).signer == ready.carol.address

    @each
    def test_the_malleable_twin_is_refused(self, ready, function):
        twin = malleated(typed(ready, function).sign(ready.alice))
        assert int.from_bytes(twin[32:64], "big") > HALF_ORDER
        refused(ready, function, twin)

    @each
    @pytest.mark.parametrize(
        "bend",
        [
            lambda s: b"",
            lambda s: s[:64],
            lambda s: s + b"\0",
            lambda s: s[:64] + bytes([s[64] - 27]),
            lambda s: (
                s[:32] + (int.from_bytes(s[32:64], "big") | (s[64] - 27) << 255).to_bytes(32, "big")
            ),
            lambda s: bytes(65),
        ],
    )
    def test_a_malformed_signature_is_refused(self, ready, function, bend):
        refused(ready, function, bend(typed(ready, function).sign(ready.alice)))


class TestExpiries:
    def test_a_delegate_who_would_be_void_at_once_is_refused(self, world):
        typed = world.domain.add_delegate(
            world.alice.address,
            AGENT,
            world.carol.address,
            at(START),
            nonce=0,
            deadline=world.deadline,
        )
        with pytest.raises(AlreadyExpired) as refusal:
            send(
                world,
                "addDelegateBySig",
                typed.sign(world.alice),
                (AGENT, world.carol.address, START),
            )
        assert (refusal.value.valid_to, refusal.value.time) == (START, START)

    def test_an_attribute_that_would_be_void_at_once_is_refused(self, world):
        typed = world.domain.set_attribute(
            world.alice.address, SERVICE, ENDPOINT, at(START), nonce=0, deadline=world.deadline
        )
        with pytest.raises(AlreadyExpired):
            send(world, "setAttributeBySig", typed.sign(world.alice), (SERVICE, ENDPOINT, START))

    def test_a_relayer_who_waits_does_not_shift_the_expiry(self, world):
        signature = typed(world, "addDelegateBySig").sign(world.alice)
        world.evm.sleep(DAY // 2)
        (event,) = send(world, "addDelegateBySig", signature).events
        assert event.valid_to == START + 30 * DAY


class TestSignedBatch:
    def signed(self, world, *operations):
        typed = world.domain.batch(
            world.alice.address, operations, nonce=0, deadline=world.deadline
        )
        return send(
            world, "executeBySig", typed.sign(world.alice), ([step.abi() for step in operations],)
        )

    def test_every_action_has_a_name_that_is_signed(self, world):
        self.signed(
            world,
            Operation.add_delegate(AGENT, world.carol.address, UNTIL),
            Operation.revoke_delegate(AGENT, world.carol.address),
            Operation.set_attribute(SERVICE, ENDPOINT, UNTIL),
            Operation.revoke_attribute(SERVICE, ENDPOINT),
            Operation.deactivate(),
        )
        assert world.owner() == DEACTIVATED

    def test_it_refuses_what_a_direct_one_refuses(self, world):
        with pytest.raises(EmptyBatch):
            self.signed(world)
        with pytest.raises(ControllerChangedMidway):
            self.signed(world, Operation.deactivate(), Operation.revoke_attribute(SERVICE, b""))
        with pytest.raises(AlreadyExpired):
            self.signed(world, Operation.set_attribute(SERVICE, b"", at(START)))

    def test_the_action_is_signed(self, world):
        adding = Operation.revoke_delegate(AGENT, world.carol.address)
        typed = world.domain.batch(world.alice.address, [adding], nonce=0, deadline=world.deadline)
        for action in (0, 1, 3, 4, 5):
            refused(
                world, "executeBySig", typed.sign(world.alice), ([(action, *adding.abi()[1:])],)
            )


class TestOtherRefusals:
    def test_signed_guardians_have_to_be_possible(self, world):
        typed = world.domain.set_guardians(
            world.alice.address, ROOT, 0, WEEK, nonce=0, deadline=world.deadline
        )
        with pytest.raises(BadGuardianship):
            send(world, "setGuardiansBySig", typed.sign(world.alice), (ROOT, 0, 7 * DAY))

    def test_there_has_to_be_a_recovery_to_stop(self, world):
        with pytest.raises(NoRecovery):
            send(world, "stopRecoveryBySig", typed(world, "stopRecoveryBySig").sign(world.alice))
