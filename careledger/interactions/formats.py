"""The byte formats of interactions; `docs/protocol/interactions.md` describes them in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from eth_utils.address import to_checksum_address

from careledger.crypto.documents import JsonNode, hexed
from careledger.crypto.hashing import hkdf_sha256, hmac_sha256, keccak256
from careledger.crypto.typed_data import SigningDomain

VERSION = b"careledger.interactions.v1"
AGENT_ROLE = b"careledger.agent".ljust(32, b"\0")

KINDS = {
    "other": 0,
    "call": 1,
    "chat": 2,
    "email": 3,
    "message": 4,
    "video": 5,
    "visit": 6,
    "post": 7,
    "letter": 8,
    "agreement": 9,
}
"""Names of kinds in records, and their numbers in leaves. Numbers are never given a new meaning."""

SLOT_LOGS = 0
"""Storage slot of `InteractionLog._logs`; a test compares it with the compiler's layout."""


def address_bytes(address: str) -> bytes:
    """Return the 20 bytes of a 0x-text address."""
    return bytes.fromhex(address[2:])


@dataclass(frozen=True)
class LeafFields:
    """The fields of an interaction that its leaf commits to, beside the domain."""

    content: bytes
    parties: bytes
    kind: int
    started_at: int
    """Seconds since 1970 UTC."""
    index: int
    """Its number among all interactions of the brand."""

    def abi(self) -> tuple[bytes, bytes, int, int, int]:
        """Return them as the contract takes them."""
        return self.content, self.parties, self.kind, self.started_at, self.index

    def to_json(self) -> dict[str, Any]:
        """Return the members of a document that hold the fields, without the number."""
        return {
            "content": hexed(self.content),
            "parties": hexed(self.parties),
            "kind": self.kind,
            "startedAt": self.started_at,
        }

    @classmethod
    def from_json(cls, members: Mapping[str, JsonNode], index: int) -> Self:
        """Read the fields from the members of a document; the number is given apart.

        Raises:
            MalformedDocument: one of them is malformed.

        """
        return cls(
            content=members["content"].hex(32),
            parties=members["parties"].hex(32),
            kind=members["kind"].integer(16),
            started_at=members["startedAt"].integer(),
            index=index,
        )


@dataclass(frozen=True)
class AnchoredBatch:
    """One batch as the contract keeps it."""

    root: bytes
    first: int
    count: int
    anchored_at: int
    """Seconds since 1970 UTC."""


@dataclass(frozen=True)
class LogAddress:
    """Which log is meant: a brand's, in a contract, on a chain."""

    chain_id: int
    contract: str
    brand: str

    @cached_property
    def domain(self) -> bytes:
        """The first word of every leaf and record of the contract: 32 bytes."""
        words = [
            VERSION.ljust(32, b"\0"),
            self.chain_id.to_bytes(32, "big"),
            address_bytes(self.contract).rjust(32, b"\0"),
        ]
        return keccak256(b"".join(words))

    @cached_property
    def signing_domain(self) -> SigningDomain:
        """The EIP-712 domain of the contract."""
        contract = to_checksum_address(self.contract)
        return SigningDomain("CareLedger InteractionLog", "1", self.chain_id, contract)

    def to_json(self) -> dict[str, Any]:
        """Return the three members of a document that say which log it is about."""
        return {"chainId": self.chain_id, "contract": self.contract, "brand": self.brand}

    @classmethod
    def from_json(cls, members: Mapping[str, JsonNode]) -> Self:
        """Read them from the members of a document.

        Raises:
            MalformedDocument: one of them is malformed.

        """
        return cls(
            members["chainId"].integer(),
            members["contract"].address(),
            members["brand"].address(),
        )


def did(chain_id: int, address: str) -> str:
    """Return the did:ethr identifier of an address on a chain."""
    network = "" if chain_id == 1 else f"{chain_id:#x}:"
    return f"did:ethr:{network}{to_checksum_address(address)}"


def salts(key: bytes, interaction_id: str) -> tuple[bytes, bytes]:
    """Derive the two 32-byte salts of an interaction: content, parties.

    Args:
        key: the customer's.
        interaction_id: from the record.

    """
    name = interaction_id.encode()
    content = hkdf_sha256(key, VERSION, b"content\0" + name)
    parties = hkdf_sha256(key, VERSION, b"parties\0" + name)

    return content, parties


def content_commitment(salt: bytes, record: bytes) -> bytes:
    """Return the 32-byte commitment to a record, given as the bytes that are stored."""
    return hmac_sha256(salt, record)


def parties_commitment(salt: bytes, agent: str, customer: str) -> bytes:
    """Return the 32-byte commitment to the identifiers of the two parties."""
    message = b"".join(
        len(party).to_bytes(4, "big") + party for party in (agent.encode(), customer.encode())
    )
    return hmac_sha256(salt, message)


def leaf_value(log: LogAddress, fields: LeafFields) -> bytes:
    """Return the 128 bytes that a leaf is the double Keccak-256 of.

    The last word holds the kind (16 bits), the start (64 bits) and, lowest, the global index (64
    bits).
    """
    meta = fields.kind << 128 | fields.started_at << 64 | fields.index
    return log.domain + fields.content + fields.parties + meta.to_bytes(32, "big")


def batch_record(log: LogAddress, batch_id: int, batch: AnchoredBatch) -> bytes:
    """Return the 112 bytes with which a batch enters the brand's log."""
    numbers = [(batch_id, 8), (batch.first, 8), (batch.count, 4), (batch.anchored_at, 8)]
    packed = b"".join(number.to_bytes(length, "big") for number, length in numbers)
    return log.domain + address_bytes(log.brand) + packed + batch.root


def _mapping(slot: int, key: bytes) -> int:
    return int.from_bytes(keccak256(key.rjust(32, b"\0") + slot.to_bytes(32, "big")), "big")


def slot_tip(brand: str) -> int:
    """Return the storage slot of a brand's tip."""
    return _mapping(SLOT_LOGS, address_bytes(brand))


def slot_root(brand: str, batch_id: int) -> int:
    """Return the storage slot of a batch's root."""
    return _mapping(slot_tip(brand) + 1, batch_id.to_bytes(32, "big"))


def slot_pair(brand: str, batch_id: int) -> int:
    """Return the storage slot of the numbers of an even batch and of the odd one after it."""
    return _mapping(slot_tip(brand) + 2, (batch_id >> 1).to_bytes(32, "big"))


def read_tip(word: int) -> tuple[int, int, int, int]:
    """Unpack a tip: number of batches, number of interactions, count and time of the last batch."""
    batches = word & 2**64 - 1
    interactions = word >> 64 & 2**64 - 1
    count = word >> 128 & 2**32 - 1
    anchored_at = word >> 160 & 2**40 - 1
    return batches, interactions, count, anchored_at


def read_pair(word: int, odd: bool) -> tuple[int, int, int]:
    """Unpack one batch of a pair: first interaction, count, time."""
    first = word & 2**64 - 1
    count = word >> 64 & 2**32 - 1
    anchored_at = word >> 96 & 2**40 - 1
    if not odd:
        return first, count, anchored_at

    # The odd batch begins where the even one ends.
    return first + count, word >> 136 & 2**32 - 1, word >> 168 & 2**40 - 1
