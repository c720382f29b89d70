"""W3C credentials and presentations as JWT, and every way in which they can be wrong."""

import pytest

from careledger.identity.credentials import errors
from careledger.identity.credentials.issuer import Issuer
from careledger.identity.credentials.vc_jwt import VcJwt, VpJwt
from tests.support.refusals import because
from tests.worlds.identity.credential_stage import (
    AUDIENCE,
    CLAIMS,
    DAY,
    HOLDER_KEY,
    ISSUER,
    NONCE,
    NOW,
    SUBJECT,
    SUBJECT_KEY,
    VC_EXPECTED,
    part,
    raw_token,
    vc_issued,
    vc_presented,
    verifier,
)


def bent(token, key, **changes):
    """Return the token with other claims, signed by a key."""
    header, payload = part(token, 0), part(token, 1) | changes
    return raw_token(
        header, {name: value for name, value in payload.items() if value is not None}, key
    )


def credential(inner=None, **changes):
    payload = part(vc_issued(), 1)
    vc = {
        name: value for name, value in (payload["vc"] | (inner or {})).items() if value is not None
    }
    return bent(vc_issued(), ISSUER.key, **({"vc": vc} | changes))


def presentation(inner=None, **changes):
    token = vc_presented()
    vp = {
        name: value
        for name, value in (part(token, 1)["vp"] | (inner or {})).items()
        if value is not None
    }
    return bent(token, SUBJECT_KEY, **({"vp": vp} | changes))


def verify(token, expected=VC_EXPECTED, **policy):
    return verifier(**policy).verify(token, expected)


class TestCredentials:
    def test_a_whole_one(self):
        found = VcJwt.parse(vc_issued())
        assert (found.issuer, found.subject, found.types) == (
            ISSUER.did,
            SUBJECT,
            ("VerifiableCredential", "Kyc"),
        )
        assert found.claims == CLAIMS
        assert "Ana" not in repr(found)

    def test_as_did_jwt_vc_writes_them(self):
        """It moves the subject's id to `sub`, and the day of issuance to `nbf`, with no `iat`."""
        token = credential(
            iat=None, inner={"credentialSubject": [{"id": SUBJECT, "age_over_18": True}]}
        )
        found = verify(vc_presented(token))
        assert found.issued_at == NOW
        assert found.claims == {"age_over_18": True}

    @pytest.mark.parametrize(
        ("inner", "changes"),
        [
            ({}, {"vc": None}),
            ({}, {"vc": []}),
            ({}, {"iss": None}),
            ({}, {"iss": 7}),
            ({}, {"sub": 7}),
            (
                {},
                {
                    "sub": "did:ethr:0x7a69:0x" + "11" * 20,
                    "vc": part(vc_issued(), 1)["vc"] | {"credentialSubject": {"id": SUBJECT}},
                },
            ),
            ({"type": None}, {}),
            ({"type": "VerifiableCredential"}, {}),
            ({"type": ["Kyc"]}, {}),
            ({"type": ["VerifiableCredential", 7]}, {}),
            ({"@context": None}, {}),
            ({"@context": ["https://www.w3.org/ns/credentials/v2"]}, {}),
            ({"credentialSubject": None}, {}),
            ({"credentialSubject": {}}, {}),
            ({"credentialSubject": [{"a": 1}, {"b": 1}]}, {}),
            ({"issuer": "did:ethr:0x7a69:0x" + "11" * 20}, {}),
            ({"issuer": {"id": "x"}}, {}),
            ({"expirationDate": "2030-01-01T00:00:00Z"}, {"exp": None}),
            ({"validFrom": "2030-01-01T00:00:00Z"}, {"nbf": None}),
            ({"credentialStatus": "x"}, {}),
            ({"credentialStatus": {"type": "RevocationList2020Status"}}, {}),
            ({"credentialStatus": [{}, {}]}, {}),
            ({}, {"nbf": None, "iat": None}),
        ],
        ids=str,
    )
    def test_what_is_malformed(self, inner, changes):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            verify(vc_presented(credential(inner, **changes)))

    @pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
    @pytest.mark.parametrize("value", ["2030", True, -1, 1e15, [1]], ids=str)
    def test_times_that_are_none(self, name, value):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            verify(vc_presented(credential(**{name: value})))


