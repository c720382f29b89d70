"""Requests are read strictly, before anything in them is believed; links and QR codes carry them
whole.
"""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from careledger.errors import InputError
from careledger.identity.consent.errors import MalformedRequest, RequestTooLarge
from careledger.identity.consent.terms import purpose_of
from careledger.identity.credentials import jose
from careledger.identity.credentials.errors import MalformedToken, SignatureReason, TokenReason
from careledger.identity.credentials.issuer import Issuer
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.did.did import format_did
from careledger.identity.exchange.link import (
    START,
    deep_link,
    qr_png,
    qr_svg,
    qr_terminal,
    read_link,
)
from careledger.identity.exchange.purpose import Purpose
from careledger.identity.exchange.request import MAX_CHARACTERS, Request, parse_request
from tests.support.refusals import because

COMPANY = Account.from_key(keccak(text="careledger example company"))
DID, REGISTRY = format_did(COMPANY.address, 31337), "0x" + "11" * 20
ISSUER = Issuer(DID, SigningKey.of_account(COMPANY, "ES256K"), f"{DID}#controller")
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
PURPOSE = Purpose("A quote for your car insurance", "https://insurer.example/terms/3")
REQUEST = Request.make(
    DID,
    "https://bank.example/kyc",
    ["over18", ["address", "country"], ["nationalities", None]],
    PURPOSE,
    consent_for=timedelta(days=30),
    chain_id=31337,
    registry=REGISTRY,
    now=NOW,
    response_uri="https://insurer.example/answers",
)


def signed(change=None, drop=(), header=None):
    payload = {
        name: value
        for name, value in (REQUEST.to_json() | (change or {})).items()
        if name not in drop
    }
    return jose.sign({"typ": "careledger-request+jwt"} | (header or {}), payload, ISSUER.key)


class TestMaking:
    def test_comes_back_as_it_was_made(self):
        request, token = parse_request(REQUEST.sign(ISSUER))
        assert request == REQUEST
        assert (token.kid, token.alg) == (f"{DID}#controller", "ES256K")

    def test_what_is_left_out_has_its_default(self):
        assert REQUEST.audience == DID
        assert REQUEST.expires_at - REQUEST.issued_at == timedelta(minutes=15)
        assert len(base64.urlsafe_b64decode(REQUEST.nonce)) == 24
        bare = replace(REQUEST, response_uri=None)
        assert "responseUri" not in bare.to_json()
        assert parse_request(bare.sign(ISSUER))[0] == bare

    def test_nonces_differ(self):
        again = Request.make(
            DID,
            "v",
            ["a"],
            PURPOSE,
            consent_for=timedelta(days=1),
            chain_id=31337,
            registry=REGISTRY,
            now=NOW,
        )
        assert again.nonce != REQUEST.nonce

    def test_who_reads_is_the_identity_of_the_did(self):
        assert REQUEST.grantee == COMPANY.address

    def test_only_the_company_signs_it(self):
        stranger = Account.from_key(keccak(text="stranger"))
        other = Issuer(format_did(stranger.address, 31337), SigningKey.of_account(stranger))
        with pytest.raises(MalformedRequest, match=r"but did:ethr:0x7a69:\w+ signs"):
            REQUEST.sign(other)

    def test_a_request_that_nobody_would_read_is_not_signed(self):
        claims = tuple((f"{n:03}" + "x" * 120,) for n in range(60))
        with pytest.raises(RequestTooLarge, match="at most 8192 are read"):
            replace(REQUEST, claims=claims).sign(ISSUER)

    def test_a_consent_to_it_names_company_purpose_and_end(self):
        consent = REQUEST.consent("0x" + "22" * 20, b"\1" * 32, NOW)
        assert consent.terms.grantee == COMPANY.address
        assert consent.terms.purpose == purpose_of(REQUEST.nonce, PURPOSE.text, PURPOSE.terms)
        assert consent.expires_at == NOW + timedelta(days=30)

    def test_the_customer_may_give_less_time_and_not_more(self):
        def until(at):
            return REQUEST.consent("0x" + "22" * 20, b"\1" * 32, NOW, at).expires_at

        assert until(NOW + timedelta(days=1)) == NOW + timedelta(days=1)
        assert until(NOW + timedelta(days=31)) == NOW + timedelta(days=30)


