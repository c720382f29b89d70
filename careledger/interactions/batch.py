"""A batch: records with their leaves in a tree, and the brand's own file of it.

The file is written before the batch is anchored, so that a run that is killed anywhere in between
is simply run again: the same file gives the same root, and `expectedFirst` lets it in once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from careledger.crypto.canonical import dumps
from careledger.crypto.documents import JsonNode, hexed
from careledger.crypto.merkle import MerkleTree
from careledger.errors import Conflict, InputError, NotFound, ProofError
from careledger.files import read_file, write_private
from careledger.interactions import formats
from careledger.interactions.client import Anchor
from careledger.interactions.formats import AnchoredBatch, LeafFields, LogAddress
from careledger.interactions.keyring import Keyring
from careledger.interactions.proofs import AnchorTransaction
from careledger.interactions.record import InteractionRecord

FORMAT = "careledger.batch/1"
WHAT = "batch file"
MAX_COUNT = 2**20
"""Interactions in one batch; the contract takes up to 2^32 - 1, but every receipt needs the whole
tree."""


@dataclass(frozen=True)
class BatchEntry:
    """One interaction of a batch; the record is None after the customer was erased."""

    fields: LeafFields
    record: InteractionRecord | None

    def to_json(self) -> dict[str, Any]:
        """Return the entry of a batch file; the number follows from its position."""
        record = self.record and self.record.raw.decode()
        return self.fields.to_json() | {"record": record}

    @classmethod
    def from_json(cls, node: JsonNode, index: int) -> "BatchEntry":
        """Read the entry of a batch file; raises `MalformedDocument`."""
        members = node.object(["content", "parties", "kind", "startedAt"], ["record"])
        record = None
        if "record" in members:
            text = members["record"]
            record = InteractionRecord.parse(text.text().encode(), f"{text.what} {text.path}")
        return cls(LeafFields.from_json(members, index), record)


@dataclass(frozen=True)
class Batch:
    """The interactions that one root anchors, in the order of their numbers."""

    log: LogAddress
    first: int
    entries: tuple[BatchEntry, ...]
    anchor: Anchor | None = None
    """Where it was anchored; None before."""

    @classmethod
    def build(
        cls,
        log: LogAddress,
        records: Sequence[InteractionRecord],
        keyring: Keyring,
        first: int,
    ) -> "Batch":
        """Number records from `first` on and compute their leaves' fields.

        Raises:
            InputError: there is no record, or there are more than fit into one batch.

        """
        if not 0 < len(records) <= MAX_COUNT:
            raise InputError(f"a batch holds 1 to {MAX_COUNT:,} interactions, not {len(records):,}")

        entries = [
            BatchEntry(record.fields(keyring.salts(record.customer, record.id), index), record)
            for index, record in enumerate(records, first)
        ]
        return cls(log, first, tuple(entries))

    @cached_property
    def tree(self) -> MerkleTree:
        """The tree over the leaves, in the order of the numbers."""
        return MerkleTree(formats.leaf_value(self.log, entry.fields) for entry in self.entries)

    @property
    def root(self) -> bytes:
        """What is anchored."""
        return self.tree.root

    @property
    def count(self) -> int:
        """How many interactions it holds."""
        return len(self.entries)

    def find(self, interaction_id: str) -> int:
        """Return the position of an interaction in the batch, from 0, by its record's id.

        Raises:
            NotFound: no record here has it.

        """
        for position, entry in enumerate(self.entries):
            if entry.record is not None and entry.record.id == interaction_id:
                return position

        raise NotFound(
            f"no interaction '{interaction_id}' is in this batch, or its record was erased"
        )

    def without_customer(self, customer: str) -> "Batch":
        """Return the batch without a customer's records; all leaves and proofs stay as they are."""
        entries = tuple(
            replace(entry, record=None)
            if entry.record is not None and entry.record.customer == customer
            else entry
            for entry in self.entries
        )
        return replace(self, entries=entries)

    def without_records(self) -> "Batch":
        """Return the batch without any record: what an auditor may see."""
        entries = tuple(replace(entry, record=None) for entry in self.entries)
        return replace(self, entries=entries)

    def known_anchor(self) -> Anchor:
        """Return where it was anchored, as far as its file knows.

        Raises:
            Conflict: it is not anchored yet.

        """
        if self.anchor is None:
            raise Conflict("the batch is not anchored yet: there is nothing to prove")
        return self.anchor

    def is_anchored_as(self, batch: AnchoredBatch) -> bool:
        """Say whether a batch of the contract is this one."""
        return (batch.root, batch.first, batch.count) == (self.root, self.first, self.count)

    def with_anchor(self, anchor: Anchor) -> "Batch":
        """Return the batch with the place where it was anchored."""
        return replace(self, anchor=anchor)

    def to_json(self) -> dict[str, Any]:
        """Return the batch as the JSON document of its file."""
        return {
            "format": FORMAT,
            **self.log.to_json(),
            "first": self.first,
            "root": hexed(self.root),
            "anchor": self.anchor and _anchor_to_json(self.anchor),
            "entries": [entry.to_json() for entry in self.entries],
        }

    def canonical(self) -> bytes:
        """Return the batch as the canonical JSON that goes into its file."""
        return dumps(self.to_json())

    def write(self, file: Path) -> None:
        """Write the brand's file; it holds records, so it is readable by its owner alone.

        Raises:
            InputError: it cannot be written.

        """
        write_private(file, self.canonical())

    @classmethod
    def read(cls, file: Path) -> "Batch":
        """Read the brand's file of a batch.

        Raises:
            InputError: it cannot be read.
            MalformedDocument, ProofError: as `parse` says.

        """
        return cls.parse(read_file(file, "batch"))

    @classmethod
    def parse(cls, text: bytes) -> "Batch":
        """Read the content of a batch file, and check that its root is that of its leaves.

        Raises:
            MalformedDocument: it is not a batch file.
            ProofError: it was altered: its leaves have another root.

        """
        return cls.from_json(JsonNode.read(text, WHAT))

    @classmethod
    def from_json(cls, node: JsonNode) -> "Batch":
        """Read a batch, and check its root; raises what `parse` raises."""
        members = node.object(
            ["format", "chainId", "contract", "brand", "first", "root", "entries"], ["anchor"]
        )
        members["format"].one_of(FORMAT)
        log = LogAddress.from_json(members)
        first = members["first"].integer()

        nodes = members["entries"].items(MAX_COUNT)
        if not nodes:
            raise members["entries"].fault("empty")
        entries = tuple(
            BatchEntry.from_json(entry, index) for index, entry in enumerate(nodes, first)
        )

        anchor = _anchor_from_json(members["anchor"]) if "anchor" in members else None
        batch = cls(log, first, entries, anchor)
        if batch.root != members["root"].hex(32):
            raise ProofError(
                "the batch file was altered: its leaves have another root than the one it names"
            )
        return batch


def _anchor_to_json(anchor: Anchor) -> dict[str, Any]:
    transaction = AnchorTransaction(anchor.transaction_hash, anchor.block_number, anchor.block_hash)
    return {"id": anchor.id} | transaction.to_json()


def _anchor_from_json(node: JsonNode) -> Anchor:
    members = node.object(["id", "transaction", "blockNumber", "blockHash"])
    return Anchor(
        id=members["id"].integer(),
        transaction_hash=members["transaction"].hex(32),
        block_number=members["blockNumber"].integer(),
        block_hash=members["blockHash"].hex(32),
        gas_used=None,
    )
