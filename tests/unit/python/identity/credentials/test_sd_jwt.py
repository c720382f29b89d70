"""SD-JWT (RFC 9901): what is hidden and shown, and each way in which disclosures are wrong."""

import json
from hashlib import sha256, sha512

import pytest

from careledger.crypto.hashing import keccak256
from careledger.identity.credentials import errors
from careledger.identity.credentials.jose import Limits, decode, encode
from careledger.identity.credentials.sd_jwt import NEVER_DISCLOSED, Disclosure, SdJwt
from tests.support.refusals import because
from tests.worlds.identity.credential_stage import (
    EXPECTED,
    HOLDER_KEY,
    VCT,
    bound,
    disclosure,
    issued,
    presented,
    sd_token,
    verifier,
)

SALT = "c2FsdA"


def unpacked(payload, *disclosures):
    """Return what an SD-JWT over this payload says once these disclosures are in their places."""
    return SdJwt.parse(sd_token(payload, *(text for text, _ in disclosures))).process()


def refused(error, payload, *disclosures, match=None):
    """Make sure that verifying such a token fails, and why."""
    with because(error, match=match):
        verifier().verify(sd_token(payload, *(text for text, _ in disclosures)), EXPECTED)


class TestTheExampleOfTheStandard:
    """RFC 9901, 4.2.3 and 4.2.5."""

    def test_a_claim(self):
        found = Disclosure.parse(
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
        )
        assert (found.salt, found.name, found.value) == (
            "_26bc4LT-ac6q2KI6cBW5es",
            "family_name",
            "Möbius",
        )
        assert found.digest() == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"

    def test_an_element(self):
        found = Disclosure.parse("WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0")
        assert (found.salt, found.name, found.value) == ("lklxF5jMYlGTPUovMNIvCA", None, "FR")
        assert found.digest() == "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"

    def test_the_bytes_that_came_are_hashed(self):
        spaced, tight = (
            encode(json.dumps([SALT, "a", 1], separators=s).encode())
            for s in ((", ", ": "), (",", ":"))
        )
        assert Disclosure.parse(spaced).value == Disclosure.parse(tight).value
        assert Disclosure.parse(spaced).digest() != Disclosure.parse(tight).digest()


class TestUnpack:
    def test_claims_nested_claims_and_elements(self):
        street, street_digest = disclosure(SALT, "street", "Gran Via 1")
        address, address_digest = disclosure(
            SALT, "address", {"country": "ES", "_sd": [street_digest]}
        )
        second, second_digest = disclosure(SALT, "FR")
        payload = {
            "_sd": [address_digest],
            "nat": ["ES", {"...": second_digest}, {"...": "unknown"}],
        }
        all_, some = (
            unpacked(payload, *given)
            for given in ([(street, ""), (address, ""), (second, "")], [(address, "")])
        )
        assert all_.claims["address"] == {"country": "ES", "street": "Gran Via 1"}
        assert all_.claims["nat"] == ["ES", "FR"]
        assert set(all_.disclosed) == {("address",), ("address", "street"), ("nat", 1)}
        assert some.claims["address"] == {"country": "ES"}
        assert some.claims["nat"] == ["ES"]
        assert not {"_sd", "_sd_alg", "..."} & some.claims.keys()

    def test_an_element_that_is_an_array_of_hidden_elements(self):
        inner, inner_digest = disclosure(SALT, 1)
        outer, outer_digest = disclosure(SALT, [{"...": inner_digest}, 2])
        found = unpacked({"n": [{"...": outer_digest}]}, (outer, ""), (inner, ""))
        assert found.claims["n"] == [[1, 2]]

    def test_digests_of_nothing_are_left_out(self):
        assert "_sd" not in unpacked({"_sd": ["decoy", "other decoy"]}).claims

    def test_other_hash_functions(self):
        text = disclosure(SALT, "a", 1)[0]
        payload = {"_sd_alg": "sha-512", "_sd": [encode(sha512(text.encode()).digest())]}
        token = SdJwt.parse(sd_token(payload, text))
        assert token.process().claims["a"] == 1
        assert token.sd_hash == encode(sha512(token.text.encode()).digest())
        assert len(token.scope) == 32

    def test_depth_counts_through_disclosures(self):
        texts, digest = [], disclosure(SALT, "d", 1)[1]
        texts.append(disclosure(SALT, "d", 1)[0])
        for _ in range(80):
            text, digest = disclosure(SALT, "d", {"_sd": [digest]})
            texts.append(text)
        refused(
            errors.TokenReason.BAD_JSON,
            {"_sd": [digest]},
            *((text, "") for text in texts),
            match="deeper",
        )


