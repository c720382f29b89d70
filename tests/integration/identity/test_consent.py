"""Consents on a node, through the real client: every method, and every kind of signer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from eth_account import Account

from careledger.chain import artifacts
from careledger.chain.contract import ContractClient
from careledger.errors import InputError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.errors import (
    AlreadyEnded,
    AlreadyUsed,
    BadConsentSignature,
    ConsentSignatureExpired,
    EpochAhead,
    ExpiryPassed,
    NotGranted,
    NotGrantee,
    NotSubject,
    TooLittleGasForBatch,
    WrongTerms,
)
from careledger.identity.consent.events import (
    AllRevoked,
    ConsentGranted,
    ConsentRenounced,
    ConsentRevoked,
    UseCommitted,
)
from careledger.identity.consent.messages import ConsentMessages, ExternalSigner, KeySigner
from careledger.identity.consent.terms import (
    ROLE,
    Consent,
    ConsentRecord,
    ConsentStatus,
    ConsentTerms,
    use_commitment,
)
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.model import name32
from careledger.identity.passkeys.software_authenticator import RelyingParty, SoftwareAuthenticator
from careledger.values.addresses import ZERO_ADDRESS

DAY = timedelta(days=1)
UNUSED = ConsentRecord(ZERO_ADDRESS, datetime.fromtimestamp(0, UTC), 0, ConsentStatus.NONE)
SITE = RelyingParty("wallet.example", ("https://wallet.example",))


@pytest.fixture
def consents(chain, suite, senders):
    """Return the deployed registry; whoever pays, 5, is nobody's controller."""
    return ConsentRegistry(chain, suite["ConsentRegistry"], senders[5])


@pytest.fixture
def alice(consents, senders):
    return consents.using(senders[1])


@pytest.fixture
def insurer(consents, senders):
    return consents.using(senders[2])


@pytest.fixture
def consent(senders, soon):
    return Consent(
        senders[1].address,
        soon + 30 * DAY,
        ConsentTerms(senders[2].address, b"\1" * 32, b"\2" * 32),
    )


@pytest.fixture
def signer(senders):
    return KeySigner(senders[1].account)


class TestDirectly:
    def test_granted_used_and_revoked(self, consents, alice, consent):
        assert consents.consent(consent.id) == UNUSED
        (event,) = alice.events(alice.grant(consent, 0))
        assert event == ConsentGranted(event.log, consent.id, consent.subject, consent.expiry, 0)
        assert consents.is_valid(consent.id)
        granted = ConsentRecord(consent.subject, consent.expires_at, 0, ConsentStatus.GRANTED)
        assert consents.consent(consent.id) == consents.record(consent.id) == granted
        (event,) = alice.events(alice.revoke(consent))
        assert event == ConsentRevoked(event.log, consent.id, consent.subject)
        assert not consents.is_valid(consent.id)
        assert consents.is_valid(consent.id, block=event.log.block_number - 1)
        assert consents.consent(consent.id) == replace(granted, status=ConsentStatus.REVOKED)

    def test_given_back_by_the_company(self, consents, alice, insurer, consent):
        alice.grant(consent, 0)
        (event,) = insurer.events(insurer.renounce(consent))
        assert event == ConsentRenounced(event.log, consent.id, consent.subject)
        assert consents.consent(consent.id).status is ConsentStatus.RENOUNCED

    def test_all_ended_at_once(self, consents, alice, consent, chain):
        alice.grant(consent, 0)
        (event,) = alice.events(receipt := alice.revoke_all(consent.subject))
        ended = chain.timestamp(receipt.block_number)
        assert event == AllRevoked(event.log, consent.subject, ended)
        assert consents.epoch(consent.subject) == ended
        assert consents.time(receipt.block_number) == datetime.fromtimestamp(ended, UTC)
        assert not consents.is_valid(consent.id)
        assert consents.consent(consent.id).status is ConsentStatus.GRANTED

    def test_a_use_is_an_event_that_both_parties_find(self, consents, insurer, consent):
        first, second = (use_commitment(consent.id, shown) for shown in ("a~", "b~"))
        (event,) = insurer.events(insurer.commit_use(first))
        assert event == UseCommitted(event.log, first)
        events = insurer.events(insurer.commit_uses([second, first]))
        assert [one.commitment for one in events] == [second, first]
        assert consents.uses([first, second, b"\7" * 32]) == {first: event, second: events[0]}
        assert consents.uses([]) == {}

    def test_what_is_computed_here_is_what_the_contract_computes(
        self, consents, consent, suite, chain
    ):
        assert consents.id_of(consent) == consents.id_of(consent.commitment) == consent.id
        assert consents.terms_hash(consent.terms) == consent.terms.hash
        assert consents.consent_role() == name32(ROLE)
        assert consents.registry() == suite["IdentityRegistry"]
        assert consents.signature_gas() == 1_000_000
        name, version, chain_id, contract = consents.eip712_domain()[1:5]
        assert (name, version) == ("CareLedger ConsentRegistry", "1")
        assert (
            ConsentMessages(chain_id, contract)
            == consents.messages
            == ConsentMessages(chain.chain_id, suite["ConsentRegistry"])
        )


