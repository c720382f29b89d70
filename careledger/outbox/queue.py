"""What is to be done on the chain: items, added by any program, and what became of them.

Whoever adds needs no key and no lease. A noun that keeps rows of its own adds the item in the same
transaction of the database, by `session`: both are kept, or neither.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from careledger.crypto import canonical
from careledger.crypto.hashing import sha256
from careledger.errors import NotFound
from careledger.outbox.kinds import OutboxKind
from careledger.outbox.model import UNDER_WAY, ItemOutcome, OutboxItem, OutboxState
from careledger.outbox.tables import OutboxItemRow, OutboxTransactionRow
from careledger.store import Store

T = TypeVar("T")

_FURTHEST = (
    OutboxState.REFUSED,
    OutboxState.QUEUED,
    OutboxState.SIGNED,
    OutboxState.BROADCAST,
    OutboxState.MINED,
    OutboxState.FINAL,
)
"""Of several items with one effect, the one that came furthest tells what became of it."""


class OutboxQueue:
    """The items of some kinds on one chain. Several programs may add; a worker takes."""

    def __init__(
        self,
        store: Store,
        chain_id: int,
        kinds: Iterable[OutboxKind[Any]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Bind to a database.

        Args:
            store: the database.
            chain_id: of the chain where the items are done.
            kinds: whose items these are.
            clock: returns the present time, aware.

        """
        self.store = store
        self.chain_id = chain_id

        self.kinds = tuple(kinds)
        self.clock = clock

    # -- to be done

    def add(
        self,
        kind: OutboxKind[T],
        item: T,
        *,
        session: Session | None = None,
        not_before: datetime | None = None,
        trace: str | None = None,
    ) -> None:
        """Keep an item until it is settled.

        The same item is not kept twice, and one that was refused is tried again. Another item with
        the same effect is kept beside the first: junk that came earlier keeps nothing out.

        Args:
            kind: of the item.
            item: what is to be done.
            session: the caller's transaction, to keep the item together with rows of the caller's.
            not_before: when it may be sent, at the earliest.
            trace: what the caller follows it by.

        """
        if session is not None:
            self._add(session, kind, item, not_before, trace)
            return

        with self.store.writing() as own:
            self._add(own, kind, item, not_before, trace)

    def _add(
        self,
        session: Session,
        kind: OutboxKind[T],
        item: T,
        not_before: datetime | None,
        trace: str | None,
    ) -> None:
        effect = kind.effect(item)
        payload = kind.to_json(item)
        key = sha256(canonical.dumps(payload)).hex()

        of_effect = select(OutboxItemRow).where(self._of(kind, effect)).with_for_update()
        known = session.scalars(of_effect).all()
        if any(row.state == OutboxState.FINAL for row in known):
            return

        row = next((row for row in known if row.key == key), None)
        if row is not None and row.state != OutboxState.REFUSED:
            return

        if row is None:
            row = OutboxItemRow(
                kind=kind.name,
                chain=self.chain_id,
                target=kind.target,
                key=key,
                effect=effect,
                payload=payload,
            )

        row.state = OutboxState.QUEUED
        row.attempts = 0
        row.not_before = not_before
        row.trace = trace
        row.added_at = self.clock()
        row.reason = None
        row.settled_at = None
        row.sender = None
        row.nonce = None

        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:  # another program added the same in the same moment
            return

    # -- what became of it

    def outcome(self, kind: OutboxKind[T], effect: bytes) -> ItemOutcome:
        """Return what became of an effect: of several items with it, of the one that came furthest.

        Raises:
            NotFound: it was never added, or was forgotten.

        """
        with self.store.reading() as session:
            rows = session.scalars(select(OutboxItemRow).where(self._of(kind, effect))).all()
            if not rows:
                raise NotFound(f"the outbox does not have a {kind.name} of 0x{effect.hex()}")

            return _outcome(session, max(rows, key=_progress))

    def outcomes(self) -> list[ItemOutcome]:
        """Return what became of all effects, oldest first."""
        with self.store.reading() as session:
            rows = session.scalars(self._all().order_by(OutboxItemRow.id)).all()

            furthest: dict[tuple[str, str, bytes], OutboxItemRow] = {}
            for row in rows:
                key = (row.kind, row.target, row.effect)
                furthest[key] = max(furthest.get(key, row), row, key=_progress)

            return [_outcome(session, row) for row in furthest.values()]

    def oldest(self) -> datetime | None:
        """Return since when the oldest item waits that is not settled.

        Watch it: a loop of crashes looks like work, and this says that it is not.
        """
        waiting = OutboxItemRow.state.in_([OutboxState.QUEUED, *UNDER_WAY])
        wanted = select(func.min(OutboxItemRow.added_at)).where(self._mine(), waiting)

        with self.store.reading() as session:
            return session.scalar(wanted)

    def forget(self, before: datetime) -> int:
        """Delete the items that were settled before a point in time; return how many.

        One that is added again afterwards is looked up on the chain, and not done twice either.
        """
        settled = OutboxItemRow.state.in_([OutboxState.FINAL, OutboxState.REFUSED])
        old = delete(OutboxItemRow).where(self._mine(), settled, OutboxItemRow.settled_at < before)

        with self.store.writing() as session:
            return int(session.execute(old).rowcount)  # type: ignore[attr-defined]

    # -- for a worker

    def queued(self, kind: OutboxKind[T], at_most: int) -> list[OutboxItem[T]]:
        """Return items that wait, those first that failed most: they end, and hold up nothing."""
        due = or_(OutboxItemRow.not_before.is_(None), OutboxItemRow.not_before <= self.clock())
        wanted = (
            select(OutboxItemRow)
            .where(self._of(kind), OutboxItemRow.state == OutboxState.QUEUED, due)
            .order_by(OutboxItemRow.attempts.desc(), OutboxItemRow.id)
            .limit(at_most)
        )

        with self.store.reading() as session:
            return [_item(kind, row) for row in session.scalars(wanted)]

    def carried(self, sender: str, nonce: int) -> list[tuple[OutboxKind[Any], OutboxItem[Any]]]:
        """Return the items in the transaction with a nonce, with their kinds."""
        wanted = (
            select(OutboxItemRow)
            .where(
                OutboxItemRow.chain == self.chain_id,
                OutboxItemRow.sender == sender,
                OutboxItemRow.nonce == nonce,
                OutboxItemRow.state.in_(UNDER_WAY),
            )
            .order_by(OutboxItemRow.id)
        )

        with self.store.reading() as session:
            found = [(self._kind(row), row) for row in session.scalars(wanted)]
            return [(kind, _item(kind, row)) for kind, row in found]

    def signed_by_others(self, sender: str) -> str | None:
        """Return another key that has items of these kinds under way, if there is one."""
        wanted = select(OutboxItemRow.sender).where(
            self._mine(), OutboxItemRow.state.in_(UNDER_WAY), OutboxItemRow.sender != sender
        )
        with self.store.reading() as session:
            return session.scalars(wanted.limit(1)).first()

    def _kind(self, row: OutboxItemRow) -> OutboxKind[Any]:
        for kind in self.kinds:
            if (kind.name, kind.target) == (row.kind, row.target):
                return kind

        raise NotFound(
            f"a {row.kind} for {row.target} is under way, and this program does not know that kind"
        )

    # -- conditions

    def _all(self) -> Select[OutboxItemRow]:
        return select(OutboxItemRow).where(self._mine())

    def _mine(self) -> ColumnElement[bool]:
        return or_(*(self._of(kind) for kind in self.kinds))

    def _of(self, kind: OutboxKind[Any], effect: bytes | None = None) -> ColumnElement[bool]:
        own = and_(
            OutboxItemRow.kind == kind.name,
            OutboxItemRow.chain == self.chain_id,
            OutboxItemRow.target == kind.target,
        )
        return own if effect is None else and_(own, OutboxItemRow.effect == effect)


