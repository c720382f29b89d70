import base64
import json
import random
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careledger.errors import CareLedgerError, InputError
from careledger.identity.credentials.errors import (
    CredentialError,
    IssuedInFuture,
    MalformedClaim,
    MalformedToken,
    SignatureInvalid,
    StatusStale,
    StatusUnreadable,
    TokenTooLarge,
    UntrustedIssuer,
    WrongTokenType,
)
from careledger.identity.credentials.jose import decode, encode, sign
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.status import bits
from careledger.identity.status.lists import (
    MAX_SIZE,
    MIN_SIZE,
    Envelope,
    Exporter,
    Snapshot,
    check_within,
)
from careledger.identity.status.reader import (
    ExportedList,
    ListStatus,
    read_bitstring,
    read_token_list,
)

AT = datetime(2030, 1, 1, tzinfo=UTC)
DID, OTHER = "did:ethr:0x7a69:0x" + "11" * 20, "did:ethr:0x7a69:0x" + "22" * 20
URI = "https://issuer.example/status/1"
KEYS = {alg: SigningKey(alg, bytes([7]) * 32) for alg in ("ES256K", "ES256K-R", "ES256", "EdDSA")}
KEY = KEYS["ES256"]
EXPORTER = Exporter(DID, KEY, f"{DID}#delegate-1")


class Keys:
    """Stands for a DID document with one key."""

    def __init__(self, key=KEY):
        self.key, self.asked = key, []

    def check(self, jws, did, at):
        self.asked.append((did, at))
        if not self.key.public.verify(jws.alg, jws.signing_input, jws.signature):
            raise SignatureInvalid("not by this key")


