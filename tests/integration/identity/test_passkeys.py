"""Passkeys on real nodes: by the precompile (Anvil, Osaka), in Solidity (older Anvil, Ganache).

A passkey as an identity of its own, as somebody's controller, as a delegate, as a guardian; lost
and recovered; and as the signer of consents. It never sends anything: others pay.
"""

from datetime import UTC, datetime, timedelta

import pytest
from eth_utils.crypto import keccak

from careledger.chain import artifacts, p256
from careledger.chain.node import DevelopmentChain, LocalNode
from careledger.chain.send import Sender
from careledger.errors import Conflict, NodeError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.errors import BadConsentSignature
from careledger.identity.consent.terms import Consent, ConsentStatus, ConsentTerms
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.errors import BadRegistrySignature
from careledger.identity.did.events import DIDDelegateChanged
from careledger.identity.did.guardians import Guardians
from careledger.identity.did.model import AGENT, GuardianApproval, Operation
from careledger.identity.passkeys.client import PasskeyVerifier
from careledger.identity.passkeys.errors import NotOnCurve
from tests.worlds.identity.passkeys import Draft, phone

CHAINS = {
    "anvil": ("anvil", []),
    "anvil-osaka": ("anvil", ["--hardfork", "osaka"]),
    "anvil-prague": ("anvil", ["--hardfork", "prague"]),
    "ganache": ("ganache", []),
}
NATIVE = {"anvil", "anvil-osaka"}


class World:
    def __init__(self, name, chain, accounts):
        self.name, self.chain, self.relayer = name, chain, Sender(chain, accounts[0])
        registry = self._deploy("IdentityRegistry")
        self.registry = IdentityRegistry(chain, registry, self.relayer)
        self.consents = ConsentRegistry(
            chain,
            self._deploy("ConsentRegistry", bytes(12) + bytes.fromhex(registry[2:])),
            self.relayer,
        )
        self.verifier = PasskeyVerifier(chain, self._deploy("PasskeyVerifier"))

    def _deploy(self, name, arguments=b""):
        return self.relayer.transact(
            None, artifacts.load(name).bytecode + arguments
        ).contract_address

    @property
    def soon(self):
        return datetime.fromtimestamp(self.chain.timestamp(), UTC) + timedelta(days=1)

    def who(self, name, **how):
        return phone(name, **how).signer(self.verifier.address)

    def execute(self, identity, signer, operations):
        typed = self.registry.messages.batch(
            identity,
            operations,
            nonce=self.registry.nonce(signer.address),
            deadline=(soon := self.soon),
        )
        return self.registry.execute_by_sig(
            identity, operations, deadline=soon, signature=signer.sign(typed)
        )

    def guard(self, identity, signer, guardians, threshold):
        root, delay, soon = guardians.tree.root, timedelta(days=7), self.soon
        typed = self.registry.messages.set_guardians(
            identity,
            root,
            threshold,
            delay,
            nonce=self.registry.nonce(signer.address),
            deadline=soon,
        )
        return self.registry.set_guardians_by_sig(
            identity, root, threshold, delay, deadline=soon, signature=signer.sign(typed)
        )

    def approval(self, identity, new_owner, guardians, signer):
        place = [who for who, _ in guardians.members].index(signer.address)
        soon = self.soon
        typed = self.registry.messages.approve_recovery(
            identity,
            self.registry.identity_owner(identity),
            new_owner,
            in_round=self.registry.guardianship(identity).round,
            deadline=soon,
        )
        salt, proof = guardians.members[place][1], tuple(guardians.tree.proof(place))
        return GuardianApproval(
            signer.address, int(soon.timestamp()), salt, proof, signer.sign(typed)
        )

    def consent(self, subject, number):
        terms = ConsentTerms(
            self.relayer.address, keccak(b"scope"), keccak(b"purpose"), bytes([number]) * 32
        )
        return Consent(subject, self.soon + timedelta(days=90), terms)


