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
from careledger.interactions.formats import LeafFields, LogAddress
from careledger.interactions.keyring import Keyring
from careledger.interactions.record import InteractionRecord

FORMAT = "careledger.batch/1"
MAX_COUNT = 2**20
"""Interactions in one batch; the contract takes up to 2^32 - 1, but every receipt needs the whole
tree."""


@dataclass(frozen=True)
class BatchEntry:
    """One interaction of a batch; the record is None after the customer was erased."""

    fields: LeafFields
    record: InteractionRecord | None


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
        cls, log: LogAddress, records: Sequence[InteractionRecord], keyring: Keyring, first: int
    ) -> "Batch":
        """Number records from `first` on and compute their leaves' fields.

        Raises:
            InputError: there is no record, or there are more than fit into one batch.

        """
        if not 0 < len(records) <= MAX_COUNT:
            raise InputError(f"a batch holds 1 to {MAX_COUNT:,} interactions, not {len(records):,}")
        entries = [
            BatchEntry(
                record.fields(keyring.salts(record.customer, record.id), first + place), record
            )
            for place, record in enumerate(records)
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
        """Return the place of an interaction in the batch, by its record's id.

        Raises:
            NotFound: no record here has it.

        """
        for place, entry in enumerate(self.entries):
            if entry.record is not None and entry.record.id == interaction_id:
                return place
        raise NotFound(
            f"no interaction '{interaction_id}' is in this batch, or its record was erased"
        )

    def erase(self, customer: str) -> "Batch":
        """Return the batch without the records of a customer; leaves and proofs of all stay what they were."""
        kept = [
            replace(entry, record=None)
            if entry.record and entry.record.customer == customer
            else entry
            for entry in self.entries
        ]
        return replace(self, entries=tuple(kept))

    def bare(self) -> "Batch":
        """Return the batch without any record: what an auditor may see."""
        return replace(self, entries=tuple(replace(entry, record=None) for entry in self.entries))

    def place(self) -> Anchor:
        """Return where it was anchored, as far as its file knows.

        Raises:
            Conflict: it is not anchored yet.

        """
        if self.anchor is None:
            raise Conflict("the batch is not anchored yet: there is nothing to prove")
        return self.anchor

    def anchored(self, anchor: Anchor) -> "Batch":
        """Return the batch with the place where it was anchored."""
        return replace(self, anchor=anchor)

    def save(self, file: Path) -> None:
        """Write the brand's file of the batch; it holds records, so it is readable by its owner alone.

        Raises:
            SettingsError: it cannot be written.

        """
        write_private(file, self.dumps())

    def dumps(self) -> bytes:
        """Return the file's content."""
        anchor = self.anchor and {
            "id": self.anchor.id,
            "transaction": hexed(self.anchor.transaction_hash),
            "blockNumber": self.anchor.block_number,
            "blockHash": hexed(self.anchor.block_hash),
        }
        document: dict[str, Any] = {
            "format": FORMAT,
            "chainId": self.log.chain_id,
            "contract": self.log.contract,
            "brand": self.log.brand,
            "first": self.first,
            "root": hexed(self.root),
            "anchor": anchor,
            "entries": [_entry(entry) for entry in self.entries],
        }
        return dumps(document)

    @classmethod
    def load(cls, file: Path) -> "Batch":
        """Read the brand's file of a batch. Raises what `loads` raises, and SettingsError when it cannot be read."""
        return cls.loads(read_file(file, "batch"))

    @classmethod
    def loads(cls, text: bytes) -> "Batch":
        """Read the content of a batch file, and check that its root is that of its leaves.

        Raises:
            MalformedDocument: it is no batch file.
            ProofError: it was altered: its leaves have another root.

        """
        top = JsonNode.read(text, "batch file").object(
            ["format", "chainId", "contract", "brand", "first", "root", "entries"], ["anchor"]
        )
        top["format"].one_of(FORMAT)
        log = LogAddress(
            top["chainId"].integer(), top["contract"].address(), top["brand"].address()
        )
        first = top["first"].integer()
        nodes = top["entries"].items(MAX_COUNT)
        if not nodes:
            raise top["entries"].fault("empty")
        entries = tuple(_read_entry(node, first + place) for place, node in enumerate(nodes))
        anchor = _read_anchor(top["anchor"]) if "anchor" in top else None
        batch = cls(log, first, entries, anchor)
        if batch.root != top["root"].hex(32):
            raise ProofError(
                "the batch file was altered: its leaves have another root than the one it names"
            )
        return batch


def _entry(entry: BatchEntry) -> dict[str, Any]:
    return {
        "content": hexed(entry.fields.content),
        "parties": hexed(entry.fields.parties),
        "kind": entry.fields.kind,
        "startedAt": entry.fields.started_at,
        "record": entry.record and entry.record.raw.decode(),
    }


def _read_entry(node: JsonNode, index: int) -> BatchEntry:
    members = node.object(["content", "parties", "kind", "startedAt"], ["record"])
    fields = LeafFields(
        members["content"].hex(32),
        members["parties"].hex(32),
        members["kind"].integer(16),
        members["startedAt"].integer(),
        index,
    )
    record = None
    if "record" in members:
        record = InteractionRecord.parse(
            members["record"].text().encode(), f"batch file {members['record'].path}"
        )
    return BatchEntry(fields, record)


def _read_anchor(node: JsonNode) -> Anchor:
    members = node.object(["id", "transaction", "blockNumber", "blockHash"])
    return Anchor(
        id=members["id"].integer(),
        transaction_hash=members["transaction"].hex(32),
        block_number=members["blockNumber"].integer(),
        block_hash=members["blockHash"].hex(32),
        gas_used=None,
    )