class TestRefusals:
    """Each has its class, its arguments and its sentence."""

    def test_a_stranger(self, consents, consent, senders):
        with pytest.raises(
            NotSubject, match="Only the subject's controller, or its delegate for consents"
        ) as refusal:
            consents.grant(consent, 0)
        assert refusal.value.actor == senders[5].address
        for end in (consents.revoke, lambda _: consents.revoke_all(consent.subject)):
            with pytest.raises(NotSubject):
                end(consent)

    def test_another_company(self, consents, alice, consent):
        alice.grant(consent, 0)
        with pytest.raises(NotGrantee, match="Only the company that the consent was given to"):
            consents.renounce(consent)

    def test_what_was_not_granted_cannot_be_given_back(self, insurer, consent):
        with pytest.raises(
            NotGranted, match="was never granted: only a consent that is granted can"
        ):
            insurer.renounce(consent)

    def test_other_terms(self, insurer, alice, consent, senders):
        alice.grant(consent, 0)
        other = ConsentTerms(senders[2].address, b"\7" * 32, b"\2" * 32)
        with pytest.raises(WrongTerms, match="The terms are not the terms of this consent"):
            insurer._write("renounce", consent.abi(), other.abi())

    def test_an_id_is_granted_once(self, alice, consent):
        alice.grant(consent, 0)
        with pytest.raises(AlreadyUsed, match="was granted: an id can be granted once") as refusal:
            alice.grant(consent, 0)
        assert (refusal.value.id, refusal.value.status) == (consent.id, ConsentStatus.GRANTED)

    def test_a_burned_id_is_never_granted(self, alice, consent):
        alice.revoke(consent)
        with pytest.raises(AlreadyUsed, match="was revoked by the customer"):
            alice.grant(consent, 0)
        with pytest.raises(AlreadyEnded, match="was revoked by the customer: it has ended already"):
            alice.revoke(consent)

    def test_a_consent_that_is_over_before_it_began(self, alice, consent, consents):
        with pytest.raises(ExpiryPassed, match="expiry has already passed") as refusal:
            alice.grant(replace(consent, expires_at=consents.time() - DAY), 0)
        assert refusal.value.expiry < refusal.value.time

    def test_an_epoch_that_has_not_begun(self, alice, consent, consents):
        with pytest.raises(EpochAhead, match="an epoch that has not begun"):
            alice.grant(consent, int(consents.time().timestamp()) + 1000)

    def test_a_late_signature(self, consents, consent, signer):
        act = consents.messages.signed_grant(consent, signer, 0, consents.time() - DAY)
        with pytest.raises(
            ConsentSignatureExpired, match="a new one with a later deadline is needed"
        ):
            consents.grant_by_sig(act)

    def test_a_strangers_signature(self, consents, consent, soon, senders):
        act = consents.messages.signed_grant(consent, KeySigner(senders[7].account), 0, soon)
        with pytest.raises(NotSubject):
            consents.grant_by_sig(act)
        posing = replace(act, signed=replace(act.signed, signer=consent.subject))
        with pytest.raises(
            BadConsentSignature, match="not the signer's over these values"
        ) as refusal:
            consents.grant_by_sig(posing)
        assert refusal.value.digest == consents.messages.grant(consent, 0, soon).digest

    def test_of_another_chain(self, consents, consent, signer, soon):
        elsewhere = ConsentMessages(1, consents.address)
        with pytest.raises(BadConsentSignature):
            consents.grant_by_sig(elsewhere.signed_grant(consent, signer, 0, soon))

    def test_too_little_gas(self, consents, consent, soon, senders):
        act = consents.messages.signed_grant(
            consent, ExternalSigner(consent.subject, lambda _: bytes(66)), 0, soon
        )
        with pytest.raises(TooLittleGasForBatch, match="send fewer, or raise the limit"):
            consents._write("grantBatch", [act.abi()], gas=300_000)

    def test_what_does_not_fit_is_refused_before_anything_is_sent(self, alice, consent):
        for act in (
            alice.commit_use,
            alice.consent,
            alice.is_valid,
            lambda short: alice.commit_uses([short]),
        ):
            with pytest.raises(InputError, match="must have 32 bytes"):
                act(b"short")


