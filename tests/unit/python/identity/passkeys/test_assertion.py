"""A signature that a browser returned, and every answer that is refused."""

import json
import random

import pytest
from eth_utils.crypto import keccak

from careledger.crypto import base64url
from careledger.crypto.hashing import sha256
from careledger.errors import SignatureError
from careledger.identity.passkeys import errors
from careledger.identity.passkeys.assertion import MAX_BYTES, Assertion, read_signature
from careledger.identity.passkeys.ceremony import (
    MAX_ANSWER,
    check_assertion,
    request_options,
)
from careledger.identity.passkeys.passkey import ORDER, Passkey
from tests.support.refusals import because
from tests.worlds.identity.passkeys import (
    DIGEST,
    SITE,
    VERIFIER,
    edited,
    flagged,
    phone,
    saying,
)

SEED = 20_260_912


def signed(who=None, digest=DIGEST, **parts):
    who = who or phone("alice")
    return edited(who.get(request_options(SITE, digest, [who.passkey])), **parts)


class TestCheckAssertion:
    @pytest.mark.parametrize("form", [dict, json.dumps, lambda a: json.dumps(a).encode()])
    def test_a_good_answer_gives_the_assertion(self, form):
        assertion = check_assertion(form(signed()), DIGEST, phone("alice").passkey, SITE)
        said = assertion.client_data
        assert said[assertion.type_index :].startswith(b'"type":"webauthn.get"')
        assert said[assertion.challenge_index :].startswith(
            f'"challenge":"{base64url.encode(DIGEST)}"'.encode()
        )
        assert assertion.s <= ORDER // 2

    def test_another_page_of_the_site_is_good_too(self):
        check_assertion(
            resigned(saying(origin="https://app.wallet.example")),
            DIGEST,
            phone("alice").passkey,
            SITE,
        )

    def test_the_higher_s_is_turned_into_the_lower(self):
        low, high = (phone("alice", high=high).assertion(DIGEST) for high in (False, True))
        assert low == high
        assert low.s <= ORDER // 2

    @pytest.mark.parametrize(
        ("refusal", "parts"),
        [
            (
                errors.PasskeyReason.WRONG_CEREMONY,
                {"clientDataJSON": saying(type="webauthn.create")},
            ),
            (errors.PasskeyReason.WRONG_CEREMONY, {"clientDataJSON": saying(type="payment.get")}),
            (
                errors.PasskeyReason.WRONG_CHALLENGE,
                {"clientDataJSON": saying(challenge=base64url.encode(bytes(32)))},
            ),
            (
                errors.PasskeyReason.WRONG_CHALLENGE,
                {"clientDataJSON": saying(challenge=base64url.encode(DIGEST) + "=")},
            ),
            (errors.PasskeyReason.WRONG_CHALLENGE, {"clientDataJSON": saying(challenge=None)}),
            (
                errors.PasskeyReason.WRONG_ORIGIN,
                {"clientDataJSON": saying(origin="https://wallet.example.evil")},
            ),
            (
                errors.PasskeyReason.WRONG_ORIGIN,
                {"clientDataJSON": saying(origin=["https://wallet.example"])},
            ),
            (errors.PasskeyReason.WRONG_ORIGIN, {"clientDataJSON": saying(crossOrigin=True)}),
            (errors.PasskeyReason.WRONG_ORIGIN, {"clientDataJSON": saying(crossOrigin="no")}),
            (
                errors.PasskeyReason.WRONG_ORIGIN,
                {"clientDataJSON": saying(topOrigin="https://wallet.example")},
            ),
            (
                errors.PasskeyReason.WRONG_SITE,
                {"authenticatorData": lambda d: sha256(b"evil.example") + d[32:]},
            ),
            (errors.PasskeyReason.USER_ABSENT, {"authenticatorData": flagged(0x04)}),
            (errors.PasskeyReason.USER_NOT_VERIFIED, {"authenticatorData": flagged(0x01)}),
            (errors.PasskeyReason.BACKUP_CONTRADICTION, {"authenticatorData": flagged(0x15)}),
            (errors.PasskeyReason.WRONG_SIGNATURE, {"authenticatorData": flagged(0x05)}),
            (errors.PasskeyReason.WRONG_SIGNATURE, {"authenticatorData": flagged(0x85)}),
            (errors.PasskeyReason.WRONG_SIGNATURE, {"authenticatorData": lambda d: d + b"\0"}),
            (errors.PasskeyReason.WRONG_SIGNATURE, {"clientDataJSON": saying(more="of it")}),
            (
                errors.PasskeyReason.WRONG_SIGNATURE,
                {"signature": lambda s: s[:-1] + bytes([s[-1] ^ 1])},
            ),
            (
                errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                {"authenticatorData": lambda d: d[:36]},
            ),
            (errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER, {"authenticatorData": lambda d: b""}),
            (
                errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                {"authenticatorData": lambda d: d + bytes(MAX_BYTES)},
            ),
            (errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER, {"signature": lambda s: b""}),
            (errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER, {"signature": lambda s: s[:-1]}),
            (
                errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                {"signature": lambda s: bytes.fromhex("3006020100020101")},
            ),
            (
                errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                {"signature": lambda s: bytes.fromhex("3006020101020100")},
            ),
            (errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER, {"clientDataJSON": lambda raw: b""}),
            (errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER, {"clientDataJSON": lambda raw: b"7"}),
            (
                errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                {"clientDataJSON": lambda raw: raw[:-1] + b',"challenge":"AAAA"}'},
            ),
            (
                errors.PasskeyReason.NOT_FOR_THE_CHAIN,
                {"clientDataJSON": lambda raw: json.dumps(json.loads(raw)).encode()},
            ),
        ],
    )
    def test_each_fault_has_its_own_refusal(self, refusal, parts):
        with because(refusal) as refused:
            check_assertion(signed(**parts), DIGEST, phone("alice").passkey, SITE)
        assert isinstance(refused.value, SignatureError)
        assert str(refused.value)

    def test_another_passkey_is_refused_by_its_id_and_by_its_key(self):
        alice, mallory = phone("alice").passkey, phone("mallory")
        with because(errors.PasskeyReason.ANOTHER_PASSKEY):
            check_assertion(signed(mallory), DIGEST, alice, SITE)
        mallory.credential_id = alice.credential_id
        with because(errors.PasskeyReason.WRONG_SIGNATURE):
            check_assertion(signed(mallory), DIGEST, alice, SITE)

    def test_an_answer_to_another_question_is_refused(self):
        with because(errors.PasskeyReason.WRONG_CHALLENGE):
            check_assertion(signed(digest=keccak(b"else")), DIGEST, phone("alice").passkey, SITE)
        with because(errors.PasskeyReason.WRONG_CHALLENGE):
            check_assertion(signed(), DIGEST[:31], phone("alice").passkey, SITE)

    def test_a_counter_must_rise_once_it_counts(self):
        who = phone("alice", flags=0x05, counts=True)
        before, answer = who.passkey, signed(who)
        assertion = check_assertion(answer, DIGEST, before, SITE)
        assert assertion.count == who.count == 1
        with because(errors.PasskeyReason.COUNTER_WENT_BACK):
            check_assertion(answer, DIGEST, who.passkey, SITE)
        check_assertion(
            signed(who), DIGEST, Passkey.from_json(before.to_json() | {"count": 1}), SITE
        )

    @pytest.mark.parametrize(
        "answer",
        [
            "",
            "{",
            "[]",
            "null",
            "7",
            b"\xff",
            "{}",
            '{"response":{}}',
            '{"response":[]}',
            '{"response":{"clientDataJSON":7}}',
            '{"response":{"clientDataJSON":"a"}}',
            '{"response":{"clientDataJSON":"a b="}}',
            '{"response":1,"response":2}',
            "[" * 100_000,
            '{"a":"' + "x" * MAX_ANSWER + '"}',
            {"response": {"clientDataJSON": "A" * (MAX_ANSWER + 4)}},
            {},
        ],
    )
    def test_what_is_no_answer_is_refused(self, answer):
        with because(errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER):
            check_assertion(answer, DIGEST, phone("alice").passkey, SITE)

    @pytest.mark.parametrize("text", [7, "a", "a b=", "AAAA=", "ü", "A" * (MAX_ANSWER + 4)])
    @pytest.mark.parametrize("name", ["clientDataJSON", "authenticatorData", "signature"])
    def test_parts_that_are_no_base64url_or_too_long_are_refused(self, name, text):
        answer = signed()
        with because(errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER):
            check_assertion(
                answer | {"response": answer["response"] | {name: text}},
                DIGEST,
                phone("alice").passkey,
                SITE,
            )

    @pytest.mark.parametrize("name", ["id", "rawId", "type", "response"])
    @pytest.mark.parametrize("value", [None, 7, "", "AAAA", [], {}])
    def test_members_that_are_wrong_or_missing_are_refused(self, name, value):
        with because(errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER):
            check_assertion(signed() | {name: value}, DIGEST, phone("alice").passkey, SITE)

    def test_two_thousand_random_changes_are_refused_with_a_typed_error(self):
        """Whatever happens inside the libraries, an error of one of our classes comes out."""
        draw, answer, passkey, kinds = random.Random(SEED), signed(), phone("alice").passkey, set()
        for _ in range(2_000):
            name = draw.choice(("clientDataJSON", "authenticatorData", "signature"))

            def change(raw):
                raw = bytearray(raw)
                for _ in range(draw.choice((1, 1, 3))):
                    raw[draw.randrange(len(raw))] = draw.randrange(256)
                return bytes(raw[: draw.choice((len(raw), len(raw), draw.randrange(len(raw))))])

            bent = edited(answer, **{name: change})
            if bent == answer:
                continue
            with pytest.raises(errors.PasskeyRefused) as refused:
                check_assertion(bent, DIGEST, passkey, SITE)
            kinds.add(refused.value.reason)
        assert len(kinds) >= 7


