"""Lists that somebody exported, read and checked: whose they are, and that nothing was changed."""

import time
import zlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careledger.errors import CareLedgerError
from careledger.identity.credentials.errors import (
    CredentialError,
    IssuerReason,
    MalformedToken,
    SignatureReason,
    StatusReason,
    TokenReason,
)
from careledger.identity.credentials.jose import Jws, Limits, encode, sign
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.status import bits
from careledger.identity.status.bitstring_list import export_plain, export_vc1, export_vc2
from careledger.identity.status.kinds import read_status_list
from careledger.identity.status.snapshot import MIN_SIZE
from careledger.identity.status.token_list import export_token_list
from tests.support.refusals import because
from tests.worlds.identity.status_lists import (
    AT,
    DID,
    FORMS,
    ISSUER,
    KEY,
    KEYS,
    OTHER,
    URI,
    Keys,
    altered,
    credential,
    snapshot,
    token,
)

LIMITS = Limits(token=2**22)


@pytest.fixture(params=FORMS)
def make(request):
    return FORMS[request.param]


class TestReading:
    @pytest.mark.parametrize("alg", KEYS)
    def test_every_algorithm_and_form_there_and_back(self, alg):
        revoked = {0, 7, 8, 255, 256, MIN_SIZE - 1}
        issuer, keys = replace(ISSUER, key=KEYS[alg]), Keys(KEYS[alg])
        for export in (export_token_list, export_vc2, export_vc1):
            found = read_status_list(export(snapshot(*revoked), URI, issuer), URI, DID, keys)
            assert found.revoked == sorted(revoked)
            assert (found.uri, found.issuer, found.size) == (URI, DID, MIN_SIZE)
            assert (found.issued_at, found.expires_at) == (AT, AT + timedelta(days=1))
            seen = [found.is_revoked(index) for index in (0, 1, 7, MIN_SIZE - 1)]
            assert seen == [True, False, True, True]
        assert keys.asked == [(DID, AT)] * 3

    def test_another_key_is_refused(self, make):
        with because(SignatureReason.SIGNATURE_INVALID):
            read_status_list(make(), URI, DID, Keys(SigningKey.generate("ES256")))

    def test_a_changed_bit_is_refused(self, make):
        header, claims, _ = make(5).split(".")
        _, _, signature = make().split(".")
        with because(SignatureReason.SIGNATURE_INVALID):
            read_status_list(".".join((header, claims, signature)), URI, DID, Keys())

    def test_another_list_is_refused(self, make):
        with because(StatusReason.STATUS_UNREADABLE, match="calls itself"):
            read_status_list(make(), URI + "0", DID, Keys())

    def test_another_issuers_list_is_refused(self, make):
        with because(IssuerReason.UNTRUSTED_ISSUER, match="is by"):
            read_status_list(make(), URI, OTHER, Keys())

    def test_bits_are_unpacked_only_after_the_signature_was_checked(self, make):
        def bomb(claims):
            if "status_list" in claims:
                claims["status_list"]["lst"] = "!"
            else:
                claims.get("vc", claims)["credentialSubject"]["encodedList"] = "u!"

        text = altered(make(), bomb)
        with because(StatusReason.STATUS_UNREADABLE, match="not base64url"):
            read_status_list(text, URI, DID, Keys())
        with because(SignatureReason.SIGNATURE_INVALID):
            read_status_list(text, URI, DID, Keys(SigningKey.generate("ES256")))

    def test_another_kind_of_token_is_refused(self):
        for kind in ("kb+jwt", "dc+sd-jwt"):
            with because(TokenReason.WRONG_TOKEN_TYPE):
                read_status_list(sign({"typ": kind}, {}, KEY), URI, DID, Keys())

    def test_a_list_of_one_kind_in_the_envelope_of_another_is_refused(self):
        claims = Jws.parse(credential(), {"vc+jwt"}, limits=LIMITS).claims
        with because(TokenReason.MALFORMED_CLAIM):
            read_status_list(sign({"typ": "statuslist+jwt"}, claims, KEY), URI, DID, Keys())

    def test_a_plain_credential_is_not_read(self):
        with pytest.raises(MalformedToken):
            read_status_list(export_plain(snapshot(5), URI, ISSUER), URI, DID, Keys())

    @pytest.mark.parametrize("width", [2, 4, 8])
    def test_others_lists_of_several_bits_are_read(self, width):
        raw = bytes([0b10 << width % 8, 0xFF]) if width < 8 else bytes([0, 2])

        def widen(claims):
            claims["status_list"] = {"bits": width, "lst": encode(zlib.compress(raw))}
            del claims["iss"], claims["exp"]  # which the standard leaves open

        found = read_status_list(altered(token(), widen), URI, DID, Keys())
        assert (found.size, found.expires_at) == (16 // width, None)
        assert (found.is_revoked(0), found.is_revoked(1)) == (False, True)

    @pytest.mark.parametrize(
        "change",
        [
            {"status_list": None},
            {"status_list": {}},
            {"status_list": {"bits": 3, "lst": "eNrbuRgAAhcBXQ"}},
            {"status_list": {"bits": True, "lst": "eNrbuRgAAhcBXQ"}},
            {"status_list": {"bits": 1, "lst": "!"}},
            {"status_list": {"bits": 1, "lst": encode(zlib.compress(bytes(2**26)))}},
            {"iat": "now"},
            {"iat": -1},
            {"exp": []},
            {"iat": 1e300},
            {"sub": None},
            {"sub": 7},
            {"iss": None},
            {"iss": {"id": DID}},
        ],
    )
    def test_a_bent_token_list_is_refused(self, change):
        with pytest.raises(CredentialError):
            read_status_list(
                altered(token(), lambda claims: claims.update(change)), URI, DID, Keys()
            )

    @pytest.mark.parametrize(
        "change",
        [
            {"vc": 1},
            {"vc": {}},
            {"credentialSubject": None},
            {"credentialSubject": []},
            {"type": "x"},
            {"issuer": 1},
            {"type": ["VerifiableCredential"]},
            {"validFrom": "today"},
            {"validUntil": 7},
            {"iss": OTHER},
            {"validFrom": "2030-01-01T00:00:00+99:00"},
            {"id": [URI]},
            {"issuer": {"name": DID}},
        ],
    )
    def test_a_bent_credential_is_refused(self, change):
        with pytest.raises(CredentialError):
            read_status_list(
                altered(credential(), lambda claims: claims.update(change)), URI, DID, Keys()
            )

    @pytest.mark.parametrize(
        "change",
        [
            {"statusPurpose": "suspension"},
            {"statusPurpose": None},
            {"type": "StatusList2021"},
            {"encodedList": 7},
            {"encodedList": "H4sI"},
            {"encodedList": "uH4sI"},
            {"encodedList": "z123"},
            {"encodedList": "u" + encode(bits.compress(bytes(99), bits.GZIP))},
            {"encodedList": "u" + encode(bits.compress(bytes(2**23), bits.GZIP))},
        ],
    )
    def test_a_bent_list_in_a_credential_is_refused(self, change):
        text = altered(credential(), lambda claims: claims["credentialSubject"].update(change))
        with pytest.raises(CredentialError):
            read_status_list(text, URI, DID, Keys())

    def test_a_credential_that_does_not_say_when_it_was_made_is_refused(self):
        def timeless(claims):
            del claims["iat"], claims["validFrom"]

        with because(StatusReason.STATUS_UNREADABLE, match="does not say when"):
            read_status_list(altered(credential(), timeless), URI, DID, Keys())

    def test_the_forms_that_others_write_are_read(self):
        """As did-jwt-vc writes it: ids in `jti` and `sub`, the issuer as object, lists of one."""

        def theirs(claims):
            claims["sub"] = claims["vc"]["credentialSubject"].pop("id")
            claims["vc"]["issuer"] = {"id": DID}
            claims["vc"]["credentialSubject"] = [
                claims["vc"]["credentialSubject"] | {"statusPurpose": ["revocation"]}
            ]
            claims["vc"]["issuanceDate"] = "2029-12-31T00:00:00Z"
            del claims["iat"]

        found = read_status_list(
            altered(credential(9, export=export_vc1), theirs), URI, DID, Keys()
        )
        assert found.is_revoked(9)
        assert found.issued_at == AT - timedelta(days=1)

    @pytest.mark.parametrize(
        ("text", "at"),
        [
            ("2029-12-31T00:00:00", AT - timedelta(days=1)),
            ("2029-12-31T01:00:00+01:00", AT - timedelta(days=1)),
            (
                "2029-12-31T00:00:00.123456789Z",
                AT - timedelta(days=1) + timedelta(microseconds=123_456),
            ),
        ],
    )
    def test_the_times_that_others_write_are_read(self, text, at):
        listed = altered(credential(), lambda claims: claims.update(validFrom=text))
        assert read_status_list(listed, URI, DID, Keys()).issued_at == at

    def test_a_huge_token_is_refused_at_once(self):
        with because(TokenReason.TOKEN_TOO_LARGE):
            read_status_list("x" * (4 * 2**20 + 1), URI, DID, Keys())


TOKENS = [make(5) for make in FORMS.values()]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TOKENS), st.data())
def test_whatever_becomes_of_a_list_the_answer_is_an_error_of_ours_within_a_second(text, data):
    at = data.draw(st.integers(0, len(text)))
    kind = data.draw(st.sampled_from(["cut", "swap", "insert", "payload"]))
    if kind == "payload":
        header, _, signature = text.split(".")
        bent = ".".join((header, encode(data.draw(st.binary(max_size=200))), signature))
    elif kind == "cut":
        bent = text[:at]
    else:
        bent = text[:at] + data.draw(st.text(max_size=5)) + text[at + (kind == "swap") :]
    began = time.thread_time()
    try:
        found = read_status_list(bent, URI, DID, Keys())
    except CareLedgerError:
        found = None
    else:
        assert bent == text, "something else was read than was signed"
        assert found.revoked == [5]
    assert time.thread_time() - began < 1


def test_a_claim_without_form_is_said():
    with because(TokenReason.MALFORMED_CLAIM, match="lacks"):
        read_status_list(altered(token(), lambda claims: claims.pop("iat")), URI, DID, Keys())