@pytest.fixture(scope="module", params=CHAINS)
def world(request, compiled, accounts):
    kind, extra = CHAINS[request.param]
    with LocalNode(kind, extra=extra) as chain:
        yield World(request.param, chain, accounts)


class Key:
    """An account as a signer."""

    def __init__(self, account):
        self.account, self.address = account, account.address

    def sign(self, typed):
        return typed.sign(self.account)


class TestHowTheChainVerifies:
    def test_it_is_found_out_by_asking(self, world):
        found = p256.support(world.chain, world.verifier.address)
        assert found.native is (world.name in NATIVE)
        assert ("has the P-256 precompile" in found.sentence) is found.native
        assert 40_000 < found.gas < 50_000 if found.native else 240_000 < found.gas < 270_000
        assert f"{found.gas:,}" in found.sentence
        assert p256.support(world.chain) == p256.PasskeySupport(found.native, None)

    def test_a_contract_that_is_no_verifier_is_noticed(self, world):
        with pytest.raises(Conflict):
            p256.support(world.chain, world.relayer.address)

    @pytest.mark.parametrize("high", [False, True])
    def test_a_signature_is_verified_and_another_is_not(self, world, high):
        """Either value of s; invalid ones go the same way, so an empty answer is understood."""
        draft = Draft(keccak(b"what"), high=high)
        assert world.verifier.verify(draft.key.raw, draft.digest, draft.encoded)
        for bad in (draft.but(numbers={"r": 5}), draft.but(numbers={"s": 5}), draft.but(flags=1)):
            assert not world.verifier.verify(draft.key.raw, draft.digest, bad.encoded)
        assert not world.verifier.verify(phone("mallory").key.raw, draft.digest, draft.encoded)

    def test_the_address_is_the_one_that_python_says(self, world):
        key = phone("alice").key
        assert world.verifier.address_of(key.x, key.y) == world.verifier.address_of_key(key)
        with pytest.raises(NotOnCurve):
            world.verifier.address_of(key.x, key.x)


class TestIdentities:
    def test_a_passkey_is_an_identity_that_controls_itself(self, world):
        alice, agent = world.who("alice"), world.relayer.address
        receipt = world.execute(
            alice.address, alice, [Operation.add_delegate(AGENT, agent, world.soon)]
        )
        assert [type(event) for event in world.registry.events(receipt)] == [DIDDelegateChanged]
        assert world.registry.may_act(alice.address, AGENT, agent)
        with pytest.raises(BadRegistrySignature):
            world.execute(
                alice.address, world.who("mallory"), [Operation.revoke_delegate(AGENT, agent)]
            )

    def test_a_passkey_controls_an_identity_that_was_an_accounts(self, world, accounts):
        alice, bob = world.who("alice"), Key(accounts[1])
        world.execute(bob.address, bob, [Operation.change_owner(alice.address)])
        assert world.registry.identity_owner(bob.address) == alice.address
        with pytest.raises(BadRegistrySignature):
            world.execute(bob.address, bob, [Operation.revoke_delegate(AGENT, alice.address)])
        world.execute(bob.address, alice, [Operation.change_owner(bob.address)])
        assert world.registry.identity_owner(bob.address) == bob.address

    def test_a_lost_phone_is_recovered_from_by_guardians_of_whom_one_is_a_passkey(
        self, world, accounts
    ):
        lost, fresh, friend, bank = (
            world.who("lost"),
            world.who("fresh"),
            world.who("friend"),
            Key(accounts[2]),
        )
        guardians = Guardians.choose([friend.address, bank.address, accounts[3].address], 2)
        world.guard(lost.address, lost, guardians, 2)
        approvals = [
            world.approval(lost.address, fresh.address, guardians, who) for who in (friend, bank)
        ]
        forged = world.approval(lost.address, fresh.address, guardians, friend)
        stolen = world.who("mallory").sign(
            world.registry.messages.approve_recovery(
                lost.address, lost.address, fresh.address, in_round=1, deadline=world.soon
            )
        )
        bad = GuardianApproval(forged.guardian, forged.deadline, forged.salt, forged.proof, stolen)
        with pytest.raises(BadRegistrySignature):
            world.registry.start_recovery(lost.address, fresh.address, [bad, approvals[1]])
        world.registry.start_recovery(lost.address, fresh.address, approvals)
        DevelopmentChain(world.chain).warp(
            int(world.registry.recovery(lost.address).ready_at.timestamp())
        )
        world.registry.finish_recovery(lost.address)
        assert world.registry.identity_owner(lost.address) == fresh.address
        steps = [Operation.add_delegate(AGENT, bank.address, world.soon)]
        with pytest.raises(BadRegistrySignature):
            world.execute(lost.address, lost, steps)
        world.execute(lost.address, fresh, steps)
        assert world.registry.may_act(lost.address, AGENT, bank.address)

    def test_a_recovery_is_stopped_with_the_passkey_that_was_not_lost_after_all(
        self, world, accounts
    ):
        owner, thief = world.who("owner"), accounts[4].address
        guardians = Guardians.choose([accounts[2].address], 1)
        world.guard(owner.address, owner, guardians, 1)
        approval = world.approval(owner.address, thief, guardians, Key(accounts[2]))
        world.registry.start_recovery(owner.address, thief, [approval])
        soon = world.soon
        typed = world.registry.messages.stop_recovery(
            owner.address, nonce=world.registry.nonce(owner.address), deadline=soon
        )
        world.registry.stop_recovery_by_sig(owner.address, soon, owner.sign(typed))
        assert not world.registry.recovery(owner.address).live


