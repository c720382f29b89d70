"""What a verifier always checks, and that each failure has its own class and sentence."""

import inspect
from datetime import timedelta

import pytest

from careledger.errors import CareLedgerError, InputError
from careledger.identity.consent.terms import use_commitment
from careledger.identity.credentials import errors
from careledger.identity.credentials.issuer import Issuer
from careledger.identity.credentials.jose import encode
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.policy import VerifierPolicy
from careledger.identity.credentials.sd_jwt import SdJwt
from tests.support.refusals import because
from tests.worlds.identity.credential_stage import (
    AUDIENCE,
    DAY,
    DID,
    GRANTEE,
    HOLDER_KEY,
    ISSUER,
    ISSUER_KEY,
    MINUTE,
    NONCE,
    NOW,
    STATUS,
    SUBJECT_KEY,
    VCT,
    bound,
    chosen,
    issued,
    part,
    presented,
    raw_token,
    sd_token,
    vc_issued,
    verifier,
    verify,
)


class TestVerified:
    def test_what_it_says(self):
        found = verify(presented())
        assert (found.issuer, found.issuer_key, found.type) == (DID, f"{DID}#controller", VCT)
        assert (found.issued_at, found.expires_at) == (NOW, NOW + 30 * DAY)
        assert (found.status, found.subject, found.consent_id) == (STATUS, None, None)
        assert found.disclosed == (("address",), ("age_over_18",))
        assert (found.verified_at, found.block_number) == (NOW, 16)
        assert found.get("age_over_18") is True
        assert found.get(["nationalities", None]) == []
        assert found.get("given_name") is None

    def test_its_repr_shows_no_claim(self):
        assert "Ana" not in repr(verify(presented(chosen(None, "age_over_18", "given_name"))))

    def test_a_use_can_be_committed_to_by_its_hash(self):
        text = presented()
        found = verify(text)
        assert use_commitment(b"\1" * 32, found.presentation_hash) == use_commitment(
            b"\1" * 32, text
        )

    @pytest.mark.parametrize("alg", ["ES256K", "ES256K-R"])
    def test_either_way_of_secp256k1(self, alg):
        issuer = Issuer(DID, SigningKey(alg, ISSUER_KEY.secret))
        assert verify(presented(chosen(issued(issuer=issuer)))).issuer_key == f"{DID}#controller"

    def test_the_issuer_by_public_key_and_in_small_letters(self):
        from careledger.identity.did.did import format_did

        for did in (format_did("0x" + ISSUER_KEY.public.raw.hex(), 31337), DID.lower()):
            assert verify(presented(chosen(issued(issuer=Issuer(did, ISSUER_KEY))))).issuer == did


