"""The hashes that stand for a consent are what the standards and this page's own formulas say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from careledger.errors import InputError
from careledger.identity.consent.terms import (
    CONSENT_TYPE,
    Commitment,
    Consent,
    ConsentRecord,
    ConsentStatus,
    ConsentTerms,
    presentation_hash,
    purpose_of,
    scope_of,
    use_commitment,
)
from careledger.values.times import LATEST_SECONDS

TERMS = ConsentTerms("0x" + "11" * 20, b"\1" * 32, b"\2" * 32, b"\3" * 32)
CONSENT = Consent("0x" + "22" * 20, datetime(2030, 1, 1, tzinfo=UTC), TERMS)


class TestScope:
    def test_is_the_hash_of_the_jwt_and_the_disclosures_in_order_of_their_digests(self):
        digests = sorted(sha256(one).digest() for one in (b"WyJhIl0", b"WyJiIl0", b"WyJjIl0"))
        expected = keccak(b"careledger.scope.v1" + sha256(b"h.p.s").digest() + b"".join(digests))
        assert scope_of("h.p.s", ["WyJhIl0", "WyJiIl0", "WyJjIl0"]) == expected

    def test_does_not_depend_on_the_order_of_presentation(self):
        assert scope_of("h.p.s", ["a", "b", "c"]) == scope_of("h.p.s", ["c", "a", "b"])

    def test_one_more_or_one_less_disclosure_is_another_scope(self):
        scopes = {scope_of("h.p.s", shown) for shown in ([], ["a"], ["b"], ["a", "b"])}
        assert len(scopes) == 4

    def test_another_credential_is_another_scope(self):
        assert scope_of("h.p.s", ["a"]) != scope_of("h.p.t", ["a"])

    def test_a_disclosure_given_twice_is_refused(self):
        with pytest.raises(InputError, match="a disclosure is given twice"):
            scope_of("h.p.s", ["a", "a"])

    def test_a_whole_sd_jwt_is_refused(self):
        with pytest.raises(InputError, match="issuer-signed JWT alone"):
            scope_of("h.p.s~a~", [])

    @pytest.mark.parametrize(("jwt", "shown"), [("h.é.s", []), ("h.p.s", ["ñ"])])
    def test_what_is_not_ascii_is_refused(self, jwt, shown):
        with pytest.raises(InputError, match="is not ASCII"):
            scope_of(jwt, shown)


class TestPurpose:
    def test_is_the_hash_of_canonical_json(self):
        text = '{"nonce":"n","terms":"https://i.example/t","text":"¿Seguro de coche?"}'
        assert purpose_of("n", "¿Seguro de coche?", "https://i.example/t") == keccak(text.encode())

    def test_with_another_nonce_is_another(self):
        assert purpose_of("n", "t", "u") != purpose_of("m", "t", "u")


class TestUse:
    def test_is_the_hash_of_the_id_and_the_presentation(self):
        expected = keccak(b"careledger.use.v1" + b"\7" * 32 + sha256(b"h.p.s~a~k.b.j").digest())
        assert use_commitment(b"\7" * 32, "h.p.s~a~k.b.j") == expected
        assert use_commitment(b"\7" * 32, presentation_hash("h.p.s~a~k.b.j")) == expected

    def test_an_id_of_another_length_is_refused(self):
        with pytest.raises(InputError, match="consent id must have 32 bytes"):
            use_commitment(b"\7" * 31, "h.p.s~")


class TestTerms:
    def test_salts_are_random(self):
        one, other = (ConsentTerms(TERMS.grantee, TERMS.scope, TERMS.purpose) for _ in range(2))
        assert len(one.salt) == 32
        assert one.salt != other.salt

    @pytest.mark.parametrize("name", ["scope", "purpose", "salt"])
    def test_hashes_have_32_bytes(self, name):
        with pytest.raises(InputError, match=f"{name} must have 32 bytes"):
            replace(TERMS, **{name: b"\1" * 31})

    def test_the_grantee_is_an_address(self):
        with pytest.raises(InputError, match="grantee 'nobody' is not an address"):
            replace(TERMS, grantee="nobody")


class TestConsent:
    def test_its_id_is_the_struct_hash_that_a_standard_library_computes(self):
        types = {}
        for name, inside in (
            part.rstrip(")").split("(") for part in CONSENT_TYPE.replace(")T", ")|T").split("|")
        ):
            types[name] = [
                dict(zip(("type", "name"), one.split(), strict=True)) for one in inside.split(",")
            ]
        document = {
            "types": types | {"EIP712Domain": [{"name": "name", "type": "string"}]},
            "primaryType": "Consent",
            "domain": {"name": "any"},
            "message": CONSENT.to_json(),
        }
        assert CONSENT.id == encode_typed_data(full_message=document).body

    def test_on_chain_the_terms_are_their_hash(self):
        assert CONSENT.abi() == (CONSENT.subject, 1893456000, TERMS.hash)
        assert CONSENT.commitment == Commitment(CONSENT.subject, CONSENT.expires_at, TERMS.hash)
        assert CONSENT.commitment.id == CONSENT.id

    def test_any_other_value_is_another_id(self):
        others = [
            replace(CONSENT, subject="0x" + "23" * 20),
            replace(CONSENT, expires_at=CONSENT.expires_at + timedelta(seconds=1)),
            *(
                replace(CONSENT, terms=replace(TERMS, **{name: b"\7" * 32}))
                for name in ("scope", "purpose", "salt")
            ),
            replace(CONSENT, terms=replace(TERMS, grantee="0x" + "12" * 20)),
        ]
        assert len({CONSENT.id} | {other.id for other in others}) == 7

    def test_times_are_whole_seconds_of_utc(self):
        there = datetime(2030, 1, 1, 1, 0, 0, 999999, tzinfo=timezone(timedelta(hours=1)))
        assert replace(CONSENT, expires_at=there) == CONSENT

    def test_a_time_without_a_zone_is_refused(self):
        with pytest.raises(InputError, match="no time zone"):
            replace(CONSENT, expires_at=datetime(2030, 1, 1))  # noqa: DTZ001

    def test_nobody_consents_to_nothing(self):
        with pytest.raises(InputError, match="subject is missing"):
            replace(CONSENT, subject="0x" + "00" * 20)

    def test_comes_back_from_its_document(self):
        assert Consent.from_json(CONSENT.to_json()) == CONSENT
        last = replace(CONSENT, expires_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
        assert (last.expiry, Consent.from_json(last.to_json())) == (LATEST_SECONDS, last)

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"subject": None}, "subject: address None is not an address"),
            ({"subject": "0x" + "22" * 19}, "is not an address"),
            ({"expiry": -1}, "expiry: not an integer"),
            ({"expiry": LATEST_SECONDS + 1}, "expiry: a time after the year 9999"),
            ({"expiry": "1893456000"}, "expiry: not an integer"),
            ({"expiry": True}, "expiry: not an integer"),
            ({"expiry": 1.5}, "expiry: not an integer"),
            ({"terms": []}, "terms: not a JSON object"),
            ({"extra": 1}, "extra: unknown"),
            (
                {"terms": TERMS.to_json() | {"scope": "0x" + "01" * 31}},
                "terms.scope: 31 bytes, not 32",
            ),
            (
                {"terms": TERMS.to_json() | {"scope": "0x" + "01" * 33}},
                "terms.scope: 33 bytes, not 32",
            ),
            ({"terms": TERMS.to_json() | {"salt": "01" * 32}}, "terms.salt: not bytes as 0x"),
            (
                {"terms": TERMS.to_json() | {"salt": "0x" + "0g" * 32}},
                "terms.salt: not bytes as 0x",
            ),
            (
                {"terms": TERMS.to_json() | {"salt": "0x" + "1_" * 32}},
                "terms.salt: not bytes as 0x",
            ),
            ({"terms": TERMS.to_json() | {"grantee": 7}}, "grantee: address 7 is not an address"),
            (
                {"terms": {k: v for k, v in TERMS.to_json().items() if k != "salt"}},
                "terms.salt: missing",
            ),
        ],
    )
    def test_a_malformed_document_is_refused(self, change, sentence):
        with pytest.raises(InputError, match=sentence):
            Consent.from_json(CONSENT.to_json() | change)

    def test_only_an_object_is_a_consent(self):
        with pytest.raises(InputError, match=r"consent \$: not a JSON object"):
            Consent.from_json([CONSENT.to_json()])


def test_a_record_is_read_as_the_chain_tells_it():
    record = ConsentRecord.from_abi((CONSENT.subject, 1893456000, 3, 2))
    assert record == ConsentRecord(CONSENT.subject, CONSENT.expires_at, 3, ConsentStatus.REVOKED)
