"""Consents and revocations: Ethereum Attestation Service and ONCHAINID, and ours.

A consent is 32 bytes that say nothing by themselves, a subject and an expiry, on every side. The
peers are not made for it, and are what people use for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench import DEADLINE, START, Bench, Contract, Row, keyed
from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from packages import published
from suite import Suite

from careledger.chain.send import Sender
from careledger.crypto.typed_data import digest, domain_separator, struct_hash

EXPIRY = START + 180 * 24 * 3600
TOGETHER = 50
"""Items in a batch, each by a signer of its own where there are signers."""
NOBODY = "0x" + "00" * 20
NOTHING = bytes(32)
ATTEST = (
    "Attest(address attester,bytes32 schema,address recipient,uint64 expirationTime,bool revocable,"
    "bytes32 refUID,bytes data,uint256 value,uint256 nonce,uint64 deadline)"
)
REVOKE = (
    "Revoke(address revoker,bytes32 schema,bytes32 uid,uint256 value,uint256 nonce,uint64 deadline)"
)
TERMS = "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
CONSENT = f"Consent(address subject,uint48 expiry,Terms terms){TERMS}"
OUR_GRANT = f"GrantConsent(Consent consent,uint40 epoch,uint256 deadline){CONSENT}"
OUR_REVOKE = f"RevokeConsent(Consent consent,uint256 deadline){CONSENT}"


def _hash(number: int) -> bytes:
    return keccak(text=f"careledger benchmark terms {number}")


def _sign(who: LocalAccount, separator: bytes, struct: bytes) -> tuple[int, bytes, bytes]:
    signed = who.unsafe_sign_hash(digest(separator, struct))
    return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


@dataclass
class Attestations:
    """EAS with a schema of 32 bytes and an empty recipient, which hides the company too."""

    eas: Contract
    schema: bytes
    relayer: Sender

    @classmethod
    def deploy(cls, bench: Bench) -> "Attestations":
        """Deploy registry and service, and register the schema."""
        package, folder = "@ethereum-attestation-service/eas-contracts", "artifacts/contracts"
        schemas = bench.deploy(
            published(package, f"{folder}/SchemaRegistry.sol/SchemaRegistry.json", "not stated")
        )
        eas = bench.deploy(
            published(package, f"{folder}/EAS.sol/EAS.json", "not stated"), schemas.address
        )
        schemas.gas(bench.actors[0], "register", "bytes32 terms", NOBODY, True)
        schema = keccak(b"bytes32 terms" + bytes(20) + b"\1")
        return cls(eas, schema, bench.actors[9])

    def data(self, number: int) -> tuple[Any, ...]:
        """Return what is attested."""
        return NOBODY, EXPIRY, True, NOTHING, _hash(number), 0

    def attestation(self, who: LocalAccount, number: int, nonce: int) -> tuple[int, bytes, bytes]:
        """Sign an attestation."""
        recipient, expiry, revocable, reference, data, value = self.data(number)
        words = [
            who.address,
            self.schema,
            recipient,
            expiry,
            revocable,
            reference,
            data,
            value,
            nonce,
            DEADLINE,
        ]
        return _sign(who, self.eas.read("getDomainSeparator"), struct_hash(ATTEST, words))

    def delegated(self, who: LocalAccount, number: int, nonce: int) -> int:
        """Attest for somebody who signed."""
        request = (
            self.schema,
            self.data(number),
            self.attestation(who, number, nonce),
            who.address,
            DEADLINE,
        )
        return self.eas.gas(self.relayer, "attestByDelegation", request)

    def all_delegated(self, people: Sequence[LocalAccount]) -> float:
        """Attest for several, each of whom signed one."""
        requests = [
            (self.schema, [self.data(n)], [self.attestation(who, n, 0)], who.address, DEADLINE)
            for n, who in enumerate(people)
        ]
        return self.eas.gas(self.relayer, "multiAttestByDelegation", requests) / len(requests)

    def uid(self, who: str, number: int, at: int) -> bytes:
        """Return the id of an attestation that was made in a block of that time."""
        packed = self.schema + bytes(20) + bytes.fromhex(who[2:])
        times = at.to_bytes(8, "big") + EXPIRY.to_bytes(8, "big")
        return keccak(packed + times + b"\1" + NOTHING + _hash(number) + bytes(4))

    def revocation(self, who: LocalAccount, uid: bytes, nonce: int) -> int:
        """Revoke for somebody who signed."""
        words = [who.address, self.schema, uid, 0, nonce, DEADLINE]
        signature = _sign(who, self.eas.read("getDomainSeparator"), struct_hash(REVOKE, words))
        return self.eas.gas(
            self.relayer,
            "revokeByDelegation",
            (self.schema, (uid, 0), signature, who.address, DEADLINE),
        )


def _eas(bench: Bench) -> dict[str, float]:
    gas: dict[str, float] = {}
    peer = Attestations.deploy(bench)
    eas, actor, one = peer.eas, bench.actors[1], keyed("subject")
    gas["signed.first"] = peer.delegated(one, 0, 0)
    first = peer.uid(one.address, 0, bench.chain.timestamp())
    gas["signed.steady"] = peer.delegated(one, 1, 1)
    gas["revoke.signed"] = peer.revocation(one, first, 2)
    gas["direct"] = eas.gas(actor, "attest", (peer.schema, peer.data(2)))
    gas["revoke.direct"] = eas.gas(
        actor, "revoke", (peer.schema, (peer.uid(actor.address, 2, bench.chain.timestamp()), 0))
    )
    many = [peer.data(100 + number) for number in range(TOGETHER)]
    gas["batch"] = eas.gas(actor, "multiAttest", [(peer.schema, many)]) / TOGETHER
    gas["batch.signed"] = peer.all_delegated(
        [keyed(f"subject {number}") for number in range(TOGETHER)]
    )
    gas["status"] = eas.gas(actor, "revokeOffchain", _hash(0))
    hashes = [_hash(1 + number) for number in range(TOGETHER)]
    gas["status.batch"] = eas.gas(actor, "multiRevokeOffchain", hashes) / TOGETHER
    return gas


def _onchainid(bench: Bench) -> dict[str, float]:
    """Return what a claim on an identity costs; the identity's second one, of another topic."""
    package, folder, settings = "@onchain-id/solidity", "artifacts/contracts", "optimizer off"
    owner, clerk = bench.actors[2], keyed("issuer")
    identity = bench.deploy(
        published(package, f"{folder}/Identity.sol/Identity.json", settings), owner.address, False
    )
    issuer = bench.deploy(
        published(package, f"{folder}/ClaimIssuer.sol/ClaimIssuer.json", settings), clerk.address
    )
    gas: dict[str, float] = {}
    for topic in (1, 2):
        said = keccak(
            encode(["address", "uint256", "bytes"], [identity.address, topic, _hash(topic)])
        )
        signed = clerk.unsafe_sign_hash(keccak(b"\x19Ethereum Signed Message:\n32" + said))
        gas["claim"] = identity.gas(
            owner, "addClaim", topic, 1, issuer.address, bytes(signed.signature), _hash(topic), ""
        )
    return gas