BAD = [
    ({"iss": "did:web:insurer.example"}, "iss is not valid: .* is not a did:ethr"),
    ({"iss": "did:ethr:" + "x" * 200}, "iss has more than 128 characters"),
    ({"iss": 7}, "iss: not a text"),
    (
        {"iss": DID.replace("0x7a69", "0x1")},
        "iss is on chain 1, but its consent would be on chain 31337",
    ),
    ({"chainId": 1}, "iss is on chain 31337, but its consent would be on chain 1"),
    ({"chainId": "31337"}, "chainId: not an integer from 1"),
    ({"chainId": True}, "chainId: not an integer from 1"),
    ({"consentRegistry": "0x12"}, "consentRegistry: address '0x12' is not an address"),
    ({"exp": REQUEST.to_json()["iat"]}, "exp is not after its iat"),
    ({"exp": REQUEST.to_json()["iat"] + 8 * 86_400}, "is more than 7 days after it"),
    ({"iat": "now"}, "iat: not an integer"),
    ({"exp": 10**15}, "exp: a time after the year 9999"),
    ({"aud": "http://insurer.example"}, "aud is not an https: URL"),
    ({"aud": ["a"]}, "aud: not a text"),
    ({"nonce": "short"}, "nonce is not a text of 22 to 128 ASCII characters"),
    ({"nonce": "ñ" * 22}, "nonce is not a text of 22 to 128 ASCII characters"),
    ({"nonce": "x" * 129}, "nonce is not a text of 22 to 128 ASCII characters"),
    ({"vct": ""}, "vct is not a text of 1 to 1000 characters"),
    ({"claims": []}, "asks for 0 claims"),
    ({"claims": [[f"c{n}"] for n in range(65)]}, "asks for 65 claims"),
    ({"claims": [["a"], ["a"]]}, "asks for a claim twice"),
    ({"claims": [["a"] * 9]}, "a claim by more than 8 parts"),
    ({"claims": [["a" * 129]]}, "claims: a name is not a text of 1 to 128"),
    ({"claims": ["name", 7]}, "claims are not a list of paths"),
    ({"claims": [[1]]}, "a path to a claim begins with its name"),
    ({"claims": [["a", -1]]}, "a path to a claim holds names"),
    ({"claims": {"a": 1}}, "claims: not a JSON array"),
    ({"purpose": "marketing"}, "purpose: not a JSON object"),
    ({"purpose": {"text": "t"}}, "purpose.terms: missing"),
    (
        {"purpose": {"text": "t", "terms": "u", "small": "print"}},
        "purpose.small: unknown",
    ),
    ({"purpose": {"text": " ", "terms": "u"}}, "purpose: text is not a text of 1 to 500"),
    ({"purpose": {"text": "x" * 501, "terms": "u"}}, "purpose: text is not a text of 1 to 500"),
    (
        {"purpose": {"text": "a\u202eb", "terms": "u"}},
        r"purpose: text has the character U\+202E, which cannot be seen",
    ),
    (
        {"purpose": {"text": "a\nb", "terms": "u"}},
        r"purpose: text has the character U\+000A, which cannot be seen",
    ),
    ({"purpose": {"text": "a", "terms": "x\u200bx"}}, r"purpose: terms has the character U\+200B"),
    ({"purpose": {"text": "a", "terms": "http://insurer.example"}}, "could be changed on the way"),
    ({"purpose": {"text": "a", "terms": 7}}, "purpose.terms: not a text"),
    ({"consentFor": 59}, "consentFor is not from a minute to ten years"),
    ({"consentFor": 10**10}, "consentFor is not from a minute to ten years"),
    ({"consentFor": 86400.5}, "consentFor: not an integer"),
    ({"consentFor": -1}, "consentFor: not an integer"),
    ({"responseUri": "javascript:alert(1)"}, "responseUri is not an https: URL"),
    ({"responseUri": "https://bank.example@thief.example/"}, "responseUri is not an https: URL"),
    ({"responseUri": "https://[bad"}, "responseUri is not a URL"),
    ({"responseUri": None}, "responseUri: not a text"),
    ({"sub": "x"}, "sub: unknown"),
]


