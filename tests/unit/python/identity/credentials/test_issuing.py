"""What issuers sign, and what holders choose from it."""

import pytest

from careledger.crypto.canonical import CanonicalError
from careledger.errors import InputError
from careledger.identity.credentials import errors
from careledger.identity.credentials.claim_paths import at_path, path_of, path_text
from careledger.identity.credentials.held_credential import HeldCredential, consent_text
from careledger.identity.credentials.issuer import Issuer, Validity
from careledger.identity.credentials.jose import encode
from careledger.identity.credentials.sd_jwt import SdJwt
from tests.support.refusals import because
from tests.worlds.identity.credential_stage import (
    CLAIMS,
    DAY,
    DID,
    EXPECTED,
    HOLDER_KEY,
    ISSUER_KEY,
    NOW,
    STATUS,
    VCT,
    chosen,
    issued,
    part,
    presented,
    vc_issued,
    verifier,
)


class TestIssue:
    def test_what_is_open(self):
        payload = part(issued(subject="did:example:ana"), 1)
        assert (payload["iss"], payload["vct"], payload["sub"]) == (DID, VCT, "did:example:ana")
        assert (payload["iat"], payload["exp"]) == (1_800_000_000, 1_802_592_000)
        assert payload["cnf"] == {"jwk": HOLDER_KEY.public.jwk}
        assert payload["status"] == STATUS.sd_jwt_claim
        assert not CLAIMS.keys() - {"nationalities"} & payload.keys()
        assert [set(one) for one in payload["nationalities"]] == [{"..."}] * 3

    def test_its_header_names_the_key(self):
        assert part(issued(), 0) == {
            "alg": "ES256K",
            "kid": f"{DID}#controller",
            "typ": "dc+sd-jwt",
        }
        assert part(issued(issuer=Issuer(DID, ISSUER_KEY)), 0) == {
            "alg": "ES256K",
            "typ": "dc+sd-jwt",
        }

    def test_everything_is_there_again(self):
        held = HeldCredential.parse(issued())
        assert {name: held.claims[name] for name in CLAIMS} == CLAIMS
        assert (held.vct, held.issuer, held.status) == (VCT, DID, STATUS)
        assert held.holder_key == HOLDER_KEY.public

    def test_by_default_every_claim_at_the_top_can_be_kept(self):
        assert set(HeldCredential.parse(issued(disclosable=None)).disclosable) == {
            (name,) for name in CLAIMS
        }

    def test_nothing_can_be_kept(self):
        token = issued(disclosable=())
        assert token.count("~") == 1
        assert "_sd_alg" not in part(token, 1)
        assert HeldCredential.parse(token).claims["given_name"] == "Ana"

    def test_decoys_look_like_digests(self):
        plain, padded = (part(issued(decoys=n), 1)["_sd"] for n in (0, 5))
        assert len(padded) == len(plain) + 5
        assert {len(one) for one in padded} == {43}
        assert padded == sorted(padded)

    def test_salts_are_long_and_new(self):
        one, two = (SdJwt.parse(issued()).disclosures for _ in range(2))
        assert all(len(d.salt) >= 22 for d in one)
        assert not {d.salt for d in one} & {d.salt for d in two}

    @pytest.mark.parametrize("name", ["iss", "sub", "iat", "nbf", "exp", "cnf", "vct", "status"])
    def test_claims_that_have_an_argument_of_their_own(self, name):
        with pytest.raises(InputError, match="argument"):
            issued(claims={name: 1}, disclosable=None)

    @pytest.mark.parametrize("claims", [{"_sd": []}, {"a": {"...": 1}}, {"a": [{"_sd_alg": 1}]}])
    def test_names_that_the_format_keeps(self, claims):
        with pytest.raises(InputError, match="cannot have the name"):
            issued(claims=claims, disclosable=())

    @pytest.mark.parametrize("claims", [{"a": float("nan")}, {"a": 2**60}, {"a": b"x"}, {1: 2}])
    def test_values_without_json(self, claims):
        with pytest.raises((CanonicalError, InputError)):
            issued(claims=claims, disclosable=())

    @pytest.mark.parametrize(
        "path", ["nothing", ("address", "zip"), ("nationalities", 3), ("given_name", None)]
    )
    def test_paths_that_lead_nowhere(self, path):
        with pytest.raises(InputError, match="there is no claim"):
            issued(disclosable=[path])

    def test_what_has_to_be_said_openly(self):
        claims = {"a": 1, "vct#integrity": "sha256-x"}
        assert HeldCredential.parse(issued(claims=claims, disclosable=None)).disclosable == [("a",)]
        with pytest.raises(InputError, match="the format forbids it"):
            issued(claims=claims, disclosable=["vct#integrity"])

    def test_a_key_that_is_none(self):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            issued(holder={"kty": "EC"})

    def test_times(self):
        with pytest.raises(InputError, match="before it begins"):
            Validity(NOW, NOW)
        with pytest.raises(InputError, match="before it begins"):
            Validity(NOW, NOW + DAY, NOW + DAY)
        with pytest.raises(InputError, match="time zone"):
            Validity(NOW.replace(tzinfo=None), None)
        assert Validity(NOW, None, NOW + DAY).claims == {"iat": 1_800_000_000, "nbf": 1_800_086_400}

    @pytest.mark.parametrize("did", ["did:web:x", "x", f"{DID}#controller"])
    def test_issuers_that_are_no_did_ethr(self, did):
        with pytest.raises(InputError):
            Issuer(did, ISSUER_KEY)

    def test_a_key_of_another_identity(self):
        with pytest.raises(InputError, match="is not a key of"):
            Issuer(DID, ISSUER_KEY, "#controller")