class TestConsents:
    def grant(self, world, consent, signer):
        epoch = world.consents.epoch(consent.subject)
        act = world.consents.messages.signed_grant(consent, signer, epoch, world.soon)
        return act, world.consents.grant_by_sig(act)

    def test_a_passkey_gives_and_takes_back_a_consent(self, world):
        alice = world.who("alice")
        consent = world.consent(alice.address, 1)
        self.grant(world, consent, alice)
        assert world.consents.is_valid(consent.id)
        end = world.consents.messages.signed_revocation(consent, alice, world.soon)
        world.consents.revoke_by_sig(end)
        assert world.consents.consent(consent.id).status is ConsentStatus.REVOKED

    def test_another_passkey_cannot(self, world):
        alice, mallory = world.who("alice"), world.who("mallory")
        consent = world.consent(alice.address, 2)
        act = world.consents.messages.signed_grant(consent, alice, 0, world.soon)
        other = world.consents.messages.signed_grant(consent, mallory, 0, world.soon)
        forged = type(act)(
            act.consent,
            type(act.signed)(alice.address, act.signed.deadline_at, other.signed.signature),
            0,
        )
        with pytest.raises(BadConsentSignature):
            world.consents.grant_by_sig(forged)
        assert not world.consents.is_valid(consent.id)

    def test_a_batch_takes_passkeys_and_accounts_together(self, world, accounts):
        """With the gas that a batch sets aside for a signature, Solidity can verify one too."""
        alice, bob = world.who("alice"), Key(accounts[1])
        consents = [
            world.consent(alice.address, 3),
            world.consent(bob.address, 4),
            world.consent(alice.address, 5),
        ]
        acts = [
            world.consents.messages.signed_grant(one, who, 0, world.soon)
            for one, who in zip(consents, (alice, _Plain(bob), alice), strict=True)
        ]
        world.consents.grant_batch(acts)
        assert [world.consents.is_valid(one.id) for one in consents] == [True] * 3


class _Plain:
    """An account as a signer of a digest."""

    def __init__(self, key):
        self.account, self.address = key.account, key.address

    def sign(self, message):
        return bytes(self.account.unsafe_sign_hash(message.digest).signature)


def test_a_chain_whose_precompile_calls_everything_good_is_refused():
    with pytest.raises(NodeError, match="forge"):
        p256.support(_Everything())


class _Everything:
    """A node that calls every signature valid. Anvil cannot be one: it asks its own precompile."""

    def call(self, to, data):
        assert (to, len(data)) == (p256.PRECOMPILE, 160)
        return (1).to_bytes(32, "big")
