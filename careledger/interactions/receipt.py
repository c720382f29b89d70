"""The receipt: the file that a customer keeps, and that proves an interaction without the brand.

One canonical JSON document. What is in it, member by member, is in `docs/protocol/interactions.md`;
it is read as strictly as it is written, so that two programs never understand one receipt in two
ways.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, TypeVar

from careledger.crypto.canonical import dumps
from careledger.crypto.documents import JsonNode, hexed
from careledger.errors import InputError
from careledger.files import read_file, write_private
from careledger.interactions.formats import LeafFields, LogAddress
from careledger.interactions.messages import Acknowledgement, AnchoringPromise
from careledger.interactions.proofs import AnchorProof, OfflineEvidence

FORMAT = "careledger.receipt/1"
WHAT = "receipt"

_REQUIRED = ("format", "state", "chainId", "contract", "brand", "interaction")
_OPTIONAL = ("salts", "record", *AnchorProof.MEMBERS, "promise", "acknowledgement", "evidence")
_Part = TypeVar("_Part")


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

    def to_json(self) -> dict[str, Any]:
        """Return the part of a receipt."""
        return {"content": hexed(self.content), "parties": hexed(self.parties)}

    @classmethod
    def from_json(cls, node: JsonNode) -> Self:
        """Read the part of a receipt; raises `MalformedDocument`."""
        members = node.object(["content", "parties"])
        return cls(members["content"].hex(32), members["parties"].hex(32))


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

    def to_json(self) -> dict[str, Any]:
        """Return the receipt as a JSON document; what is not there is left out."""
        promised = self.state is ReceiptState.PROMISED
        index = None if promised else self.fields.index

        document = {"format": FORMAT, "state": self.state.value} | self.log.to_json()
        document["interaction"] = self.fields.to_json() | {"index": index}
        if self.salts is not None:
            document["salts"] = self.salts.to_json()
        if self.record is not None:
            document["record"] = self.record.decode()
        if self.anchored is not None:
            document |= self.anchored.to_json()
        if self.promise is not None:
            document["promise"] = self.promise.to_json()
        if self.acknowledgement is not None:
            document["acknowledgement"] = self.acknowledgement.to_json()
        if self.evidence is not None:
            document["evidence"] = self.evidence.to_json()
        return document

    def canonical(self) -> bytes:
        """Return the receipt as the canonical JSON that goes into the file."""
        return dumps(self.to_json())

    def write(self, file: Path) -> None:
        """Write the file that the customer keeps, readable by its owner alone.

        Raises:
            InputError: it cannot be written.

        """
        write_private(file, self.canonical())

    @classmethod
    def read(cls, file: Path) -> "Receipt":
        """Read a receipt's file.

        Raises:
            InputError: it cannot be read.
            MalformedDocument: as `parse` says.

        """
        return cls.parse(read_file(file, WHAT))

    @classmethod
    def parse(cls, text: bytes | str) -> "Receipt":
        """Read the text of a receipt.

        Raises:
            MalformedDocument: it is not a receipt, or a member is unknown, missing or malformed.

        """
        return cls.from_json(JsonNode.read(text, WHAT))

    @classmethod
    def from_json(cls, node: JsonNode) -> "Receipt":
        """Read a receipt; raises what `parse` raises."""
        members = node.object(_REQUIRED, _OPTIONAL)
        members["format"].one_of(FORMAT)
        state = ReceiptState(members["state"].one_of(*ReceiptState))
        promised = state is ReceiptState.PROMISED
        _check_parts(node, members, promised=promised)

        def part(name: str, read: Callable[[JsonNode], _Part]) -> _Part | None:
            return read(members[name]) if name in members else None

        return cls(
            state=state,
            log=LogAddress.from_json(members),
            fields=_read_fields(members["interaction"], promised=promised),
            salts=part("salts", Salts.from_json),
            record=part("record", lambda text: text.text().encode()),
            anchored=None if promised else AnchorProof.from_json(members),
            promise=part("promise", AnchoringPromise.from_json),
            acknowledgement=part("acknowledgement", Acknowledgement.from_json),
            evidence=part("evidence", OfflineEvidence.from_json),
        )


def _check_parts(node: JsonNode, members: Mapping[str, JsonNode], *, promised: bool) -> None:
    """Refuse a receipt whose parts do not fit its state."""
    if not promised:
        missing = [name for name in AnchorProof.MEMBERS if name not in members]
        if missing:
            raise node.fault(f"{members['state'].value} and without '{missing[0]}'")
        return

    present = [name for name in (*AnchorProof.MEMBERS, "evidence") if name in members]
    if present:
        raise node.fault(f"PROMISED and yet with '{present[0]}'")
    if "promise" not in members:
        raise node.fault("PROMISED and without 'promise'")


def _read_fields(node: JsonNode, *, promised: bool) -> LeafFields:
    members = node.object(["content", "parties", "kind", "startedAt", "index"])
    if promised and members["index"].value is not None:
        raise members["index"].fault("PROMISED and yet with a number; null is needed")

    index = 0 if promised else members["index"].integer()
    return LeafFields.from_json(members, index)
