"""Random credentials by three issuers, random parts of them shown, and four readers that have to
see the same.
"""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from careledger.identity.credentials.claim_paths import ClaimPath
from careledger.identity.credentials.held_credential import HeldCredential
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt
from careledger.identity.credentials.keys import SigningKey
from careledger.values.times import from_seconds
from tests.interop.identity.credentials.conftest import Steps, World

pytestmark = pytest.mark.interop

SEED = 9901
CREDENTIALS = 60
VCT, AUDIENCE, NONCE = "https://credentials.example/random", "https://reader.example", "bm9uY2U"
NAMES = [
    "a",
    "b",
    "c",
    "año",
    "名",
    "\U0001f600",
    "with space",
    "a.b",
    "$",
    'quo"te',
    "0",
    "x" * 40,
    "é",
    "e\u0301",
]
PLAIN = [
    "",
    "text",
    "señal ñ",
    '"\\\n\u2028',
    "~",
    0,
    -1,
    2**53 - 1,
    0.1,
    1e21,
    -2.5e-7,
    True,
    False,
    None,
]
OPEN = {"iss", "vct", "iat", "exp", "cnf"}
Json = Any


class Tree:
    """A value, some parts of which can be disclosed apart; written
    for each of the three issuers.
    """

    def __init__(self, dice: random.Random, depth: int = 0) -> None:
        roll = dice.random() if depth < 4 else 1.0
        self.plain: Json = dice.choice(PLAIN)
        self.kind = "object" if depth == 0 or roll < 0.3 else "array" if roll < 0.5 else "plain"
        self.members: dict[Any, Tree] = {}
        if self.kind != "plain":
            size = dice.randint(1 if depth == 0 else 0, 4)
            keys = dice.sample(NAMES, size) if self.kind == "object" else list(range(size))
            self.members = {key: Tree(dice, depth + 1) for key in keys}
        self.hidden = {key for key in self.members if dice.random() < 0.5}

    @property
    def value(self) -> Json:
        """The claims themselves."""
        if self.kind == "plain":
            return self.plain
        found = {key: member.value for key, member in self.members.items()}
        return found if self.kind == "object" else list(found.values())

    def paths(self, path: ClaimPath = ()) -> Iterator[ClaimPath]:
        """What can be disclosed, as our issuer is told."""
        for key, member in self.members.items():
            if key in self.hidden:
                yield (*path, key)
            yield from member.paths((*path, key))

    def visible(self, shown: list[ClaimPath], path: ClaimPath = ()) -> Json:
        """What a reader sees when these are shown: each with what it stands in and all that is in
        it.
        """

        def seen(here: ClaimPath) -> bool:
            return any(one[: len(here)] == here or here[: len(one)] == one for one in shown)

        found = {
            key: member.visible(shown, (*path, key))
            for key, member in self.members.items()
            if key not in self.hidden or seen((*path, key))
        }
        return {"plain": self.plain, "object": found, "array": [*found.values()]}[self.kind]

    @property
    def frame(self) -> Json:
        """The same for npm's issuer."""
        inner = {key: member.frame for key, member in self.members.items() if member.members}
        return {"_sd": [*self.hidden], **inner} if self.hidden else inner

    @property
    def marked(self) -> Json:
        """The same for the reference's: {"sd": value} can be disclosed."""
        if self.kind == "plain":
            return self.plain
        found = {
            k: {"sd": m.marked} if k in self.hidden else m.marked for k, m in self.members.items()
        }
        return found if self.kind == "object" else list(found.values())


def issued(
    world: World, dice: random.Random, trees: list[Tree], npm: Steps, pypi: Steps
) -> list[str]:
    """Return a credential for every tree, by our issuer, npm's and the reference's in turn."""
    now, party = world.now(), world.issuer
    key, holder = (
        SigningKey("ES256", bytes.fromhex(one.secret("ES256"))) for one in (party, world.holder)
    )
    kid = party.kid("ES256")
    base = {"iss": party.did, "vct": VCT, "iat": now, "exp": now + 86_400}
    for_npm = [
        {
            "do": "issue", "key": party.key("ES256"), "header": {"kid": kid}, "frame": tree.frame,
            "payload": base | tree.value | {"cnf": {"jwk": holder.public.jwk}},
        }
        for tree in trees[1::3]
    ]  # fmt: skip
    for_pypi = [
        {
            "do": "issue", "key": key.private_jwk, "holder": holder.private_jwk, "alg": "ES256",
            "header": {"typ": "dc+sd-jwt", "kid": kid}, "claims": base | tree.marked,
            "decoys": dice.random() < 0.5,
        }
        for tree in trees[2::3]
    ]  # fmt: skip
    ours = [
        issue_sd_jwt(
            Issuer(party.did, key, kid), VCT, tree.value,
            Validity(from_seconds(now), from_seconds(now) + timedelta(days=1)),
            holder=holder.public, disclosable=list(tree.paths()), decoys=dice.choice([0, 0, 2]),
        )
        for tree in trees[::3]
    ]  # fmt: skip
    theirs = (
        [answer["ok"] for answer in answers]
        for answers in (npm("sd_jwt_vc.mjs", *for_npm), pypi(*for_pypi))
    )
    return [token for three in zip(ours, *theirs, strict=True) for token in three]


def test_all_readers_see_the_same(world: World, npm: Steps, pypi: Steps) -> None:
    print("seed", SEED)
    dice = random.Random(SEED)
    trees = [Tree(dice) for _ in range(3 * CREDENTIALS)]
    credentials = issued(world, dice, trees, npm, pypi)
    keys = [
        SigningKey("ES256", bytes.fromhex(one.secret("ES256")))
        for one in (world.issuer, world.holder)
    ]
    whole = [HeldCredential.parse(credential) for credential in credentials]
    for tree, holding in zip(trees, whole, strict=True):
        assert {name: holding.claims[name] for name in tree.members} == tree.value
        assert set(holding.disclosable) == set(tree.paths())
    tokens, expected, now = [], [], world.now()
    for tree, holding in zip(trees, whole, strict=True):
        shown = [path for path in holding.disclosable if dice.random() < 0.5]
        presented = holding.select(shown).present(
            keys[1], audience=AUDIENCE, nonce=NONCE, at=from_seconds(now)
        )
        tokens.append(presented)
        claims = HeldCredential.parse(presented).claims
        expected.append(claims)
        assert {name: value for name, value in claims.items() if name not in OPEN} == tree.visible(
            shown
        )

    answers = npm(
        "sd_jwt_vc.mjs", *({"do": "verify", "token": token, "nonce": NONCE} for token in tokens)
    )
    assert [answer["ok"]["payload"] for answer in answers] == expected
    asked = {"nonce": NONCE, "audience": AUDIENCE}
    polaris = asked | {
        "do": "polaris",
        "vct": VCT,
        "lists": {},
        "keys": [keys[0].public.jwk],
        "now": now,
    }
    answers = pypi(*(polaris | {"token": token} for token in tokens))
    assert [answer["ok"]["claims"] for answer in answers] == expected
    reference = asked | {"do": "verify", "key": keys[0].public.jwk}
    answers = pypi(*(reference | {"token": token} for token in tokens))
    assert [answer["ok"] for answer in answers] == expected
    # What was compared is worth comparing.
    disclosures = [token.count("~") - 1 for token in tokens]
    assert sum(count == 0 for count in disclosures) > 10
    assert sum(count > 4 for count in disclosures) > 10
    assert sum(len(path) > 2 for tree in trees for path in tree.paths()) > 100
    assert sum(isinstance(path[-1], int) for tree in trees for path in tree.paths()) > 50
