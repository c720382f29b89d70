"""Which place of a status list a new credential gets: one at random among the free, and never the same twice.

Places in order would tell everybody who sees two credentials which was issued first, and how many
are. With a place is kept which credential got it: an issuer that wants to revoke one has to know
where it stands.
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
from careledger.identity.status.lists import MAX_SIZE, MIN_SIZE
from careledger.identity.tables import StatusIndex
from careledger.store import Store
from careledger.values.addresses import address

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_LONGEST_TYPE = 255
_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Given:
    """A place that was given out, and what is kept of the credential that got it: no claim, no name of its holder."""

    index: int
    type: str | None
    """None, as all that follows, where the place was taken without saying for what."""
    holder_key: str | None
    """Thumbprint of the key that it is bound to; None where it is bound to none."""
    issued_at: datetime | None
    expires_at: datetime | None

    def is_other(self, type_: str, holder_key: str | None, issued_at: datetime) -> bool:
        """Say whether what is kept is of another credential than one of this type, key and time."""
        kept = ((self.type, type_), (self.holder_key, holder_key), (self.issued_at, issued_at))
        return any(mine is not None and mine != its for mine, its in kept)


class Places:
    """The places of one list that an issuer has given out, kept in the store.

    Several processes may give out places of one list at the same time. A place that was handed out
    stays taken even if the credential was never issued.
    """

    def __init__(self, store: Store, issuer: str, list_id: bytes, size: int = MIN_SIZE) -> None:
        """Give out places of a list.

        Args:
            issuer: address of the identity that keeps it.
            list_id: 32 bytes.
            size: places that it has.

        Raises:
            InputError: one of them is malformed.

        """
        if len(list_id) != 32 or not 0 < size <= MAX_SIZE:
            raise InputError(f"a status list has a name of 32 bytes and 1 to {MAX_SIZE:,} places")
        self.store, self.issuer, self.list_id, self.size = (
            store,
            address(issuer, "issuer"),
            list_id,
            size,
        )

    def take(
        self,
        *,
        type_: str | None = None,
        holder_key: str | None = None,
        issued_at: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> int:
        """Return a place that nobody had before, and keep which credential it is for.

        Args:
            type_: the credential's, at most 255 characters.
            holder_key: thumbprint (RFC 7638) of the key that it is bound to; nothing else that
                names a person.

        Raises:
            InputError: the type is longer, or the thumbprint is none.
            ListFull: there is none left.
            StoreError: the database refused.

        """
        if type_ is not None and len(type_) > _LONGEST_TYPE:
            raise InputError(
                f"the credential's type has {len(type_)} characters, and at most {_LONGEST_TYPE} are kept"
            )
        if holder_key is not None and not _THUMBPRINT.fullmatch(holder_key):
            raise InputError(
                "a holder's key is kept by its thumbprint, 43 characters of base64url, and nothing else is"
            )
        kept = {
            "type": type_,
            "holder_key": holder_key,
            "issued_at": issued_at,
            "expires_at": expires_at,
        }
        while True:
            index = self._free()
            try:
                with self.store.writing() as session:
                    session.add(
                        StatusIndex(issuer=self.issuer, list=self.list_id, index=index, **kept)
                    )
            except IntegrityError:  # somebody was faster
                continue
            return index

    def given(self) -> list[Given]:
        """Return the places that were given out, in the order of issuing; those of which nothing was kept first."""
        with self.store.reading() as session:
            rows = session.scalars(select(StatusIndex).where(self._own))
            found = [
                Given(row.index, row.type, row.holder_key, row.issued_at, row.expires_at)
                for row in rows
            ]
        return sorted(found, key=lambda one: (one.issued_at or _NEVER, one.index))

    def find(self, index: int) -> Given | None:
        """Return what is kept of one place; None where nobody ever got it."""
        with self.store.reading() as session:
            row = session.get(StatusIndex, (self.issuer, self.list_id, index))
            return (
                None
                if row is None
                else Given(row.index, row.type, row.holder_key, row.issued_at, row.expires_at)
            )

    def never_given(self, indexes: Iterable[int]) -> list[int]:
        """Return which of these places nobody ever got, ascending."""
        with self.store.reading() as session:
            return sorted(
                set(indexes) - set(session.scalars(select(StatusIndex.index).where(self._own)))
            )

    def others(self) -> int:
        """Return how many places of other lists of the same issuer were given out."""
        same = and_(StatusIndex.issuer == self.issuer, StatusIndex.list != self.list_id)
        with self.store.reading() as session:
            return int(
                session.scalar(select(func.count()).select_from(StatusIndex).where(same)) or 0
            )

    def taken(self) -> int:
        """Return how many places were given out."""
        with self.store.reading() as session:
            return int(
                session.scalar(select(func.count()).select_from(StatusIndex).where(self._own)) or 0
            )

    @property
    def _own(self) -> ColumnElement[bool]:
        return and_(StatusIndex.issuer == self.issuer, StatusIndex.list == self.list_id)

    def _free(self) -> int:
        index, taken = secrets.randbelow(self.size), self.taken()
        if taken * 2 <= self.size:  # at least every second guess is right
            return index
        with self.store.reading() as session:
            given = set(session.scalars(select(StatusIndex.index).where(self._own)))
        free = [place for place in range(self.size) if place not in given]
        if not free:
            raise ListFull(
                f"all {self.size} places of the list 0x{self.list_id.hex()} are given out: begin another"
            )
        return free[index % len(free)]
