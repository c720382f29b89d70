"""Which index of a status list a new credential gets: a random free one, and never one twice.

Indexes in order would tell everybody who sees two credentials which was issued first, and how many
there are. What is kept with an index lets an issuer find the index of a credential to revoke.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.exc import IntegrityError

from careledger.errors import InputError
from careledger.identity.status.errors import ListFull
from careledger.identity.status.snapshot import MAX_SIZE, MIN_SIZE
from careledger.identity.tables import StatusIndex
from careledger.store import Store
from careledger.values.addresses import address

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_LONGEST_TYPE = 255
_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class AllocatedIndex:
    """An index that was given to a credential, and what is kept of it: no claim and no name."""

    index: int
    type: str | None
    """None, like the members below, where the index was allocated without it."""
    holder_key: str | None
    """Thumbprint of the key that it is bound to; None where it is not bound."""
    issued_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def _from_row(cls, row: StatusIndex) -> "AllocatedIndex":
        return cls(row.index, row.type, row.holder_key, row.issued_at, row.expires_at)

    def is_other(self, type_: str, holder_key: str | None, issued_at: datetime) -> bool:
        """Say whether another credential than one of this type, key and time has this index."""
        pairs = (
            (self.type, type_),
            (self.holder_key, holder_key),
            (self.issued_at, issued_at),
        )
        return any(kept is not None and kept != given for kept, given in pairs)


class StatusIndexAllocator:
    """Gives out the indexes of one list, and keeps in the store which are given out.

    Several processes may allocate indexes of one list at the same time. An index stays allocated
    even if its credential is never issued.
    """

    def __init__(self, store: Store, issuer: str, list_id: bytes, size: int = MIN_SIZE) -> None:
        """Allocate the indexes of a list.

        Args:
            issuer: address of the identity that keeps the list.
            list_id: 32 bytes.
            size: indexes that it has.

        Raises:
            InputError: one of them is malformed.

        """
        if len(list_id) != 32 or not 0 < size <= MAX_SIZE:
            raise InputError(f"a status list has a name of 32 bytes and 1 to {MAX_SIZE:,} indexes")

        self.store = store
        self.issuer = address(issuer, "issuer")
        self.list_id = list_id
        self.size = size

    def allocate(
        self,
        *,
        type_: str | None = None,
        holder_key: str | None = None,
        issued_at: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> int:
        """Return an index that no credential had before, and keep which credential it is for.

        Args:
            type_: the credential's, at most 255 characters.
            holder_key: thumbprint (RFC 7638) of the key that it is bound to; nothing else that
                names a person.

        Raises:
            InputError: the type is longer, or the thumbprint is not one.
            ListFull: every index is allocated.
            StoreError: the database refused.

        """
        if type_ is not None and len(type_) > _LONGEST_TYPE:
            raise InputError(
                f"the credential's type has {len(type_)} characters; "
                f"at most {_LONGEST_TYPE} are kept"
            )
        if holder_key is not None and not _THUMBPRINT.fullmatch(holder_key):
            raise InputError(
                "a holder's key is kept only by its thumbprint, 43 characters of base64url"
            )

        kept = {
            "type": type_,
            "holder_key": holder_key,
            "issued_at": issued_at,
            "expires_at": expires_at,
        }
        while True:
            index = self._free()
            row = StatusIndex(issuer=self.issuer, list=self.list_id, index=index, **kept)
            try:
                with self.store.writing() as session:
                    session.add(row)
            except IntegrityError:  # another process was faster
                continue
            return index

    def allocated(self) -> list[AllocatedIndex]:
        """Return the allocated indexes in the order of issuing; those without a time come first."""
        with self.store.reading() as session:
            rows = session.scalars(select(StatusIndex).where(self._own))
            found = [AllocatedIndex._from_row(row) for row in rows]

        return sorted(found, key=lambda one: (one.issued_at or _NEVER, one.index))

    def find(self, index: int) -> AllocatedIndex | None:
        """Return what is kept of one index; None where it was never allocated."""
        with self.store.reading() as session:
            row = session.get(StatusIndex, (self.issuer, self.list_id, index))
            return None if row is None else AllocatedIndex._from_row(row)

    def never_allocated(self, indexes: Iterable[int]) -> list[int]:
        """Return which of these indexes were never allocated, ascending."""
        return sorted(set(indexes) - self._taken())

    def count(self) -> int:
        """Return how many indexes are allocated."""
        return self._count(self._own)

    def count_in_other_lists(self) -> int:
        """Return how many indexes of other lists of the same issuer are allocated."""
        return self._count(
            and_(StatusIndex.issuer == self.issuer, StatusIndex.list != self.list_id)
        )

    @property
    def _own(self) -> ColumnElement[bool]:
        return and_(StatusIndex.issuer == self.issuer, StatusIndex.list == self.list_id)

    def _count(self, rows: ColumnElement[bool]) -> int:
        with self.store.reading() as session:
            found = session.scalar(select(func.count()).select_from(StatusIndex).where(rows))
        return int(found or 0)

    def _taken(self) -> set[int]:
        with self.store.reading() as session:
            return set(session.scalars(select(StatusIndex.index).where(self._own)))

    def _free(self) -> int:
        """Return a random index that is probably, in a fuller list certainly, free."""
        index = secrets.randbelow(self.size)
        if self.count() * 2 <= self.size:  # at least every second guess is free
            return index

        taken = self._taken()
        free = [candidate for candidate in range(self.size) if candidate not in taken]
        if not free:
            raise ListFull(
                f"all {self.size} indexes of the list 0x{self.list_id.hex()} are allocated: "
                "begin another list"
            )
        return free[index % len(free)]