def _ours(bench: Bench) -> dict[str, float]:
    gas: dict[str, float] = {}
    suite = Suite(bench)
    registry, status = suite.contract("ConsentRegistry"), suite.contract("CredentialStatus")
    separator = domain_separator(
        "CareLedger ConsentRegistry", "1", bench.chain.chain_id, registry.address
    )
    relayer, actor, issuer, clerk, one = *(bench.actors[n] for n in (9, 1, 3, 4)), keyed("subject")

    def consent(of: str, number: int) -> tuple[str, int, bytes]:
        return of, EXPIRY, _hash(number)

    def sign(who: LocalAccount, kind: str, what: tuple[str, int, bytes], *epoch: int) -> bytes:
        v, r, s = _sign(
            who, separator, struct_hash(kind, [struct_hash(CONSENT, list(what)), *epoch, DEADLINE])
        )
        return r + s + bytes([v])

    def act(who: LocalAccount, number: int) -> tuple[Any, ...]:
        what = consent(who.address, number)
        return what, 0, who.address, DEADLINE, sign(who, OUR_GRANT, what, 0)

    gas["signed"] = registry.gas(relayer, "grantBySig", *act(one, 0))
    ended = consent(one.address, 0)
    gas["revoke.signed"] = registry.gas(
        relayer, "revokeBySig", ended, one.address, DEADLINE, sign(one, OUR_REVOKE, ended)
    )
    gas["direct"] = registry.gas(actor, "grant", consent(actor.address, 2), 0)
    gas["revoke.direct"] = registry.gas(actor, "revoke", consent(actor.address, 2))
    acts = [act(keyed(f"subject {number}"), number) for number in range(TOGETHER)]
    gas["batch"] = registry.gas(relayer, "grantBatch", acts) / TOGETHER
    suite.delegate(issuer, "careledger.status", clerk)
    gas["status.first"] = status.gas(clerk, "revoke", issuer.address, _hash(0), 70_000)
    gas["status.steady"] = status.gas(clerk, "revoke", issuer.address, _hash(0), 70_001)
    bits = sum(1 << (5 * place + 2) for place in range(TOGETHER))
    gas["status.batch"] = (
        status.gas(clerk, "revokeWord", issuer.address, _hash(0), 273, bits) / TOGETHER
    )
    return gas


def rows(bench: Bench) -> list[Row]:
    """Measure all three."""
    eas, claims, own = _eas(bench), _onchainid(bench), _ours(bench)
    consents, status = "ConsentRegistry", "CredentialStatus"

    def row(what: str, peer: str, theirs: float, ours: str, measured: str) -> Row:
        return Row(what, peer, theirs, ours, own[measured])

    signed, revoke = f"{consents}.grantBySig", f"{consents}.revokeBySig"
    batch = f"{consents}.grantBatch{TOGETHER}.perItem"
    return [
        row(
            "signed, signer's first",
            "EAS attestByDelegation",
            eas["signed.first"],
            signed,
            "signed",
        ),
        row(
            "signed, signer's second",
            "EAS attestByDelegation",
            eas["signed.steady"],
            signed,
            "signed",
        ),
        row("signed", "ONCHAINID addClaim", claims["claim"], signed, "signed"),
        row("direct", "EAS attest", eas["direct"], f"{consents}.grant", "direct"),
        row("one of 50, not signed", "EAS multiAttest", eas["batch"], batch, "batch"),
        row(
            "one of 50, signed", "EAS multiAttestByDelegation", eas["batch.signed"], batch, "batch"
        ),
        row(
            "revoke, signed",
            "EAS revokeByDelegation",
            eas["revoke.signed"],
            revoke,
            "revoke.signed",
        ),
        row(
            "revoke, direct",
            "EAS revoke",
            eas["revoke.direct"],
            f"{consents}.revoke",
            "revoke.direct",
        ),
        row(
            "status, new word",
            "EAS revokeOffchain",
            eas["status"],
            f"{status}.revoke.first",
            "status.first",
        ),
        row(
            "status, used word",
            "EAS revokeOffchain",
            eas["status"],
            f"{status}.revoke.steady",
            "status.steady",
        ),
        row(
            "status, one of 50",
            "EAS multiRevokeOffchain",
            eas["status.batch"],
            f"{status}.revokeWord50.perItem",
            "status.batch",
        ),
    ]
