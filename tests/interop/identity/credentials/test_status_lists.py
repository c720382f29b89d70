"""Status lists, ours from the chain and theirs: npm's readers of both forms, `polaris-oid4vp`, and
our reader.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from careledger.chain.send import Sender
from careledger.identity.credentials import errors, jose
from careledger.identity.credentials.did_keys import DidKeys
from careledger.identity.credentials.held_credential import HeldCredential
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt, issue_vc_jwt
from careledger.identity.credentials.keys import KEY_TYPES, SigningKey
from careledger.identity.credentials.policy import PresentationRequirements
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.status.bitstring_list import export_vc1, export_vc2
from careledger.identity.status.client import CredentialStatus
from careledger.identity.status.kinds import read_status_list
from careledger.identity.status.readers import ChainStatusReader, ListStatusReader
from careledger.identity.status.snapshot import MIN_SIZE, StatusListSnapshot, take_snapshot
from careledger.identity.status.status_list import StatusIssuer
from careledger.identity.status.token_list import export_token_list
from careledger.values.times import from_seconds
from tests.interop.identity.credentials.conftest import Steps, World
from tests.support.refusals import because

pytestmark = pytest.mark.interop

SEED = 20210
LIST, URI = b"interop".ljust(32, b"\0"), "https://issuer.example/status/interop"
VCT, AUDIENCE, NONCE = "https://credentials.example/kyc", "https://insurer.example", "n-0S6_WzA2Mj"


@dataclass
class Bureau:
    """The issuer's list on the chain, with a few credentials
    revoked, and what is issued under it.
    """

    world: World
    revoked: set[int]
    snapshot: StatusListSnapshot

    def exporter(self, alg: str = "ES256") -> StatusIssuer:
        return StatusIssuer(self.world.issuer.did, self.key(alg), self.world.issuer.kid(alg))

    def key(self, alg: str) -> SigningKey:
        return SigningKey(alg, bytes.fromhex(self.world.issuer.secret(alg)))

    def token_list(self, alg: str = "ES256") -> str:
        return export_token_list(self.snapshot, URI, self.exporter(alg))

    def reference(self, index: int) -> StatusReference:
        world = self.world
        return StatusReference(
            URI,
            index,
            world.chain.chain_id,
            world.statuses.address,
            world.issuer.account.address,
            LIST,
        )

    def terms(self) -> tuple[Issuer, Validity]:
        party, now = self.world.issuer, from_seconds(self.world.now())
        return Issuer(party.did, self.key("ES256"), party.kid("ES256")), Validity(
            now, now + timedelta(days=1)
        )

    def presentation(self, index: int) -> str:
        issuer, validity = self.terms()
        holder = SigningKey("ES256", bytes.fromhex(self.world.holder.secret("ES256")))
        credential = issue_sd_jwt(
            issuer,
            VCT,
            {"name": "Zoë"},
            validity,
            holder=holder.public,
            status=self.reference(index),
        )
        asked = {"audience": AUDIENCE, "nonce": NONCE, "at": from_seconds(self.world.now())}
        return HeldCredential.parse(credential).select(["name"]).present(holder, **asked)

    def vc(self, index: int) -> str:
        issuer, validity = self.terms()
        claims = {"name": "Zoë"}
        return issue_vc_jwt(
            issuer, ["Kyc"], self.world.holder.did, claims, validity, status=self.reference(index)
        )


@pytest.fixture(scope="module")
def bureau(world: World) -> Bureau:
    print("seed", SEED)
    dice = random.Random(SEED)
    revoked = {0, 7, 8, 255, 256, MIN_SIZE - 1, *(dice.randrange(MIN_SIZE) for _ in range(60))}
    contract = CredentialStatus(
        world.chain, world.statuses.address, Sender(world.chain, world.issuer.account)
    )
    contract.revoke_many(world.issuer.account.address, LIST, revoked)
    return Bureau(world, revoked, take_snapshot(world.statuses, world.issuer.account.address, LIST))


def around(places: set[int]) -> list[int]:
    """Return places with their neighbours, for a list read the wrong way round is right nearly
    everywhere.
    """
    return sorted(
        {near for place in places for near in (place - 1, place, place + 1) if 0 <= near < MIN_SIZE}
    )


def some(bureau: Bureau) -> list[int]:
    """Return a few places, revoked and not."""
    return [0, 1, 7, 8, 9, 254, 255, 256, MIN_SIZE - 2, MIN_SIZE - 1]


@pytest.mark.parametrize("alg", KEY_TYPES)
def test_npm_reads_our_token_status_list(bureau: Bureau, npm: Steps, alg: str) -> None:
    places = around(bureau.revoked)
    (answer,) = npm(
        "status_lists.mjs", {"do": "readToken", "token": bureau.token_list(alg), "indexes": places}
    )
    assert answer["ok"] == {
        "bits": 1,
        "statuses": [int(place in bureau.revoked) for place in places],
    }


def test_npm_refuses_a_revoked_sd_jwt_by_our_list(bureau: Bureau, npm: Steps) -> None:
    tokens = {place: bureau.presentation(place) for place in some(bureau)}
    lists = {URI: bureau.token_list()}
    steps = (
        {"do": "verify", "token": token, "nonce": NONCE, "lists": lists}
        for token in tokens.values()
    )
    for place, answer in zip(tokens, npm("sd_jwt_vc.mjs", *steps), strict=True):
        assert answer.get("refused") == (
            "Status is not valid" if place in bureau.revoked else None
        ), place


def polaris(bureau: Bureau, token: str, list_: str) -> dict[str, Any]:
    """Return the step that has `polaris-oid4vp` verify a presentation and look into a list."""
    asked = {
        "do": "polaris",
        "nonce": NONCE,
        "audience": AUDIENCE,
        "vct": VCT,
        "now": bureau.world.now(),
    }
    return asked | {"token": token, "lists": {URI: list_}, "keys": [bureau.key("ES256").public.jwk]}


def test_polaris_reads_our_list(bureau: Bureau, pypi: Steps) -> None:
    tokens = {place: bureau.presentation(place) for place in some(bureau)}
    steps = (polaris(bureau, token, bureau.token_list()) for token in tokens.values())
    for place, answer in zip(tokens, pypi(*steps), strict=True):
        told = answer["ok"]["revocation"]
        expected = "INVALID" if place in bureau.revoked else "VALID"
        assert (told["checked"], told["fresh"], told["meaning"]) == (True, True, expected)


@pytest.mark.parametrize("export", [export_vc2, export_vc1])
def test_npm_reads_our_bitstring_status_list(
    bureau: Bureau, npm: Steps, export: Callable[..., str]
) -> None:
    tokens = {place: bureau.vc(place) for place in some(bureau)}
    lists = {URI: export(bureau.snapshot, URI, bureau.exporter())}
    steps = ({"do": "readBitstring", "token": token, "lists": lists} for token in tokens.values())
    for place, answer in zip(tokens, npm("status_lists.mjs", *steps), strict=True):
        assert answer["ok"]["revoked"] is (place in bureau.revoked), place
        assert answer["ok"]["entry"]["careledger"]["contract"] == bureau.world.statuses.address


def test_we_say_the_same_by_chain_and_by_list(bureau: Bureau) -> None:
    world, keys = bureau.world, DidKeys(bureau.world.registry)
    forms = [
        bureau.token_list(),
        *(export(bureau.snapshot, URI, bureau.exporter()) for export in (export_vc2, export_vc1)),
    ]
    readers: list[Any] = [ChainStatusReader(world.statuses)]
    readers += [
        ListStatusReader(world.issuer.did, keys, lambda _, text=text: text) for text in forms
    ]
    expected = PresentationRequirements(AUDIENCE, NONCE, VCT)
    for place in (0, 1):
        for reader in readers:
            verifier = world.verifier(status_required=True, statuses=reader)
            if place in bureau.revoked:
                with because(errors.StatusReason.CREDENTIAL_REVOKED):
                    verifier.verify(bureau.presentation(place), expected)
            else:
                assert verifier.verify(
                    bureau.presentation(place), expected
                ).status == bureau.reference(place)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_we_read_the_token_status_list_of_npm(world: World, npm: Steps, bits: int) -> None:
    print("seed", SEED)
    dice = random.Random(SEED + bits)
    statuses = [dice.randrange(2**bits) if dice.random() < 0.3 else 0 for _ in range(4000)]
    party, now = world.issuer, world.now()
    payload = {"iss": party.did, "sub": URI, "iat": now, "exp": now + 600, "ttl": 60}
    made = {"do": "issueToken", "payload": payload, "statuses": statuses, "bits": bits}
    (answer,) = npm(
        "status_lists.mjs", made | {"kid": party.kid("ES256"), "key": party.key("ES256")}
    )
    found = read_status_list(answer["ok"], URI, party.did, DidKeys(world.registry))
    assert (found.width, found.size) == (bits, 4000)
    assert [found.is_revoked(index) for index in range(4000)] == [
        status != 0 for status in statuses
    ]


def test_we_read_the_bitstring_status_list_of_npm(world: World, npm: Steps) -> None:
    print("seed", SEED)
    revoked = {0, 7, 8, MIN_SIZE - 1, *random.Random(SEED).sample(range(MIN_SIZE), 200)}
    party, now = world.issuer, world.now()
    made = {
        "do": "issueBitstring",
        "uri": URI,
        "length": MIN_SIZE,
        "revoked": sorted(revoked),
        "at": now,
    }
    (answer,) = npm("status_lists.mjs", made | {"did": party.did, "key": party.key("ES256")})
    found = read_status_list(answer["ok"], URI, party.did, DidKeys(world.registry))
    assert {index for index in range(MIN_SIZE) if found.is_revoked(index)} == revoked


def resigned(token: str, key: SigningKey, **changes: Any) -> str:
    jws = jose.Jws.parse(
        token, {"statuslist+jwt", "jwt", "vc+jwt"}, limits=jose.Limits(token=2**22)
    )
    header = {name: value for name, value in jws.header.items() if name != "alg"}
    return jose.sign(header, {**jws.claims, **changes}, key)


def test_lists_that_were_tampered_with_are_refused_by_all(
    bureau: Bureau, npm: Steps, pypi: Steps
) -> None:
    world, stranger, keys = (
        bureau.world,
        SigningKey("ES256", bytes(31) + b"\x07"),
        DidKeys(bureau.world.registry),
    )
    good, old = (
        bureau.token_list(),
        export_vc1(bureau.snapshot, URI, bureau.exporter()),
    )
    cleared = take_snapshot(
        world.statuses, world.holder.account.address, LIST
    )  # nobody is revoked in it
    forger = StatusIssuer(world.issuer.did, stranger, world.issuer.kid("ES256"))
    tokens = {
        "by a stranger": export_token_list(cleared, URI, forger),
        "with another's bits": _spliced(good, export_token_list(cleared, URI, bureau.exporter())),
        "expired": resigned(good, bureau.key("ES256"), exp=world.now() - 1000),
    }
    credentials = {
        "by a stranger": export_vc1(cleared, URI, forger),
        "with another's bits": _spliced(old, export_vc1(cleared, URI, bureau.exporter())),
        "expired": resigned(old, bureau.key("ES256"), exp=world.now() - 1000),
    }
    for token in [*tokens.values(), *credentials.values()]:
        reader = ListStatusReader(world.issuer.did, keys, lambda _, text=token: text)
        with because((errors.SignatureReason.SIGNATURE_INVALID, errors.StatusStale)):
            reader.is_revoked(bureau.reference(0))
    presentation, vc = bureau.presentation(1), bureau.vc(1)
    steps = [
        {"do": "verify", "token": presentation, "nonce": NONCE, "lists": {URI: one}}
        for one in tokens.values()
    ]
    for answer in npm("sd_jwt_vc.mjs", *steps):
        assert "Status List JWT verification failed" in answer["refused"]
    told = [
        answer["ok"]["revocation"]
        for answer in pypi(*(polaris(bureau, presentation, t) for t in tokens.values()))
    ]
    assert [(one["checked"], one["state"]) for one in told] == [(False, "list_refused")] * 3
    assert [one["code"] for one in told] == ["signature", "signature", "expired"]
    steps = [
        {"do": "readBitstring", "token": vc, "lists": {URI: one}} for one in credentials.values()
    ]
    refusals = [answer["refused"] for answer in npm("status_lists.mjs", *steps)]
    parts = ["invalid_signature", "invalid_signature", "expired"]
    assert all(part in refusal for part, refusal in zip(parts, refusals, strict=True)), refusals


def _spliced(token: str, other: str) -> str:
    """Return a token with another one's payload."""
    return ".".join([token.split(".", maxsplit=1)[0], other.split(".")[1], token.split(".")[2]])
