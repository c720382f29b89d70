"""Compact JWS, read strictly."""

import json

import pytest

from careledger.identity.credentials import errors
from careledger.identity.credentials.jose import (
    ALGORITHMS,
    Jws,
    Limits,
    decode,
    encode,
    parse_json,
    sign,
)
from careledger.identity.credentials.keys import SigningKey
from tests.support.refusals import because
from tests.worlds.identity.credential_stage import ISSUER_KEY, raw_token

HEADER = {"alg": "ES256K", "typ": "JWT"}


def read(token, **changes):
    return Jws.parse(token, {"jwt"}, **changes)


class TestBase64:
    @pytest.mark.parametrize("raw", [b"", b"a", b"ab", b"abc", bytes(range(256))])
    def test_there_and_back(self, raw):
        assert decode(encode(raw)) == raw

    @pytest.mark.parametrize(
        "text",
        ["YQ==", "YQ=", "Y Q", "YQ\n", "YQ+", "YQ/", "é", "Y", "YWJjZ", "\uff21Q"],
        ids=ascii,
    )
    def test_other_characters_padding_and_lengths_that_cannot_be(self, text):
        with pytest.raises(errors.BadBase64):
            decode(text)

    @pytest.mark.parametrize("text", ["YR", "YWL", "Y_"])
    def test_stray_bits(self, text):
        with pytest.raises(errors.BadBase64, match="canonical"):
            decode(text)


class TestJson:
    @pytest.mark.parametrize(
        ("raw", "words"),
        [
            (b'{"a": 1, "a": 1}', "given twice"),
            (b'{"a": {"b": 1, "b": 2}}', "'b' is given twice"),
            (b"[" * 65 + b"]" * 65, "more than 64 levels deep"),
            (b'{"a":' * 65 + b"1" + b"}" * 65, "levels deep"),
            (b"[" * 100_000, "levels deep"),
            (b"\xff", "UTF-8"),
            (b'"\\ud800"', "surrogate"),
            (b"\xef\xbb\xbf{}", "not JSON"),
            (b"{", "not JSON"),
            (b"{} {}", "not JSON"),
            (b"", "not JSON"),
            (b"NaN", "NaN"),
            (b"-Infinity", "Infinity"),
            (b"9007199254740993", "beyond 2|not a JSON number"),
            (b"1e400", "beyond 2|not a JSON number"),
            (b"9" * 5000, "beyond 2|not a JSON number"),
        ],
        ids=ascii,
    )
    def test_what_readers_would_differ_on(self, raw, words):
        with because(errors.TokenReason.BAD_JSON, match=words):
            parse_json(raw, "it")

    def test_what_all_agree_on(self):
        numbers = "[1, 1.5, -3, 9007199254740991, 9007199254740992]"
        text = '{"a": ["\\ud83d\\ude00", null, true], "b": ' + numbers + "}"
        assert parse_json(text.encode(), "it") == json.loads(text)

    def test_values_are_not_in_the_message(self):
        for raw in (
            b'{"name": "Ana", "name": 1}',
            b'{"name": "Ana"',
            b'{"name": 99999999999999999}',
        ):
            with because(errors.TokenReason.BAD_JSON) as found:
                parse_json(raw, "it")
            assert "Ana" not in str(found.value)
            assert "999" not in str(found.value)


class TestParse:
    def test_a_token(self):
        token = sign({"typ": "JWT", "kid": "did:x#1"}, {"a": 1}, ISSUER_KEY)
        found = read(token)
        assert (found.alg, found.kid, found.claims) == ("ES256K", "did:x#1", {"a": 1})
        assert ISSUER_KEY.public.verify("ES256K", found.signing_input, found.signature)

    @pytest.mark.parametrize("alg", sorted(ALGORITHMS))
    def test_every_algorithm(self, alg):
        assert read(sign({"typ": "JWT"}, {}, SigningKey(alg, b"\1" * 32))).alg == alg

    @pytest.mark.parametrize("token", ["", ".", "a.b", "a.b.c.d", "e30.e30", " e30.e30.AA"])
    def test_what_is_no_token(self, token):
        with pytest.raises(errors.MalformedToken):
            read(token)

    def test_too_large_before_anything_is_parsed(self):
        with because(errors.TokenReason.TOKEN_TOO_LARGE, match="65536"):
            read("!" * 65_537)
        with because(errors.TokenReason.TOKEN_TOO_LARGE, match="header"):
            read("!" * 9000 + "..")
        with because(errors.TokenReason.TOKEN_TOO_LARGE):
            read("e30.e30.AA", limits=Limits(token=5))

    @pytest.mark.parametrize(
        "alg", ["none", "None", "nOnE", "HS256", "RS256", "ES384", "es256k", "Ed25519", ""]
    )
    def test_algorithms_that_are_refused(self, alg):
        with because(errors.SignatureReason.ALGORITHM_REFUSED):
            read(raw_token(HEADER | {"alg": alg}, {}))

    @pytest.mark.parametrize(
        "header", [{"typ": "JWT"}, HEADER | {"alg": None}, HEADER | {"alg": ["ES256K"]}]
    )
    def test_no_algorithm(self, header):
        with because(errors.TokenReason.BAD_HEADER):
            read(raw_token(header, {}))

    @pytest.mark.parametrize("crit", [["exp"], [], None, "b64"])
    def test_critical_headers(self, crit):
        with because(errors.TokenReason.CRITICAL_HEADER):
            read(raw_token(HEADER | {"crit": crit}, {}))

    @pytest.mark.parametrize("more", [{"b64": False}, {"zip": "DEF"}, {"kid": 7}, {"typ": 7}])
    def test_headers_that_are_not_what_they_have_to_be(self, more):
        with because(errors.TokenReason.BAD_HEADER):
            read(raw_token(HEADER | more, {}))

    def test_another_kind_of_token(self):
        for kind in ("kb+jwt", "JWT2", ""):
            with because(errors.TokenReason.WRONG_TOKEN_TYPE):
                read(raw_token(HEADER | {"typ": kind}, {}))
        with because(errors.TokenReason.WRONG_TOKEN_TYPE, match="no 'typ'"):
            read(raw_token({"alg": "ES256K"}, {}))
        assert Jws.parse(raw_token({"alg": "ES256K"}, {}), {"jwt", None}).claims == {}

    @pytest.mark.parametrize("kind", ["jwt", "JWT", "application/jwt", "Application/JWT"])
    def test_ways_to_write_a_type(self, kind):
        assert read(raw_token(HEADER | {"typ": kind}, {})).claims == {}

    @pytest.mark.parametrize("payload", [b"[]", b"null", b'"a"', b'{"a":1,"a":1}', b"\xff"])
    def test_payloads_that_are_no_object(self, payload):
        with because(errors.TokenReason.BAD_JSON):
            read(raw_token(HEADER, payload))

    def test_a_header_that_names_a_member_twice(self):
        with because(errors.TokenReason.BAD_JSON, match="'alg' is given twice"):
            read(raw_token(b'{"alg":"none","typ":"JWT","alg":"ES256K"}', {}))
