"""A passkey that a browser created, and every answer that is refused."""

import json

import pytest
from webauthn.helpers import encode_cbor

from careledger.crypto import base64url
from careledger.crypto.hashing import sha256
from careledger.identity.passkeys import errors
from careledger.identity.passkeys.ceremony import (
    check_created,
    creation_options,
)
from tests.support.refusals import because
from tests.worlds.identity.passkeys import (
    CHALLENGE,
    SITE,
    edited,
    flagged,
    phone,
    saying,
)


def created(who=None, **parts):
    who = who or phone("alice")
    return edited(who.create(creation_options(SITE, "Alice", CHALLENGE)), **parts)


def attested(change):
    """Return a function that changes the authenticator data inside an attestation object."""

    def inside(raw):
        data = raw[raw.index(sha256(SITE.rp_id.encode())) :]
        return encode_cbor({"fmt": "none", "attStmt": {}, "authData": change(data)})

    return inside


class TestCheckCreated:
    @pytest.mark.parametrize("form", [dict, json.dumps, lambda a: json.dumps(a).encode()])
    def test_a_good_answer_gives_the_passkey(self, form):
        assert check_created(form(created()), CHALLENGE, SITE) == phone("alice").passkey

    def test_one_that_stays_on_its_device(self):
        who = phone("alice", flags=0x05, counts=True)
        passkey = check_created(created(who), CHALLENGE, SITE)
        assert (passkey.backed_up, passkey.count) == (False, 1)

    @pytest.mark.parametrize(
        ("refusal", "parts"),
        [
            (errors.PasskeyReason.WRONG_CEREMONY, {"clientDataJSON": saying(type="webauthn.get")}),
            (errors.PasskeyReason.WRONG_CEREMONY, {"clientDataJSON": saying(type=None)}),
            (
                errors.PasskeyReason.WRONG_CHALLENGE,
                {"clientDataJSON": saying(challenge=base64url.encode(b"else"))},
            ),
            (
                errors.PasskeyReason.WRONG_ORIGIN,
                {"clientDataJSON": saying(origin="https://evil.example")},
            ),
            (
                errors.PasskeyReason.WRONG_ORIGIN,
                {"clientDataJSON": saying(origin="https://wallet.example:444")},
            ),
            (errors.PasskeyReason.WRONG_ORIGIN, {"clientDataJSON": saying(crossOrigin=True)}),
            (
                errors.PasskeyReason.WRONG_ORIGIN,
                {"clientDataJSON": saying(topOrigin="https://evil.example")},
            ),
            (
                errors.PasskeyReason.WRONG_SITE,
                {"attestationObject": attested(lambda d: sha256(b"evil.example") + d[32:])},
            ),
            (errors.PasskeyReason.USER_ABSENT, {"attestationObject": attested(flagged(0x44))}),
            (
                errors.PasskeyReason.USER_NOT_VERIFIED,
                {"attestationObject": attested(flagged(0x41))},
            ),
            (
                errors.PasskeyReason.BACKUP_CONTRADICTION,
                {"attestationObject": attested(flagged(0x55))},
            ),
            (errors.BadPasskey, {"attestationObject": attested(lambda d: flagged(0x05)(d)[:37])}),
            (
                errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                {"attestationObject": attested(lambda d: d[:-1])},
            ),
            (
                errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                {"attestationObject": attested(lambda d: d + b"\0")},
            ),
            (
                errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                {"attestationObject": lambda raw: raw[:20]},
            ),
            (errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER, {"attestationObject": lambda raw: b""}),
            (errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER, {"clientDataJSON": lambda raw: b"[]"}),
            (errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER, {"clientDataJSON": lambda raw: b"{"}),
            (
                errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                {"clientDataJSON": lambda raw: b"\xff"},
            ),
            (
                errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                {"clientDataJSON": lambda raw: b"[" * 100_000},
            ),
            (
                errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                {"clientDataJSON": lambda raw: raw[:-1] + b',"type":"webauthn.create"}'},
            ),
        ],
    )
    def test_each_fault_has_its_own_refusal(self, refusal, parts):
        with because(refusal) as refused:
            check_created(created(**parts), CHALLENGE, SITE)
        assert str(refused.value)

    @pytest.mark.parametrize(
        "cose",
        [
            {1: 3, 3: -257, -1: b"\1" * 256, -2: b"\1\0\1"},
            {1: 1, 3: -8, -1: 6, -2: b"\1" * 32},
            {1: 2, 3: -36, -1: 3, -2: b"\1" * 66, -3: b"\1" * 66},
        ],
        ids=["RSA", "Ed25519", "P-521"],
    )
    def test_a_key_that_the_chain_cannot_check_is_refused(self, cose):
        def other(data):
            return data[:-77] + encode_cbor(cose)

        with pytest.raises(errors.BadPasskey):
            check_created(created(attestationObject=attested(other)), CHALLENGE, SITE)

    def test_a_point_off_the_curve_is_refused(self):
        def other(data):
            return data[:-77] + encode_cbor({1: 2, 3: -7, -1: 1, -2: b"\1" * 32, -3: b"\1" * 32})

        with pytest.raises(errors.BadPasskey):
            check_created(created(attestationObject=attested(other)), CHALLENGE, SITE)

    def test_another_challenge_than_was_asked(self):
        with because(errors.PasskeyReason.WRONG_CHALLENGE):
            check_created(created(), b"another", SITE)
