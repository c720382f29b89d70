"""Passkeys in Python: keys and records, what browsers are asked, and every answer that must not be believed."""

import json
import random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from webauthn.helpers import base64url_to_bytes, encode_cbor

from careledger.chain.reverts import Reverted
from careledger.crypto.hashing import sha256
from careledger.errors import InputError, SignatureError
from careledger.identity.passkeys import errors
from careledger.identity.passkeys.assertion import MAX_BYTES, Assertion, base64url, read_signature
from careledger.identity.passkeys.ceremony import (
    MAX_ANSWER,
    Site,
    check_assertion,
    check_created,
    creation_options,
    request_options,
)
from careledger.identity.passkeys.keys import ORDER, P, Passkey, PasskeyKey
from careledger.identity.passkeys.software import SoftwareAuthenticator
from tests.worlds.identity.passkeys import SITE, phone

DIGEST, CHALLENGE = keccak(b"what is signed"), b"random and used once"
VERIFIER = "0x" + "11" * 20
SEED = 20_260_912


def edited(answer, **parts):
    """Return a browser's answer with parts of its response changed, each by a function of the old bytes."""
    response = dict(answer["response"])
    for name, change in parts.items():
        response[name] = base64url(change(base64url_to_bytes(response[name])))
    return answer | {"response": response}


def saying(**members):
    """Return a function that changes members of the client data; None takes one away."""

    def change(raw):
        said = json.loads(raw) | members
        return json.dumps(
            {k: v for k, v in said.items() if v is not None}, separators=(",", ":")
        ).encode()

    return change


def flagged(flags):
    return lambda raw: raw[:32] + bytes([flags]) + raw[33:]


class TestPasskeyKey:
    def test_the_address_is_the_tail_of_the_hash_of_84_bytes(self):
        key = phone("alice").key
        signer = b"\x11" * 20 + key.x + key.y
        assert key.signer(VERIFIER) == signer
        assert key.address(VERIFIER) == to_checksum_address(keccak(signer)[12:])
        assert key.address("0x" + "12" * 20) != key.address(VERIFIER)

    def test_a_verifier_must_be_an_address(self):
        with pytest.raises(InputError):
            phone("alice").key.address("0x1234")

    @pytest.mark.parametrize(
        ("x", "y"),
        [
            (b"", b""),
            (b"\1" * 31, b"\1" * 32),
            (b"\1" * 32, b"\1" * 33),
            (bytes(32), bytes(32)),
            (b"\1" * 32, b"\1" * 32),
            (P.to_bytes(32, "big"), P.to_bytes(32, "big")),
            (b"\xff" * 32, b"\xff" * 32),
        ],
    )
    def test_what_is_no_point_is_refused(self, x, y):
        with pytest.raises(errors.BadPasskey):
            PasskeyKey(x, y)

    def test_a_key_of_another_curve_is_refused(self):
        with pytest.raises(errors.BadPasskey, match="secp256k1"):
            PasskeyKey.of(ec.generate_private_key(ec.SECP256K1()).public_key())


class TestPasskeyRecord:
    def test_it_comes_back_as_it_was(self):
        passkey = phone("alice").passkey
        assert Passkey.read(json.loads(json.dumps(passkey.document))) == passkey

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("x", None),
            ("x", 5),
            ("x", "0x12"),
            ("x", "12" * 32),
            ("y", "0x" + "01" * 32),
            ("y", "0xzz"),
            ("credentialId", "0x"),
            ("credentialId", "0x" + "11" * 1024),
            ("credentialId", "0x1"),
            ("rpId", ""),
            ("rpId", 7),
            ("count", -1),
            ("count", True),
            ("count", "1"),
            ("backedUp", 1),
        ],
    )
    def test_a_bad_member_is_refused(self, member, value):
        with pytest.raises(errors.BadPasskey):
            Passkey.read(phone("alice").passkey.document | {member: value})

    def test_a_missing_member_is_refused(self):
        for member in phone("alice").passkey.document:
            document = phone("alice").passkey.document
            del document[member]
            with pytest.raises(errors.BadPasskey):
                Passkey.read(document)


