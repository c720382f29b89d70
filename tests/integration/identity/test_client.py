"""Every method of the client, on a node."""

from datetime import UTC, datetime, timedelta

import pytest
from eth_account import Account

from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import sign_digest, split_signature
from careledger.errors import SettingsError
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.errors import (
    BadActor,
    BadSigner,
    NotIdentityController,
    RecoveryTooEarly,
)
from careledger.identity.did.events import (
    DIDAttributeChanged,
    DIDDelegateChanged,
    DIDOwnerChanged,
    GuardiansSet,
    RecoveryFinished,
    RecoveryStarted,
    RecoveryStopped,
    SignaturesCancelled,
)
from careledger.identity.did.guardians import Guardians, approve
from careledger.identity.did.messages import erc1056_digest
from careledger.identity.did.model import AGENT, DEACTIVATED, Guardianship, Operation, name32
from careledger.values.addresses import ZERO_ADDRESS

ROLE, SERVICE, ENDPOINT = name32(AGENT), "did/svc/Care", b"https://care.example"
DAY = timedelta(days=1)


@pytest.fixture
def alice(senders):
    return senders[1]


@pytest.fixture
def bob(senders):
    return senders[2].address


@pytest.fixture
def relayer(registry, senders):
    return registry.using(senders[5])


def raw(address):
    return bytes.fromhex(address[2:])


class TestErc1056:
    def test_delegates_come_and_go(self, registry, alice, bob, chain):
        receipt = registry.add_delegate(alice.address, AGENT, bob, DAY)
        until = int(chain.block(receipt.block_number)["timestamp"], 16) + 86_400
        (event,) = registry.events(receipt)
        assert event == DIDDelegateChanged(event.log, alice.address, ROLE, bob, until, 0)
        assert registry.valid_delegate(alice.address, AGENT, bob)
        assert registry.may_act(alice.address, AGENT, bob)
        assert registry.delegates(alice.address, AGENT, bob) == datetime.fromtimestamp(until, UTC)
        assert registry.changed(alice.address) == receipt.block_number
        registry.revoke_delegate(alice.address, AGENT, bob)
        assert not registry.may_act(alice.address, AGENT, bob)
        assert registry.may_act(alice.address, AGENT, bob, block=receipt.block_number)

    def test_one_who_never_was_has_no_expiry(self, registry, alice, bob):
        assert registry.delegates(alice.address, AGENT, bob) is None

    def test_attributes_are_events(self, registry, alice):
        (published,) = registry.events(registry.set_attribute(alice.address, SERVICE, ENDPOINT, 60))
        assert isinstance(published, DIDAttributeChanged)
        assert (published.name, published.value) == (name32(SERVICE), ENDPOINT)
        (withdrawn,) = registry.events(registry.revoke_attribute(alice.address, SERVICE, ENDPOINT))
        assert (withdrawn.valid_to, withdrawn.previous_change) == (0, published.log.block_number)

    def test_control_passes_on(self, registry, alice, bob):
        (event,) = registry.events(registry.change_owner(alice.address, bob))
        assert event == DIDOwnerChanged(event.log, alice.address, bob, 0)
        assert registry.owners(alice.address) == registry.identity_owner(alice.address) == bob
        with pytest.raises(BadActor):
            registry.change_owner(alice.address, alice.address)

    def test_everything_can_be_relayed(self, registry, relayer, alice, bob):
        def signed(operation, *packed):
            nonce = registry.nonce(alice.address)
            digest = erc1056_digest(registry.address, nonce, alice.address, operation, *packed)
            return split_signature(sign_digest(alice.account, digest))

        hour, name = (3600).to_bytes(32, "big"), name32(SERVICE)
        relayer.add_delegate_signed(
            alice.address, signed("addDelegate", ROLE, raw(bob), hour), AGENT, bob, 3600
        )
        assert registry.may_act(alice.address, AGENT, bob)
        relayer.revoke_delegate_signed(
            alice.address, signed("revokeDelegate", ROLE, raw(bob)), AGENT, bob
        )
        relayer.set_attribute_signed(
            alice.address, signed("setAttribute", name, ENDPOINT, hour), SERVICE, ENDPOINT, 3600
        )
        relayer.revoke_attribute_signed(
            alice.address, signed("revokeAttribute", name, ENDPOINT), SERVICE, ENDPOINT
        )
        relayer.change_owner_signed(alice.address, signed("changeOwner", raw(bob)), bob)
        assert registry.identity_owner(alice.address) == bob
        assert registry.nonce(alice.address) == 5
        with pytest.raises(BadSigner):
            relayer.change_owner_signed(alice.address, signed("changeOwner", raw(bob)), bob)

    def test_without_a_key_nothing_is_sent(self, registry, chain, bob):
        with pytest.raises(SettingsError, match="needs a key"):
            IdentityRegistry(chain, registry.address).change_owner(bob, bob)


