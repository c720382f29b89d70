"""A company takes answers: garbage costs nothing, a crash loses nothing, an answer counts once."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from eth_account import Account

from careledger.errors import Conflict, InputError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.errors import AnswerTooLate
from careledger.identity.consent.messages import KeySigner
from careledger.identity.consent.terms import ConsentStatus
from careledger.identity.credentials import errors, jose
from careledger.identity.credentials.held_credential import HeldCredential
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.policy import VerifierPolicy
from careledger.identity.credentials.sd_jwt import SdJwt
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import format_did
from careledger.identity.exchange.answer import ConsentSubject, make_answer
from careledger.identity.exchange.company import Company
from careledger.identity.exchange.purpose import Purpose
from careledger.identity.status.client import CredentialStatus
from careledger.store import Store
from careledger.values.times import to_seconds
from tests.support.refusals import because

VCT, DAY = "https://bank.example/kyc/1", timedelta(days=1)
HOLDER = SigningKey("ES256", b"\5" * 32)


@pytest.fixture
def town(chain, suite, senders, tmp_path):
    """Return what there is: a bank, an insurer with its store, and Ana's credential."""

    class Town:
        bank, insurer = senders[1], senders[2]
        registry = IdentityRegistry(chain, suite["IdentityRegistry"], senders[1])
        consents = ConsentRegistry(chain, suite["ConsentRegistry"], senders[2])
        statuses = CredentialStatus(chain, suite["CredentialStatus"], senders[1])
        store = Store.open(tmp_path / "insurer.db")

        @property
        def now(self):
            return datetime.fromtimestamp(chain.timestamp(), UTC)

        def company(self, who=None):
            who = who or self.insurer
            did = format_did(who.address, chain.chain_id)
            issuer = Issuer(did, SigningKey.of_account(who.account), f"{did}#controller")
            policy = VerifierPolicy(
                issuers=[format_did(self.bank.address, chain.chain_id)], status_required=False
            )
            consents = self.consents.using(who)
            return Company(
                issuer, self.registry, consents, self.statuses,
                store=self.store, policy=policy,
            )  # fmt: skip

        def ask(self, company=None, **more):
            claims, purpose = (
                ["age_over_18"],
                Purpose("Offer you a policy", "https://insurer.example/terms"),
            )
            return (company or self.company()).ask(VCT, claims, purpose, DAY, **more).request

        def answer(self, request, **more):
            did = format_did(self.bank.address, chain.chain_id)
            issuer = Issuer(did, SigningKey.of_account(self.bank.account), f"{did}#controller")
            claims = {"age_over_18": True, "given_name": "Ana"}
            text = issue_sd_jwt(
                issuer,
                VCT,
                claims,
                Validity(self.now, self.now + 30 * DAY),
                holder=more.pop("key", HOLDER).public,
            )
            selection = HeldCredential.parse(text).select(request.claims)
            subject = more.pop("subject", None) or ConsentSubject(KeySigner(Account.create()))
            given = {"now": self.now, "deadline": self.now + DAY} | more
            return make_answer(request, selection, HOLDER, subject, **given)

        def status(self, given):
            return self.consents.record(given.consent.id).status

    with Town.store:
        yield Town()


def salted_anew(consent):
    """Return the same consent under another id."""
    return replace(consent, terms=replace(consent.terms, salt=b"\1" * 32))


def test_what_is_no_good_is_refused_before_anything_is_paid_for(town, chain):
    company = town.company()
    request = town.ask(company)
    other_holder = town.answer(request, key=SigningKey("ES256", b"\6" * 32))
    before = chain.block_number()
    with because(errors.KeyBindingReason.KEY_BINDING_INVALID):
        company.take(other_holder, request)
    with because(errors.ConsentReason.PURPOSE_MISMATCH):
        company.take(town.answer(request), town.ask(company))
    with because(errors.KeyBindingReason.WRONG_NONCE):
        town.company().take(town.answer(foreign := replace(request, nonce="m" * 32)), foreign)
    assert chain.block_number() == before