class TestSite:
    @pytest.mark.parametrize(
        "origins",
        [
            (),
            ("wallet.example",),
            ("https://",),
            ("https://wallet.example/",),
            ("https://wallet.example/page",),
            ("https://user@wallet.example?x",),
            ("http://wallet.example",),
            ("ftp://wallet.example",),
            ("https://else.example",),
            ("https://evilwallet.example",),
            ("https://wallet.example", "https://wallet.example.evil"),
        ],
    )
    def test_origins_that_no_browser_would_take_are_refused(self, origins):
        with pytest.raises(InputError):
            Site("wallet.example", origins)

    def test_good_ones_are_taken(self):
        Site("wallet.example", ("https://wallet.example", "https://a.b.wallet.example:8443"))
        Site("localhost", ("http://localhost:8000", "https://localhost"))


class TestOptions:
    def test_creating_asks_for_p256_and_the_persons_verification(self):
        options = creation_options(SITE, "Alice", CHALLENGE, known=[phone("alice").passkey])
        assert options["pubKeyCredParams"] == [{"type": "public-key", "alg": -7}]
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert options["attestation"] == "none"
        assert base64url_to_bytes(options["challenge"]) == CHALLENGE
        assert (
            base64url_to_bytes(options["excludeCredentials"][0]["id"])
            == phone("alice").credential_id
        )
        assert options["rp"] == {"id": "wallet.example", "name": "Example Wallet"}

    def test_the_handle_is_random_unless_given(self):
        handles = {creation_options(SITE, "Alice", CHALLENGE)["user"]["id"] for _ in range(3)}
        assert len(handles) == 3
        assert creation_options(SITE, "Alice", CHALLENGE, b"\1\2")["user"]["id"] == "AQI"

    def test_signing_asks_with_the_digest_itself(self):
        options = request_options(SITE, DIGEST, [phone("alice").passkey])
        assert base64url_to_bytes(options["challenge"]) == DIGEST
        assert (options["rpId"], options["userVerification"]) == ("wallet.example", "required")
        assert request_options(SITE, DIGEST)["allowCredentials"] == []

    @pytest.mark.parametrize("length", [0, 31, 33, 64])
    def test_only_a_digest_can_be_signed(self, length):
        with pytest.raises(errors.WrongChallenge):
            request_options(SITE, bytes(length))


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
            (errors.WrongCeremony, {"clientDataJSON": saying(type="webauthn.get")}),
            (errors.WrongCeremony, {"clientDataJSON": saying(type=None)}),
            (errors.WrongChallenge, {"clientDataJSON": saying(challenge=base64url(b"else"))}),
            (errors.WrongOrigin, {"clientDataJSON": saying(origin="https://evil.example")}),
            (errors.WrongOrigin, {"clientDataJSON": saying(origin="https://wallet.example:444")}),
            (errors.WrongOrigin, {"clientDataJSON": saying(crossOrigin=True)}),
            (errors.WrongOrigin, {"clientDataJSON": saying(topOrigin="https://evil.example")}),
            (
                errors.WrongSite,
                {"attestationObject": attested(lambda d: sha256(b"evil.example") + d[32:])},
            ),
            (errors.UserAbsent, {"attestationObject": attested(flagged(0x44))}),
            (errors.UserNotVerified, {"attestationObject": attested(flagged(0x41))}),
            (errors.BackupContradiction, {"attestationObject": attested(flagged(0x55))}),
            (errors.BadPasskey, {"attestationObject": attested(lambda d: flagged(0x05)(d)[:37])}),
            (errors.MalformedPasskeyAnswer, {"attestationObject": attested(lambda d: d[:-1])}),
            (errors.MalformedPasskeyAnswer, {"attestationObject": attested(lambda d: d + b"\0")}),
            (errors.MalformedPasskeyAnswer, {"attestationObject": lambda raw: raw[:20]}),
            (errors.MalformedPasskeyAnswer, {"attestationObject": lambda raw: b""}),
            (errors.MalformedPasskeyAnswer, {"clientDataJSON": lambda raw: b"[]"}),
            (errors.MalformedPasskeyAnswer, {"clientDataJSON": lambda raw: b"{"}),
            (errors.MalformedPasskeyAnswer, {"clientDataJSON": lambda raw: b"\xff"}),
            (errors.MalformedPasskeyAnswer, {"clientDataJSON": lambda raw: b"[" * 100_000}),
            (
                errors.MalformedPasskeyAnswer,
                {"clientDataJSON": lambda raw: raw[:-1] + b',"type":"webauthn.create"}'},
            ),
        ],
    )
    def test_each_fault_has_its_own_refusal(self, refusal, parts):
        with pytest.raises(refusal) as refused:
            check_created(created(**parts), CHALLENGE, SITE)
        assert type(refused.value) is refusal
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
        with pytest.raises(errors.WrongChallenge):
            check_created(created(), b"another", SITE)


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
            f'"challenge":"{base64url(DIGEST)}"'.encode()
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
            (errors.WrongCeremony, {"clientDataJSON": saying(type="webauthn.create")}),
            (errors.WrongCeremony, {"clientDataJSON": saying(type="payment.get")}),
            (errors.WrongChallenge, {"clientDataJSON": saying(challenge=base64url(bytes(32)))}),
            (errors.WrongChallenge, {"clientDataJSON": saying(challenge=base64url(DIGEST) + "=")}),
            (errors.WrongChallenge, {"clientDataJSON": saying(challenge=None)}),
            (errors.WrongOrigin, {"clientDataJSON": saying(origin="https://wallet.example.evil")}),
            (errors.WrongOrigin, {"clientDataJSON": saying(origin=["https://wallet.example"])}),
            (errors.WrongOrigin, {"clientDataJSON": saying(crossOrigin=True)}),
            (errors.WrongOrigin, {"clientDataJSON": saying(crossOrigin="no")}),
            (errors.WrongOrigin, {"clientDataJSON": saying(topOrigin="https://wallet.example")}),
            (errors.WrongSite, {"authenticatorData": lambda d: sha256(b"evil.example") + d[32:]}),
            (errors.UserAbsent, {"authenticatorData": flagged(0x04)}),
            (errors.UserNotVerified, {"authenticatorData": flagged(0x01)}),
            (errors.BackupContradiction, {"authenticatorData": flagged(0x15)}),
            (errors.WrongSignature, {"authenticatorData": flagged(0x05)}),
            (errors.WrongSignature, {"authenticatorData": flagged(0x85)}),
            (errors.WrongSignature, {"authenticatorData": lambda d: d + b"\0"}),
            (errors.WrongSignature, {"clientDataJSON": saying(more="of it")}),
            (errors.WrongSignature, {"signature": lambda s: s[:-1] + bytes([s[-1] ^ 1])}),
            (errors.MalformedPasskeyAnswer, {"authenticatorData": lambda d: d[:36]}),
            (errors.MalformedPasskeyAnswer, {"authenticatorData": lambda d: b""}),
            (errors.MalformedPasskeyAnswer, {"authenticatorData": lambda d: d + bytes(MAX_BYTES)}),
            (errors.MalformedPasskeyAnswer, {"signature": lambda s: b""}),
            (errors.MalformedPasskeyAnswer, {"signature": lambda s: s[:-1]}),
            (
                errors.MalformedPasskeyAnswer,
                {"signature": lambda s: bytes.fromhex("3006020100020101")},
            ),
            (
                errors.MalformedPasskeyAnswer,
                {"signature": lambda s: bytes.fromhex("3006020101020100")},
            ),
            (errors.MalformedPasskeyAnswer, {"clientDataJSON": lambda raw: b""}),
            (errors.MalformedPasskeyAnswer, {"clientDataJSON": lambda raw: b"7"}),
            (
                errors.MalformedPasskeyAnswer,
                {"clientDataJSON": lambda raw: raw[:-1] + b',"challenge":"AAAA"}'},
            ),
            (
                errors.NotForTheChain,
                {"clientDataJSON": lambda raw: json.dumps(json.loads(raw)).encode()},
            ),
        ],
    )
    def test_each_fault_has_its_own_refusal(self, refusal, parts):
        with pytest.raises(refusal) as refused:
            check_assertion(signed(**parts), DIGEST, phone("alice").passkey, SITE)
        assert type(refused.value) is refusal
        assert isinstance(refused.value, SignatureError)
        assert str(refused.value)

    def test_another_passkey_is_refused_by_its_id_and_by_its_key(self):
        alice, mallory = phone("alice").passkey, phone("mallory")
        with pytest.raises(errors.AnotherPasskey):
            check_assertion(signed(mallory), DIGEST, alice, SITE)
        mallory.credential_id = alice.credential_id
        with pytest.raises(errors.WrongSignature):
            check_assertion(signed(mallory), DIGEST, alice, SITE)

    def test_an_answer_to_another_question_is_refused(self):
        with pytest.raises(errors.WrongChallenge):
            check_assertion(signed(digest=keccak(b"else")), DIGEST, phone("alice").passkey, SITE)
        with pytest.raises(errors.WrongChallenge):
            check_assertion(signed(), DIGEST[:31], phone("alice").passkey, SITE)

    def test_a_counter_must_rise_once_it_counts(self):
        who = phone("alice", flags=0x05, counts=True)
        before, answer = who.passkey, signed(who)
        assertion = check_assertion(answer, DIGEST, before, SITE)
        assert assertion.count == who.count == 1
        with pytest.raises(errors.CounterWentBack):
            check_assertion(answer, DIGEST, who.passkey, SITE)
        check_assertion(signed(who), DIGEST, Passkey.read(before.document | {"count": 1}), SITE)

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
        with pytest.raises(errors.MalformedPasskeyAnswer):
            check_assertion(answer, DIGEST, phone("alice").passkey, SITE)

    @pytest.mark.parametrize("text", [7, "a", "a b=", "AAAA=", "ü", "A" * (MAX_ANSWER + 4)])
    @pytest.mark.parametrize("name", ["clientDataJSON", "authenticatorData", "signature"])
    def test_parts_that_are_no_base64url_or_too_long_are_refused(self, name, text):
        answer = signed()
        with pytest.raises(errors.MalformedPasskeyAnswer):
            check_assertion(
                answer | {"response": answer["response"] | {name: text}},
                DIGEST,
                phone("alice").passkey,
                SITE,
            )

    @pytest.mark.parametrize("name", ["id", "rawId", "type", "response"])
    @pytest.mark.parametrize("value", [None, 7, "", "AAAA", [], {}])
    def test_members_that_are_wrong_or_missing_are_refused(self, name, value):
        with pytest.raises(errors.MalformedPasskeyAnswer):
            check_assertion(signed() | {name: value}, DIGEST, phone("alice").passkey, SITE)

    def test_two_thousand_random_changes_are_refused_with_a_typed_error(self):
        """Any change of a signed byte; whatever happens inside the libraries, one of our classes comes out."""
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
            kinds.add(type(refused.value))
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
            with pytest.raises(errors.MalformedPasskeyAnswer):
                read_signature(bad)
        with pytest.raises(errors.BadPasskey):
            read_signature(good[:20] + bytes(64) + good[84:])

    def test_a_browser_that_writes_otherwise_is_told_so(self):
        data = sha256(SITE.rp_id.encode()) + b"\5" + bytes(4)
        for said in (b'{"type": "webauthn.get"}', b'{"type":"webauthn.get"}', b"{}"):
            with pytest.raises(errors.NotForTheChain):
                Assertion.of(data, said, bytes.fromhex("3006020101020101"), DIGEST)

    def test_client_data_that_are_no_utf8_are_refused(self):
        with pytest.raises(errors.MalformedPasskeyAnswer):
            Assertion.of(bytes(37), b"\xff", bytes.fromhex("3006020101020101"), DIGEST)