class TestWrongDisclosures:
    def test_one_that_does_not_match_its_digest(self):
        digest = disclosure(SALT, "age_over_18", False)[1]
        other, _ = disclosure(SALT, "age_over_18", True)
        refused(
            errors.DisclosureReason.DISCLOSURE_NOT_SIGNED,
            {"_sd": [digest]},
            (other, ""),
            match="did not sign",
        )

    def test_one_of_another_credential(self):
        credential = issued()
        stolen = SdJwt.parse(issued(claims={"given_name": "Eva"}, disclosable=None)).disclosures[0]
        with because(errors.DisclosureReason.DISCLOSURE_NOT_SIGNED):
            verifier().verify(bound(f"{credential.split('~')[0]}~{stolen.text}~"), EXPECTED)

    def test_one_whose_parent_is_not_shown(self):
        street, street_digest = disclosure(SALT, "street", "Gran Via 1")
        address, address_digest = disclosure(SALT, "address", {"_sd": [street_digest]})
        refused(
            errors.DisclosureReason.DISCLOSURE_NOT_SIGNED, {"_sd": [address_digest]}, (street, "")
        )
        assert address

    def test_one_twice(self):
        text, digest = disclosure(SALT, "a", 1)
        refused(
            errors.DisclosureReason.DUPLICATE_DISCLOSURE,
            {"_sd": [digest]},
            (text, ""),
            (text, ""),
            match="twice",
        )

    @pytest.mark.parametrize("shown", [True, False])
    def test_a_digest_twice(self, shown):
        text, digest = disclosure(SALT, "a", 1)
        given = [(text, "")] if shown else []
        refused(errors.DisclosureReason.DUPLICATE_DIGEST, {"_sd": [digest, digest]}, *given)
        refused(
            errors.DisclosureReason.DUPLICATE_DIGEST,
            {"_sd": [digest], "b": {"_sd": [digest]}},
            *given,
        )
        element, element_digest = disclosure(SALT, 1)
        given = [(element, "")] if shown else []
        refused(
            errors.DisclosureReason.DUPLICATE_DIGEST,
            {"b": [{"...": element_digest}, {"...": element_digest}]},
            *given,
        )
        refused(
            errors.DisclosureReason.DUPLICATE_DIGEST,
            {"_sd": [element_digest], "b": [{"...": element_digest}]},
        )

    def test_a_digest_twice_by_way_of_a_disclosure(self):
        inner, inner_digest = disclosure(SALT, "b", 1)
        outer, outer_digest = disclosure(SALT, "a", {"_sd": [inner_digest]})
        refused(
            errors.DisclosureReason.DUPLICATE_DIGEST,
            {"_sd": [outer_digest, inner_digest]},
            (outer, ""),
            (inner, ""),
        )

    @pytest.mark.parametrize("name", ["_sd", "_sd_alg", "..."])
    def test_reserved_names(self, name):
        text, digest = disclosure(SALT, name, ["x"])
        refused(
            errors.TokenReason.RESERVED_CLAIM_NAME,
            {"_sd": [digest]},
            (text, ""),
            match="SD-JWT uses itself",
        )

    @pytest.mark.parametrize("name", ["_sd_alg", "..."])
    def test_reserved_names_in_the_payload_and_in_values(self, name):
        refused(errors.TokenReason.RESERVED_CLAIM_NAME, {"a": {name: "sha-256"}})
        text, digest = disclosure(SALT, "a", {name: "x"})
        refused(errors.TokenReason.RESERVED_CLAIM_NAME, {"_sd": [digest]}, (text, ""))

    @pytest.mark.parametrize("name", sorted(NEVER_DISCLOSED))
    def test_what_an_issuer_has_to_say_openly(self, name):
        text, digest = disclosure(SALT, name, "x")
        token = sd_token({"_sd": [digest]}, text)
        with because(
            (errors.TokenReason.RESERVED_CLAIM_NAME, errors.DisclosureReason.CLAIM_COLLISION)
        ):
            verifier().verify(token, EXPECTED)

    def test_nor_a_part_of_it(self):
        text, digest = disclosure(SALT, "more", "x")
        refused(
            errors.TokenReason.RESERVED_CLAIM_NAME,
            {"cnf": {"jwk": HOLDER_KEY.public.jwk, "_sd": [digest]}},
            (text, ""),
            match="cnf",
        )

    def test_a_status_cannot_be_hidden(self):
        text, digest = disclosure(SALT, "status", {})
        token = SdJwt.parse(sd_token({"_sd": [digest]}, text))
        hidden = {
            name: value for name, value in token.issuer_jwt.claims.items() if name != "status"
        }
        object.__setattr__(token.issuer_jwt, "claims", hidden)
        with because(errors.TokenReason.RESERVED_CLAIM_NAME, match="the format forbids"):
            token.process()

    @pytest.mark.parametrize("place", ["top", "inside"])
    def test_a_claim_that_is_there_already(self, place):
        text, digest = disclosure(SALT, "a", 1)
        level = {"a": 0, "_sd": [digest]}
        refused(
            errors.DisclosureReason.CLAIM_COLLISION,
            level if place == "top" else {"b": level},
            (text, ""),
        )

    def test_a_claim_disclosed_by_two(self):
        one, one_digest = disclosure(SALT, "a", 1)
        two, two_digest = disclosure(SALT, "a", 2)
        refused(
            errors.DisclosureReason.CLAIM_COLLISION,
            {"_sd": [one_digest, two_digest]},
            (one, ""),
            (two, ""),
        )

    def test_an_element_in_the_place_of_a_claim_and_the_other_way_round(self):
        element, element_digest = disclosure(SALT, 1)
        refused(errors.TokenReason.MALFORMED_DISCLOSURE, {"_sd": [element_digest]}, (element, ""))
        claim, claim_digest = disclosure(SALT, "a", 1)
        refused(
            errors.TokenReason.MALFORMED_DISCLOSURE, {"b": [{"...": claim_digest}]}, (claim, "")
        )

    @pytest.mark.parametrize(
        "content",
        [
            b"{}",
            b"[]",
            b'["s"]',
            b'["s","a",1,2]',
            b"[1,2,3]",
            b'["s",1,2]',
            b"null",
            b"7",
            b'["s",["a"],1]',
        ],
    )
    def test_what_is_no_disclosure(self, content):
        with because(errors.TokenReason.MALFORMED_DISCLOSURE):
            Disclosure.parse(encode(content))

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("WyI=", errors.BadBase64),
            ("", errors.TokenReason.BAD_JSON),
            (encode(b'["s","a",{"b":1,"b":2}]'), errors.TokenReason.BAD_JSON),
            (encode(b'["s","a",' + b"[" * 70 + b"]" * 70 + b"]"), errors.TokenReason.BAD_JSON),
            (encode(b'["s","a",1]')[:-1], errors.MalformedToken),
        ],
    )
    def test_what_cannot_be_read(self, text, error):
        with because(error):
            Disclosure.parse(text)


