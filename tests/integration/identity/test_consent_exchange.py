"""From a request to a use and an end, with the company's keys and the consents on a node."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from careledger.errors import Conflict, NotFound
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.errors import RequestReason
from careledger.identity.consent.messages import ExternalSigner, KeySigner
from careledger.identity.consent.relay import ActState, Relay
from careledger.identity.consent.state import ConsentState
from careledger.identity.credentials.did_keys import DidKeys
from careledger.identity.credentials.errors import ConsentReason, IssuerReason, SignatureReason
from careledger.identity.credentials.held_credential import HeldCredential
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.policy import (
    ConsentRequirement,
    PresentationRequirements,
    VerifierPolicy,
)
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import format_did
from careledger.identity.exchange.answer import Answer, ConsentSubject, make_answer
from careledger.identity.exchange.consent_receipt import ConsentReceipt
from careledger.identity.exchange.diary import Diary
from careledger.identity.exchange.link import deep_link, read_link
from careledger.identity.exchange.purpose import Purpose
from careledger.identity.exchange.request import Request, read_request
from careledger.identity.passkeys.software_authenticator import RelyingParty, SoftwareAuthenticator
from careledger.identity.wallet.wallet import Wallet
from careledger.store import Store
from tests.support.refusals import because

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
VCT = "https://bank.example/kyc/1"
CLAIMS = {"over18": True, "name": "Ana", "country": "ES"}


class Scene:
    """A bank, an insurer with a relay, and Ana with a wallet."""

    def __init__(self, chain, suite, senders, folder):
        self.chain, self.suite = chain, suite
        self.registry = IdentityRegistry(chain, suite["IdentityRegistry"])
        self.consents = ConsentRegistry(chain, suite["ConsentRegistry"])
        self.keys = DidKeys(self.registry)
        self.bank, self.insurer = senders[1], senders[2]
        paid = self.consents.using(senders[5])
        self.relay = Relay(Store.open(folder / "insurer.db"), paid)
        self.wallet = Wallet.create(folder / "ana.wallet", "correct horse", work=2**14)
        self.holder = self.wallet.new_holder_key()
        self.credential = issue_sd_jwt(
            self.issuer(self.bank), VCT, CLAIMS, Validity(self.now, self.now + 300 * DAY),
            holder=self.holder.public, disclosable=list(CLAIMS),
        )  # fmt: skip

    @property
    def now(self):
        return datetime.fromtimestamp(self.chain.timestamp(), UTC)

    def issuer(self, sender):
        did = format_did(sender.address, self.chain.chain_id)
        return Issuer(did, SigningKey.of_account(sender.account), f"{did}#controller")

    def request(self, **changes):
        given = {"consent_for": 30 * DAY, "chain_id": self.chain.chain_id, "now": self.now}
        given |= {"registry": self.consents.address}
        purpose = Purpose("A quote for your car insurance", "https://insurer.example/terms")
        return Request.make(
            self.issuer(self.insurer).did, VCT, ["over18"], purpose, **(given | changes)
        )

    def read(self, text, **changes):
        return read_request(text, self.keys, self.consents.address, **({"now": self.now} | changes))

    def subject(self, kind="one-time"):
        if kind == "one-time":
            return ConsentSubject(KeySigner(self.wallet.new_subject().account))
        verifier, phone = (
            self.suite["PasskeyVerifier"],
            SoftwareAuthenticator(RelyingParty("a.es", ("https://a.es",)), 7),
        )
        signer = ExternalSigner(
            phone.key.address(verifier), lambda message: phone.sign(message.digest, verifier)
        )
        return ConsentSubject(signer, epoch=self.consents.epoch(signer.address))

    def give(self, subject=None, request=None):
        """Do what Ana does, and return the file that she hands over."""
        subject, request = subject or self.subject(), request or self.request()
        request = self.read(read_link(deep_link(request.sign(self.issuer(self.insurer)))))
        selection = HeldCredential.parse(self.credential).select(request.claims)
        given = make_answer(
            request, selection, self.holder, subject, now=self.now, deadline=self.now + DAY
        )
        one_time = isinstance(subject.signer, KeySigner)
        note = ConsentReceipt.of(request, given, self.now, one_time=one_time)
        self.wallet.keep_consent(given.consent.id, note.to_json())
        return request, given.write()

    def take(self, request, file):
        """Do what the insurer does."""
        given = Answer.read(file)
        given.check(request, self.now)
        self.relay.grant(given.grant)
        assert self.relay.run()[-1].state is ActState.DONE
        return given, self.verify(request, given)

    def verify(self, request, given):
        wanted = ConsentRequirement(self.insurer.address, request.purpose.hash(request.nonce))
        expected = PresentationRequirements(
            request.audience, request.nonce, request.vct, claims=request.claims, consent=wanted
        )
        verifier = Verifier(
            self.registry,
            VerifierPolicy([self.issuer(self.bank).did], status_required=False),
            consents=self.consents,
        )
        return verifier.verify(given.presentation, expected, given.consent)

    @property
    def diary(self):
        return Diary(self.consents, self.wallet.consents.values())

    def signer_of(self, subject):
        if subject in self.wallet.subjects:
            return KeySigner(self.wallet.subject(subject).account)
        return self.subject("passkey").signer


@pytest.fixture
def scene(chain, suite, senders, tmp_path):
    return Scene(chain, suite, senders, tmp_path)


class TestTheWholeWay:
    @pytest.mark.parametrize("kind", ["one-time", "passkey"])
    def test_asked_given_read_used_and_ended(self, scene, kind):
        request, file = scene.give(scene.subject(kind))
        assert [entry.state for entry in scene.diary.entries()] == [ConsentState.NOT_GRANTED]
        given, seen = scene.take(request, file)
        assert seen.get("over18") is True
        assert seen.get("name") is None
        scene.consents.using(scene.insurer).commit_use(given.use)
        (entry,) = scene.diary.entries()
        assert (entry.state, entry.receipt.company) == (ConsentState.VALID, request.did)
        (use,) = entry.uses
        assert (use.commitment, use.at) == (given.use, scene.now)
        act = scene.diary.revoke(
            given.consent.id, scene.signer_of(given.consent.subject), scene.now + DAY
        )
        scene.relay.revoke(act)
        scene.relay.run()
        (entry,) = scene.diary.entries()
        assert (entry.state, entry.uses) == (ConsentState.REVOKED, (use,))
        with because(ConsentReason.CONSENT_REVOKED):
            scene.verify(request, given)

    def test_nothing_is_read_before_the_grant_is_on_chain(self, scene):
        request, file = scene.give()
        with because(ConsentReason.CONSENT_UNKNOWN):
            scene.verify(request, Answer.read(file))

    def test_two_consents_of_one_customer_have_nothing_in_common_on_chain(self, scene):
        """Neither subject nor terms, though the same company asks
        for the same in the same words.
        """
        first, second = (Answer.read(scene.give()[1]).consent for _ in range(2))
        assert first.subject != second.subject
        assert first.terms.grantee == second.terms.grantee
        assert not set(first.abi()[::2]) & set(second.abi()[::2])


class TestReadingARequest:
    def test_a_forged_one_is_refused(self, scene):
        thief = replace(scene.issuer(scene.insurer), key=SigningKey.generate("ES256K"))
        with because(SignatureReason.SIGNATURE_INVALID):
            scene.read(scene.request().sign(thief))

    def test_one_by_a_key_that_was_rotated_out_is_refused(self, scene, senders, development):
        text = scene.request().sign(scene.issuer(scene.insurer))
        development.warp(scene.chain.timestamp() + 10)
        scene.registry.using(scene.insurer).change_owner(scene.insurer.address, senders[6].address)
        with because(IssuerReason.KEY_ROTATED):
            scene.read(text)

    def test_one_of_an_identity_out_of_use_is_refused(self, scene, development):
        text = scene.request().sign(scene.issuer(scene.insurer))
        development.warp(scene.chain.timestamp() + 10)
        scene.registry.using(scene.insurer).deactivate(scene.insurer.address)
        with because(IssuerReason.IDENTITY_DEACTIVATED):
            scene.read(text)

    def test_too_late_too_early_and_elsewhere(self, scene, senders):
        text = scene.request().sign(scene.issuer(scene.insurer))
        with because(RequestReason.REQUEST_EXPIRED, match="could be answered until"):
            scene.read(text, now=scene.now + 16 * MINUTE)
        with because(RequestReason.REQUEST_FROM_FUTURE, match="in the future"):
            scene.read(text, now=scene.now - 2 * MINUTE)
        assert scene.read(text, now=scene.now - MINUTE / 2).did == scene.issuer(scene.insurer).did
        elsewhere = scene.request(registry=senders[9].address).sign(scene.issuer(scene.insurer))
        with because(RequestReason.REQUEST_ELSEWHERE, match="this wallet grants in"):
            scene.read(elsewhere)


class TestDiary:
    def test_revoking_all_ends_one_time_and_stable_subjects(self, scene):
        for kind in ("one-time", "passkey", "one-time", "passkey"):
            scene.take(*scene.give(scene.subject(kind)))
        scene.give()
        over = scene.take(*scene.give())[0].consent
        scene.relay.revoke(
            scene.diary.revoke(over.id, scene.signer_of(over.subject), scene.now + DAY)
        )
        scene.relay.run()
        endings = scene.diary.revoke_all(scene.signer_of, scene.now + DAY)
        assert (len(endings.revocations), len(endings.ends)) == (3, 1)
        for act in endings.revocations:
            scene.relay.revoke(act)
        for end in endings.ends:
            scene.relay.end(end)
        assert {outcome.state for outcome in scene.relay.run()} == {ActState.DONE}
        states = [entry.state for entry in scene.diary.entries()]
        assert sorted(states) == [ConsentState.ALL_ENDED] * 2 + [ConsentState.REVOKED] * 4
        assert scene.diary.revoke_all(scene.signer_of, scene.now + DAY).revocations == ()

    def test_a_stable_subject_gives_anew_after_the_end_of_all(self, scene, development):
        request, file = scene.give(scene.subject("passkey"))
        given, _ = scene.take(request, file)
        (end,) = scene.diary.revoke_all(scene.signer_of, scene.now + DAY).ends
        scene.relay.end(end)
        scene.relay.run()
        with because(ConsentReason.CONSENT_EPOCH_ENDED):
            scene.verify(request, given)
        development.warp(scene.chain.timestamp() + 5)
        _, seen = scene.take(*scene.give(scene.subject("passkey")))
        assert seen.get("over18") is True

    def test_what_is_over_is_not_ended_again(self, scene, development):
        given, _ = scene.take(*scene.give())
        development.warp(given.consent.expiry)
        (entry,) = scene.diary.entries()
        assert entry.state is ConsentState.EXPIRED
        with pytest.raises(Conflict, match="is over already: expired"):
            scene.diary.revoke(
                given.consent.id, scene.signer_of(given.consent.subject), scene.now + DAY
            )
        with pytest.raises(NotFound, match="has no consent 0x0707"):
            scene.diary.revoke(b"\7" * 32, scene.signer_of(given.consent.subject), scene.now + DAY)

    def test_an_older_block_shows_how_it_stood(self, scene):
        given, _ = scene.take(*scene.give())
        block = scene.chain.block_number()
        scene.consents.using(scene.insurer).commit_use(given.use)
        (now,), (then,) = scene.diary.entries(), scene.diary.entries(block)
        assert (len(now.uses), len(then.uses)) == (1, 0)
        assert then.state is ConsentState.VALID

    def test_of_another_registry_nothing_is_shown(self, scene, senders):
        scene.give()
        elsewhere = ConsentRegistry(scene.chain, senders[9].address)
        assert Diary(elsewhere, scene.wallet.consents.values()).entries() == []
