"""Which place of a status list a new credential gets: one at random among the free, and never the same twice.

Places in order would tell everybody who sees two credentials which was issued first, and how many are.
"""

import secrets

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.exc import IntegrityError

from careledger.chain.rpc import address
from careledger.errors import InputError
from careledger.identity.status.errors import ListFull
from careledger.identity.status.lists import MAX_SIZE, MIN_SIZE
from careledger.store import Store
from careledger.store.identity import StatusIndex


class Places:
    """The places of one list that an issuer has given out, kept in the store.

    Several processes may give out places of one list at the same time. A place that was handed out stays taken
    even if the credential was never issued.
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
        self.store, self.issuer, self.list_id, self.size = store, address(issuer, "issuer"), list_id, size

    def take(self) -> int:
        """Return a place that nobody had before.

        Raises:
            ListFull: there is none left.
            StoreError: the database refused.

        """
        while True:
            index = self._free()
            try:
                with self.store.writing() as session:
                    session.add(StatusIndex(issuer=self.issuer, list=self.list_id, index=index))
            except IntegrityError:  # somebody was faster
                continue
            return index

    def taken(self) -> int:
        """Return how many places were given out."""
        with self.store.reading() as session:
            return int(session.scalar(select(func.count()).select_from(StatusIndex).where(self._own)) or 0)

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
            raise ListFull(f"all {self.size} places of the list 0x{self.list_id.hex()} are given out: begin another")
        return free[index % len(free)]
