"""The receipt: the file that a customer keeps, and that proves an interaction to anyone without the brand's help.

One canonical JSON document. What is in it, member by member, is in `docs/protocol/interactions.md`;
it is read as strictly as it is written, so that two programs never understand one receipt in two
ways.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from careledger.crypto.canonical import dumps
from careledger.crypto.documents import JsonNode, hexed
from careledger.errors import InputError
from careledger.interactions.formats import AnchoredBatch, LeafFields, LogAddress

FORMAT = "careledger.receipt/1"
WHAT = "receipt"
MAX_PROOF = 64
"""Hashes in any of a receipt's proofs: no tree of this protocol is deeper."""


class ReceiptState(StrEnum):
    """How far the interaction had come when the receipt was written."""

    PROMISED = "PROMISED"
    """The brand has signed that it will anchor it; there is no proof yet."""
    MINED = "MINED"
    """Anchored in a block that a reorganisation could still undo."""
    FINAL = "FINAL"
    """Anchored in a block that the chain has made final."""
    REORGED = "REORGED"
    """It was anchored, and the block is no longer part of the chain."""


@dataclass(frozen=True)
class Salts:
    """What opens the two commitments of the leaf."""

    content: bytes
    parties: bytes


@dataclass(frozen=True)
class BatchProof:
    """The batch that the interaction is in, and the siblings of its leaf from the bottom up."""

    id: int
    batch: AnchoredBatch
    proof: tuple[bytes, ...]


@dataclass(frozen=True)
class LogProof:
    """The head of the brand's log at some size, and the RFC 6962 inclusion proof of the batch's record."""

    size: int
    head: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True)
class AnchorTransaction:
    """The transaction that anchored the batch, and its block."""

    transaction: bytes
    block_number: int
    block_hash: bytes


@dataclass(frozen=True)
class AnchorProof:
    """Where the interaction is, in the batch, in the brand's log and on the chain."""

    batch: BatchProof
    log: LogProof
    place: AnchorTransaction


@dataclass(frozen=True)
class AnchoringPromise:
    """The brand's signature that it will anchor the interaction."""

    anchor_by: int
    """Seconds since 1970 UTC."""
    signer: str
    """The brand's controller, or a delegate of it for careledger.agent."""
    signature: bytes


@dataclass(frozen=True)
class Acknowledgement:
    """The customer's countersignature, as `acknowledgeBySig` takes it."""

    customer: str
    deadline: int
    """Seconds since 1970 UTC."""
    signature: bytes


@dataclass(frozen=True)
class OfflineEvidence:
    """What proves the batch under nothing but a block hash: the header, the account and two storage slots."""

    header: bytes
    """RLP."""
    account: tuple[bytes, ...]
    """Nodes of the state trie from the root down to the contract, each in RLP."""
    root: tuple[bytes, ...]
    """Nodes of the contract's storage trie down to the batch's root."""
    numbers: tuple[bytes, ...]
    """Nodes down to the batch's numbers: in the pair's slot, or in the tip for the last batch with
    an even id."""


@dataclass(frozen=True)
class Receipt:
    """Everything that a receipt says."""

    state: ReceiptState
    log: LogAddress
    fields: LeafFields
    """Under PROMISED the index is not known yet, and 0 here."""
    salts: Salts | None = None
    record: bytes | None = None
    """The bytes that the content commits to."""
    anchored: AnchorProof | None = None
    """None under PROMISED, and only then."""
    promise: AnchoringPromise | None = None
    acknowledgement: Acknowledgement | None = None
    evidence: OfflineEvidence | None = None

    def with_record(self, record: bytes) -> "Receipt":
        """Return the receipt with a record that was kept apart from it.

        Raises:
            InputError: the record is not UTF-8.

        """
        try:
            record.decode()
        except UnicodeDecodeError as error:
            raise InputError(
                f"the record is not UTF-8: byte {error.start} cannot be read"
            ) from error
        return replace(self, record=record)

    def dumps(self) -> bytes:
        """Return the receipt as the canonical JSON that goes into the file."""
        interaction = {
            "content": hexed(self.fields.content),
            "parties": hexed(self.fields.parties),
            "kind": self.fields.kind,
            "startedAt": self.fields.started_at,
            "index": None if self.state is ReceiptState.PROMISED else self.fields.index,
        }
        document: dict[str, Any] = {
            "format": FORMAT,
            "state": self.state.value,
            "chainId": self.log.chain_id,
            "contract": self.log.contract,
            "brand": self.log.brand,
            "interaction": interaction,
            "salts": self.salts
            and {"content": hexed(self.salts.content), "parties": hexed(self.salts.parties)},
            "record": None if self.record is None else self.record.decode(),
            "batch": self.anchored and _write_batch(self.anchored.batch),
            "log": self.anchored and _write_log(self.anchored.log),
            "anchor": self.anchored and _write_place(self.anchored.place),
            "promise": self.promise and _write_promise(self.promise),
            "acknowledgement": self.acknowledgement
            and _write_acknowledgement(self.acknowledgement),
            "evidence": self.evidence and _write_evidence(self.evidence),
        }
        return dumps({name: value for name, value in document.items() if value is not None})

    @classmethod
    def loads(cls, text: bytes | str) -> "Receipt":
        """Read a receipt.

        Raises:
            MalformedDocument: it is no receipt, or has a member too many, too few or malformed.

        """
        top = JsonNode.read(text, WHAT)
        members = top.object(
            ["format", "state", "chainId", "contract", "brand", "interaction"], _OPTIONAL
        )
        members["format"].one_of(FORMAT)
        state = ReceiptState(members["state"].one_of(*ReceiptState))
        promised = state is ReceiptState.PROMISED
        _complete(top, members, promised)
        log = LogAddress(
            members["chainId"].integer(), members["contract"].address(), members["brand"].address()
        )

        def part(name: str, read: Any) -> Any:
            return read(members[name]) if name in members else None

        return cls(
            state=state,
            log=log,
            fields=_read_fields(members["interaction"], promised),
            salts=part("salts", _read_salts),
            record=part("record", lambda node: node.text().encode()),
            anchored=None if promised else _read_anchored(members),
            promise=part("promise", _read_promise),
            acknowledgement=part("acknowledgement", _read_acknowledgement),
            evidence=part("evidence", _read_evidence),
        )