class TestSignatures:
    def test_a_changed_payload(self):
        head, _, tail = issued().partition(".")
        payload, dot, rest = tail.partition(".")
        forged = encode(
            b'{"iss":"' + DID.encode() + b'","vct":"' + VCT.encode() + b'","iat":1800000000}'
        )
        assert payload
        text = f"{head}.{forged}{dot}{rest}".split("~")[0] + "~"
        with pytest.raises(errors.HolderKeyMissing):
            verify(bound(text))
        with because(errors.SignatureReason.SIGNATURE_INVALID):
            verifier(status_required=False).check(text)

    def test_another_key(self):
        with because(errors.SignatureReason.SIGNATURE_INVALID):
            verify(sd_token({"age_over_18": True}, key=SigningKey("ES256K", b"\7" * 32)))

    @pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
    def test_a_key_of_another_type(self, alg):
        with because(errors.SignatureReason.KEY_TYPE_MISMATCH):
            verify(sd_token({"age_over_18": True}, key=SigningKey(alg, b"\7" * 32)))

    def test_the_public_key_as_shared_secret(self):
        """The classic confusion: HMAC with the public key as key."""
        import hmac

        token = presented().split("~")
        header = encode(b'{"alg":"HS256","typ":"dc+sd-jwt"}')
        signed = f"{header}.{token[0].split('.')[1]}"
        mac = encode(hmac.digest(ISSUER_KEY.public.raw, signed.encode(), "sha256"))
        with because(errors.SignatureReason.ALGORITHM_REFUSED):
            verify("~".join([f"{signed}.{mac}", *token[1:]]))

    def test_none(self):
        token = presented().split("~")
        header = encode(b'{"alg":"none","typ":"dc+sd-jwt"}')
        with because(errors.SignatureReason.ALGORITHM_REFUSED, match="unsigned"):
            verify("~".join([f"{header}.{token[0].split('.')[1]}.", *token[1:]]))

    def test_a_key_in_the_header_is_not_asked(self):
        thief = SigningKey("ES256K", b"\7" * 32)
        with because(errors.SignatureReason.SIGNATURE_INVALID):
            verify(
                sd_token(
                    {"age_over_18": True},
                    header={"jwk": thief.public.jwk, "x5c": ["AA"]},
                    key=thief,
                )
            )

    @pytest.mark.parametrize("kid", ["#controller", f"{DID}#controller"])
    def test_a_key_by_name(self, kid):
        assert (
            verify(sd_token({"age_over_18": True}, header={"kid": kid})).issuer_key
            == f"{DID}#controller"
        )

    @pytest.mark.parametrize(
        "kid", ["controller", "did:ethr:0x1#controller", f"{DID}#delegate-1", ""]
    )
    def test_names_of_no_key(self, kid):
        with because(errors.IssuerReason.ISSUER_KEY_UNKNOWN):
            verify(sd_token({"age_over_18": True}, header={"kid": kid}))


class TestKeyBinding:
    def test_none(self):
        with because(errors.KeyBindingReason.KEY_BINDING_MISSING):
            verify(chosen().token.text)

    def test_no_key_to_bind_to(self):
        with pytest.raises(errors.HolderKeyMissing):
            verify(presented(chosen(issued(holder=None))))

    @pytest.mark.parametrize("cnf", [{}, [], {"kid": "x"}, {"jwk": {}}, {"jwk": "x"}], ids=str)
    def test_keys_that_are_none(self, cnf):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            verify(sd_token({"cnf": cnf, "age_over_18": True}))

    def test_by_another_key(self):
        with because(errors.KeyBindingReason.KEY_BINDING_INVALID):
            verify(presented(key=SigningKey("ES256", b"\7" * 32)))

    def test_by_a_key_of_another_type(self):
        with because(errors.SignatureReason.KEY_TYPE_MISMATCH):
            verify(presented(key=SigningKey("EdDSA", b"\7" * 32)))

    def test_for_somebody_else(self):
        with because(errors.KeyBindingReason.WRONG_AUDIENCE):
            verify(presented(audience="https://other.example"))

    def test_of_another_request(self):
        with because(errors.KeyBindingReason.WRONG_NONCE):
            verify(presented(nonce="another"))

    def test_over_other_disclosures(self):
        credential = issued()
        proof = SdJwt.parse(presented(chosen(credential))).key_binding
        more = chosen(credential, "age_over_18", "given_name").token.text
        with because(errors.KeyBindingReason.PRESENTATION_ALTERED):
            verify(more + proof)

    @pytest.mark.parametrize("name", ["iat", "aud", "nonce", "sd_hash"])
    def test_without_what_it_has_to_say(self, name):
        with because(errors.TokenReason.MALFORMED_CLAIM, match=f"'{name}'"):
            verify(bound(chosen().token.text, **{name: None}))

    @pytest.mark.parametrize(
        "changes", [{"aud": [AUDIENCE]}, {"aud": 7}, {"nonce": ["x"]}, {"iat": "now"}, {"iat": -5}]
    )
    def test_with_something_else_in_its_place(self, changes):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            verify(bound(chosen().token.text, **changes))

    @pytest.mark.parametrize("kind", ["JWT", "dc+sd-jwt"])
    def test_another_kind_of_token(self, kind):
        with because(errors.TokenReason.WRONG_TOKEN_TYPE):
            verify(bound(chosen().token.text, typ=kind))

    def test_garbage(self):
        with pytest.raises(errors.MalformedToken):
            verify(chosen().token.text + "garbage")

    def test_age(self):
        verify(presented(at=NOW - 10 * MINUTE))
        verify(presented(at=NOW + MINUTE))
        with because(errors.KeyBindingReason.KEY_BINDING_STALE, match="longer ago"):
            verify(presented(at=NOW - 12 * MINUTE))
        with because(errors.KeyBindingReason.KEY_BINDING_STALE, match="in the future"):
            verify(presented(at=NOW + 2 * MINUTE))
        with because(errors.KeyBindingReason.KEY_BINDING_STALE):
            verify(presented(at=NOW - 3 * MINUTE), key_binding_age=MINUTE)

    def test_times_of_its_own(self):
        """A proof is a JWT in all other respects too (RFC 9901, 7.3)."""
        now = int(NOW.timestamp())
        verify(bound(chosen().token.text, exp=now + 1, nbf=now - 1))
        with because(errors.TimeReason.EXPIRED, match="the holder's proof"):
            verify(bound(chosen().token.text, exp=now - 100))
        with because(errors.TimeReason.NOT_YET_VALID, match="the holder's proof"):
            verify(bound(chosen().token.text, nbf=now + 100))
        with because(errors.TokenReason.MALFORMED_CLAIM):
            verify(bound(chosen().token.text, exp="never"))

    def test_replayed(self):
        spent = []

        class Once:
            def spend(self, nonce):
                spent.append(nonce)
                return len(spent) == 1

        text = presented()
        verify(text, nonces=Once())
        with pytest.raises(errors.Replayed):
            verify(text, nonces=(once := Once()))
        assert once
        assert spent == [NONCE, NONCE]


