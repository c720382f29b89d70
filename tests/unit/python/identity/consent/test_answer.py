"""Answers are read strictly, and a company sees for nothing whether one fits its request."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from careledger.crypto import canonical
from careledger.errors import InputError
from careledger.identity.consent.errors import AnswerTooLate, MalformedAnswer
from careledger.identity.consent.messages import ConsentMessages, KeySigner
from careledger.identity.consent.state import ConsentState, consent_state
from careledger.identity.consent.terms import (
    ConsentRecord,
    ConsentStatus,
    presentation_hash,
    use_commitment,
)
from careledger.identity.credentials.errors import ConsentReason, MalformedToken, TokenReason
from careledger.identity.credentials.held_credential import HeldCredential, present_vc
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt, issue_vc_jwt
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.vc_jwt import vc_scope
from careledger.identity.did.did import format_did
from careledger.identity.exchange.answer import (
    MAX_FILE_BYTES,
    Answer,
    ConsentSubject,
    make_answer,
)
from careledger.identity.exchange.consent_receipt import ConsentReceipt
from tests.support.refusals import because
from tests.unit.python.identity.consent.test_request import NOW, REGISTRY, REQUEST

BANK, ANA = (
    Account.from_key(keccak(text=f"careledger example {who}")) for who in ("bank", "customer")
)
BANK_DID = format_did(BANK.address, 31337)
BANK_KEY = Issuer(BANK_DID, SigningKey.of_account(BANK), f"{BANK_DID}#controller")
HOLDER = SigningKey("ES256", b"\5" * 32)
CLAIMS = {"over18": True, "name": "Ana", "address": {"country": "ES"}, "nationalities": ["ES"]}
CREDENTIAL = issue_sd_jwt(
    BANK_KEY,
    REQUEST.vct,
    CLAIMS,
    Validity(NOW, NOW + timedelta(days=365)),
    holder=HOLDER.public,
    disclosable=list(CLAIMS),
)
SELECTION = HeldCredential.parse(CREDENTIAL).select(REQUEST.claims)
SUBJECT, DEADLINE = ConsentSubject(KeySigner(ANA)), NOW + timedelta(hours=1)
ANSWER = make_answer(REQUEST, SELECTION, HOLDER, SUBJECT, now=NOW, deadline=DEADLINE)


class TestAnswering:
    def test_everything_is_bound_together(self):
        consent = ANSWER.consent
        assert (consent.subject, consent.terms.grantee) == (ANA.address, REQUEST.grantee)
        assert consent.terms.scope == SELECTION.scope == ANSWER.parsed_presentation.credential.scope
        assert consent.expires_at == NOW + REQUEST.consent_for
        proof = canonical.loads(_payload(ANSWER.presentation.rpartition("~")[2]))
        assert proof["consent"] == "0x" + consent.id.hex()
        assert (proof["aud"], proof["nonce"]) == (REQUEST.audience, REQUEST.nonce)
        expected = ConsentMessages(31337, REGISTRY).signed_grant(
            consent, KeySigner(ANA), 0, DEADLINE
        )
        assert ANSWER.grant == expected

    def test_less_time_than_was_asked_for(self):
        until = NOW + timedelta(days=1)
        given = make_answer(
            REQUEST, SELECTION, HOLDER, SUBJECT, now=NOW, deadline=DEADLINE, until=until
        )
        assert given.consent.expires_at == until
        given.check(REQUEST, NOW)

    def test_in_the_name_of_an_identity_that_the_signer_acts_for(self):
        other = ConsentSubject(KeySigner(ANA), REQUEST.grantee, epoch=5)
        given = make_answer(REQUEST, SELECTION, HOLDER, other, now=NOW, deadline=DEADLINE)
        assert (given.consent.subject, given.grant.signed.signer, given.grant.epoch) == (
            REQUEST.grantee,
            ANA.address,
            5,
        )

    def test_both_parties_commit_to_the_same_use(self):
        assert ANSWER.presentation_hash == presentation_hash(ANSWER.presentation)
        assert ANSWER.use == use_commitment(ANSWER.consent.id, ANSWER.presentation)
        assert ConsentReceipt.of(REQUEST, ANSWER, NOW, one_time=True).commitments == [ANSWER.use]

    def test_its_text_shows_no_value(self):
        assert not any(part and part in repr(ANSWER) for part in ANSWER.presentation.split("~"))


def _payload(jws):
    import base64

    part = jws.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class TestFile:
    def test_comes_back(self):
        assert Answer.read(ANSWER.write()) == ANSWER
        assert Answer.read(ANSWER.write().decode()) == ANSWER
        assert Answer.read(json.dumps(ANSWER.to_json(), indent=2)) == ANSWER

    def test_without_a_grant_where_it_is_on_chain_already(self):
        bare = replace(ANSWER, grant=None)
        assert json.loads(bare.write())["grant"] is None
        assert Answer.read(bare.write()) == bare

    def test_is_a_canonical_document(self):
        assert ANSWER.write() == canonical.dumps(ANSWER.to_json())

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"careledgerAnswer": 2}, "careledgerAnswer: not 1"),
            ({"careledgerAnswer": True}, "careledgerAnswer: not 1"),
            ({"careledgerAnswer": "1"}, "careledgerAnswer: not 1"),
            ({"presentation": ""}, "presentation: not a text of ASCII"),
            ({"presentation": "é~"}, "presentation: not a text of ASCII"),
            ({"presentation": None}, "presentation: not a text"),
            ({"presentation": "a" * 65_537}, "presentation: more than 65,536 characters"),
            ({"consent": None}, "consent: not a JSON object"),
            (
                {"consent": ANSWER.consent.to_json() | {"expiry": "soon"}},
                "consent.expiry: not an integer",
            ),
            ({"grant": 1}, "grant: not a JSON object"),
            ({"grant": {}}, "grant.epoch: missing"),
            ({"grant": ANSWER.to_json()["grant"] | {"epoch": -1}}, "grant.epoch: not an integer"),
            (
                {"grant": ANSWER.to_json()["grant"] | {"signer": "me"}},
                "grant.signer: address 'me' is not an address",
            ),
            (
                {"grant": ANSWER.to_json()["grant"] | {"signature": "0x0"}},
                "grant.signature: not bytes as 0x",
            ),
            ({"extra": 1}, "extra: unknown"),
        ],
    )
    def test_a_malformed_one_is_refused_with_its_sentence(self, change, sentence):
        with pytest.raises(MalformedAnswer, match=sentence):
            Answer.read(json.dumps(ANSWER.to_json() | change))

    @pytest.mark.parametrize("name", ["careledgerAnswer", "presentation", "consent", "grant"])
    def test_a_missing_member_is_named(self, name):
        with pytest.raises(MalformedAnswer, match=f"{name}: missing"):
            Answer.read(
                json.dumps({key: value for key, value in ANSWER.to_json().items() if key != name})
            )

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "not JSON"),
            (b"[]", "not a JSON object"),
            (b"\xff\xfe", "not UTF-8"),
            ("\ud800", "not UTF-8"),
            (b"[" * 100_000, "nested more than"),
            (b'{"grant":null,"grant":null}', "given twice"),
            (b"NaN", "is not a JSON number"),
            (b" " * (MAX_FILE_BYTES + 1), "at most 131,072 are read"),
        ],
    )
    def test_what_is_no_such_file_is_refused(self, content, sentence):
        with pytest.raises(MalformedAnswer, match=sentence):
            Answer.read(content)


class TestCheck:
    """Before anything is paid for."""

    def test_what_fits_passes(self):
        ANSWER.check(REQUEST, NOW)
        ANSWER.check(REQUEST, REQUEST.expires_at)

    def test_another_companys(self):
        terms = replace(ANSWER.consent.terms, grantee=ANA.address)
        with because(ConsentReason.GRANTEE_MISMATCH):
            replace(ANSWER, consent=replace(ANSWER.consent, terms=terms)).check(REQUEST, NOW)

    def test_more_or_less_than_was_agreed_to(self):
        more = HeldCredential.parse(CREDENTIAL).select([*REQUEST.claims, "name"])
        shown = more.present(
            HOLDER,
            audience=REQUEST.audience,
            nonce=REQUEST.nonce,
            at=NOW,
            consent=ANSWER.consent.id,
        )
        with because(ConsentReason.SCOPE_MISMATCH):
            replace(ANSWER, presentation=shown).check(REQUEST, NOW)

    def test_another_request_of_the_same_purpose(self):
        with because(ConsentReason.PURPOSE_MISMATCH):
            ANSWER.check(replace(REQUEST, nonce="another nonce, as long as it has to be"), NOW)

    def test_too_late(self):
        with pytest.raises(AnswerTooLate, match="could be answered until 2030-01-01T12:15:00Z"):
            ANSWER.check(REQUEST, REQUEST.expires_at + timedelta(seconds=61))

    def test_for_longer_than_was_asked(self):
        longer = replace(ANSWER.consent, expires_at=ANSWER.consent.expires_at + timedelta(days=1))
        with pytest.raises(AnswerTooLate, match="longer than the request asked for"):
            replace(ANSWER, consent=longer).check(REQUEST, NOW)

    def test_no_presentation_at_all(self):
        with pytest.raises(MalformedToken):
            replace(ANSWER, presentation="nothing").check(REQUEST, NOW)

    def test_a_w3c_presentation_is_about_its_one_credential(self):
        ana = format_did(ANA.address, 31337)
        credential = issue_vc_jwt(
            BANK_KEY,
            ["KycCredential"],
            ana,
            {"over18": True},
            Validity(NOW, NOW + timedelta(days=9)),
        )
        holder = Issuer(ana, SigningKey.of_account(ANA), f"{ana}#controller")

        def shown(*credentials):
            return present_vc(
                credentials, holder, audience=REQUEST.audience, nonce=REQUEST.nonce, at=NOW
            )

        given = replace(ANSWER, presentation=shown(credential))
        assert given.parsed_presentation.credential.scope == vc_scope(credential)
        with because(TokenReason.MALFORMED_CLAIM, match="holds 2 credentials"):
            replace(ANSWER, presentation=shown(credential, credential)).check(REQUEST, NOW)


class TestDiary:
    RECEIPT = ConsentReceipt.of(REQUEST, ANSWER, NOW, one_time=True)

    def test_an_entry_comes_back(self):
        assert ConsentReceipt.from_json(self.RECEIPT.to_json()) == self.RECEIPT
        assert (
            ConsentReceipt.from_json(json.loads(json.dumps(self.RECEIPT.to_json()))) == self.RECEIPT
        )

    def test_it_says_to_whom_what_and_what_for(self):
        assert (self.RECEIPT.company, self.RECEIPT.vct, self.RECEIPT.claims) == (
            REQUEST.did,
            REQUEST.vct,
            REQUEST.claims,
        )
        assert self.RECEIPT.purpose == REQUEST.purpose

    def test_it_keeps_no_value_and_no_presentation(self):
        kept = json.dumps(self.RECEIPT.to_json())
        assert "Ana" not in kept
        assert ANSWER.presentation not in kept

    def test_what_is_shown_again_is_noted(self):
        again = self.RECEIPT.with_presentation("h.p.s~")
        assert again.commitments == [ANSWER.use, use_commitment(ANSWER.consent.id, "h.p.s~")]

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"careledgerConsent": 2}, "careledgerConsent: not 1"),
            ({"careledgerConsent": True}, "careledgerConsent: not 1"),
            ({"chainId": "1"}, "chainId: not an integer"),
            ({"oneTime": 1}, "oneTime: not true or false"),
            ({"claims": {}}, "claims: not a JSON array"),
            ({"claims": [[]]}, "a path to a claim begins with its name"),
            ({"presentations": ["0x12"]}, "presentations\\[0\\]: 1 bytes, not 32"),
            ({"company": 1}, "company: not a text"),
            ({"registry": "x"}, "registry: address 'x' is not an address"),
            ({"givenAt": -1}, "givenAt: not an integer"),
            ({"purpose": None}, "purpose: not a JSON object"),
            ({"more": 1}, "more: unknown"),
        ],
    )
    def test_a_malformed_entry_is_refused(self, change, sentence):
        with pytest.raises(InputError, match=sentence):
            ConsentReceipt.from_json(self.RECEIPT.to_json() | change)

    @pytest.mark.parametrize(
        ("status", "epoch", "late", "stands"),
        [
            (ConsentStatus.NONE, 0, False, ConsentState.NOT_GRANTED),
            (ConsentStatus.NONE, 0, True, ConsentState.EXPIRED),
            (ConsentStatus.GRANTED, 0, False, ConsentState.VALID),
            (ConsentStatus.GRANTED, 0, True, ConsentState.EXPIRED),
            (ConsentStatus.GRANTED, 7, False, ConsentState.ALL_ENDED),
            (ConsentStatus.GRANTED, 7, True, ConsentState.ALL_ENDED),
            (ConsentStatus.REVOKED, 0, True, ConsentState.REVOKED),
            (ConsentStatus.REVOKED, 7, False, ConsentState.REVOKED),
            (ConsentStatus.RENOUNCED, 0, False, ConsentState.GIVEN_BACK),
        ],
    )
    def test_how_a_consent_stands(self, status, epoch, late, stands):
        consent = ANSWER.consent
        record = ConsentRecord(consent.subject, consent.expires_at, 0, status)
        now = consent.expires_at if late else NOW
        assert consent_state(consent, record, epoch, now) is stands
        assert stands.over is (stands not in {ConsentState.VALID, ConsentState.NOT_GRANTED})
