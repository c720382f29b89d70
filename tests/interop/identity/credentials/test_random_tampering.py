"""Random damage to presentations, signed anew: what we take `polaris-oid4vp` takes too, and reads
the same in it.
"""

import random
from collections import Counter
from typing import Any

import pytest

from careledger.identity.credentials import errors, jose
from careledger.identity.credentials.policy import PresentationRequirements
from careledger.identity.credentials.sd_jwt import Disclosure
from careledger.values.times import from_seconds
from tests.interop.identity.credentials.conftest import Steps, World
from tests.interop.identity.credentials.test_tampered_sd_jwts import (
    AUDIENCE,
    NONCE,
    VCT,
    Forge,
    made,
)

pytestmark = pytest.mark.interop

SEED = 7519
CASES = 600
Json = Any


def junk(dice: random.Random, now: int) -> Json:
    return dice.choice(
        [
            None,
            True,
            False,
            "",
            "x",
            "dc+sd-jwt",
            NONCE,
            AUDIENCE,
            VCT,
            "sha-256",
            "sha-512",
            0,
            -1,
            1.5,
            now,
            now - 86_400,
            now + 86_400,
            now + 30,
            str(now),
            2**53 - 1,
            [],
            [AUDIENCE],
            [[]],
            ["x"],
            {},
            {"jwk": {}},
            {"...": "x"},
            {"_sd": []},
            {"_sd": "x"},
            {"a": {"_sd": ["x"]}},
            [{"...": 1}],
            [{"...": "x"}],
            [{"...": "x", "y": 1}],
            {"_sd_alg": "sha-256"},
        ]
    )


class Damage:
    """Does a random thing or two to an honest presentation."""

    def __init__(self, forge: Forge, dice: random.Random) -> None:
        self.forge, self.dice, self.now = forge, dice, forge.now
        self.header: dict[str, Json] = {}
        self.claims: dict[str, Json] = {}
        self.proof: dict[str, Json] = {}
        self.disclosures = list(forge.disclosures)

    def header_parameter(self) -> None:
        self.header[self.dice.choice(["typ", "kid", "cty", "x", "jwk", "b64"])] = junk(
            self.dice, self.now
        )

    def claim(self) -> None:
        names = [
            "vct",
            "iat",
            "nbf",
            "exp",
            "cnf",
            "sub",
            "_sd",
            "_sd_alg",
            "...",
            "status",
            "x",
            "name",
        ]
        self.claims[self.dice.choice(names)] = junk(self.dice, self.now)

    def proof_claim(self) -> None:
        names = ["iat", "aud", "nonce", "sd_hash", "exp", "nbf", "x"]
        self.proof[self.dice.choice(names)] = junk(self.dice, self.now)

    def order(self) -> None:
        self.dice.shuffle(self.disclosures)

    def fewer(self) -> None:
        if self.disclosures:
            self.disclosures.pop()

    def more(self) -> None:
        """Add a disclosure that the issuer signs for, of whatever name and value."""
        parts = [
            "c2FsdA",
            self.dice.choice(["x", "name", "exp", "_sd", "...", "vct", 1, "sub", "iat"]),
        ]
        parts = [*parts, junk(self.dice, self.now)] if self.dice.random() < 0.8 else parts
        added = Disclosure(jose.encode(jose.canonical.dumps(parts)), "", None, None)
        self.disclosures.append(added.text)
        known = self.claims.get("_sd", jose.Jws.parse(self.forge.jwt, {"dc+sd-jwt"}).claims["_sd"])
        self.claims["_sd"] = [*known, added.digest()] if isinstance(known, list) else known

    def text(self, text: str) -> str:
        """Change a character, or take one out, or double one."""
        at = self.dice.randrange(len(text))
        other = self.dice.choice("Aa0-_~.= ")
        return text[:at] + self.dice.choice([other, "", text[at] * 2]) + text[at + 1 :]

    def done(self) -> str:
        kinds = [
            self.header_parameter,
            self.claim,
            self.claim,
            self.proof_claim,
            self.order,
            self.fewer,
            self.more,
        ]
        for kind in self.dice.sample(kinds, self.dice.choice([0, 1, 1, 1, 2])):
            kind()
        jwt = (
            self.forge.signed(header=self.header, **self.claims)
            if self.header or self.claims
            else self.forge.jwt
        )
        token = self.forge.present([jwt, *self.disclosures], **self.proof)
        return self.text(token) if self.dice.random() < 0.1 else token


STRICTER = {
    "identity.reserved-claim-name": "names reserved for selective disclosure are claims",
    "identity.malformed-claim": "a date, a status, digests or a placeholder are malformed",
    "identity.bad-header": "`b64` in the header, which says that something else is signed",
    "identity.issuer-key-unknown": "the header names a key that is none of the issuer's",
    "identity.key-rotated": "the credential is older than its key in the issuer's document",
    "identity.issued-in-future": "the credential says that it was signed later than now",
}
"""What we refuse and polaris takes, and why."""


def test_what_we_take_polaris_takes(world: World, npm: Steps, pypi: Steps) -> None:
    print("seed", SEED)
    dice, forge = random.Random(SEED), Forge(world, made("ours", world, npm, pypi))
    tokens = [Damage(forge, dice).done() for _ in range(CASES)]
    asked = {
        "do": "polaris",
        "nonce": NONCE,
        "audience": AUDIENCE,
        "vct": VCT,
        "lists": {},
        "now": forge.now,
    }
    asked |= {"keys": [forge.issuer.public.jwk]}
    verifier, expected = (
        world.verifier(clock=lambda: from_seconds(forge.now)),
        PresentationRequirements(AUDIENCE, NONCE, VCT),
    )
    taken, refused, stricter = 0, Counter[str](), Counter[str]()
    for token, answer in zip(
        tokens, pypi(*(asked | {"token": token} for token in tokens)), strict=True
    ):
        try:
            found = verifier.verify(token, expected)
        except errors.CredentialError as refusal:
            (stricter if "ok" in answer else refused)[refusal.code] += 1
            continue
        assert answer.get("ok", answer).get("claims") == found.claims, (answer, token)
        taken += 1
    assert stricter.keys() <= STRICTER.keys(), stricter
    # What was compared is worth comparing.
    assert taken > CASES // 3, (taken, refused)
    assert refused.total() > CASES // 3, (taken, refused)
    assert len(refused) > 10, refused
