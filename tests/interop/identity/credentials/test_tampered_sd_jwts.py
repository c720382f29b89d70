"""Presentations that were tampered with, whoever made them: four verifiers, and what each says."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from careledger.errors import Reason
from careledger.identity.credentials import errors, jose
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.policy import PresentationRequirements
from careledger.identity.credentials.sd_jwt import Disclosure
from careledger.values.times import from_seconds
from tests.interop.identity.credentials.conftest import Steps, World

pytestmark = pytest.mark.interop

VCT, AUDIENCE, NONCE = "https://credentials.example/kyc", "https://insurer.example", "n-0S6_WzA2Mj"
CLAIMS = {"name": "Zoë", "over18": True, "countries": ["ES", "FR"]}


@dataclass
class Forge:
    """An honest credential, the keys of all, and what can be done with them."""

    world: World
    credential: str

    def __post_init__(self) -> None:
        self.issuer, self.holder = (
            SigningKey("ES256", bytes.fromhex(one.secret("ES256")))
            for one in (self.world.issuer, self.world.holder)
        )
        self.now = self.world.now()
        """Stands, so that all verifiers mean the same time."""
        self.stranger = SigningKey("ES256", bytes(31) + b"\x07")
        self.jwt, *self.disclosures = self.credential.removesuffix("~").split("~")

    def present(
        self, parts: list[str], holder: SigningKey | None = None, typ: str = "kb+jwt", **other: Any
    ) -> str:
        """Return a presentation of an issuer-signed JWT and disclosures, with a proof that fits
        unless told.
        """
        text = "~".join([*parts, ""])
        sd_hash = Disclosure(text, "", None, None).digest()
        claims = {"iat": self.now, "aud": AUDIENCE, "nonce": NONCE, "sd_hash": sd_hash} | other
        return text + jose.sign({"typ": typ}, claims, holder or self.holder)

    def presented(self, jwt: str, *added: Disclosure, **other: Any) -> str:
        """Return the same for an issuer-signed JWT with all the disclosures of the credential, and
        others.
        """
        return self.present([jwt, *self.disclosures, *(one.text for one in added)], **other)

    def honest(self) -> str:
        return self.presented(self.jwt)

    def afterwards(self, parts: list[str]) -> str:
        """Return the honest presentation with other parts before its proof."""
        return "~".join([*parts, self.honest().rpartition("~")[2]])

    def signed(
        self, key: SigningKey | None = None, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """Return the issuer-signed JWT with other claims, signed by the issuer unless told; None
        takes a claim out.
        """
        token = jose.Jws.parse(self.jwt, {"dc+sd-jwt"})
        claims = {
            name: value for name, value in (token.claims | changes).items() if value is not None
        }
        return jose.sign({"typ": "dc+sd-jwt"} | (header or {}), claims, key or self.issuer)

    def changed(self, **changes: Any) -> str:
        """Return the issuer-signed JWT with other claims and the signature that it had."""
        signature = self.jwt.rpartition(".")[2]
        return self.signed(**changes).rpartition(".")[0] + "." + signature

    def by(self, alg: str, signature: bytes) -> str:
        header = jose.encode(f'{{"alg":"{alg}","typ":"dc+sd-jwt"}}'.encode())
        return f"{header}.{self.jwt.split('.')[1]}.{jose.encode(signature)}"

    def committed(self, *disclosures: Disclosure, **changes: Any) -> str:
        """Return the issuer-signed JWT with the digests of further disclosures in it."""
        known = jose.Jws.parse(self.jwt, {"dc+sd-jwt"}).claims["_sd"]
        return self.signed(_sd=[*known, *(one.digest() for one in disclosures)], **changes)


def disclosure(name: str | None, value: Any) -> Disclosure:
    return Disclosure.make("c2FsdHNhbHRzYWx0c2FsdA", value, name)


NAMELESS, EXP, STATUS, VCT_AGAIN, RESERVED, NEW = (
    disclosure(None, "XX"),
    disclosure("exp", 1),
    disclosure("status", {}),
    disclosure("vct", "x"),
    disclosure("_sd", []),
    disclosure("new", 1),
)


@dataclass(frozen=True)
class Says:
    """What each verifier says of a presentation; None: it takes
    it, which its users have to know.
    """

    ours: Reason
    polaris: str
    npm: str | None
    reference: str | None


SIGNATURE = "Invalid JWT Signature"
FORGED = Says(
    errors.SignatureReason.SIGNATURE_INVALID, "issuer_signature", SIGNATURE, "Verification failed"
)

TAMPERED: dict[str, tuple[Callable[[Forge], str], Says]] = {
    "a claim changed": (lambda f: f.presented(f.changed(exp=f.now + 10**6)), FORGED),
    "signed by a stranger": (lambda f: f.presented(f.signed(f.stranger)), FORGED),
    "another holder's key": (
        lambda f: f.presented(f.changed(cnf={"jwk": f.stranger.public.jwk}), holder=f.stranger),
        FORGED,
    ),
    "unsigned": (
        lambda f: f.presented(f.by("none", b"")),
        Says(
            errors.SignatureReason.ALGORITHM_REFUSED,
            "issuer_alg",
            "no signature in JWT",
            "Verification failed",
        ),
    ),
    "signed by a shared secret": (
        lambda f: f.presented(f.by("HS256", bytes(32))),
        Says(
            errors.SignatureReason.ALGORITHM_REFUSED, "issuer_alg", SIGNATURE, "Verification failed"
        ),
    ),
    "a critical extension": (
        lambda f: f.presented(f.signed(header={"crit": ["x"], "x": 1})),
        Says(errors.TokenReason.CRITICAL_HEADER, "crit", None, "Unknown critical header"),
    ),
    "another kind of token": (
        lambda f: f.presented(f.signed(header={"typ": "JWT"})),
        Says(errors.TokenReason.WRONG_TOKEN_TYPE, "issuer_typ", None, None),
    ),
    "expired": (
        lambda f: f.presented(f.signed(exp=f.now - 1000)),
        Says(errors.TimeReason.EXPIRED, "credential_validity", "JWT is expired", None),
    ),
    "not yet valid": (
        lambda f: f.presented(f.signed(nbf=f.now + 1000)),
        Says(errors.TimeReason.NOT_YET_VALID, "credential_validity", "JWT is not yet valid", None),
    ),
    "an expiry that is no number": (
        lambda f: f.presented(f.signed(exp="tomorrow")),
        Says(errors.TokenReason.MALFORMED_CLAIM, "credential_validity", None, None),
    ),
    "another type": (
        lambda f: f.presented(f.signed(vct="https://credentials.example/library")),
        Says(errors.ContentReason.WRONG_TYPE, "vct", None, None),
    ),
    "another hash": (
        lambda f: f.presented(f.signed(_sd_alg="md5")),
        Says(
            errors.DisclosureReason.HASH_REFUSED,
            "sd_alg",
            "Invalid sd_hash",
            "Invalid hash algorithm",
        ),
    ),
    "a disclosure changed": (
        lambda f: f.present([f.jwt, disclosure("name", "Eve").text, *f.disclosures[1:]]),
        Says(errors.DisclosureReason.DISCLOSURE_NOT_SIGNED, "disclosure", None, None),
    ),
    "a disclosure added": (
        lambda f: f.presented(f.jwt, NEW),
        Says(errors.DisclosureReason.DISCLOSURE_NOT_SIGNED, "disclosure", None, None),
    ),
    "a disclosure twice": (
        lambda f: f.present([f.jwt, *f.disclosures, f.disclosures[0]]),
        Says(
            errors.DisclosureReason.DUPLICATE_DISCLOSURE,
            "disclosure",
            None,
            "Duplicate disclosure hash",
        ),
    ),
    "a disclosure added afterwards": (
        lambda f: f.afterwards([f.jwt, *f.disclosures, NEW.text]),
        Says(
            errors.DisclosureReason.DISCLOSURE_NOT_SIGNED,
            "disclosure",
            "Invalid sd_hash",
            "Invalid digest in KB-JWT",
        ),
    ),
    "a disclosure left out afterwards": (
        lambda f: f.afterwards([f.jwt, *f.disclosures[1:]]),
        Says(
            errors.KeyBindingReason.PRESENTATION_ALTERED,
            "sd_hash",
            "Invalid sd_hash",
            "Invalid digest in KB-JWT",
        ),
    ),
    "a digest twice": (
        lambda f: f.presented(f.committed(NEW, NEW), NEW),
        Says(errors.DisclosureReason.DUPLICATE_DIGEST, "disclosure", None, "Duplicate hash found"),
    ),
    "a claim that stands there already": (
        lambda f: f.presented(f.committed(VCT_AGAIN), VCT_AGAIN),
        Says(errors.DisclosureReason.CLAIM_COLLISION, "disclosure", None, "Duplicate key found"),
    ),
    "an expiry in a disclosure": (
        lambda f: f.presented(f.committed(EXP, exp=None), EXP),
        Says(errors.TokenReason.RESERVED_CLAIM_NAME, "disclosure", None, None),
    ),
    "a status in a disclosure": (
        lambda f: f.presented(f.committed(STATUS), STATUS),
        Says(errors.TokenReason.RESERVED_CLAIM_NAME, "disclosure", None, None),
    ),
    "a reserved name in a disclosure": (
        lambda f: f.presented(f.committed(RESERVED), RESERVED),
        Says(errors.TokenReason.RESERVED_CLAIM_NAME, "disclosure", None, None),
    ),
    "an element where a claim belongs": (
        lambda f: f.presented(f.committed(NAMELESS), NAMELESS),
        Says(
            errors.TokenReason.MALFORMED_DISCLOSURE,
            "disclosure",
            None,
            "not enough values to unpack",
        ),
    ),
    "no key binding": (
        lambda f: f.credential,
        Says(
            errors.KeyBindingReason.KEY_BINDING_MISSING,
            "kb_missing",
            "Key Binding JWT not exist",
            "Invalid format",
        ),
    ),
    "key binding by a stranger": (
        lambda f: f.presented(f.jwt, holder=f.stranger),
        Says(
            errors.KeyBindingReason.KEY_BINDING_INVALID,
            "kb_signature",
            SIGNATURE,
            "Verification failed",
        ),
    ),
    "no holder's key": (
        lambda f: f.presented(f.signed(cnf=None)),
        Says(
            errors.KeyBindingReason.HOLDER_KEY_MISSING, "kb_cnf", SIGNATURE, "No holder public key"
        ),
    ),
    "another kind of key binding": (
        lambda f: f.presented(f.jwt, typ="JWT"),
        Says(
            errors.TokenReason.WRONG_TOKEN_TYPE,
            "kb_typ",
            "Invalid Key Binding Jwt",
            "Invalid header typ",
        ),
    ),
    "another nonce": (
        lambda f: f.presented(f.jwt, nonce="another"),
        Says(errors.KeyBindingReason.WRONG_NONCE, "nonce", "Invalid Nonce", "Invalid nonce"),
    ),
    "another audience": (
        lambda f: f.presented(f.jwt, aud="https://mallory.example"),
        Says(errors.KeyBindingReason.WRONG_AUDIENCE, "audience", None, "Invalid audience"),
    ),
    "key binding of last year": (
        lambda f: f.presented(f.jwt, iat=f.now - 365 * 86_400),
        Says(errors.KeyBindingReason.KEY_BINDING_STALE, "kb_freshness", None, None),
    ),
    "key binding of next year": (
        lambda f: f.presented(f.jwt, iat=f.now + 365 * 86_400),
        Says(errors.KeyBindingReason.KEY_BINDING_STALE, "kb_freshness", None, None),
    ),
    "cut in the middle": (
        lambda f: f.honest()[: len(f.honest()) // 2],
        Says(
            errors.TokenReason.MALFORMED_TOKEN,
            "malformed",
            "Invalid JWT as input",
            "not enough values to unpack",
        ),
    ),
}


def made(maker: str, world: World, npm: Steps, pypi: Steps) -> str:
    party, now = world.issuer, world.now()
    key, holder = (
        SigningKey("ES256", bytes.fromhex(one.secret("ES256"))) for one in (party, world.holder)
    )
    open_ = {"iss": party.did, "vct": VCT, "iat": now, "exp": now + 86_400}
    if maker == "ours":
        validity = Validity(from_seconds(now), from_seconds(now) + timedelta(days=1))
        salts = random.Random(1).randbytes  # so that a seed makes the same presentations again
        return issue_sd_jwt(
            Issuer(party.did, key), VCT, CLAIMS, validity, holder=holder.public, salts=salts
        )
    if maker == "npm":
        payload = open_ | CLAIMS | {"cnf": {"jwk": holder.public.jwk}}
        (answer,) = npm(
            "sd_jwt_vc.mjs",
            {
                "do": "issue",
                "payload": payload,
                "frame": {"_sd": list(CLAIMS)},
                "key": party.key("ES256"),
            },
        )
    else:
        (answer,) = pypi(
            {
                "do": "issue",
                "claims": open_ | {name: {"sd": value} for name, value in CLAIMS.items()},
                "alg": "ES256",
                "key": key.private_jwk,
                "holder": holder.private_jwk,
                "header": {"typ": "dc+sd-jwt"},
                "decoys": False,
            }
        )
    return str(answer["ok"])


def said(answer: dict[str, Any]) -> str | None:
    return None if "ok" in answer else str(answer["refused"])


def said_by_us(forge: Forge, token: str) -> Reason | None:
    try:
        forge.world.verifier(clock=lambda: from_seconds(forge.now)).verify(
            token, PresentationRequirements(AUDIENCE, NONCE, VCT)
        )
    except errors.CredentialError as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize("maker", ["ours", "npm", "reference"])
def test_what_each_verifier_says(world: World, npm: Steps, pypi: Steps, maker: str) -> None:
    forge = Forge(world, made(maker, world, npm, pypi))
    names = ["honest", *TAMPERED]
    tokens = [forge.honest(), *(tamper(forge) for tamper, _ in TAMPERED.values())]
    jwk, asked = forge.issuer.public.jwk, {"nonce": NONCE, "audience": AUDIENCE}
    polaris = asked | {"do": "polaris", "vct": VCT, "lists": {}, "keys": [jwk], "now": forge.now}
    reference = asked | {"do": "verify", "key": jwk}
    answers = zip(
        names,
        tokens,
        npm(
            "sd_jwt_vc.mjs", *({"do": "verify", "token": token, "nonce": NONCE} for token in tokens)
        ),
        pypi(*(polaris | {"token": token} for token in tokens)),
        pypi(*(reference | {"token": token} for token in tokens)),
        strict=True,
    )
    for name, token, by_npm, by_polaris, by_reference in answers:
        heard = said_by_us(forge, token), said(by_polaris), said(by_npm), said(by_reference)
        if name == "honest":
            assert heard == (None, None, None, None)
            continue
        expected = TAMPERED[name][1]
        assert heard[0] is expected.ours, name
        assert (heard[1] or "").startswith(f"Refused: {expected.polaris}: "), (name, heard)
        for sentence, part in ((heard[2], expected.npm), (heard[3], expected.reference)):
            assert (sentence is None) if part is None else (part in (sentence or "")), (name, heard)