_ANCHORED = ("batch", "log", "anchor")
_OPTIONAL = ("salts", "record", *_ANCHORED, "promise", "acknowledgement", "evidence")


def _complete(top: JsonNode, members: Mapping[str, JsonNode], promised: bool) -> None:
    """Refuse a receipt whose parts do not fit its state."""
    present = [name for name in (*_ANCHORED, "evidence") if name in members]
    if promised and present:
        raise top.fault(f"PROMISED and yet with '{present[0]}'")
    if promised and "promise" not in members:
        raise top.fault("PROMISED and without 'promise'")
    if not promised and (missing := [name for name in _ANCHORED if name not in members]):
        raise top.fault(f"{members['state'].value} and without '{missing[0]}'")


def _read_anchored(members: Mapping[str, JsonNode]) -> AnchorProof:
    return AnchorProof(
        _read_batch(members["batch"]), _read_log(members["log"]), _read_place(members["anchor"])
    )


def _hashes(node: JsonNode) -> tuple[bytes, ...]:
    return tuple(item.hex(32) for item in node.items(MAX_PROOF))


def _nodes(node: JsonNode) -> tuple[bytes, ...]:
    return tuple(item.hex() for item in node.items(MAX_PROOF + 2))


def _read_fields(node: JsonNode, promised: bool) -> LeafFields:
    members = node.object(["content", "parties", "kind", "startedAt", "index"])
    if promised and members["index"].value is not None:
        raise members["index"].fault("PROMISED and yet with a number; null is needed")
    return LeafFields(
        content=members["content"].hex(32),
        parties=members["parties"].hex(32),
        kind=members["kind"].integer(16),
        started_at=members["startedAt"].integer(),
        index=0 if promised else members["index"].integer(),
    )


def _read_salts(node: JsonNode) -> Salts:
    members = node.object(["content", "parties"])
    return Salts(members["content"].hex(32), members["parties"].hex(32))


def _write_batch(part: BatchProof) -> dict[str, Any]:
    batch = part.batch
    return {
        "id": part.id,
        "root": hexed(batch.root),
        "first": batch.first,
        "count": batch.count,
        "anchoredAt": batch.anchored_at,
        "proof": [hexed(node) for node in part.proof],
    }


def _read_batch(node: JsonNode) -> BatchProof:
    members = node.object(["id", "root", "first", "count", "anchoredAt", "proof"])
    count = members["count"].integer(32)
    if count == 0:
        raise members["count"].fault("a batch holds at least one interaction")
    batch = AnchoredBatch(
        members["root"].hex(32),
        members["first"].integer(),
        count,
        members["anchoredAt"].integer(40),
    )
    return BatchProof(members["id"].integer(), batch, _hashes(members["proof"]))


def _write_log(part: LogProof) -> dict[str, Any]:
    return {
        "size": part.size,
        "head": hexed(part.head),
        "proof": [hexed(node) for node in part.proof],
    }


def _read_log(node: JsonNode) -> LogProof:
    members = node.object(["size", "head", "proof"])
    return LogProof(members["size"].integer(), members["head"].hex(32), _hashes(members["proof"]))


def _write_place(part: AnchorTransaction) -> dict[str, Any]:
    return {
        "transaction": hexed(part.transaction),
        "blockNumber": part.block_number,
        "blockHash": hexed(part.block_hash),
    }


def _read_place(node: JsonNode) -> AnchorTransaction:
    members = node.object(["transaction", "blockNumber", "blockHash"])
    return AnchorTransaction(
        members["transaction"].hex(32),
        members["blockNumber"].integer(),
        members["blockHash"].hex(32),
    )


def _write_promise(part: AnchoringPromise) -> dict[str, Any]:
    return {"anchorBy": part.anchor_by, "signer": part.signer, "signature": hexed(part.signature)}


def _read_promise(node: JsonNode) -> AnchoringPromise:
    members = node.object(["anchorBy", "signer", "signature"])
    return AnchoringPromise(
        members["anchorBy"].integer(), members["signer"].address(), members["signature"].hex()
    )


def _write_acknowledgement(part: Acknowledgement) -> dict[str, Any]:
    return {
        "customer": part.customer,
        "deadline": part.deadline,
        "signature": hexed(part.signature),
    }


def _read_acknowledgement(node: JsonNode) -> Acknowledgement:
    members = node.object(["customer", "deadline", "signature"])
    return Acknowledgement(
        members["customer"].address(), members["deadline"].integer(), members["signature"].hex()
    )


def _write_evidence(part: OfflineEvidence) -> dict[str, Any]:
    return {
        "header": hexed(part.header),
        "account": [hexed(node) for node in part.account],
        "root": [hexed(node) for node in part.root],
        "numbers": [hexed(node) for node in part.numbers],
    }


def _read_evidence(node: JsonNode) -> OfflineEvidence:
    members = node.object(["header", "account", "root", "numbers"])
    return OfflineEvidence(
        header=members["header"].hex(),
        account=_nodes(members["account"]),
        root=_nodes(members["root"]),
        numbers=_nodes(members["numbers"]),
    )
