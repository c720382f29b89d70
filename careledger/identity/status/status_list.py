"""Exported status lists: who issues them, what is read from them, and what a kind of list is.

A list is valid for the block that it was made from and says when that was. A verifier with a node
asks the chain instead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from careledger.identity.credentials.errors import (
    BadBase64,
    StatusError,
    StatusReason,
    StatusStale,
    TimeError,
    TimeReason,
)
from careledger.identity.credentials.jose import Jws, JwsSigner, decode
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.status import bits
from careledger.identity.status.snapshot import StatusListSnapshot
from careledger.values.times import time_text

MAX_AGE = timedelta(days=1)

CLOCK_SKEW = timedelta(minutes=5)
"""How much the clocks of issuer and verifier may differ."""


@dataclass(frozen=True)
class StatusIssuer:
    """Who signs lists, and for how long they are valid."""

    did: str
    """The issuer's, as in its credentials."""
    key: JwsSigner
    kid: str
    """The key in the issuer's DID document, such as `did:ethr:0x7a69:0x…#delegate-1`."""
    lifetime: timedelta = timedelta(days=1)
    """How long a list is valid."""
    refresh: timedelta = timedelta(hours=1)
    """How often a new one is published."""


@dataclass(frozen=True)
class PackedBits:
    """The bits of a list as it holds them."""

    text: str = field(repr=False)
    """Compressed, in base64url."""
    form: int
    """`bits.ZLIB` or `bits.GZIP`."""
    mirrored: bool
    """Whether the most significant bit of a byte comes first."""
    width: int = 1
    """Bits for each credential."""

    def unpack(self) -> bytes:
        """Return the bits in the order of the Token Status List.

        Raises:
            StatusError: they are not compressed as the standard requires, or too many.

        """
        try:
            packed = decode(self.text, "the list")
        except BadBase64 as error:
            raise StatusError(
                StatusReason.STATUS_UNREADABLE, f"the status list cannot be read: {error}"
            ) from None

        raw = bits.decompress(packed, self.form)
        return bits.mirror(raw) if self.mirrored else raw


@dataclass(frozen=True)
class ParsedStatusList:
    """A list as it was parsed; nothing in it has been checked."""

    uri: Any
    """What the list calls itself."""
    issuers: tuple[Any, ...]
    """Every name that the list gives for its issuer."""
    issued_at: datetime
    expires_at: datetime | None
    packed: PackedBits
    min_size: int = 1
    source: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class StatusListKind:
    """A kind of exported lists; `kinds.KINDS` lists all."""

    name: str
    export: Callable[[StatusListSnapshot, str, StatusIssuer], str]
    """Returns a list as text, for the URI where it will be found."""
    types: frozenset[str | None] = frozenset()
    """Values of `typ` by which such a list is recognised; none for a kind that is not read."""
    parse: Callable[[Jws], ParsedStatusList] | None = None


@dataclass(frozen=True)
class StatusList:
    """A list of the right issuer, whose signature was checked."""

    uri: str
    issuer: str
    """DID."""
    issued_at: datetime
    expires_at: datetime | None
    content: bytes = field(repr=False)
    """In the order of the Token Status List."""
    width: int = 1
    """Bits for each credential."""
    source: Mapping[str, Any] | None = None
    """Which list of which contract it was made from, as its issuer says; None where it does not."""

    @property
    def size(self) -> int:
        """How many indexes it has."""
        return len(self.content) * 8 // self.width

    def is_revoked(self, index: int) -> bool:
        """Say whether a credential has any other status than valid.

        Raises:
            StatusError: the list does not have this index.

        """
        return bits.status_at(self.content, index, self.width) != 0

    @property
    def revoked(self) -> list[int]:
        """The indexes with any other status than valid, ascending."""
        if self.width == 1:
            return bits.set_indexes(self.content)
        return [index for index in range(self.size) if self.is_revoked(index)]

    def check_reference(self, reference: StatusReference) -> None:
        """Make sure that it was made from the list that a credential names, where both say which.

        Raises:
            StatusError: its issuer exported another list to this URI.

        """
        if self.source is None or not reference.on_chain:
            return

        wanted = reference.chain_part
        for name in ("chainId", "contract", "issuer", "list"):
            found = str(self.source.get(name))
            if found.lower() != str(wanted[name]).lower():
                raise StatusError(
                    StatusReason.STATUS_UNREADABLE,
                    f"the status list {self.uri} was made from another list than the credential's: "
                    f"its {name} is {found[:100]}, and the credential's is {wanted[name]}",
                )

    def check_fresh(self, now: datetime, max_age: timedelta = MAX_AGE) -> None:
        """Make sure that the list may still be relied on.

        Raises:
            StatusStale: it has expired, or is older than the verifier allows.
            TimeError: it says that it was made later than now.

        """
        if self.issued_at > now + CLOCK_SKEW:
            raise TimeError(
                TimeReason.ISSUED_IN_FUTURE,
                f"the status list says that it is of {time_text(self.issued_at)}, in the future",
            )

        if self.expires_at is not None and self.expires_at <= now:
            raise StatusStale(
                f"the status list was valid until {time_text(self.expires_at)}: fetch a new one"
            )

        if now - self.issued_at > max_age:
            raise StatusStale(
                f"the status list is of {time_text(self.issued_at)}, older than the {max_age} "
                "that is allowed: fetch a new one"
            )