class TestTimes:
    def test_expired_with_leeway(self):
        text = presented(chosen(issued(at=NOW - DAY, until=NOW - MINUTE + timedelta(seconds=1))))
        verify(text)
        with because(errors.TimeReason.EXPIRED):
            verify(text, leeway=timedelta(0))
        with because(errors.TimeReason.EXPIRED):
            verify(presented(chosen(issued(at=NOW - DAY, until=NOW - MINUTE))))

    def test_not_yet_valid_with_leeway(self):
        verify(presented(chosen(issued(since=NOW + MINUTE))))
        with because(errors.TimeReason.NOT_YET_VALID):
            verify(presented(chosen(issued(since=NOW + MINUTE))), leeway=timedelta(0))
        with because(errors.TimeReason.NOT_YET_VALID):
            verify(presented(chosen(issued(since=NOW + 2 * MINUTE))))

    def test_issued_in_the_future(self):
        verify(presented(chosen(issued(at=NOW + MINUTE))))
        with because(errors.TimeReason.ISSUED_IN_FUTURE):
            verify(presented(chosen(issued(at=NOW + 2 * MINUTE))))

    def test_the_later_clock_counts(self):
        """The machine's clock may be behind, and the newest block of an idle chain may be old."""
        text = presented()
        verify(text, at=NOW - DAY)
        with because(errors.KeyBindingReason.KEY_BINDING_STALE):
            verify(text, at=NOW + DAY)

    def test_as_far_as_times_go(self):
        end = 253_402_300_799
        assert verify(sd_token({"age_over_18": True, "exp": end})).expires_at.year == 9999
        for name, error in (
            ("nbf", errors.TimeReason.NOT_YET_VALID),
            ("iat", errors.TimeReason.ISSUED_IN_FUTURE),
        ):
            with because(error):
                verify(sd_token({"age_over_18": True, name: end}))
        with because(errors.TimeReason.EXPIRED):
            verify(sd_token({"age_over_18": True, "exp": 0}))
        assert verify(sd_token({"age_over_18": True, "iat": 0})).issued_at.year == 1970
        for made in (0, end):
            with because(errors.KeyBindingReason.KEY_BINDING_STALE):
                verify(bound(chosen().token.text, iat=made))

    def test_without_an_end(self):
        assert verify(presented(chosen(issued(until=None)))).expires_at is None

    def test_without_a_beginning_nobody_knows_which_keys_count(self):
        with because(errors.TokenReason.MALFORMED_CLAIM, match="does not say when it was signed"):
            verify(_without("iat"))

    @pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
    @pytest.mark.parametrize("value", ["2030", True, -1, 1e15, [1], None], ids=str)
    def test_times_that_are_none(self, name, value):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            verify(sd_token({"age_over_18": True, name: value}))

    def test_fractions_of_seconds(self):
        assert verify(
            sd_token({"age_over_18": True, "iat": 1_799_999_999.5})
        ).issued_at == NOW - timedelta(seconds=1)

    @pytest.mark.parametrize("changes", [{"leeway": -MINUTE}, {"key_binding_age": timedelta(0)}])
    def test_policies_that_cannot_be(self, changes):
        with pytest.raises(InputError):
            VerifierPolicy(issuers=None, **changes)