def snapshot(*revoked, size=MIN_SIZE):
    raw = bytearray(size // 8)
    for index in revoked:
        raw[index // 8] |= 1 << index % 8
    return Snapshot(
        31337, "0x" + "aa" * 20, "0x" + "11" * 20, b"\1" * 32, bytes(raw), 7, b"\2" * 32, AT
    )


def token(*revoked, **changes):
    return EXPORTER.token_list(replace(snapshot(*revoked), **changes), URI)


def credential(*revoked, envelope=Envelope.V2):
    return EXPORTER.bitstring_jwt(snapshot(*revoked), URI, envelope)


FORMS = {
    "token": (token, read_token_list),
    "vc 2.0": (credential, read_bitstring),
    "vc 1.1": (lambda *revoked: credential(*revoked, envelope=Envelope.V1), read_bitstring),
}


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


def altered(text, change, key=KEY):
    """Sign a list anew after a change of its claims, as a careless issuer would."""
    header, claims, _ = (part for part in text.split("."))
    loaded, head = json.loads(decode(claims)), json.loads(decode(header))
    change(loaded)
    return sign({name: value for name, value in head.items() if name != "alg"}, loaded, key)


class TestBits:
    def test_the_order_of_the_chain_is_that_of_the_token_list(self):
        words = [1 | 1 << 9 | 1 << 255, 0, 1 << 3]
        assert bits.indexes(bits.from_words(words)) == [0, 9, 255, 512 + 3]

    def test_mirroring_twice_changes_nothing(self):
        raw = bytes(range(256))
        assert bits.mirrored(bits.mirrored(raw)) == raw
        assert bits.mirrored(b"\x01\x80\x0f") == b"\x80\x01\xf0"

    def test_the_example_of_the_token_status_list(self):
        """draft-ietf-oauth-status-list, 4.1: one bit each, 1 0 0 1 1 1 0 1, 1 1 0 0 0 1 0 1."""
        raw = bits.expanded(decode("eNrbuRgAAhcBXQ"), bits.ZLIB)
        assert raw == bytes.fromhex("b9a3")
        assert [bits.value(raw, index, 1) for index in range(16)] == [
            1,
            0,
            0,
            1,
            1,
            1,
            0,
            1,
            1,
            1,
            0,
            0,
            0,
            1,
            0,
            1,
        ]
        assert encode(bits.compressed(raw, bits.ZLIB)) == "eNrbuRgAAhcBXQ"

    def test_its_example_of_two_bits_each(self):
        """The same, 4.1: 1 2 0 3, 0 1 0 1, 1 2 3 3."""
        raw = bits.expanded(decode("eNo76fITAAPfAgc"), bits.ZLIB)
        assert raw == bytes.fromhex("c944f9")
        assert [bits.value(raw, index, 2) for index in range(12)] == [
            1,
            2,
            0,
            3,
            0,
            1,
            0,
            1,
            1,
            2,
            3,
            3,
        ]

    def test_the_example_of_the_bitstring_status_list(self):
        """Bitstring Status List v1.0, example 2: 131,072 credentials, none revoked."""
        text = "H4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
        assert bits.expanded(decode(text), bits.GZIP) == bytes(MIN_SIZE // 8)

    @pytest.mark.parametrize("form", [bits.ZLIB, bits.GZIP])
    def test_compressed_bytes_name_no_time_and_come_back(self, form):
        raw = random.Random(1).randbytes(5000)
        assert bits.compressed(raw, form) == bits.compressed(raw, form)
        assert bits.expanded(bits.compressed(raw, form), form) == raw

    @pytest.mark.parametrize(
        "packed",
        [b"", b"\0" * 20, bits.compressed(b"x", bits.GZIP), bits.compressed(b"x" * 99, bits.ZLIB)[:-1],
         bits.compressed(b"x", bits.ZLIB) + b"more", zlib.compress(bytes(2**26))],
    )  # fmt: skip
    def test_what_is_no_list_is_refused(self, packed):
        with pytest.raises(StatusUnreadable):
            bits.expanded(packed, bits.ZLIB)

    @pytest.mark.parametrize("index", [-1, 16, 10**30])
    def test_a_place_that_is_not_there_is_refused(self, index):
        with pytest.raises(StatusUnreadable, match="has 16 places"):
            bits.value(b"\0\0", index, 1)


class TestExport:
    def test_the_token_list_says_all_that_the_standard_wants(self):
        header, claims, _ = token(5).split(".")
        assert json.loads(decode(header)) == {
            "alg": "ES256",
            "typ": "statuslist+jwt",
            "kid": f"{DID}#delegate-1",
        }
        found = json.loads(decode(claims))
        content = found.pop("status_list")
        issued = int(AT.timestamp())
        assert found.pop("careledger") == snapshot().source
        assert found == {"iss": DID, "sub": URI, "iat": issued, "exp": issued + 86400, "ttl": 3600}
        assert content["bits"] == 1
        assert zlib.decompress(base64.urlsafe_b64decode(content["lst"] + "==")) == b"\x20" + bytes(
            MIN_SIZE // 8 - 1
        )

    def test_the_credential_says_all_that_the_standard_wants(self):
        found = EXPORTER.bitstring_credential(snapshot(5), URI)
        subject = found.pop("credentialSubject")
        assert found == {
            "@context": ["https://www.w3.org/ns/credentials/v2"], "id": URI, "issuer": DID,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "validFrom": "2030-01-01T00:00:00Z", "validUntil": "2030-01-02T00:00:00Z",
        }  # fmt: skip
        packed = subject.pop("encodedList")
        assert subject == {
            "id": f"{URI}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
        }
        raw = zlib.decompress(base64.urlsafe_b64decode(packed[1:] + "=="), zlib.MAX_WBITS | 16)
        assert packed[0] == "u"
        assert raw == b"\x04" + bytes(MIN_SIZE // 8 - 1)

    def test_the_envelopes(self):
        header, claims, _ = credential().split(".")
        assert json.loads(decode(header))["typ"] == "vc+jwt"
        plain, issued = EXPORTER.bitstring_credential(snapshot(), URI), int(AT.timestamp())
        assert json.loads(decode(claims)) == plain | {"iat": issued, "exp": issued + 86400}
        header, claims, _ = credential(envelope=Envelope.V1).split(".")
        assert json.loads(decode(header))["typ"] == "JWT"
        found = json.loads(decode(claims))
        assert (found["iss"], found["jti"], found["nbf"]) == (DID, URI, issued)
        assert found["vc"]["@context"][0] == "https://www.w3.org/2018/credentials/v1"


class TestReading:
    @pytest.mark.parametrize("alg", KEYS)
    def test_every_algorithm_and_form_there_and_back(self, alg):
        revoked, exporter, keys = (
            {0, 7, 8, 255, 256, MIN_SIZE - 1},
            replace(EXPORTER, key=KEYS[alg]),
            Keys(KEYS[alg]),
        )
        taken = snapshot(*revoked)
        for text, read in (
            (exporter.token_list(taken, URI), read_token_list),
            (exporter.bitstring_jwt(taken, URI), read_bitstring),
            (exporter.bitstring_jwt(taken, URI, Envelope.V1), read_bitstring),
        ):
            found = read(text, URI, DID, keys)
            assert bits.indexes(found.content) == sorted(revoked)
            assert (found.uri, found.issuer, found.size) == (URI, DID, MIN_SIZE)
            assert (found.issued_at, found.expires_at) == (AT, AT + timedelta(days=1))
            assert [found.is_revoked(index) for index in (0, 1, 7, MIN_SIZE - 1)] == [
                True,
                False,
                True,
                True,
            ]
        assert keys.asked == [(DID, AT)] * 3

    def test_another_key_is_refused(self, form):
        make, read = form
        with pytest.raises(SignatureInvalid):
            read(make(), URI, DID, Keys(SigningKey.generate("ES256")))

    def test_a_changed_bit_is_refused(self, form):
        make, read = form
        header, claims, _ = make(5).split(".")
        _, _, signature = make().split(".")
        with pytest.raises(SignatureInvalid):
            read(".".join((header, claims, signature)), URI, DID, Keys())

    def test_another_list_is_refused(self, form):
        make, read = form
        with pytest.raises(StatusUnreadable, match="calls itself"):
            read(make(), URI + "0", DID, Keys())

    def test_another_issuers_list_is_refused(self, form):
        make, read = form
        with pytest.raises(UntrustedIssuer, match="is by"):
            read(make(), URI, OTHER, Keys())

    def test_another_kind_of_token_is_refused(self):
        with pytest.raises(WrongTokenType):
            read_token_list(credential(), URI, DID, Keys())
        with pytest.raises(WrongTokenType):
            read_bitstring(token(), URI, DID, Keys())

    @pytest.mark.parametrize("width", [2, 4, 8])
    def test_others_lists_of_several_bits_are_read(self, width):
        raw = bytes([0b10 << width % 8, 0xFF]) if width < 8 else bytes([0, 2])

        def widen(claims):
            claims["status_list"] = {"bits": width, "lst": encode(zlib.compress(raw))}
            del claims["iss"], claims["exp"]  # which the standard leaves open

        found = read_token_list(altered(token(), widen), URI, DID, Keys())
        assert (found.size, found.expires_at) == (16 // width, None)
        assert (found.is_revoked(0), found.is_revoked(1)) == (False, True)

    @pytest.mark.parametrize(
        "change",
        [{"status_list": None}, {"status_list": {}}, {"status_list": {"bits": 3, "lst": "eNrbuRgAAhcBXQ"}},
         {"status_list": {"bits": True, "lst": "eNrbuRgAAhcBXQ"}}, {"status_list": {"bits": 1, "lst": "!"}},
         {"status_list": {"bits": 1, "lst": encode(zlib.compress(bytes(2**26)))}}, {"iat": "now"}, {"iat": -1},
         {"exp": []}, {"iat": 1e300}, {"sub": None}, {"sub": 7}, {"iss": None}, {"iss": {"id": DID}}],
    )  # fmt: skip
    def test_a_bent_token_list_is_refused(self, change):
        with pytest.raises(CredentialError):
            read_token_list(
                altered(token(), lambda claims: claims.update(change)), URI, DID, Keys()
            )

    @pytest.mark.parametrize(
        "change",
        [{"vc": 1}, {"vc": {}}, {"credentialSubject": None}, {"credentialSubject": []}, {"type": "x"}, {"issuer": 1},
         {"type": ["VerifiableCredential"]}, {"validFrom": "today"}, {"validUntil": 7}, {"iss": OTHER},
         {"validFrom": "2030-01-01T00:00:00+99:00"}, {"id": [URI]}, {"issuer": {"name": DID}}],
    )  # fmt: skip
    def test_a_bent_credential_is_refused(self, change):
        with pytest.raises(CredentialError):
            read_bitstring(
                altered(credential(), lambda claims: claims.update(change)), URI, DID, Keys()
            )

    @pytest.mark.parametrize(
        "change",
        [{"statusPurpose": "suspension"}, {"statusPurpose": None}, {"type": "StatusList2021"}, {"encodedList": 7},
         {"encodedList": "H4sI"}, {"encodedList": "uH4sI"}, {"encodedList": "z123"},
         {"encodedList": "u" + encode(bits.compressed(bytes(99), bits.GZIP))},
         {"encodedList": "u" + encode(bits.compressed(bytes(2**23), bits.GZIP))}],
    )  # fmt: skip
    def test_a_bent_list_in_a_credential_is_refused(self, change):
        text = altered(credential(), lambda claims: claims["credentialSubject"].update(change))
        with pytest.raises(CredentialError):
            read_bitstring(text, URI, DID, Keys())

    def test_a_credential_that_does_not_say_when_it_was_made_is_refused(self):
        def timeless(claims):
            del claims["iat"], claims["validFrom"]

        with pytest.raises(StatusUnreadable, match="does not say when"):
            read_bitstring(altered(credential(), timeless), URI, DID, Keys())

    def test_the_forms_that_others_write_are_read(self):
        """As did-jwt-vc has it: the id in `jti`, the subject's in `sub`; issuer as object; lists of one."""

        def theirs(claims):
            claims["sub"] = claims["vc"]["credentialSubject"].pop("id")
            claims["vc"]["issuer"] = {"id": DID}
            claims["vc"]["credentialSubject"] = [
                claims["vc"]["credentialSubject"] | {"statusPurpose": ["revocation"]}
            ]
            claims["vc"]["issuanceDate"] = "2029-12-31T00:00:00Z"
            del claims["iat"]

        found = read_bitstring(
            altered(credential(9, envelope=Envelope.V1), theirs), URI, DID, Keys()
        )
        assert found.is_revoked(9)
        assert found.issued_at == AT - timedelta(days=1)

    def test_a_huge_token_is_refused_at_once(self, form):
        _, read = form
        with pytest.raises(TokenTooLarge):
            read("x" * (4 * 2**20 + 1), URI, DID, Keys())


class TestFreshness:
    LIST = ExportedList(URI, DID, AT, AT + timedelta(hours=1), bytes(1))

    @pytest.mark.parametrize(("minutes", "max_age"), [(0, 60), (59, 60), (-4, 60), (30, 30)])
    def test_a_fresh_list_is_taken(self, minutes, max_age):
        self.LIST.require_fresh(AT + timedelta(minutes=minutes), timedelta(minutes=max_age))

    @pytest.mark.parametrize(
        ("minutes", "max_age", "says"), [(60, 600, "was good until"), (31, 30, "older than")]
    )
    def test_a_stale_list_is_refused(self, minutes, max_age, says):
        with pytest.raises(StatusStale, match=says):
            self.LIST.require_fresh(AT + timedelta(minutes=minutes), timedelta(minutes=max_age))

    def test_a_list_from_the_future_is_refused(self):
        with pytest.raises(IssuedInFuture, match="yet to come"):
            self.LIST.require_fresh(AT - timedelta(minutes=6))


class Clock:
    now = AT

    def __call__(self):
        return self.now


class TestListStatus:
    def test_both_forms_are_read_once_and_again_when_stale(self):
        clock, fetched, keys = Clock(), [], Keys()
        served = {URI: token(5), URI + "2": EXPORTER.bitstring_jwt(snapshot(6), URI + "2")}

        def fetch(uri):
            fetched.append(uri)
            return served[uri]

        reader = ListStatus(DID, keys, fetch, now=clock)
        assert [reader.is_revoked(StatusReference(URI, index)) for index in (4, 5, 6)] == [
            False,
            True,
            False,
        ]
        assert reader.is_revoked(StatusReference(URI + "2", 6), block=9)
        assert fetched == [URI, URI + "2"]
        clock.now = AT + timedelta(days=1)
        with pytest.raises(StatusStale):
            reader.is_revoked(StatusReference(URI, 5))
        served[URI] = token(taken_at=clock.now)
        assert not reader.is_revoked(StatusReference(URI, 5))
        assert fetched == [URI, URI + "2", URI, URI]

    def test_the_age_limit_is_the_verifiers(self):
        clock = Clock()
        reader = ListStatus(DID, Keys(), lambda _: token(), max_age=timedelta(minutes=5), now=clock)
        assert not reader.is_revoked(StatusReference(URI, 5))
        clock.now += timedelta(minutes=6)
        with pytest.raises(StatusStale, match="older than"):
            reader.is_revoked(StatusReference(URI, 5))

    def test_what_is_no_list_is_refused(self):
        with pytest.raises(MalformedToken):
            ListStatus(DID, Keys(), lambda _: "<html>").is_revoked(StatusReference(URI, 5))


TOKENS = [make(5) for make, _ in FORMS.values()]


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
    for read in (read_token_list, read_bitstring):
        try:
            found = read(bent, URI, DID, Keys())
        except CareLedgerError:
            continue
        assert bent == text, "something else was read than was signed"
        assert bits.indexes(found.content) == [5]
    assert time.thread_time() - began < 1


def test_a_size_that_is_none_is_refused():
    from careledger.identity.status.lists import take

    for size in (0, 100, MIN_SIZE - 256, MIN_SIZE + 1, 2**25):
        with pytest.raises(InputError, match="places"):
            take(None, "0x" + "11" * 20, bytes(32), size=size)


def test_a_claim_without_form_is_said():
    with pytest.raises(MalformedClaim, match="lacks"):
        read_token_list(altered(token(), lambda claims: claims.pop("iat")), URI, DID, Keys())


class TestWithin:
    def test_every_place_of_the_list_and_none_beyond(self):
        check_within([0, MIN_SIZE - 1])
        check_within([])
        check_within([MAX_SIZE - 1], MAX_SIZE)
        for index in (-1, MIN_SIZE, 999_999_999_999):
            with pytest.raises(InputError, match="131,072 places"):
                check_within([0, index])

    @pytest.mark.parametrize("size", [0, MIN_SIZE - 256, MIN_SIZE + 1, MAX_SIZE + 256])
    def test_a_size_that_no_list_has(self, size):
        with pytest.raises(InputError, match="a multiple of 256"):
            check_within([], size)


class TestSource:
    REFERENCE = StatusReference(URI, 5, 31337, "0x" + "aa" * 20, "0x" + "11" * 20, b"\1" * 32)

    def reader(self, text):
        return ListStatus(DID, Keys(), lambda _: text, now=Clock())

    def test_a_list_made_from_the_credentials_own(self):
        assert self.reader(token(5)).is_revoked(self.REFERENCE)
        lower = altered(
            token(5), lambda claims: claims["careledger"].update(contract="0x" + "AA" * 20)
        )
        assert self.reader(lower).is_revoked(self.REFERENCE)

    @pytest.mark.parametrize(
        "changes",
        [
            {"chain_id": 1},
            {"contract": "0x" + "bb" * 20},
            {"issuer": "0x" + "22" * 20},
            {"list_id": bytes(32)},
        ],
    )
    def test_one_made_from_another_is_refused(self, changes):
        with pytest.raises(StatusUnreadable, match="made from another list"):
            self.reader(token(5, **changes)).is_revoked(self.REFERENCE)

    def test_what_does_not_say_from_which_is_taken(self):
        assert self.reader(credential(5)).is_revoked(self.REFERENCE)
        assert self.reader(token(5, list_id=bytes(32))).is_revoked(StatusReference(URI, 5))
        silent = altered(token(5), lambda claims: claims.update(careledger="x"))
        assert self.reader(silent).is_revoked(self.REFERENCE)

    def test_what_is_revoked_in_lists_of_any_width(self):
        assert ExportedList(URI, DID, AT, None, bytes([0b1001])).revoked == [0, 3]
        assert ExportedList(URI, DID, AT, None, bytes([0b1001, 0b1]), 2).revoked == [0, 1, 4]
