"""IdentityRegistry: what is signed as typed data, and what signatures are taken."""

from datetime import timedelta

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from careledger.chain.reverts import Reverted
from careledger.crypto import typed_data
from careledger.crypto.typed_data import HALF_ORDER
from careledger.errors import InputError
from careledger.identity.did.errors import (
    AlreadyExpired,
    BadGuardianship,
    BadRegistrySignature,
    ControllerChangedMidway,
    EmptyBatch,
    NoRecovery,
    RegistrySignatureExpired,
)
from careledger.identity.did.messages import TYPES, IdentityMessages
from careledger.identity.did.model import DEACTIVATED, Operation, name32
from tests.support.evm import START, Evm, actor
from tests.worlds.identity.registry import AGENT, DAY, ENDPOINT, SERVICE, World, at, malleated

ROOT, WEEK = b"\7" * 32, timedelta(days=7)
UNTIL = at(START + 30 * DAY)


def steps(w):
    return [
        Operation.add_delegate(AGENT, w.carol.address, UNTIL),
        Operation.set_attribute(SERVICE, ENDPOINT, UNTIL),
        Operation.change_owner(w.bob.address),
    ]


# What is signed, what is sent (after the identity, before the deadline), and the same thing done
# directly.
CASES = {
    "changeOwnerBySig": (
        lambda w, d, **k: d.change_owner(w.alice.address, w.bob.address, **k),
        lambda w: (w.bob.address,),
        ("changeOwner", lambda w: (w.bob.address,)),
    ),
    "addDelegateBySig": (
        lambda w, d, **k: d.add_delegate(w.alice.address, AGENT, w.carol.address, UNTIL, **k),
        lambda w: (AGENT, w.carol.address, START + 30 * DAY),
        ("addDelegate", lambda w: (AGENT, w.carol.address, START + 30 * DAY - w.evm.now)),
    ),
    "revokeDelegateBySig": (
        lambda w, d, **k: d.revoke_delegate(w.alice.address, AGENT, w.carol.address, **k),
        lambda w: (AGENT, w.carol.address),
        ("revokeDelegate", lambda w: (AGENT, w.carol.address)),
    ),
    "setAttributeBySig": (
        lambda w, d, **k: d.set_attribute(w.alice.address, SERVICE, ENDPOINT, UNTIL, **k),
        lambda w: (SERVICE, ENDPOINT, START + 30 * DAY),
        ("setAttribute", lambda w: (SERVICE, ENDPOINT, START + 30 * DAY - w.evm.now)),
    ),
    "revokeAttributeBySig": (
        lambda w, d, **k: d.revoke_attribute(w.alice.address, SERVICE, ENDPOINT, **k),
        lambda w: (SERVICE, ENDPOINT),
        ("revokeAttribute", lambda w: (SERVICE, ENDPOINT)),
    ),
    "executeBySig": (
        lambda w, d, **k: d.batch(w.alice.address, steps(w), **k),
        lambda w: ([step.abi() for step in steps(w)],),
        ("execute", lambda w: ([step.abi() for step in steps(w)],)),
    ),
    "setGuardiansBySig": (
        lambda w, d, **k: d.set_guardians(w.alice.address, ROOT, 2, WEEK, **k),
        lambda w: (ROOT, 2, 7 * DAY),
        ("setGuardians", lambda w: (ROOT, 2, 7 * DAY)),
    ),
    "stopRecoveryBySig": (
        lambda w, d, **k: d.stop_recovery(w.alice.address, **k),
        lambda w: (),
        ("stopRecovery", lambda w: ()),
    ),
}
each = pytest.mark.parametrize("function", CASES)


@pytest.fixture
def ready(world):
    """Alice has guardians, and a recovery is under way for her to stop."""
    world.started()
    world.evm.sleep(12)
    return world


def typed(w, function, domain=None, nonce=None, deadline=None):
    make = CASES[function][0]
    counted = w.nonce(w.alice) if nonce is None else nonce
    return make(w, domain or w.domain, nonce=counted, deadline=deadline or w.deadline)


def send(w, function, signature, arguments=None, deadline=None):
    sent = CASES[function][1](w) if arguments is None else arguments
    until = int((deadline or w.deadline).timestamp())
    return w.do(function, w.alice.address, *sent, until, signature)


def refused(w, *arguments, **rest):
    before = w.nonce(w.alice)
    with pytest.raises(BadRegistrySignature) as refusal:
        send(w, *arguments, **rest)
    assert refusal.value.identity == w.alice.address
    assert w.nonce(w.alice) == before
    return refusal.value


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