def _without(name):
    payload = part(issued(), 1) | {"age_over_18": True}
    del payload[name]
    return bound(raw_token(part(issued(), 0), payload) + "~")


class TestCheck:
    def test_what_an_issuer_gave(self):
        assert verifier().check(issued(), VCT).get("given_name") == "Ana"
        assert verifier().check(vc_issued()).type == "Kyc"

    def test_a_presentation_is_no_credential(self):
        with pytest.raises(errors.MalformedToken):
            verifier().check(presented())

    def test_another_type(self):
        for credential in (issued(), vc_issued()):
            with because(errors.ContentReason.WRONG_TYPE):
                verifier().check(credential, "other")

    def test_too_large(self):
        with because(errors.TokenReason.TOKEN_TOO_LARGE):
            verifier().check("A" * 65_537)


class TestErrors:
    def test_each_is_drawn_in_the_tree_and_has_a_sentence(self):
        kinds = [
            kind
            for _, kind in inspect.getmembers(errors, inspect.isclass)
            if issubclass(kind, errors.CredentialError) and kind.__module__ == errors.__name__
        ]
        assert len(kinds) > 10
        for kind in kinds:
            assert kind.__name__ in (errors.__doc__ or "")
            assert inspect.getdoc(kind).endswith(".")
            assert issubclass(kind, CareLedgerError)

    def test_each_reason_has_a_sentence_and_a_code_of_its_own(self):
        reasons = [
            reason
            for kind in errors.CredentialError.__subclasses__()
            if kind.reasons
            for reason in kind.reasons
        ]
        assert len(set(reasons)) == len(reasons) > 50
        assert all(reason.sentence.endswith(".") for reason in reasons)

    def test_an_error_says_its_reason_as_its_code(self):
        error = errors.KeyBindingError(errors.KeyBindingReason.WRONG_NONCE, "another request")
        assert error.to_json() == {
            "code": "identity.wrong-nonce",
            "message": "another request",
            "arguments": {},
        }

    def test_none_quotes_a_claim(self):
        """Whatever is done to a presentation, no message says what was in it."""
        secret = "Ana-Maria-0815"
        credential = issued(claims={"age_over_18": secret, "given_name": secret}, disclosable=None)
        text = presented(chosen(credential, "age_over_18"))
        attempts = [text[:n] for n in range(0, len(text), 7)] + [
            text.replace("~", "~A", 1),
            text + "x",
        ]
        for attempt in attempts:
            with pytest.raises(errors.CredentialError) as found:
                verify(attempt)
            assert secret not in str(found.value)


def test_every_party_of_the_example_is_somebody_else():
    assert len({ISSUER_KEY.address, SUBJECT_KEY.address, GRANTEE}) == 3
    assert ISSUER.kid
    assert HOLDER_KEY.alg == "ES256"
