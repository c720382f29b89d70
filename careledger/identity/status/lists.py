"""Status lists made from the chain, for verifiers without a node: the same bits in two standard forms, signed.

| | IETF Token Status List | W3C Bitstring Status List 1.0 |
|---|---|---|
| is | a JWT, `typ` `statuslist+jwt` | a credential, plain or as VC-JWT |
| bits | `status_list.lst`: base64url(zlib) | `credentialSubject.encodedList`: `u` base64url(gzip) |
| names itself | `sub` | `id`; in VC-JWT 1.1 `jti` |

A list is true for the block that it was made from and says when that was; whoever has a node asks
the chain.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from eth_typing import ChecksumAddress

from careledger.chain.rpc import Block
from careledger.errors import InputError
from careledger.identity.credentials.jose import JwsSigner, encode, sign
from careledger.identity.status import bits
from careledger.identity.status.client import WORD, CredentialStatus
from careledger.values.addresses import address
from careledger.values.times import from_seconds, time_text, to_seconds

MIN_SIZE = 131_072
"""Places of the smallest list: who asks for a list of fewer might be asking for one person
(Bitstring, 3.1)."""
MAX_SIZE = 8 * bits.MAX_BYTES

V2_CONTEXT = "https://www.w3.org/ns/credentials/v2"
V1_CONTEXTS = [
    "https://www.w3.org/2018/credentials/v1",
    "https://www.w3.org/ns/credentials/status/v1",
]
LIST_TYPES = ["VerifiableCredential", "BitstringStatusListCredential"]


class Envelope(StrEnum):
    """How a Bitstring Status List credential is signed."""

    V2 = "vc+jwt"
    """The credential itself is the payload (W3C VC-JOSE-COSE)."""
    V1 = "JWT"
    """The credential is the claim `vc` (VC-JWT 1.1), for clients such as did-jwt-vc."""


@dataclass(frozen=True)
class Snapshot:
    """A list as it stood on the chain at the end of a block."""

    chain_id: int
    contract: ChecksumAddress
    issuer: ChecksumAddress
    list_id: bytes
    bits: bytes
    """A bit for each credential, in the order of the Token Status List."""
    block: int
    block_hash: bytes
    taken_at: datetime
    """This machine's time or the block's, whichever is later: an idle chain's newest block may be
    old."""

    @property
    def indexes(self) -> list[int]:
        """The places of the revoked credentials, ascending."""
        return bits.indexes(self.bits)

    @property
    def source(self) -> dict[str, Any]:
        """Where it is from, for the member `careledger`: anyone with a node can make the same list."""
        return {
            "chainId": self.chain_id,
            "contract": self.contract,
            "issuer": self.issuer,
            "list": "0x" + self.list_id.hex(),
            "block": self.block,
            "blockHash": "0x" + self.block_hash.hex(),
        }


def check_size(size: int) -> None:
    """Make sure that a list can have so many places.

    Raises:
        InputError: it cannot.

    """
    if size % WORD or not MIN_SIZE <= size <= MAX_SIZE:
        raise InputError(
            f"a list has {MIN_SIZE:,} to {MAX_SIZE:,} places, a multiple of {WORD}; not {size}"
        )


def check_within(indexes: Iterable[int], size: int = MIN_SIZE) -> None:
    """Make sure that a list has these places: the contract takes any, and no exported list would show those beyond.

    Raises:
        InputError: it does not, or the size is none.

    """
    check_size(size)
    for index in indexes:
        if not 0 <= index < size:
            raise InputError(
                f"the list has {size:,} places, numbered from 0, and {index:,} is none of them"
            )


def take(
    contract: CredentialStatus,
    issuer: str,
    list_id: bytes,
    *,
    size: int = MIN_SIZE,
    block: Block = "latest",
) -> Snapshot:
    """Read a list from the chain, all of it as of one block.

    Args:
        issuer: address of the identity that keeps it.
        list_id: 32 bytes.
        size: places; a multiple of 256, and always the same for a list.

    Raises:
        InputError: the size is none.
        NodeError: the node cannot be asked, or has no such block.

    """
    check_size(size)
    chain = contract.chain
    header = chain.block(block)
    number = int(header["number"], 16)
    words = contract.words(issuer, list_id, 0, size // WORD, number)
    return Snapshot(
        chain_id=chain.chain_id,
        contract=contract.address,
        issuer=address(issuer, "issuer"),
        list_id=list_id,
        bits=bits.from_words(words),
        block=number,
        block_hash=bytes.fromhex(header["hash"][2:]),
        taken_at=max(datetime.now(UTC), from_seconds(int(header["timestamp"], 16))).replace(
            microsecond=0
        ),
    )


@dataclass(frozen=True)
class Exporter:
    """Who signs lists, and what they are called."""

    did: str
    """The issuer's, as in its credentials."""
    key: JwsSigner
    kid: str
    """The key in the issuer's DID document, such as `did:ethr:0x7a69:0x…#delegate-1`."""
    lifetime: timedelta = timedelta(days=1)
    """How long a list may be relied on."""
    refresh: timedelta = timedelta(hours=1)
    """How often a new one is to be had."""

    def token_list(self, snapshot: Snapshot, uri: str) -> str:
        """Return the list as a Token Status List JWT.

        Args:
            uri: where it will be found, as in the credentials' `status.status_list.uri`.

        """
        issued = to_seconds(snapshot.taken_at)
        claims = {
            "iss": self.did,
            "sub": uri,
            "iat": issued,
            "exp": issued + _seconds(self.lifetime),
            "ttl": _seconds(self.refresh),
            "status_list": {"bits": 1, "lst": encode(bits.compressed(snapshot.bits, bits.ZLIB))},
            "careledger": snapshot.source,
        }
        return sign({"typ": "statuslist+jwt", "kid": self.kid}, claims, self.key)

    def bitstring_credential(self, snapshot: Snapshot, uri: str) -> dict[str, Any]:
        """Return the list as a Bitstring Status List credential, unsigned, in the vocabulary of VC 2.0.

        Args:
            uri: where it will be found, as in the credentials'
                `credentialStatus.statusListCredential`.

        """
        return {
            "@context": [V2_CONTEXT],
            "id": uri,
            "type": LIST_TYPES,
            "issuer": self.did,
            "validFrom": time_text(snapshot.taken_at),
            "validUntil": time_text(snapshot.taken_at + self.lifetime),
            "credentialSubject": _subject(snapshot, uri),
        }

    def bitstring_jwt(self, snapshot: Snapshot, uri: str, envelope: Envelope = Envelope.V2) -> str:
        """Return the list as a signed Bitstring Status List credential."""
        issued = to_seconds(snapshot.taken_at)
        until = issued + _seconds(self.lifetime)
        header = {"typ": str(envelope), "kid": self.kid}
        if envelope is Envelope.V2:
            claims = self.bitstring_credential(snapshot, uri) | {"iat": issued, "exp": until}
            return sign(header | {"cty": "vc"}, claims, self.key)
        content = {
            "@context": V1_CONTEXTS,
            "type": LIST_TYPES,
            "credentialSubject": _subject(snapshot, uri),
        }
        claims = {
            "iss": self.did,
            "jti": uri,
            "iat": issued,
            "nbf": issued,
            "exp": until,
            "vc": content,
        }
        return sign(header, claims, self.key)


def _subject(snapshot: Snapshot, uri: str) -> Mapping[str, str]:
    packed = bits.compressed(bits.mirrored(snapshot.bits), bits.GZIP)
    return {
        "id": f"{uri}#list",
        "type": "BitstringStatusList",
        "statusPurpose": "revocation",
        "encodedList": "u" + encode(packed),
    }


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
