"""The record of one interaction: what is kept, what is hashed, and how a file of them is read.

The canonical form of a record is RFC 8785 JSON with exactly the members of `MEMBERS`. It is made
once, when the interaction enters the ledger; from then on the stored bytes are what counts and
nothing serialises them again.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from careledger.crypto.canonical import CanonicalError, dumps
from careledger.crypto.documents import JsonNode, MalformedDocument
from careledger.errors import InputError
from careledger.interactions import formats
from careledger.values.times import parse_time, time_text, to_seconds

VERSION = 1
MEMBERS = ("agent", "brand", "content", "customer", "id", "kind", "startedAt", "version")
MAX_ID = 200
"""Characters of a record's id."""

_DID = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]")


@dataclass(frozen=True)
class InteractionRecord:
    """One interaction, parsed, with the bytes that it was parsed from or that were made of it."""

    raw: bytes
    id: str
    """Unique among the brand's interactions."""
    brand: str
    """The brand's identifier, did:ethr."""
    agent: str
    customer: str
    kind: str
    started_at: datetime
    content: Mapping[str, Any]
    """Whatever the brand keeps: language, subject, what was said, what was agreed."""

    @classmethod
    def create(
        cls, interaction: Mapping[str, Any], brand: str, what: str = "interaction"
    ) -> "InteractionRecord":
        """Make the canonical record of an interaction.

        Args:
            interaction: `id`, `agent`, `customer`, `kind`, `startedAt`, `content`; `brand` and
                `version` may be there.
            brand: the brand's identifier.
            what: how messages call it.

        Raises:
            MalformedDocument: a member is missing, unknown or malformed, or names another brand.

        """
        members = {"version": VERSION, "brand": brand} | dict(interaction)
        named = members["brand"]
        if isinstance(named, str) and named.lower() != brand.lower():
            raise MalformedDocument(what, "$.brand", f"'{named}' is another brand than {brand}")

        try:
            raw = dumps(members)
        except CanonicalError as error:
            raise MalformedDocument(what, error.path, error.reason) from error
        return cls._from_json(JsonNode(members, what), raw)

    @classmethod
    def parse(cls, raw: bytes, what: str = "record") -> "InteractionRecord":
        """Read a stored record; its bytes stay as they are.

        Raises:
            MalformedDocument: it is not a record.

        """
        return cls._from_json(JsonNode.read(raw, what), raw)

    @classmethod
    def _from_json(cls, node: JsonNode, raw: bytes) -> "InteractionRecord":
        members = node.object(MEMBERS)
        version = members["version"]
        if version.value != VERSION or isinstance(version.value, bool):
            raise version.fault(f"{version.value!r} is not {VERSION}")

        content = members["content"]
        if not isinstance(content.value, dict):
            raise content.fault("not a JSON object")

        return cls(
            raw=raw,
            id=_read_id(members["id"]),
            brand=_read_did(members["brand"]),
            agent=_read_did(members["agent"]),
            customer=_read_did(members["customer"]),
            kind=_read_kind(members["kind"]),
            started_at=_read_time(members["startedAt"]),
            content=content.value,
        )

    def seconds(self) -> int:
        """Return when it began, in seconds since 1970 UTC."""
        return to_seconds(self.started_at)

    def fields(self, salts: tuple[bytes, bytes], index: int) -> formats.LeafFields:
        """Return the fields of its leaf.

        Args:
            salts: for content and for parties.
            index: its number among the brand's interactions.

        """
        content_salt, parties_salt = salts

        return formats.LeafFields(
            content=formats.content_commitment(content_salt, self.raw),
            parties=formats.parties_commitment(parties_salt, self.agent, self.customer),
            kind=formats.KINDS[self.kind],
            started_at=self.seconds(),
            index=index,
        )


def _read_id(node: JsonNode) -> str:
    if not isinstance(node.value, str) or not 0 < len(node.value) <= MAX_ID:
        raise node.fault(f"a text of 1 to {MAX_ID} characters is needed")
    return node.value


def _read_did(node: JsonNode) -> str:
    if not isinstance(node.value, str) or not _DID.fullmatch(node.value):
        raise node.fault(f"{node.value!r} is not a decentralised identifier (DID)")
    return node.value


def _read_kind(node: JsonNode) -> str:
    if not isinstance(node.value, str) or node.value not in formats.KINDS:
        raise node.fault(f"{node.value!r} is not one of {', '.join(formats.KINDS)}")
    return node.value


def _read_time(node: JsonNode) -> datetime:
    """Read a time in the one form that a record has: UTC, whole seconds, `Z`."""
    try:
        at = parse_time(node.value, "startedAt")
    except InputError:
        at = None
    if at is None or time_text(at) != node.value:
        raise node.fault(f"{node.value!r} is not a time such as 2026-03-14T09:26:53Z, from 1970 on")
    return at


def read_interactions(
    text: bytes | str, brand: str, what: str = "interactions"
) -> list[InteractionRecord]:
    """Read the content of a file of interactions: a JSON array, or one JSON object a line.

    Args:
        text: of the file.
        brand: the identifier of the brand that they belong to.
        what: how messages call the file.

    Raises:
        MalformedDocument: the file or one of its interactions is malformed, or two have one id.

    """
    records = (
        InteractionRecord.create(node.value, brand, node.what) for node in _read_items(text, what)
    )
    return check_ids(records, what)


def _read_items(text: bytes | str, what: str) -> list[JsonNode]:
    """Return the interactions of a file; each node names its place in the file."""
    try:
        top = JsonNode.read(text, what)
    except MalformedDocument:
        lines = _lines(text)
        if len(lines) < 2 or not lines[0].rstrip().endswith("}"):
            raise
        items = [
            JsonNode.read(line, f"{what}, line {number}").value
            for number, line in enumerate(lines, 1)
            if line.strip()
        ]
    else:
        items = top.value if isinstance(top.value, list) else [top.value]

    nodes = [JsonNode(item, f"{what}, item {place}") for place, item in enumerate(items, 1)]
    for node in nodes:
        if not isinstance(node.value, dict):
            raise node.fault("not a JSON object")
    return nodes


def _lines(text: bytes | str) -> list[str]:
    shown = text.decode(errors="replace") if isinstance(text, bytes) else text
    return shown.strip().splitlines()


def check_ids(records: Iterable[InteractionRecord], what: str) -> list[InteractionRecord]:
    """Return records whose ids differ.

    Raises:
        MalformedDocument: there is none, or two have the same id.

    """
    by_id: dict[str, InteractionRecord] = {}
    for record in records:
        if record.id in by_id:
            raise MalformedDocument(what, "$.id", f"two interactions have the id '{record.id}'")
        by_id[record.id] = record

    if not by_id:
        raise MalformedDocument(what, "$", "it holds no interaction")
    return list(by_id.values())