class TestPresentations:
    def test_a_whole_one(self):
        found = VpJwt.parse(vc_presented())
        assert (found.holder, found.audience, found.nonce) == (SUBJECT, (AUDIENCE,), NONCE)

    def test_as_did_jwt_vc_writes_them(self):
        """The audience is a list, and nothing says when it was made."""
        found = verify(presentation(aud=[AUDIENCE, "x"], iat=None, nbf=None))
        assert (found.holder, found.format) == (SUBJECT, "jwt_vc")

    @pytest.mark.parametrize(
        ("inner", "changes"),
        [
            ({}, {"vp": None}),
            ({}, {"iss": None}),
            ({}, {"aud": None}),
            ({}, {"aud": []}),
            ({}, {"aud": [7]}),
            ({}, {"nonce": None}),
            ({}, {"nonce": 7}),
            ({"holder": "did:x"}, {}),
            ({"type": None}, {}),
            ({"@context": []}, {}),
            ({"verifiableCredential": None}, {}),
            ({"verifiableCredential": []}, {}),
            ({"verifiableCredential": [{"issuer": "x"}]}, {}),
        ],
        ids=str,
    )
    def test_what_is_malformed(self, inner, changes):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            verify(presentation(inner, **changes))

    def test_a_credential_is_no_presentation_and_the_other_way_round(self):
        with because(errors.KeyBindingReason.KEY_BINDING_MISSING):
            verify(vc_issued())
        with because(errors.TokenReason.MALFORMED_CLAIM, match="'vc'"):
            verify(vc_presented(vc_presented()))

    def test_several_credentials(self):
        with because(errors.TokenReason.MALFORMED_CLAIM, match="2 credentials"):
            verify(vc_presented(vc_issued(), vc_issued()))

    def test_for_somebody_else(self):
        with because(errors.KeyBindingReason.WRONG_AUDIENCE):
            verify(vc_presented(audience="https://other.example"))

    def test_of_another_request(self):
        with because(errors.KeyBindingReason.WRONG_NONCE):
            verify(vc_presented(nonce="another"))

    def test_by_somebody_else_than_the_subject(self):
        thief = Issuer(ISSUER.did, ISSUER.key)
        with because(errors.KeyBindingReason.KEY_BINDING_INVALID):
            verify(vc_presented(holder=thief))
        with because(errors.KeyBindingReason.KEY_BINDING_INVALID):
            verify(vc_presented(vc_issued(subject=None)))

    def test_in_the_subjects_name_by_another_key(self):
        with because(errors.SignatureReason.SIGNATURE_INVALID):
            verify(vc_presented(holder=Issuer(SUBJECT, ISSUER.key)))
        with because(errors.SignatureReason.KEY_TYPE_MISMATCH):
            verify(vc_presented(holder=Issuer(SUBJECT, HOLDER_KEY)))

    def test_holders_without_a_did_that_is_known_here(self):
        with because(errors.IssuerReason.UNKNOWN_DID_METHOD):
            verify(presentation(iss="did:web:x"))
        with because(errors.IssuerReason.UNKNOWN_CHAIN):
            verify(presentation(iss=SUBJECT.replace("0x7a69", "0x1")))

    def test_times(self):
        with because(errors.KeyBindingReason.KEY_BINDING_STALE):
            verify(vc_presented(at=NOW - DAY))
        with because(errors.KeyBindingReason.KEY_BINDING_STALE):
            verify(vc_presented(at=NOW + DAY))
        with because(errors.TimeReason.EXPIRED):
            verify(vc_presented(at=NOW - DAY / 480, expires_at=NOW - DAY / 500))

    def test_the_type_and_the_claims_that_were_asked_for(self):
        with because(errors.ContentReason.WRONG_TYPE):
            verify(vc_presented(vc_issued(types=["Other"])))
        with because(errors.ContentReason.CLAIM_MISSING):
            verify(vc_presented(vc_issued(claims={"a": 1})))