def rows_of(session: Session, items: Sequence[OutboxItem[Any]]) -> Sequence[OutboxItemRow]:
    """Return the rows of items, within a transaction."""
    if not items:
        return []

    wanted = OutboxItemRow.id.in_([item.id for item in items])
    return session.scalars(select(OutboxItemRow).where(wanted).with_for_update()).all()


def _progress(row: OutboxItemRow) -> tuple[int, int]:
    return _FURTHEST.index(OutboxState(row.state)), row.id


def _item(kind: OutboxKind[T], row: OutboxItemRow) -> OutboxItem[T]:
    return OutboxItem(row.id, row.effect, kind.from_json(row.payload), row.attempts)


def _outcome(session: Session, row: OutboxItemRow) -> ItemOutcome:
    return ItemOutcome(
        kind=row.kind,
        effect=row.effect,
        state=OutboxState(row.state),
        reason=row.reason,
        transaction=_hash(session, row),
        added_at=row.added_at,
        settled_at=row.settled_at,
    )


def _hash(session: Session, row: OutboxItemRow) -> bytes | None:
    """Return the hash that was mined, or else the one that was signed last."""
    if row.nonce is None:
        return None

    mined = OutboxTransactionRow.block.is_not(None)
    wanted = (
        select(OutboxTransactionRow.hash)
        .where(
            OutboxTransactionRow.chain == row.chain,
            OutboxTransactionRow.sender == row.sender,
            OutboxTransactionRow.nonce == row.nonce,
        )
        .order_by(mined.desc(), OutboxTransactionRow.attempt.desc())
        .limit(1)
    )
    return session.scalars(wanted).first()