def test_an_answer_counts_once_and_its_use_is_on_record_once(town):
    company = town.company()
    request = town.ask(company)
    given = town.answer(request)
    first, again = company.take(given, request), company.take(given, request)
    assert first.verified.get("age_over_18") is True
    assert first.granted is not None
    assert first.use is not None
    assert (again.kept.id, again.verified, again.granted, again.use) == (
        first.kept.id,
        None,
        None,
        None,
    )
    assert len(company.verifications.of_consent(given.consent.id)) == 1


@pytest.mark.parametrize("crash_at", ["_put_on_chain", "verify", "_put_use_on_record"])
def test_a_run_that_was_killed_is_done_again_and_nothing_twice(town, monkeypatch, crash_at):
    company = town.company()
    request = town.ask(company)
    given = town.answer(request)
    real = getattr(Company, crash_at)

    def killed(self, *arguments):
        if crash_at != "verify":
            real(self, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Company, crash_at, killed)
        with pytest.raises(KeyboardInterrupt):
            company.take(given, request)
    taken = town.company().take(given, request)
    assert town.status(given) is ConsentStatus.GRANTED
    assert [one.id for one in company.verifications.of_consent(given.consent.id)] == [taken.kept.id]
    assert len(town.consents.uses([given.use])) == 1


def test_two_takers_at_the_same_moment(town, monkeypatch):
    company, other = town.company(), town.company()
    request = town.ask(company)
    given = town.answer(request)
    real, taken = company.verifications.record, []

    def overtaken(*arguments):
        if not taken:
            taken.append(other.take(given, request))
        return real(*arguments)

    monkeypatch.setattr(company.verifications, "record", overtaken)
    assert company.take(given, request).kept.id == taken[0].kept.id


def test_while_another_answer_is_being_put_on_chain(town):
    company = town.company()
    request = town.ask(company)
    busy = town.company().relay.worker.lease
    busy.hold()
    done = threading.Timer(0.5, busy.release)
    done.start()
    assert company.take(town.answer(request), request).granted is not None
    done.join()


def test_another_answer_to_a_request_that_was_answered(town):
    company = town.company()
    request = town.ask(company)
    company.take(town.answer(request), request)
    with pytest.raises(errors.Replayed):
        company.take(town.answer(request), request)


def test_a_consent_that_somebody_submitted_already(town):
    company = town.company()
    request = town.ask(company)
    given = town.answer(request)
    town.consents.using(town.bank).grant_by_sig(given.grant)
    assert company.take(given, request).granted is None


def test_a_consent_that_was_revoked_before_the_answer_came(town):
    company = town.company()
    request = town.ask(company)
    customer = KeySigner(Account.create())
    given = town.answer(request, subject=ConsentSubject(customer))
    town.consents.revoke_by_sig(
        town.consents.messages.signed_revocation(given.consent, customer, town.now + DAY)
    )
    with because(errors.ConsentReason.CONSENT_REVOKED):
        company.take(given, request)


def test_a_consent_that_the_customer_never_signed(town):
    company = town.company()
    request = town.ask(company)
    given = town.answer(request)
    with because(errors.ConsentReason.CONSENT_UNKNOWN):
        company.take(replace(given, grant=None), request)
    forged = replace(
        given, grant=replace(given.grant, signed=replace(given.grant.signed, signature=b"\1" * 65))
    )
    with pytest.raises(Conflict, match="cannot be put on chain"):
        company.take(forged, request)
    assert company.take(given, request).granted is not None


def test_a_consent_for_longer_than_was_asked(town):
    company = town.company()
    request = town.ask(company)
    given = town.answer(replace(request, consent_for=30 * DAY))
    with pytest.raises(AnswerTooLate):
        company.take(given, request)


