"""One place chooses the format of a credential, and what it parses is never parsed again."""

from dataclasses import replace

import pytest

from careledger.identity.credentials import errors, formats, sd_jwt_vc, vc_jwt
from careledger.identity.credentials.credential import (
    Credential,
    CredentialFormat,
    Presentation,
)
from careledger.identity.credentials.formats import (
    credential_in,
    parse,
    parse_credential,
    parse_presentation,
)
from careledger.identity.credentials.jose import Limits
from careledger.values.times import from_seconds
from tests.support.refusals import because
from tests.worlds.identity.credential_stage import (
    AUDIENCE,
    DAY,
    DID,
    EXPECTED,
    HOLDER_KEY,
    NONCE,
    NOW,
    STATUS,
    SUBJECT,
    VC_EXPECTED,
    VCT,
    bound,
    chosen,
    issued,
    presented,
    sd_token,
    vc_issued,
    vc_presented,
    verifier,
)


class TestParse:
    def test_an_sd_jwt_vc_as_a_value(self):
        selection = chosen()
        found = parse(presented(selection, consent=b"\7" * 32))
        credential, proof = found.credential, found.proof

        assert (credential.format, credential.issuer, credential.types) == (
            "dc+sd-jwt",
            DID,
            (VCT,),
        )
        assert (credential.status, credential.scope) == (STATUS, selection.scope)
        assert credential.disclosed == (("address",), ("age_over_18",))
        assert (credential.signed_at, credential.times.expires_at) == (NOW, NOW + 30 * DAY)
        assert credential.holder_key == HOLDER_KEY.public
        assert (proof.holder, proof.consent_id) == (HOLDER_KEY.public, b"\7" * 32)
        assert (proof.audience, proof.nonce, proof.signed_at) == ((AUDIENCE,), NONCE, NOW)
        assert proof.covers_disclosures

    def test_a_w3c_presentation_as_a_value(self):
        found = parse(vc_presented())
        credential, proof = found.credential, found.proof

        assert (credential.format, credential.issuer, credential.types[-1]) == (
            "jwt_vc",
            DID,
            "Kyc",
        )
        assert (credential.subject, credential.holder_key) == (SUBJECT, None)
        assert (proof.holder, proof.audience, proof.consent_id) == (SUBJECT, (AUDIENCE,), None)

    @pytest.mark.parametrize("text", [issued(), vc_issued()], ids=["SD-JWT VC", "VC-JWT"])
    def test_a_credential_alone(self, text):
        assert isinstance(parse(text), Credential)
        assert parse_credential(text) == credential_in(text) == parse(text)
        with because(errors.KeyBindingReason.KEY_BINDING_MISSING):
            parse_presentation(text)

    @pytest.mark.parametrize("text", [presented(), vc_presented()], ids=["SD-JWT VC", "VC-JWT"])
    def test_a_presentation(self, text):
        assert isinstance(parse(text), Presentation)
        assert credential_in(text) == parse_presentation(text).credential
        with pytest.raises(errors.MalformedToken, match="this is a presentation"):
            parse_credential(text)

    def test_no_repr_shows_a_claim(self):
        for text in (presented(chosen(None, "given_name")), vc_presented()):
            assert "Ana" not in repr(parse(text))

    @pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c.d", "<html>"])
    def test_a_text_of_no_format_is_refused_with_their_names(self, text):
        with pytest.raises(errors.MalformedToken, match=r"known format: dc\+sd-jwt, jwt_vc"):
            parse(text)

    @pytest.mark.parametrize("text", [presented(), vc_presented()], ids=["SD-JWT VC", "VC-JWT"])
    def test_limits_hold_for_every_format(self, text):
        with because(errors.TokenReason.TOKEN_TOO_LARGE):
            parse(text, Limits(token=len(text) - 1))
        with because(errors.TokenReason.TOKEN_TOO_LARGE):
            parse(text, Limits(header=5))

    @pytest.mark.parametrize(
        "text",
        [
            sd_token({"cnf": {"kid": "x"}}),
            bound(chosen().token.text, consent="0x12"),
            bound(chosen().token.text, exp="never"),
        ],
        ids=["holder's key", "consent", "time"],
    )
    def test_what_the_protocol_gives_a_meaning_to_is_read_even_if_nobody_asks(self, text):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            parse(text)


class TestParsedOnce:
    @pytest.mark.parametrize(
        ("text", "required"),
        [(presented(), EXPECTED), (vc_presented(), VC_EXPECTED)],
        ids=["SD-JWT VC", "VC-JWT"],
    )
    def test_a_parsed_presentation_is_verified_without_its_text(self, text, required, monkeypatch):
        parsed = parse_presentation(text)
        by_text = verifier().verify(text, required)

        for format_ in formats.FORMATS:
            assert format_ in (sd_jwt_vc.FORMAT, vc_jwt.FORMAT)
        monkeypatch.setattr(formats, "FORMATS", ())
        with pytest.raises(errors.MalformedToken):
            verifier().verify(text, required)
        assert verifier().verify(parsed, required) == by_text

    def test_what_was_not_signed_for_is_refused_in_a_parsed_one_too(self):
        parsed = parse_presentation(presented())
        altered = replace(parsed, proof=replace(parsed.proof, covers_disclosures=False))
        with because(errors.KeyBindingReason.PRESENTATION_ALTERED):
            verifier().verify(altered, EXPECTED)

    def test_times_are_judged_when_it_is_verified_and_not_when_it_was_parsed(self):
        parsed = parse_presentation(presented())
        late = NOW + 31 * DAY
        old = replace(parsed.credential.times, expires_at=from_seconds(0))
        with because(errors.TimeReason.EXPIRED):
            verifier().verify(
                replace(parsed, credential=replace(parsed.credential, times=old)), EXPECTED
            )
        with because(errors.KeyBindingReason.KEY_BINDING_STALE):
            verifier(at=late).verify(parsed, EXPECTED)


def test_a_further_format_is_a_module_and_a_line(monkeypatch):
    """Here: the presentation of another format behind a prefix."""
    prefix = "toy:"
    toy = CredentialFormat(
        "toy",
        lambda text: text.startswith(prefix),
        lambda text, limits: parse(text.removeprefix(prefix), limits),
    )
    monkeypatch.setattr(formats, "FORMATS", (toy, *formats.FORMATS))

    text = presented()
    found = verifier().verify(prefix + text, EXPECTED)
    assert found == verifier().verify(text, EXPECTED)
    assert verifier().check(prefix + issued(), VCT).get("given_name") == "Ana"