class TestVcJwt:
    def test_the_claims_of_the_data_model(self):
        payload = part(vc_issued(credential_id="urn:uuid:1"), 1)
        assert (payload["jti"], payload["nbf"], payload["iat"]) == (
            "urn:uuid:1",
            1_800_000_000,
            1_800_000_000,
        )
        assert payload["vc"]["type"] == ["VerifiableCredential", "Kyc"]
        assert payload["vc"]["credentialSubject"] == CLAIMS
        assert payload["vc"]["credentialStatus"] == STATUS.vc_entry
        assert len(payload["vc"]["@context"]) == 2
        without = part(vc_issued(status=None), 1)["vc"]
        assert len(without["@context"]) == 1
        assert "credentialStatus" not in without

    @pytest.mark.parametrize("claims", [{}, {"id": "did:x"}])
    def test_claims_that_cannot_be(self, claims):
        with pytest.raises(InputError):
            vc_issued(claims=claims)


class TestChoose:
    @pytest.mark.parametrize(
        ("paths", "shown"),
        [
            (["given_name"], {("given_name",)}),
            ([["address"]], {("address",), ("address", "street")}),
            ([["address", "country"]], {("address",)}),
            ([["address", "street"]], {("address",), ("address", "street")}),
            ([["nationalities", 1]], {("nationalities", 0)}),
            ([["nationalities", None]], {("nationalities", n) for n in range(3)}),
            (["nationalities"], {("nationalities", n) for n in range(3)}),
            (["iss"], set()),
            ([], set()),
        ],
        ids=range(
            9
            # a set is written in another order in every run, and parallel workers must agree on the
            # names
        ),
    )
    def test_what_is_shown(self, paths, shown):
        selection = HeldCredential.parse(issued()).select(paths)
        assert set(selection.disclosed) == shown
        assert len(selection.token.disclosures) == len(shown)

    def test_the_right_element(self):
        token = SdJwt.parse(presented(chosen(None, ["nationalities", 1]), at=NOW))
        assert token.process().claims["nationalities"] == ["FR"]

    @pytest.mark.parametrize(
        "path", ["nothing", ["address", "zip"], ["nationalities", 9], ["given_name", None]]
    )
    def test_what_is_not_held(self, path):
        with pytest.raises(errors.ClaimNotHeld):
            HeldCredential.parse(issued()).select([path])

    @pytest.mark.parametrize(
        "path", [[], [None], [0], ["a", -1], ["a", 1.5], ["a", True], ["a", ["b"]]], ids=str
    )
    def test_what_is_no_path(self, path):
        with pytest.raises(InputError):
            HeldCredential.parse(issued()).select([path])

    def test_what_was_not_chosen_is_not_in_the_presentation(self):
        token = SdJwt.parse(presented())
        assert "Ana" not in str(token.process().claims)
        assert len(token.disclosures) == 2

    def test_the_issuers_bytes_are_handed_on(self):
        credential = issued()
        assert presented(chosen(credential)).split("~")[0] == credential.split("~")[0]

    def test_without_a_key_there_is_no_holder(self):
        held = HeldCredential.parse(issued(holder=None))
        with pytest.raises(errors.HolderKeyMissing):
            _ = held.holder_key

    @pytest.mark.parametrize("consent", [b"", b"\1" * 31])
    def test_a_consent_that_is_none(self, consent):
        with pytest.raises(InputError):
            presented(consent=consent)
        assert consent_text(b"\1" * 32) == "0x" + "01" * 32


class TestPaths:
    def test_as_people_read_them(self):
        assert path_text(path_of(["a", "b", 0, None])) == "a.b[0][]"
        assert path_of("a") == ("a",)

    def test_what_is_there(self):
        value = {"a": [{"b": 1}, {"b": 2}, 7]}
        assert list(at_path(value, ("a", None, "b"))) == [1, 2]
        assert list(at_path(value, ("a", 2))) == [7]
        assert not list(at_path(value, ("a", "b")))
        assert not list(at_path(value, ("a", 3)))
        assert not list(at_path(value, ("x",)))


def test_a_credential_with_everything_open_is_verified_too():
    selection = chosen(issued(disclosable=()), "age_over_18")
    assert verifier().verify(presented(selection), EXPECTED).get("age_over_18") is True


def test_salts_can_be_given_for_examples():
    def numbered():
        numbers = iter(range(100))
        return lambda size: bytes([next(numbers)]) * size

    tokens = [issued(salts=numbered()) for _ in range(2)]
    assert tokens[0] == tokens[1]
    assert SdJwt.parse(tokens[0]).disclosures[0].salt == encode(bytes(16))
