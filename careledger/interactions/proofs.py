"""The proofs in a receipt: in the batch, in the brand's log, on the chain, and without a node."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from careledger.crypto.documents import JsonNode, hexed
from careledger.interactions.formats import AnchoredBatch

MAX_PROOF = 64
"""Hashes in any of a receipt's proofs: no tree of this protocol is deeper."""
_MAX_NODES = MAX_PROOF + 2
"""Nodes of a trie from its root down to a value."""


@dataclass(frozen=True)
class BatchProof:
    """The batch that the interaction is in, and the siblings of its leaf from the bottom up."""

    id: int
    batch: AnchoredBatch
    proof: tuple[bytes, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the part of a receipt."""
        return {
            "id": self.id,
            "root": hexed(self.batch.root),
            "first": self.batch.first,
            "count": self.batch.count,
            "anchoredAt": self.batch.anchored_at,
            "proof": [hexed(node) for node in self.proof],
        }

    @classmethod
    def from_json(cls, node: JsonNode) -> Self:
        """Read the part of a receipt; raises `MalformedDocument`."""
        members = node.object(["id", "root", "first", "count", "anchoredAt", "proof"])
        count = members["count"].integer(32)
        if count == 0:
            raise members["count"].fault("a batch holds at least one interaction")

        batch = AnchoredBatch(
            root=members["root"].hex(32),
            first=members["first"].integer(),
            count=count,
            anchored_at=members["anchoredAt"].integer(40),
        )
        return cls(members["id"].integer(), batch, _hashes(members["proof"]))


@dataclass(frozen=True)
class LogProof:
    """The head of the brand's log at some size, and the RFC 6962 inclusion proof of the batch."""

    size: int
    head: bytes
    proof: tuple[bytes, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the part of a receipt."""
        return {
            "size": self.size,
            "head": hexed(self.head),
            "proof": [hexed(node) for node in self.proof],
        }

    @classmethod
    def from_json(cls, node: JsonNode) -> Self:
        """Read the part of a receipt; raises `MalformedDocument`."""
        members = node.object(["size", "head", "proof"])
        return cls(
            members["size"].integer(),
            members["head"].hex(32),
            _hashes(members["proof"]),
        )


@dataclass(frozen=True)
class AnchorTransaction:
    """The transaction that anchored the batch, and its block."""

    transaction: bytes
    block_number: int
    block_hash: bytes

    def to_json(self) -> dict[str, Any]:
        """Return the part of a receipt."""
        return {
            "transaction": hexed(self.transaction),
            "blockNumber": self.block_number,
            "blockHash": hexed(self.block_hash),
        }

    @classmethod
    def from_json(cls, node: JsonNode) -> Self:
        """Read the part of a receipt; raises `MalformedDocument`."""
        members = node.object(["transaction", "blockNumber", "blockHash"])
        return cls(
            members["transaction"].hex(32),
            members["blockNumber"].integer(),
            members["blockHash"].hex(32),
        )


@dataclass(frozen=True)
class AnchorProof:
    """Where the interaction is: in the batch, in the brand's log and on the chain."""

    batch: BatchProof
    log: LogProof
    anchor: AnchorTransaction

    MEMBERS = ("batch", "log", "anchor")

    def to_json(self) -> dict[str, Any]:
        """Return the three members of a receipt."""
        return {
            "batch": self.batch.to_json(),
            "log": self.log.to_json(),
            "anchor": self.anchor.to_json(),
        }

    @classmethod
    def from_json(cls, members: Mapping[str, JsonNode]) -> Self:
        """Read the three members of a receipt; raises `MalformedDocument`."""
        return cls(
            BatchProof.from_json(members["batch"]),
            LogProof.from_json(members["log"]),
            AnchorTransaction.from_json(members["anchor"]),
        )


@dataclass(frozen=True)
class OfflineEvidence:
    """What proves the batch under a block hash alone: header, account, two storage slots."""

    header: bytes
    """RLP."""
    account: tuple[bytes, ...]
    """Nodes of the state trie from the root down to the contract, each in RLP."""
    root: tuple[bytes, ...]
    """Nodes of the contract's storage trie down to the batch's root."""
    numbers: tuple[bytes, ...]
    """Nodes down to the batch's numbers: in the pair's slot, or in the tip for the last batch with
    an even id."""

    def to_json(self) -> dict[str, Any]:
        """Return the part of a receipt."""
        return {
            "header": hexed(self.header),
            "account": [hexed(node) for node in self.account],
            "root": [hexed(node) for node in self.root],
            "numbers": [hexed(node) for node in self.numbers],
        }

    @classmethod
    def from_json(cls, node: JsonNode) -> Self:
        """Read the part of a receipt; raises `MalformedDocument`."""
        members = node.object(["header", "account", "root", "numbers"])
        return cls(
            header=members["header"].hex(),
            account=_nodes(members["account"]),
            root=_nodes(members["root"]),
            numbers=_nodes(members["numbers"]),
        )


def _hashes(node: JsonNode) -> tuple[bytes, ...]:
    return tuple(item.hex(32) for item in node.items(MAX_PROOF))


def _nodes(node: JsonNode) -> tuple[bytes, ...]:
    return tuple(item.hex() for item in node.items(_MAX_NODES))