class TestWrongPayloads:
    @pytest.mark.parametrize("digests", ["x", {}, 7, None, [7], [["x"]]], ids=str)
    def test_digests_that_are_none(self, digests):
        refused(errors.TokenReason.MALFORMED_CLAIM, {"_sd": digests})

    @pytest.mark.parametrize(
        "element", [{"...": 7}, {"...": "x", "more": 1}, {"...": None}], ids=str
    )
    def test_elements_that_are_no_digest(self, element):
        refused(errors.TokenReason.MALFORMED_CLAIM, {"a": [element]})

    @pytest.mark.parametrize("name", ["md5", "sha-1", "SHA-256", "", 7, None, ["sha-256"]], ids=str)
    def test_hash_functions_that_are_refused(self, name):
        refused(errors.DisclosureReason.HASH_REFUSED, {"_sd_alg": name})


class TestRead:
    @pytest.mark.parametrize("text", ["", "a.b.c", "~", "~~", "a.b.c~x"])
    def test_what_is_no_sd_jwt(self, text):
        with pytest.raises(errors.MalformedToken):
            SdJwt.parse(text)

    def test_empty_disclosures(self):
        first, *rest = issued().split("~")
        with because(errors.TokenReason.BAD_JSON):
            SdJwt.parse("~".join([first, "", *rest]))

    def test_limits_come_before_everything(self):
        with because(errors.TokenReason.TOKEN_TOO_LARGE):
            SdJwt.parse("~" * 65_537)
        with because(errors.TokenReason.TOKEN_TOO_LARGE, match="disclosures"):
            SdJwt.parse("~" * 600)
        with because(errors.TokenReason.TOKEN_TOO_LARGE):
            SdJwt.parse(issued(), Limits(disclosures=2))

    def test_the_earlier_type_is_taken_too(self):
        found = verifier().verify(
            sd_token({"age_over_18": True}, header={"typ": "vc+sd-jwt"}), EXPECTED
        )
        assert found.type == VCT

    @pytest.mark.parametrize("kind", ["JWT", "kb+jwt", None, "sd-jwt"])
    def test_other_types_are_not(self, kind):
        with because(errors.TokenReason.WRONG_TOKEN_TYPE):
            verifier().verify(sd_token({"age_over_18": True}, header={"typ": kind}), EXPECTED)

    def test_what_is_signed_and_what_is_hashed_is_what_came(self):
        text = presented()
        token = SdJwt.parse(text)
        assert token.text + token.key_binding == text
        assert token.sd_hash == encode(sha256(token.text.encode()).digest())

    def test_the_scope_is_of_the_credential_and_what_is_shown(self):
        token = SdJwt.parse(presented())
        digests = sorted(sha256(one.text.encode()).digest() for one in token.disclosures)
        jwt = sha256(token.issuer_jwt.text.encode()).digest()
        assert token.scope == keccak256(b"careledger.scope.v1" + jwt + b"".join(digests))

    def test_no_text_of_it_shows_a_value(self):
        token = SdJwt.parse(issued())
        assert "Ana" not in repr(token)
        assert "Ana" not in repr(token.process())
        assert decode(token.disclosures[0].text).decode() not in repr(token)