# -- signers: an address, and a signer for it


def own_key(stage):
    return KeySigner(stage["senders"][1].account)


def one_time_key(stage):
    return KeySigner(Account.create("one consent, one key"))


def contract_wallet(stage):
    owner, artifact = stage["senders"][3].account, artifacts.load("Wallet1271")
    arguments = bytes(12) + bytes.fromhex(owner.address[2:])
    wallet = stage["senders"][3].transact(None, artifact.bytecode + arguments).contract_address
    return ExternalSigner(wallet, KeySigner(owner).sign)


def passkey(stage):
    verifier, phone = stage["suite"]["PasskeyVerifier"], SoftwareAuthenticator(SITE, 7)
    return ExternalSigner(
        phone.key.address(verifier), lambda message: phone.sign(message.digest, verifier)
    )


SIGNERS = {
    "own key": own_key,
    "one-time key": one_time_key,
    "contract wallet": contract_wallet,
    "passkey": passkey,
}


@pytest.fixture(params=SIGNERS.values(), ids=SIGNERS)
def anyone(request, senders, suite):
    return request.param({"senders": senders, "suite": suite})


class TestEverySigner:
    def test_gives_and_ends_one(self, consents, consent, anyone, soon):
        given = replace(consent, subject=anyone.address)
        act = consents.messages.signed_grant(given, anyone, 0, soon)
        digest = consents.messages.grant(given, 0, soon).digest
        assert consents.is_signed_by(anyone.address, digest, act.signed.signature)
        assert not consents.is_signed_by(anyone.address, bytes(32), act.signed.signature)
        consents.grant_by_sig(act)
        assert consents.is_valid(given.id)
        consents.revoke_by_sig(consents.messages.signed_revocation(given, anyone, soon))
        assert consents.consent(given.id).status is ConsentStatus.REVOKED

    def test_gives_many_in_a_batch_and_ends_them(self, consents, consent, anyone, soon):
        given = [
            replace(consent, subject=anyone.address, expires_at=soon + n * DAY) for n in range(4)
        ]
        acts = [consents.messages.signed_grant(one, anyone, 0, soon) for one in given]
        assert consents.would_grant(acts) == 4
        events = consents.events(consents.grant_batch(acts))
        assert [event.id for event in events] == [one.id for one in given]
        assert consents.would_grant(acts) == 0
        ends = [consents.messages.signed_revocation(one, anyone, soon) for one in given]
        assert consents.would_revoke(ends) == 4
        assert [event.id for event in consents.events(consents.revoke_batch(ends))] == [
            one.id for one in given
        ]

    def test_ends_all_at_once(self, consents, consent, anyone, soon, development):
        given = replace(consent, subject=anyone.address)
        consents.grant_by_sig(consents.messages.signed_grant(given, anyone, 0, soon))
        consents.revoke_all_by_sig(
            end := consents.messages.signed_revoke_all(anyone.address, anyone, 0, soon)
        )
        assert not consents.is_valid(given.id)
        with pytest.raises(BadConsentSignature):
            consents.revoke_all_by_sig(end)
        again = replace(given, expires_at=soon + DAY)
        epoch = consents.epoch(anyone.address)
        development.warp(epoch + 2)
        consents.grant_by_sig(consents.messages.signed_grant(again, anyone, epoch, soon))
        assert consents.is_valid(again.id)


def test_a_delegate_gives_and_ends_for_the_subject(consents, consent, suite, chain, senders, soon):
    IdentityRegistry(chain, suite["IdentityRegistry"], senders[1]).add_delegate(
        consent.subject, ROLE, senders[4].address, DAY
    )
    assistant = KeySigner(senders[4].account)
    consents.grant_by_sig(consents.messages.signed_grant(consent, assistant, 0, soon))
    consents.using(senders[4]).revoke(consent)
    assert consents.consent(consent.id).status is ConsentStatus.REVOKED


def test_the_client_is_one_of_the_suite():
    assert issubclass(ConsentRegistry, ContractClient)
    assert ConsentRegistry.name == "ConsentRegistry"