class TestReading:
    @pytest.mark.parametrize(("change", "sentence"), BAD)
    def test_what_cannot_be_is_refused_with_its_sentence(self, change, sentence):
        with pytest.raises(MalformedRequest, match=sentence):
            parse_request(signed(change))

    @pytest.mark.parametrize("name", [name for name in REQUEST.to_json() if name != "responseUri"])
    def test_a_missing_member_is_named(self, name):
        with pytest.raises(MalformedRequest, match=f"{name}: missing"):
            parse_request(signed(drop=[name]))

    def test_another_kind_of_token_is_refused(self):
        with because(TokenReason.WRONG_TOKEN_TYPE):
            parse_request(signed(header={"typ": "kb+jwt"}))

    def test_an_unsigned_one_is_refused(self):
        parts = REQUEST.sign(ISSUER).split(".")
        header = jose.encode(json.dumps({"alg": "none", "typ": "careledger-request+jwt"}).encode())
        with because(SignatureReason.ALGORITHM_REFUSED, match="it is unsigned"):
            parse_request(f"{header}.{parts[1]}.")

    @pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "....", "é.é.é", "\x00"])
    def test_what_is_no_token_is_refused(self, text):
        with pytest.raises(MalformedToken):
            parse_request(text)

    def test_a_huge_one_is_refused_before_it_is_parsed(self):
        with pytest.raises(RequestTooLarge, match="at most 8192 are read"):
            parse_request("a" * (MAX_CHARACTERS + 1))

    def test_words_of_many_languages_are_shown(self):
        for text in ("¿Puede conducir?", "می‌خواهم", "क्‍ष", "車の保険 🚗"):
            assert Purpose(text, "one\ntwo").text == text

    def test_this_machine_may_be_asked_without_tls(self):
        for host in ("localhost", "127.0.0.1:8000", "[::1]:8000"):
            assert (
                replace(REQUEST, response_uri=f"http://{host}/a").response_uri == f"http://{host}/a"
            )


class TestLink:
    LINK = deep_link(REQUEST.sign(ISSUER))

    def test_comes_back(self):
        assert self.LINK.startswith("careledger://consent?request=ey")
        assert read_link(f" {self.LINK}\n") == REQUEST.sign(ISSUER)
        assert read_link(REQUEST.sign(ISSUER)) == REQUEST.sign(ISSUER)

    @pytest.mark.parametrize(
        ("link", "sentence"),
        [
            ("https://consent?request=a.b.c", "this is not a link to a request"),
            ("careledger://pay?request=a.b.c", "this is not a link to a request"),
            ("careledger://consent/x?request=a.b.c", "this is not a link to a request"),
            ("careledger://consent?request=a.b.c#x", "this is not a link to a request"),
            ("careledger://consent", "has one parameter"),
            ("careledger://[consent?request=a.b.c", "this is not a link to a request"),
            ("careledger://consent?request=a.b.c&request=d.e.f", "has one parameter"),
            ("careledger://consent?request=a&b=c&d=e&f=g&h=i", "this is not a link to a request"),
            (START + "a" * 30_000, "has at most 8192"),
        ],
    )
    def test_what_is_no_link_is_refused(self, link, sentence):
        with pytest.raises(InputError, match=sentence):
            read_link(link)

    def test_fits_into_a_qr_code(self):
        assert qr_png(self.LINK).startswith(b"\x89PNG\r\n\x1a\n")
        svg = qr_svg(self.LINK)
        assert svg.startswith("<svg ")
        assert "script" not in svg
        lines = qr_terminal(self.LINK).splitlines()
        assert len(lines) > 50

    def test_too_long_for_a_qr_code_says_what_to_do(self):
        for draw in (qr_png, qr_svg, qr_terminal):
            with pytest.raises(
                RequestTooLarge, match="shorten the purpose, give its terms by their URL"
            ):
                draw(START + "a" * 2_950)
        assert qr_png(START + "a" * (2_953 - len(START)))