class TestTypedData:
    def test_every_variant_is_relayed(self, registry, relayer, alice, bob, soon):
        domain, who = registry.messages, alice.address
        until = soon + 30 * DAY

        def common():
            return {"nonce": registry.nonce(who), "deadline": soon}

        signature = domain.add_delegate(who, AGENT, bob, until, **common()).sign(alice.account)
        relayer.add_delegate_by_sig(who, AGENT, bob, until, deadline=soon, signature=signature)
        assert registry.delegates(who, AGENT, bob) == until
        signature = domain.revoke_delegate(who, AGENT, bob, **common()).sign(alice.account)
        relayer.revoke_delegate_by_sig(who, AGENT, bob, deadline=soon, signature=signature)
        signature = domain.set_attribute(who, SERVICE, ENDPOINT, until, **common()).sign(
            alice.account
        )
        relayer.set_attribute_by_sig(
            who, SERVICE, ENDPOINT, until, deadline=soon, signature=signature
        )
        signature = domain.revoke_attribute(who, SERVICE, ENDPOINT, **common()).sign(alice.account)
        relayer.revoke_attribute_by_sig(who, SERVICE, ENDPOINT, deadline=soon, signature=signature)
        steps = [
            Operation.add_delegate(AGENT, bob, until),
            Operation.set_attribute(SERVICE, ENDPOINT, until),
        ]
        signature = domain.batch(who, steps, **common()).sign(alice.account)
        receipt = relayer.execute_by_sig(who, steps, deadline=soon, signature=signature)
        assert [type(event) for event in registry.events(receipt)] == [
            DIDDelegateChanged,
            DIDAttributeChanged,
        ]
        signature = domain.change_owner(who, bob, **common()).sign(alice.account)
        relayer.change_owner_by_sig(who, bob, soon, signature)
        assert registry.identity_owner(who) == bob

    def test_cancelled(self, registry, alice):
        (event,) = registry.events(registry.cancel_signatures())
        assert event == SignaturesCancelled(event.log, 1, alice.address)


class TestBeside:
    def test_a_batch(self, registry, alice, bob):
        registry.execute(alice.address, [Operation.change_owner(bob)])
        assert registry.identity_owner(alice.address) == bob
        with pytest.raises(NotIdentityController):
            registry.execute(alice.address, [Operation.change_owner(bob)])

    def test_deactivation(self, registry, alice):
        (event,) = registry.events(registry.deactivate(alice.address))
        assert event.owner == ZERO_ADDRESS
        assert registry.identity_owner(alice.address) == DEACTIVATED == registry.deactivated()

    def test_the_domain(self, registry):
        assert registry.eip712_domain()[1:5] == (
            "CareLedger IdentityRegistry",
            "1",
            31337,
            registry.address,
        )


class TestRecovery:
    def test_from_naming_to_the_end(self, registry, relayer, alice, bob, development, soon):
        people = [Account.from_key(bytes([n]) * 32) for n in (1, 2, 3)]
        guardians = Guardians.choose([person.address for person in people], 2)
        cards = guardians.cards(registry.messages, alice.address)
        receipt = registry.set_guardians(alice.address, guardians.tree.root, 2, 7 * DAY)
        (event,) = registry.events(receipt)
        assert event == GuardiansSet(
            event.log, 1, alice.address, alice.address, guardians.tree.root, 2, 7 * 86_400
        )
        named = registry.guardianship(alice.address)
        assert named == Guardianship(
            guardians.tree.root, alice.address, 2, 7 * 86_400, 1, active=True
        )
        assert registry.guardian_leaf(cards[0].guardian, cards[0].salt) == guardians.tree.leaf(0)

        def approvals(in_round):
            return [
                approve(
                    card,
                    person,
                    controller=alice.address,
                    new_owner=bob,
                    in_round=in_round,
                    deadline=soon,
                ).approval
                for card, person in zip(cards[:2], people[:2], strict=True)
            ]

        (event,) = registry.events(relayer.start_recovery(alice.address, bob, approvals(1)))
        assert isinstance(event, RecoveryStarted)
        (event,) = registry.events(registry.stop_recovery(alice.address))
        assert event == RecoveryStopped(event.log, 3, alice.address, alice.address)
        relayer.start_recovery(alice.address, bob, approvals(3))
        started = registry.recovery(alice.address)
        assert (started.new_owner, started.live) == (bob, True)
        with pytest.raises(RecoveryTooEarly):
            relayer.finish_recovery(alice.address)
        development.warp(int(started.ready_at.timestamp()))
        finished, changed = registry.events(relayer.finish_recovery(alice.address))
        assert finished == RecoveryFinished(finished.log, 4, alice.address, bob)
        assert isinstance(changed, DIDOwnerChanged)
        assert registry.recovery(alice.address).new_owner == ZERO_ADDRESS

    def test_named_and_stopped_by_signature(self, registry, relayer, alice, bob, soon):
        person = Account.from_key(b"\1" * 32)
        guardians = Guardians.choose([person.address], 1)
        (card,) = guardians.cards(registry.messages, alice.address)
        typed = registry.messages.set_guardians(
            alice.address, card.root, 1, DAY, nonce=0, deadline=soon
        )
        relayer.set_guardians_by_sig(
            alice.address, card.root, 1, DAY, deadline=soon, signature=typed.sign(alice.account)
        )
        signed = approve(
            card, person, controller=alice.address, new_owner=bob, in_round=1, deadline=soon
        )
        relayer.start_recovery(alice.address, bob, [signed.approval])
        typed = registry.messages.stop_recovery(alice.address, nonce=1, deadline=soon)
        relayer.stop_recovery_by_sig(alice.address, soon, typed.sign(alice.account))
        assert registry.recovery(alice.address).new_owner == ZERO_ADDRESS

    def test_the_bounds(self, registry):
        assert (registry.min_recovery_delay(), registry.max_recovery_delay()) == (DAY, 365 * DAY)


def test_the_key_of_a_delegate_is_the_hash_of_its_type(registry, alice, bob):
    registry.add_delegate(alice.address, AGENT, bob, DAY)
    assert registry._read("delegates", alice.address, keccak256(ROLE), bob) > 0
