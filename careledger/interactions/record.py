"""The record of one interaction: what is kept, what is hashed, and how a file of interactions is read.

The canonical form of a record is RFC 8785 JSON with exactly the members of `MEMBERS`. It is made
once, when the interaction enters the ledger; from then on the stored bytes are what counts and
nothing serialises them again.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from careledger.crypto.canonical import CanonicalError, dumps, loads
from careledger.crypto.documents import MalformedDocument
from careledger.interactions import formats

VERSION = 1
MEMBERS = ("agent", "brand", "content", "customer", "id", "kind", "startedAt", "version")
_DID = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
MAX_ID = 200


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
    """Whatever the brand keeps of the interaction: language, subject, what was said, what was
    agreed."""

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
        members = dict(interaction)
        members.setdefault("version", VERSION)
        members.setdefault("brand", brand)
        if isinstance(members["brand"], str) and members["brand"].lower() != brand.lower():
            raise MalformedDocument(
                what, "$.brand", f"'{members['brand']}' is another brand than {brand}"
            )
        try:
            raw = dumps(members)
        except CanonicalError as error:
            raise MalformedDocument(what, error.path, error.reason) from error
        return cls._from(members, raw, what)

    @classmethod
    def parse(cls, raw: bytes, what: str = "record") -> "InteractionRecord":
        """Read a stored record; its bytes stay as they are.

        Raises:
            MalformedDocument: it is no record.

        """
        try:
            members = loads(raw)
        except CanonicalError as error:
            raise MalformedDocument(what, error.path, error.reason) from error
        if not isinstance(members, dict):
            raise MalformedDocument(what, "$", "not a JSON object")
        return cls._from(members, raw, what)

    @classmethod
    def _from(cls, members: dict[str, Any], raw: bytes, what: str) -> "InteractionRecord":
        for name in MEMBERS:
            if name not in members:
                raise MalformedDocument(what, f"$.{name}", "missing")
        if unknown := sorted(members.keys() - MEMBERS):
            raise MalformedDocument(
                what, f"$.{unknown[0]}", f"unknown; a record has {', '.join(MEMBERS)}"
            )
        if members["version"] != VERSION or isinstance(members["version"], bool):
            raise MalformedDocument(what, "$.version", f"{members['version']!r} is not {VERSION}")
        name = members["id"]
        if not isinstance(name, str) or not 0 < len(name) <= MAX_ID:
            raise MalformedDocument(what, "$.id", f"a text of 1 to {MAX_ID} characters is needed")
        for party in ("brand", "agent", "customer"):
            if not isinstance(members[party], str) or not _DID.fullmatch(members[party]):
                raise MalformedDocument(
                    what,
                    f"$.{party}",
                    f"{members[party]!r} is not a decentralised identifier (DID)",
                )
        if not isinstance(members["kind"], str) or members["kind"] not in formats.KINDS:
            raise MalformedDocument(
                what, "$.kind", f"{members['kind']!r} is none of {', '.join(formats.KINDS)}"
            )
        if not isinstance(members["content"], dict):
            raise MalformedDocument(what, "$.content", "not a JSON object")
        return cls(
            raw=raw,
            id=name,
            brand=members["brand"],
            agent=members["agent"],
            customer=members["customer"],
            kind=members["kind"],
            started_at=_time(members["startedAt"], what),
            content=members["content"],
        )

    def seconds(self) -> int:
        """Return when it began, in seconds since 1970 UTC."""
        return int(self.started_at.timestamp())

    def fields(self, salts: tuple[bytes, bytes], index: int) -> formats.LeafFields:
        """Return the fields of its leaf.

        Args:
            salts: for content and for parties.
            index: its number among the brand's interactions.

        """
        return formats.LeafFields(
            content=formats.content_commitment(salts[0], self.raw),
            parties=formats.parties_commitment(salts[1], self.agent, self.customer),
            kind=formats.KINDS[self.kind],
            started_at=self.seconds(),
            index=index,
        )


def _time(text: Any, what: str) -> datetime:
    if isinstance(text, str) and _TIME.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is not None and moment.year >= 1970:
            return moment
    raise MalformedDocument(
        what, "$.startedAt", f"{text!r} is not a time such as 2026-03-14T09:26:53Z, from 1970 on"
    )


def read_interactions(
    text: bytes | str, brand: str, what: str = "interactions"
) -> list[InteractionRecord]:
    """Read a file of interactions: a JSON array, or one JSON object a line.

    Raises:
        MalformedDocument: the file or one of its interactions is malformed, or two have the same id.

    """
    try:
        items = loads(text)
    except CanonicalError as error:
        lines = (
            (text.decode(errors="replace") if isinstance(text, bytes) else text)
            .strip()
            .splitlines()
        )
        if len(lines) < 2 or not lines[0].rstrip().endswith("}"):
            raise MalformedDocument(what, error.path, error.reason) from error
        items = [_line(line, number, what) for number, line in enumerate(lines, 1) if line.strip()]
    if not isinstance(items, list):
        items = [items]
    return check_ids(
        (
            InteractionRecord.create(
                _object(item, f"{what}, item {place}"), brand, f"{what}, item {place}"
            )
            for place, item in enumerate(items, 1)
        ),
        what,
    )


def _line(line: str, number: int, what: str) -> Any:
    try:
        return loads(line)
    except CanonicalError as error:
        raise MalformedDocument(f"{what}, line {number}", error.path, error.reason) from error


def _object(item: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise MalformedDocument(what, "$", "not a JSON object")
    return item


def check_ids(records: Iterable[InteractionRecord], what: str) -> list[InteractionRecord]:
    """Return records whose ids differ.

    Raises:
        MalformedDocument: there is none, or two have the same id.

    """
    result, seen = [], set()
    for record in records:
        if record.id in seen:
            raise MalformedDocument(what, "$.id", f"two interactions have the id '{record.id}'")
        seen.add(record.id)
        result.append(record)
    if not result:
        raise MalformedDocument(what, "$", "no interaction in it")
    return result