def resigned(change):
    """Return an answer whose client data were changed before the phone signed."""
    who = phone("alice")
    make = who._client_data
    who._client_data = lambda *what: change(make(*what))
    return who.get(request_options(SITE, DIGEST))


class TestAssertion:
    def test_the_signature_for_a_contract_comes_apart_again(self):
        who = phone("alice")
        assertion = who.assertion(DIGEST)
        verifier, key, read = read_signature(assertion.signature(who.key, VERIFIER))
        assert (verifier, key, read) == (b"\x11" * 20, who.key, assertion)

    def test_what_is_no_signature_is_refused(self):
        good = phone("alice").sign(DIGEST, VERIFIER)
        for bad in (
            b"",
            good[:84],
            good[:200],
            good[:276],
            good[:84] + b"\xff" * 192,
            good + bytes(MAX_BYTES),
        ):
            with because(errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER):
                read_signature(bad)
        with pytest.raises(errors.BadPasskey):
            read_signature(good[:20] + bytes(64) + good[84:])

    def test_a_browser_that_writes_otherwise_is_told_so(self):
        data = sha256(SITE.rp_id.encode()) + b"\5" + bytes(4)
        for said in (b'{"type": "webauthn.get"}', b'{"type":"webauthn.get"}', b"{}"):
            with because(errors.PasskeyReason.NOT_FOR_THE_CHAIN):
                Assertion.of(data, said, bytes.fromhex("3006020101020101"), DIGEST)

    def test_client_data_that_are_no_utf8_are_refused(self):
        with because(errors.PasskeyReason.MALFORMED_PASSKEY_ANSWER):
            Assertion.of(bytes(37), b"\xff", bytes.fromhex("3006020101020101"), DIGEST)
