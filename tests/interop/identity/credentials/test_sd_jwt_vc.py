"""SD-JWT VCs, ours and others': npm's `@sd-jwt/sd-jwt-vc`, PyPI's `polaris-oid4vp` and `sd-jwt`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from careledger.identity.credentials.held_credential import HeldCredential
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt
from careledger.identity.credentials.keys import KEY_TYPES, SigningKey
from careledger.identity.credentials.policy import PresentationRequirements
from careledger.values.times import from_seconds
from tests.interop.identity.credentials.conftest import Party, Steps, World

pytestmark = pytest.mark.interop

VCT, AUDIENCE, NONCE = "https://credentials.example/kyc", "https://insurer.example", "n-0S6_WzA2Mj"
CONSENT = bytes(range(32))
"""Its id, in a claim of the key binding that others do not know and let pass."""
CLAIMS = {
    "given_name": "Zoë \U0001f600",
    "birthdate": "1990-02-29",
    "age_equal_or_over": {"18": True, "21": True, "65": False},
    "address": {"country": "ES", "region": {"name": "Cádiz", "code": 11}},
    "nationalities": ["ES", "FR", {"code": "PT", "since": 2001}],
    "income": 12.5,
}
DISCLOSABLE: list[list[str | int | None]] = [
    ["given_name"], ["birthdate"], ["age_equal_or_over", "18"], ["age_equal_or_over", "21"],
    ["address"],
    ["address", "country"], ["address", "region"], ["address", "region", "code"],
    ["nationalities", None],
    ["nationalities", 2, "since"],
]  # fmt: skip
SHOWN: list[list[str | int | None]] = [
    ["age_equal_or_over", "18"], ["address", "region", "code"], ["nationalities", 0],
    ["nationalities", 2, "since"]
]  # fmt: skip


def signing_key(party: Party, alg: str) -> SigningKey:
    return SigningKey(alg, bytes.fromhex(party.secret(alg)))


@dataclass
class Shop:
    """Issues credentials and presents them, by our code."""

    world: World
    alg: str

    def issue(self, alg: str | None = None) -> str:
        now = from_seconds(self.world.now())
        party = self.world.issuer
        issuer = Issuer(party.did, signing_key(party, alg or self.alg), party.kid(alg or self.alg))
        return issue_sd_jwt(
            issuer, VCT, CLAIMS, Validity(now, now + timedelta(days=1)),
            holder=signing_key(self.world.holder, self.alg).public, disclosable=DISCLOSABLE,
            decoys=3,
        )  # fmt: skip

    def present(
        self, credential: str, shown: list[list[str | int | None]] = SHOWN, **other: Any
    ) -> str:
        holder = other.pop("holder", None) or signing_key(self.world.holder, self.alg)
        asked = {"audience": AUDIENCE, "nonce": NONCE, "at": from_seconds(self.world.now())} | other
        return HeldCredential.parse(credential).select(shown).present(holder, **asked)


@pytest.fixture(params=KEY_TYPES)
def shop(world: World, request: pytest.FixtureRequest) -> Shop:
    return Shop(world, request.param)


def claims_of(presentation: str) -> dict[str, Any]:
    return HeldCredential.parse(presentation).payload.claims


def test_npm_verifies_credentials_and_presentations(shop: Shop, npm: Steps) -> None:
    credential = shop.issue()
    presentations = [shop.present(credential, shown) for shown in ([], SHOWN, DISCLOSABLE)]
    presentations += [shop.present(credential, SHOWN, consent=CONSENT)]
    answers = npm(
        "sd_jwt_vc.mjs",
        {"do": "verify", "token": credential},
        *({"do": "verify", "token": one, "nonce": NONCE} for one in presentations),
    )
    for token, answer in zip([credential, *presentations], answers, strict=True):
        assert answer["ok"]["payload"] == claims_of(token)
        assert answer["ok"]["header"]["kid"] == shop.world.issuer.kid(shop.alg)
    payloads = [answer["ok"]["payload"] for answer in answers]
    assert {name: payloads[0][name] for name in CLAIMS} == CLAIMS
    assert "given_name" not in payloads[1]
    assert payloads[2]["address"] == {"region": {"name": "Cádiz", "code": 11}}
    assert payloads[2]["nationalities"] == ["ES", {"code": "PT", "since": 2001}]
    assert payloads[2]["age_equal_or_over"] == {"18": True, "65": False}
    assert answers[1]["ok"]["kb"]["payload"]["aud"] == AUDIENCE
    assert answers[-1]["ok"]["kb"]["payload"]["consent"] == f"0x{CONSENT.hex()}"


def test_npm_presents_what_we_issued(shop: Shop, npm: Steps) -> None:
    frame = {
        "given_name": True,
        "address": {"region": {"code": True}},
        "nationalities": {"1": True},
    }
    kb = {"iat": shop.world.now(), "aud": AUDIENCE, "nonce": NONCE}
    key = shop.world.holder.key(shop.alg)
    (answer,) = npm(
        "sd_jwt_vc.mjs",
        {"do": "present", "token": shop.issue(), "frame": frame, "kb": kb, "key": key},
    )
    claims = claims_of(answer["ok"])
    assert claims["given_name"] == CLAIMS["given_name"]
    assert claims["address"] == {"region": {"name": "Cádiz", "code": 11}}
    assert claims["nationalities"] == ["FR"]
    assert "birthdate" not in claims


def test_the_reference_in_python_presents_what_we_issued(world: World, pypi: Steps) -> None:
    disclose = {
        "given_name": True,
        "address": {"region": {"code": True}},
        "nationalities": [False, True, {"since": True}],
    }
    (answer,) = pypi({
        "do": "present", "token": Shop(world, "ES256").issue(), "disclose": disclose,
        "nonce": NONCE,
        "audience": AUDIENCE, "holder": signing_key(world.holder, "ES256").private_jwk,
        "alg": "ES256",
    })  # fmt: skip
    claims = claims_of(answer["ok"])
    assert claims["given_name"] == CLAIMS["given_name"]
    assert claims["address"] == {"region": {"name": "Cádiz", "code": 11}}
    assert claims["nationalities"] == ["FR", {"code": "PT", "since": 2001}]
    assert "birthdate" not in claims


def test_polaris_verifies_presentations(world: World, pypi: Steps) -> None:
    shop = Shop(world, "ES256")
    credential = shop.issue()
    presentations = [shop.present(credential, shown) for shown in ([], SHOWN, DISCLOSABLE)]
    presentations += [shop.present(credential, SHOWN, consent=CONSENT)]
    for token, answer in zip(
        presentations, pypi(*(polaris(world, one) for one in presentations)), strict=True
    ):
        assert answer["ok"]["claims"] == claims_of(token)
        assert answer["ok"]["revocation"]["state"] == "no_status_claim"


def polaris(world: World, token: str, **other: Any) -> dict[str, Any]:
    """Return the step that has `polaris-oid4vp` verify a presentation, by the issuer's key for
    ES256.
    """
    step = {
        "do": "polaris",
        "token": token,
        "nonce": NONCE,
        "audience": AUDIENCE,
        "vct": VCT,
        "lists": {},
    }
    return (
        step | {"keys": [signing_key(world.issuer, "ES256").public.jwk], "now": world.now()} | other
    )


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "ES256K"])
def test_the_reference_in_python_verifies_presentations(
    world: World, pypi: Steps, alg: str
) -> None:
    # Its key binding knows ES256 alone, whatever signed the credential.
    shop = Shop(world, "ES256")
    credential = shop.issue(alg=alg)
    presentations = [shop.present(credential, shown) for shown in ([], SHOWN, DISCLOSABLE)]
    key = signing_key(world.issuer, alg).public.jwk
    asked = {"do": "verify", "nonce": NONCE, "audience": AUDIENCE, "key": key}
    for token, answer in zip(
        presentations, pypi(*(asked | {"token": one} for one in presentations)), strict=True
    ):
        assert answer["ok"] == claims_of(token)


def test_we_verify_what_npm_issued_and_presented(shop: Shop, npm: Steps) -> None:
    world, now = shop.world, shop.world.now()
    party, holder = world.issuer, signing_key(world.holder, shop.alg)
    payload = CLAIMS | {
        "iss": party.did,
        "vct": VCT,
        "iat": now,
        "exp": now + 600,
        "cnf": {"jwk": holder.public.jwk},
    }
    frame = {
        "_sd": ["given_name", "birthdate", "address"],
        "address": {"_sd": ["country", "region"], "region": {"_sd": ["code"]}},
        "nationalities": {"_sd": [0, 1, 2], "2": {"_sd": ["since"]}},
    }
    issue = {"do": "issue", "payload": payload, "frame": frame, "key": party.key(shop.alg)}
    named = issue | {"header": {"kid": party.kid(shop.alg)}}
    credentials = [answer["ok"] for answer in npm("sd_jwt_vc.mjs", issue, named)]
    shown = {
        "given_name": True,
        "address": {"region": {"code": True}},
        "nationalities": {"2": {"since": True}},
    }
    presenting = {
        "do": "present",
        "kb": {"iat": now, "aud": AUDIENCE, "nonce": NONCE},
        "key": world.holder.key(shop.alg),
    }
    steps = [
        presenting | {"token": one, "frame": frame} for one in credentials for frame in ({}, shown)
    ]
    presentations = [answer["ok"] for answer in npm("sd_jwt_vc.mjs", *steps)]
    found = [
        world.verifier().verify(one, PresentationRequirements(AUDIENCE, NONCE, VCT))
        for one in presentations
    ]
    for nothing, some in (found[:2], found[2:]):
        assert (nothing.issuer, nothing.issuer_key) == (party.did, party.kid(shop.alg))
        assert nothing.disclosed == ()
        assert nothing.get("income") == 12.5
        assert nothing.get("given_name") is None
        assert some.claims["given_name"] == CLAIMS["given_name"]
        assert some.claims["address"] == {"region": {"name": "Cádiz", "code": 11}}
        assert some.claims["nationalities"] == [{"code": "PT", "since": 2001}]
        assert some.holder == holder.public.thumbprint
    for one in credentials:
        claims = world.verifier().check(one, VCT).claims
        assert {name: claims[name] for name in CLAIMS} == CLAIMS


@pytest.mark.parametrize("hash_name", ["sha-256", "sha-384", "sha-512"])
def test_we_verify_by_the_hash_that_npm_chose(world: World, npm: Steps, hash_name: str) -> None:
    now, party, holder = world.now(), world.issuer, signing_key(world.holder, "ES256")
    payload = {
        "iss": party.did,
        "vct": VCT,
        "iat": now,
        "cnf": {"jwk": holder.public.jwk},
        "n": [1, 2],
    }
    payload["given_name"] = "Zoë"
    issue = {
        "do": "issue",
        "payload": payload,
        "frame": {"_sd": ["given_name", "n"], "n": {"_sd": [0, 1]}},
    }
    (credential,) = npm("sd_jwt_vc.mjs", issue | {"key": party.key("ES256"), "hashAlg": hash_name})
    steps = {
        "do": "present",
        "token": credential["ok"],
        "kb": {"iat": now, "aud": AUDIENCE, "nonce": NONCE},
    }
    frame = {"given_name": True, "n": {"1": True}}
    (presented,) = npm("sd_jwt_vc.mjs", steps | {"frame": frame, "key": world.holder.key("ES256")})
    found = world.verifier().verify(presented["ok"], PresentationRequirements(AUDIENCE, NONCE, VCT))
    assert (found.claims["given_name"], found.claims["n"]) == ("Zoë", [2])
    assert HeldCredential.parse(credential["ok"]).token.hash_name == hash_name
    ours = HeldCredential.parse(credential["ok"]).select(["given_name"])
    token = ours.present(holder, audience=AUDIENCE, nonce=NONCE, at=from_seconds(world.now()))
    (answer,) = npm("sd_jwt_vc.mjs", {"do": "verify", "token": token, "nonce": NONCE})
    assert answer["ok"]["payload"]["given_name"] == "Zoë"


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "ES256K"])
def test_we_verify_what_the_reference_in_python_issued_and_presented(
    world: World, pypi: Steps, alg: str
) -> None:
    now, party, holder = world.now(), world.issuer, signing_key(world.holder, "ES256")
    claims = {
        "iss": party.did, "vct": VCT, "iat": now, "exp": now + 600, "given_name": {"sd": "Zoë"},
        "address": {"sd": {"country": {"sd": "ES"}, "code": 11}},
        "nationalities": [{"sd": "ES"}, {"sd": {"code": "PT"}}],
    }  # fmt: skip
    (issued,) = pypi({
        "do": "issue", "claims": claims, "alg": alg, "decoys": True, "header": {"typ": "dc+sd-jwt"},
        "key": signing_key(party, alg).private_jwk, "holder": holder.private_jwk,
    })  # fmt: skip
    disclose = {"address": {"country": True}, "nationalities": [False, True]}
    (presented,) = pypi({
        "do": "present", "token": issued["ok"], "disclose": disclose, "nonce": NONCE,
        "audience": AUDIENCE,
        "holder": holder.private_jwk, "alg": "ES256",
    })  # fmt: skip
    found = world.verifier().verify(
        presented["ok"],
        PresentationRequirements(AUDIENCE, NONCE, VCT, claims=[["address", "country"]]),
    )
    assert found.issuer_key == party.kid(alg)
    assert found.claims["address"] == {"country": "ES", "code": 11}
    assert found.claims["nationalities"] == [{"code": "PT"}]
    assert "given_name" not in found.claims