class TestContractWallets:
    """The controller is a contract: ERC-1271."""

    def owned_by(self, world, name, *arguments):
        wallet = world.evm.deploy(name, *arguments)
        world.do("changeOwner", world.alice.address, wallet.address, sender=world.alice)
        return wallet

    def signature(self, world, wallet, signer):
        typed = world.domain.change_owner(
            world.alice.address,
            world.bob.address,
            nonce=world.nonce(wallet),
            deadline=world.deadline,
        )
        return typed.sign(signer)

    def test_what_the_wallet_approves_is_done(self, world):
        wallet = self.owned_by(world, "Wallet1271", world.carol.address)
        send(world, "changeOwnerBySig", self.signature(world, wallet, world.carol))
        assert world.owner() == world.bob.address
        assert world.nonce(wallet) == 1

    def test_what_it_does_not_approve_is_refused(self, world):
        wallet = self.owned_by(world, "Wallet1271", world.carol.address)
        assert refused(
            world, "changeOwnerBySig", self.signature(world, wallet, world.mallory)
        ).signer == (wallet.address)

    @pytest.mark.parametrize(
        ("mood", "taken"), [(0, True), (1, False), (2, False), (3, False), (4, False), (5, False)]
    )
    def test_only_a_whole_word_with_the_magic_value_counts(self, world, mood, taken):
        wallet = self.owned_by(world, "LyingWallet")
        wallet.transact("setMood", mood)
        if taken:
            send(world, "changeOwnerBySig", b"whatever")
            assert world.owner() == world.bob.address
        else:
            refused(world, "changeOwnerBySig", b"whatever")

    def test_a_wallet_that_eats_all_gas_harms_only_itself(self, world):
        wallet = self.owned_by(world, "LyingWallet")
        wallet.transact("setMood", 6)
        until = int(world.deadline.timestamp())
        with pytest.raises(Reverted):
            world.registry.transact(
                "changeOwnerBySig",
                world.alice.address,
                world.bob.address,
                until,
                b"x",
                sender=world.relayer,
                gas=10**6,
            )
        assert world.owner() == wallet.address

    def test_an_account_without_code_is_not_asked(self, world):
        world.do("changeOwner", world.alice.address, "0x" + "22" * 20, sender=world.alice)
        refused(world, "changeOwnerBySig", b"\1" * 65)

    def test_a_key_whose_account_carries_code_still_signs_for_itself(self, world):
        """As EIP-7702 has it: the account's own signature counts beside its code's."""
        world.evm._evm.insert_account_info(
            world.alice.address, _with_code(world.evm, world.alice.address)
        )
        send(world, "changeOwnerBySig", typed(world, "changeOwnerBySig").sign(world.alice))
        assert world.owner() == world.bob.address

    def test_nobody_signs_for_the_identity_zero(self, world):
        nobody = "0x" + "00" * 20
        with pytest.raises(BadRegistrySignature):
            world.do("changeOwnerBySig", nobody, world.mallory.address, START + DAY, bytes(65))


def _with_code(evm, address):
    from pyrevm import AccountInfo

    return AccountInfo(balance=evm.balance(address), nonce=0, code=bytes.fromhex("60006000fd"))


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
            )  # fmt: skip


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


class TestWhatIsSigned:
    @each
    def test_the_digest_is_that_of_our_own_encoder_and_of_eth_account(self, world, function):
        data = typed(world, function)
        assert data.digest == typed_data.digest(
            typed_data.domain_separator(
                "CareLedger IdentityRegistry", "1", 31337, world.registry.address
            ),
            _struct(data),
        )
        signable = encode_typed_data(full_message=data.to_json())
        assert (
            Account.recover_message(signable, signature=data.sign(world.alice))
            == world.alice.address
        )

    def test_names_are_signed_as_text(self, world):
        message = typed(world, "addDelegateBySig").to_json()["message"]
        assert message["delegateType"] == "careledger.agent"

    @pytest.mark.parametrize(
        "name",
        [b"a", b"x" * 32, b"with\0inside", "señal".encode(), b"\0lead", bytes(32), b"y" * 31],
    )
    def test_names_of_every_shape_are_signed_alike_on_both_sides(self, world, name):
        padded = name.ljust(32, b"\0")
        data = world.domain.revoke_attribute(
            world.alice.address, padded, b"", nonce=0, deadline=world.deadline
        )
        done = send(world, "revokeAttributeBySig", data.sign(world.alice), (padded, b""))
        assert done.events[0].arguments["name"] == padded

    def test_a_name_that_is_no_text_cannot_be_signed(self, world):
        with pytest.raises(InputError, match="is not text"):
            world.domain.revoke_attribute(
                world.alice.address, b"\xff".ljust(32, b"\0"), b"", nonce=0, deadline=world.deadline
            )

    def test_on_a_chain_of_another_id_the_domain_is_another(self):
        elsewhere = World(Evm(chain_id=5))
        assert elsewhere.domain.chain_id == 5
        send(
            elsewhere,
            "changeOwnerBySig",
            typed(elsewhere, "changeOwnerBySig").sign(elsewhere.alice),
        )
        assert elsewhere.owner() == elsewhere.bob.address


def _struct(data):
    """Hash the struct by the suite's own encoder, operations as structs of their own."""
    members = ",".join(TYPES[data.kind])
    if data.kind != "Batch":
        kinds = [member.split()[0] for member in TYPES[data.kind]]
        values = [
            bytes.fromhex(value[2:]) if kind == "bytes" else value
            for kind, value in zip(kinds, data.message.values(), strict=True)
        ]
        return typed_data.struct_hash(f"{data.kind}({members})", values)
    operation = f"Operation({','.join(TYPES['Operation'])})"
    hashes = [
        typed_data.struct_hash(
            operation, [*list(step.values())[:3], bytes.fromhex(step["value"][2:]), step["validTo"]]
        )
        for step in data.message["operations"]
    ]
    words = [
        typed_data.keccak256(f"Batch({members}){operation}".encode()),
        bytes(12) + bytes.fromhex(data.message["identity"][2:]),
        typed_data.keccak256(b"".join(hashes)),
        *(data.message[name].to_bytes(32, "big") for name in ("nonce", "deadline")),
    ]
    return typed_data.keccak256(b"".join(words))


def test_names_are_32_bytes():
    assert name32("careledger.agent") == AGENT