class TestSoftwareAuthenticator:
    def test_one_without_a_secret_has_a_key_of_its_own(self):
        assert SoftwareAuthenticator(SITE).key != SoftwareAuthenticator(SITE).key

    def test_it_signs_the_same_way_each_time(self):
        assert phone("alice").sign(DIGEST, VERIFIER) == phone("alice").sign(DIGEST, VERIFIER)

    @pytest.mark.parametrize("high", [False, True])
    def test_it_gives_the_s_that_is_wanted(self, high):
        passkey = phone("alice", high=high)
        for number in range(5):
            answer = passkey.get(request_options(SITE, keccak(bytes([number]))))
            s = decode_dss_signature(base64url_to_bytes(answer["response"]["signature"]))[1]
            assert (s > ORDER // 2) is high

    def test_as_a_signer_it_has_the_passkeys_address(self):
        class Message:
            digest = DIGEST

        signer = phone("alice").signer(VERIFIER)
        assert signer.address == phone("alice").key.address(VERIFIER)
        assert signer.sign(Message()) == phone("alice").sign(DIGEST, VERIFIER)


def test_the_contracts_refusal_is_no_passkeys_refusal():
    assert issubclass(errors.NotOnCurve, Reverted)
    assert not issubclass(errors.NotOnCurve, errors.PasskeyRefused)
