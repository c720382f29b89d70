"""W3C credentials and presentations as JWT, ours and those of npm's `did-jwt-vc`: each verifies the
other's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from careledger.chain.node import DevelopmentChain
from careledger.errors import Reason
from careledger.identity.credentials import errors, jose
from careledger.identity.credentials.did_keys import KeyPolicy
from careledger.identity.credentials.held_credential import present_vc
from careledger.identity.credentials.issuer import Issuer, Validity, issue_vc_jwt
from careledger.identity.credentials.keys import KEY_TYPES, SigningKey
from careledger.identity.credentials.policy import PresentationRequirements, VerifierPolicy
from careledger.identity.credentials.vc_jwt import FORMAT, W3C_CONTEXT
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.did.model import name32
from careledger.values.times import from_seconds
from tests.interop.identity.credentials.conftest import LONG, Answer, Party, Steps, World
from tests.support.refusals import because

pytestmark = pytest.mark.interop

TYPE, AUDIENCE, NONCE = "KycCredential", "https://insurer.example", "n-0S6_WzA2Mj"
CLAIMS = {
    "name": "Zoë \U0001f600",
    "over18": True,
    "address": {"country": "ES"},
    "scores": [1, 2.5],
}


def signer(party: Party, alg: str, *, named: bool = True) -> Issuer:
    """Return a party with one of its keys, which the token names or not."""
    return Issuer(
        party.did,
        SigningKey(alg, bytes.fromhex(party.secret(alg))),
        party.kid(alg) if named else None,
    )


def issue(world: World, alg: str, **other: Any) -> str:
    now = from_seconds(world.now())
    options: dict[str, Any] = {
        "credential_id": "urn:uuid:3978344f-8596-4c3a-a978-8fcaba3903c5"
    } | other
    by = options.pop("by", None) or signer(world.issuer, alg)
    validity = options.pop("validity", None) or Validity(now, now + timedelta(days=1))
    return issue_vc_jwt(by, [TYPE], world.holder.did, CLAIMS, validity, **options)


def present(world: World, credential: str, alg: str, **other: Any) -> str:
    asked = {"audience": AUDIENCE, "nonce": NONCE, "at": from_seconds(world.now())} | other
    by = asked.pop("by", None) or signer(world.holder, alg)
    return present_vc([credential], by, **asked)


def asked_of_npm(token: str) -> dict[str, Any]:
    return {"do": "verifyPresentation", "token": token, "challenge": NONCE, "domain": AUDIENCE}


@pytest.mark.parametrize("alg", KEY_TYPES)
def test_did_jwt_vc_verifies_ours(world: World, npm: Steps, alg: str) -> None:
    credentials = [issue(world, alg), issue(world, alg, by=signer(world.issuer, alg, named=False))]
    presentations = [
        present(world, credentials[0], alg),
        present(world, credentials[1], alg, by=signer(world.holder, alg, named=False)),
        present(
            world, credentials[0], alg, expires_at=from_seconds(world.now()) + timedelta(minutes=5)
        ),
    ]
    answers = npm(
        "vc_jwt.mjs",
        *({"do": "verify", "token": token} for token in credentials),
        *(asked_of_npm(token) for token in presentations),
    )
    for answer in answers[:2]:
        found = answer["ok"]
        assert (found["issuer"], found["signer"]) == (world.issuer.did, world.issuer.kid(alg))
        assert found["credential"]["credentialSubject"] == CLAIMS | {"id": world.holder.did}
        assert found["credential"]["type"] == ["VerifiableCredential", TYPE]
        assert found["credential"]["id"] == "urn:uuid:3978344f-8596-4c3a-a978-8fcaba3903c5"
        assert found["credential"]["issuer"] == {"id": world.issuer.did}
        begins, ends = (
            datetime.fromisoformat(found["credential"][n])
            for n in ("issuanceDate", "expirationDate")
        )
        assert ends - begins == timedelta(days=1)
    for answer in answers[2:]:
        found = answer["ok"]
        assert (found["issuer"], found["signer"]) == (world.holder.did, world.holder.kid(alg))
        (inside,) = found["presentation"]["verifiableCredential"]
        assert inside["credentialSubject"] == CLAIMS | {"id": world.holder.did}


def theirs(world: World, npm: Steps, alg: str, **payload: Any) -> str:
    """Return a credential of `did-jwt-vc`, from the form of the W3C data model unless the payload
    says otherwise.
    """
    now = world.now()
    vc = {
        "@context": [W3C_CONTEXT],
        "id": "urn:x:1",
        "type": ["VerifiableCredential", TYPE],
        "issuer": world.issuer.did,
        "issuanceDate": datetime.fromtimestamp(now, UTC).isoformat(),
        "expirationDate": datetime.fromtimestamp(now + 600, UTC).isoformat(),
        "credentialSubject": CLAIMS | {"id": world.holder.did},
    }
    step = {
        "do": "issue",
        "did": world.issuer.did,
        "key": world.issuer.key(alg),
        "payload": payload or vc,
    }
    (answer,) = npm("vc_jwt.mjs", step)
    return str(answer["ok"])


def presenting(world: World, credential: str, alg: str, **other: Any) -> dict[str, Any]:
    """Return the step that has `did-jwt-vc` present a credential."""
    inner = {
        "@context": [W3C_CONTEXT],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [credential],
    }
    step = {
        "do": "present",
        "did": world.holder.did,
        "key": world.holder.key(alg),
        "payload": {"vp": inner},
    }
    return step | {"challenge": NONCE, "domain": AUDIENCE} | other


@pytest.mark.parametrize("alg", KEY_TYPES)
def test_we_verify_those_of_did_jwt_vc(world: World, npm: Steps, alg: str) -> None:
    now = world.now()
    vc = {
        "@context": W3C_CONTEXT,
        "type": ["VerifiableCredential", TYPE],
        "credentialSubject": CLAIMS,
    }
    credentials = [
        theirs(world, npm, alg),
        theirs(world, npm, alg, iat=now, nbf=now, exp=now + 600, sub=world.holder.did, vc=vc),
    ]
    steps = [presenting(world, one, alg) for one in credentials]
    steps += [presenting(world, credentials[0], alg, header={"kid": world.holder.kid(alg)})]
    for answer in npm("vc_jwt.mjs", *steps):
        found = world.verifier().verify(
            answer["ok"],
            PresentationRequirements(AUDIENCE, NONCE, TYPE, claims=[["address", "country"]]),
        )
        assert (found.format, found.issuer, found.issuer_key) == (
            FORMAT.name,
            world.issuer.did,
            world.issuer.kid(alg),
        )
        assert found.claims == CLAIMS
        assert found.subject == found.holder == world.holder.did
        assert found.expires_at == from_seconds(now + 600)


@dataclass(frozen=True)
class Case:
    """A presentation that was tampered with, and what both say; None: `did-jwt-vc` takes it."""

    make: Callable[[World, str], str]
    ours: Reason
    npm: str | None


def resigned(
    token: str, key: SigningKey, header: dict[str, Any] | None = None, **changes: Any
) -> str:
    """Return a token with other claims, signed anew; None takes a claim out."""
    claims = {
        n: v for n, v in (jose.Jws.parse(token, {"jwt"}).claims | changes).items() if v is not None
    }
    return jose.sign({"typ": "JWT"} | (header or {}), claims, key)


def altered(token: str, **changes: Any) -> str:
    """Return a token with other claims and the signature that it had."""
    head, _, signature = token.split(".")
    claims = jose.Jws.parse(token, {"jwt"}).claims | changes
    middle = jose.sign({"typ": "JWT"}, claims, STRANGER).split(".")[1]
    return f"{head}.{middle}.{signature}"


def unsigned(token: str) -> str:
    header = jose.encode(b'{"alg":"none","typ":"JWT"}')
    return f"{header}.{token.split('.')[1]}."


STRANGER = SigningKey("ES256", bytes(31) + b"\x07")


def key_of(world: World, who: str) -> SigningKey:
    return SigningKey("ES256", bytes.fromhex(getattr(world, who).secret("ES256")))


def inside(world: World, credential: str, change: Callable[[str], str]) -> str:
    return present(world, change(credential), "ES256")


INVALID = "invalid_signature"
TAMPERED = {
    "the presentation changed": Case(
        lambda w, c: altered(present(w, c, "ES256"), exp=w.now() + 10**6),
        errors.SignatureReason.SIGNATURE_INVALID,
        INVALID,
    ),
    "presented by a stranger": Case(
        lambda w, c: resigned(present(w, c, "ES256"), STRANGER),
        errors.SignatureReason.SIGNATURE_INVALID,
        INVALID,
    ),
    "presented by the issuer": Case(
        lambda w, c: present(w, c, "ES256K", by=signer(w.issuer, "ES256K")),
        errors.KeyBindingReason.KEY_BINDING_INVALID,
        None,
    ),
    "an unsigned presentation": Case(
        lambda w, c: unsigned(present(w, c, "ES256")),
        errors.SignatureReason.ALGORITHM_REFUSED,
        "invalid_argument",
    ),
    "another nonce": Case(
        lambda w, c: present(w, c, "ES256", nonce="another"),
        errors.KeyBindingReason.WRONG_NONCE,
        "auth_error",
    ),
    "another audience": Case(
        lambda w, c: present(w, c, "ES256", audience="https://mallory.example"),
        errors.KeyBindingReason.WRONG_AUDIENCE,
        "invalid_config",
    ),
    "an expired presentation": Case(
        lambda w, c: resigned(
            present(w, c, "ES256"), key_of(w, "holder"), exp=w.now() - 1000, iat=w.now() - 2000
        ),
        errors.KeyBindingReason.KEY_BINDING_STALE,
        "expired",
    ),
    "no credential": Case(
        lambda w, c: resigned(
            present(w, c, "ES256"),
            key_of(w, "holder"),
            vp={
                "@context": [W3C_CONTEXT],
                "type": ["VerifiablePresentation"],
                "verifiableCredential": [],
            },
        ),
        errors.TokenReason.MALFORMED_CLAIM,
        None,
    ),
    "the credential changed": Case(
        lambda w, c: inside(w, c, lambda t: altered(t, exp=w.now() + 10**6)),
        errors.SignatureReason.SIGNATURE_INVALID,
        INVALID,
    ),
    "a credential by a stranger": Case(
        lambda w, c: inside(w, c, lambda t: resigned(t, STRANGER)),
        errors.SignatureReason.SIGNATURE_INVALID,
        INVALID,
    ),
    "an unsigned credential": Case(
        lambda w, c: inside(w, c, unsigned),
        errors.SignatureReason.ALGORITHM_REFUSED,
        "unknown credential",
    ),
    "an expired credential": Case(
        lambda w, c: inside(w, c, lambda t: resigned(t, key_of(w, "issuer"), exp=w.now() - 1000)),
        errors.TimeReason.EXPIRED,
        "expired",
    ),
    "somebody else's credential": Case(
        lambda w, c: inside(w, c, lambda t: resigned(t, key_of(w, "issuer"), sub=w.issuer.did)),
        errors.KeyBindingReason.KEY_BINDING_INVALID,
        None,
    ),
}


def said_by_us(world: World, token: str) -> Reason | None:
    try:
        world.verifier().verify(token, PresentationRequirements(AUDIENCE, NONCE, TYPE))
    except errors.CredentialError as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize("maker", ["ours", "npm"])
def test_what_both_say_of_tampered_presentations(world: World, npm: Steps, maker: str) -> None:
    credential = issue(world, "ES256") if maker == "ours" else theirs(world, npm, "ES256")
    made = {"honest": present(world, credential, "ES256")}
    made |= {name: case.make(world, credential) for name, case in TAMPERED.items()}
    said: dict[str, tuple[Any, Answer]] = {
        name: (said_by_us(world, token), answer)
        for (name, token), answer in zip(
            made.items(), npm("vc_jwt.mjs", *map(asked_of_npm, made.values())), strict=True
        )
    }
    ours, answer = said.pop("honest")
    assert ours is None
    assert "ok" in answer
    for name, (ours, answer) in said.items():
        assert ours is TAMPERED[name].ours, name
        part = TAMPERED[name].npm
        assert ("ok" in answer) if part is None else (part in answer["refused"]), (name, answer)


def test_a_rotated_key_counts_for_us_where_the_policy_says_so_and_never_for_did_jwt_vc(
    past: World,
) -> None:
    party, made_at = past.issuer, from_seconds(past.chain.timestamp())
    credential = issue(past, "ES256", validity=Validity(made_at, None))
    step = {"do": "verify", "token": credential}
    policies = {one: VerifierPolicy([party.did], one, status_required=False) for one in KeyPolicy}
    for policy in policies.values():
        assert Verifier(past.registry, policy).check(credential).key_valid_now
    assert past.npm("vc_jwt.mjs", step)[0]["ok"]["signer"] == party.kid("ES256")

    DevelopmentChain(past.chain).warp(past.chain.timestamp() + 100)
    past.change(
        party,
        "revokeAttribute",
        name32(name := "did/pub/JsonWebKey2020/veriKey"),
        party.attributes[name],
    )
    assert (
        not Verifier(past.registry, policies[KeyPolicy.AT_SIGNING]).check(credential).key_valid_now
    )
    with because(errors.IssuerReason.KEY_ROTATED):
        Verifier(past.registry, policies[KeyPolicy.NOW]).check(credential)
    assert "no_suitable_keys" in past.npm("vc_jwt.mjs", step)[0]["refused"]


def test_keys_and_delegates_of_secp256k1_beside_the_controller(world: World, npm: Steps) -> None:
    party = world.newcomer(6, "veriKey")
    machine, clerk = SigningKey("ES256K", b"\x21" * 32), SigningKey("ES256K", b"\x22" * 32)
    name, value = machine.attribute
    world.change(party, "setAttribute", name32(name), value, LONG)
    world.change(party, "addDelegate", name32("veriKey"), clerk.address, LONG)
    verifier = Verifier(world.registry, VerifierPolicy([party.did], status_required=False))
    made = {}
    for place, key in (("#delegate-3", machine), ("#delegate-4", clerk)):
        for alg in ("ES256K", "ES256K-R"):
            by = Issuer(party.did, SigningKey(alg, key.secret), party.did + place)
            made[place, alg] = issue(world, alg, by=by)
            assert verifier.check(made[place, alg]).issuer_key == party.did + place
    answers = npm("vc_jwt.mjs", *({"do": "verify", "token": token} for token in made.values()))
    assert [answer["ok"]["signer"] for answer in answers] == [
        party.did + place for place, _ in made
    ]


def test_the_attributes_that_we_write_are_those_that_were_tried(world: World) -> None:
    for alg in ("ES256", "EdDSA"):
        assert signer(world.issuer, alg).key.attribute in world.issuer.attributes.items()