def test_a_proof_that_names_no_consent_or_another_is_refused_before_anything_is_paid_for(
    town, chain
):
    """Else one good credential and one request could be made into any number of grants that the
    company pays for.
    """
    company = town.company()
    request = town.ask(company)
    customer = KeySigner(Account.create())
    given = town.answer(request, subject=ConsentSubject(customer))
    other = salted_anew(given.consent)
    grant = town.consents.messages.signed_grant(other, customer, 0, town.now + DAY)
    before = chain.block_number()
    with because(errors.ConsentReason.CONSENT_MISMATCH):
        company.take(replace(given, consent=other, grant=grant), request)
    token = SdJwt.parse(given.presentation)
    named = {
        "iat": to_seconds(town.now),
        "aud": request.audience,
        "nonce": request.nonce,
        "sd_hash": token.sd_hash,
    }
    bare = token.text + jose.sign({"typ": "kb+jwt"}, named, HOLDER)
    with because(errors.ConsentReason.CONSENT_MISSING):
        company.take(replace(given, presentation=bare), request)
    assert chain.block_number() == before


def test_a_grant_that_ends_at_once_is_not_paid_for(town, chain):
    company = town.company()
    request = town.ask(company)
    short = town.answer(request, until=town.now + timedelta(seconds=9))
    late = town.answer(request, deadline=town.now + timedelta(seconds=9))
    before = chain.block_number()
    with because(errors.ConsentReason.CONSENT_EXPIRED, match="too soon"):
        company.take(short, request)
    with pytest.raises(Conflict, match="too soon"):
        company.take(late, request)
    assert chain.block_number() == before


def test_a_wish_that_cannot_be_judged_is_said_before_anything_is_paid_for(town, chain):
    company = town.company()
    request = town.ask(company)
    given, before = town.answer(request), chain.block_number()
    with pytest.raises(InputError, match="was not asked for"):
        company.take(given, request, {"given_name": bool})
    with pytest.raises(ZeroDivisionError):
        company.take(given, request, {"age_over_18": lambda value: value < 1 // 0})
    assert chain.block_number() == before


def test_what_was_taken_is_not_good_any_more_once_the_consent_has_ended(town):
    company, customer = town.company(), KeySigner(Account.create())
    request = town.ask(company)
    given = town.answer(request, subject=ConsentSubject(customer))
    company.take(given, request)
    town.consents.revoke_by_sig(
        town.consents.messages.signed_revocation(given.consent, customer, town.now + DAY)
    )
    with because(errors.ConsentReason.CONSENT_REVOKED):
        company.take(given, request)


def test_a_presentation_that_was_taken_comes_with_another_consent(town, chain):
    """Else whoever holds an answer makes the company pay for evidence of uses that never were."""
    company = town.company()
    request = town.ask(company)
    given = town.answer(request)
    company.take(given, request)
    before = chain.block_number()
    with because(errors.ConsentReason.CONSENT_MISMATCH):
        company.take(replace(given, consent=salted_anew(given.consent)), request)
    assert chain.block_number() == before


def test_a_use_that_was_not_put_on_record_is_made_up_for_after_the_request_is_over(
    town, monkeypatch
):
    company = town.company()
    request = town.ask(company)
    given = town.answer(request)
    with monkeypatch.context() as patch:
        patch.setattr(
            Company, "_put_use_on_record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            company.take(given, request)
    monkeypatch.setattr(Company, "_now", lambda _: request.expires_at + timedelta(hours=1))
    assert town.company().take(given, request).use is not None


def test_a_claim_that_is_not_as_wished(town):
    company = town.company()
    request = town.ask(company)
    taken = company.take(
        town.answer(request), request, {"age_over_18": lambda value: value is False}
    )
    assert not taken.kept.met


def test_a_contract_of_the_customers_own_is_not_paid_for(town, chain):
    company = town.company()
    request = town.ask(company)
    given = town.answer(request)
    for signature in (b"\1" * 20 + b"\2" * 200, b"\3", b"\1" * 66):
        odd = replace(
            given,
            grant=replace(given.grant, signed=replace(given.grant.signed, signature=signature)),
        )
        before = chain.block_number()
        with pytest.raises(Conflict, match="contract wallet"):
            company.take(odd, request)
        assert chain.block_number() == before
    town.consents.using(town.bank).grant_by_sig(given.grant)  # somebody else pays
    assert company.take(given, request).granted is None
