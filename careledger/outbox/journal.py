"""The transactions of one key: stored before they are sent, and where each of them is.

Everything here is written under the fence of the lease, so a holder that lost it changes nothing.
An item and its transaction change state together.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session

from careledger.chain.transactions import Pending, TransactionReceipt, TransactionRole
from careledger.outbox.errors import ItemsTaken
from careledger.outbox.lease import StoredLease
from careledger.outbox.model import (
    UNDER_WAY,
    Judgement,
    OutboxItem,
    OutboxState,
    StoredTransaction,
)
from careledger.outbox.queue import rows_of
from careledger.outbox.tables import OutboxItemRow, OutboxTransactionRow

_LONGEST_REASON = 500


class TransactionJournal:
    """What was signed with one key on one chain, under one token of its lease."""

    def __init__(
        self,
        lease: StoredLease,
        token: int,
        chain_id: int,
        sender: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._lease = lease
        self._token = token
        self._clock = clock

        self._chain = chain_id
        self._sender = sender

    def under_way(self) -> list[StoredTransaction]:
        """Return what is followed, lower nonces first."""
        wanted = (
            select(OutboxTransactionRow)
            .where(self._own(), OutboxTransactionRow.state.in_(UNDER_WAY))
            .order_by(OutboxTransactionRow.nonce, OutboxTransactionRow.attempt)
        )

        with self._lease.store.reading() as session:
            rows = session.scalars(wanted).all()
            return [
                _stored(nonce, list(attempts))
                for nonce, attempts in groupby(rows, key=lambda row: row.nonce)
            ]

    def keep(
        self,
        pending: Pending,
        role: TransactionRole,
        items: Sequence[OutboxItem[Any]] = (),
    ) -> None:
        """Store what was signed, with the items in it; only then may it be handed over.

        Raises:
            LeaseLost: another program may have the key by now.
            ItemsTaken: another program, with another key, has some of the items.

        """
        with self._writing() as session:
            session.add(self._row(session, pending, role))
            self._take(session, items, pending.nonce)

    def broadcast(self, nonce: int) -> None:
        """Note that a node has it."""
        with self._writing() as session:
            self._move(session, nonce, [OutboxState.SIGNED], OutboxState.BROADCAST)

    def mined(self, nonce: int, receipt: TransactionReceipt) -> None:
        """Note which of the transactions with a nonce was mined, and where."""
        with self._writing() as session:
            self._note(session, nonce, receipt)

    def undone(self, nonce: int) -> None:
        """Note that a reorganisation took the block away: it waits to be mined again."""
        with self._writing() as session:
            session.execute(
                update(OutboxTransactionRow)
                .where(
                    self._own(),
                    OutboxTransactionRow.nonce == nonce,
                    OutboxTransactionRow.state.in_(UNDER_WAY),
                )
                .values(block=None)
            )

            self._move(session, nonce, [OutboxState.MINED], OutboxState.BROADCAST)

    def reverted(self, nonce: int, receipt: TransactionReceipt, judged: Judgement[Any]) -> None:
        """Note that the contract refused: its items are settled or wait again, it is followed on.

        Until it is deep enough, a reorganisation may free its nonce, which has to be used then.
        """
        with self._writing() as session:
            self._note(session, nonce, receipt)
            self._settle_items(session, judged)

    def settle(self, nonce: int, judged: Judgement[Any], state: OutboxState) -> None:
        """End a transaction, together with what was in it.

        Args:
            nonce: its nonce.
            judged: its items; those that are left wait again.
            state: final or reverted for the one that was mined; replaced if none was.

        """
        with self._writing() as session:
            mined = OutboxTransactionRow.block.is_not(None)
            open_ = and_(
                self._own(),
                OutboxTransactionRow.nonce == nonce,
                OutboxTransactionRow.state.in_(UNDER_WAY),
            )

            session.execute(update(OutboxTransactionRow).where(open_, mined).values(state=state))
            session.execute(
                update(OutboxTransactionRow).where(open_).values(state=OutboxState.REPLACED)
            )
            self._settle_items(session, judged)

    def settle_items(self, judged: Judgement[Any]) -> None:
        """Settle items that need no transaction; those that are left wait, having failed once."""
        with self._writing() as session:
            self._settle_items(session, judged)

    # -- rows

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with self._lease.fenced(self._token) as session:
            yield session

    def _own(self) -> ColumnElement[bool]:
        return and_(
            OutboxTransactionRow.chain == self._chain,
            OutboxTransactionRow.sender == self._sender,
        )

    def _row(
        self, session: Session, pending: Pending, role: TransactionRole
    ) -> OutboxTransactionRow:
        signed = pending.hashes[-1]
        fields = dict(pending.transaction)

        # A development chain that began anew can bring the very same bytes again.
        session.execute(
            delete(OutboxTransactionRow).where(
                OutboxTransactionRow.hash == signed,
                OutboxTransactionRow.state.not_in(UNDER_WAY),
            )
        )
        last = session.scalar(
            select(func.max(OutboxTransactionRow.attempt)).where(
                self._own(), OutboxTransactionRow.nonce == pending.nonce
            )
        )

        return OutboxTransactionRow(
            chain=self._chain,
            sender=self._sender,
            nonce=pending.nonce,
            attempt=0 if last is None else last + 1,
            token=self._token,
            role=role,
            raw=pending.raw,
            hash=signed,
            fee=fields.get("maxFeePerGas", fields.get("gasPrice", 0)),
            fields=fields,
            state=OutboxState.SIGNED,
        )

    def _take(self, session: Session, items: Sequence[OutboxItem[Any]], nonce: int) -> None:
        if not items:
            return

        wanted = OutboxItemRow.id.in_([item.id for item in items])
        taken = session.execute(
            update(OutboxItemRow)
            .where(wanted, OutboxItemRow.state == OutboxState.QUEUED)
            .values(state=OutboxState.SIGNED, sender=self._sender, nonce=nonce)
        ).rowcount  # type: ignore[attr-defined]

        if taken != len(items):
            raise ItemsTaken(
                f"{len(items) - taken} of {len(items)} items were taken by another program"
            )

    def _move(
        self,
        session: Session,
        nonce: int,
        before: Sequence[OutboxState],
        after: OutboxState,
    ) -> None:
        """Change the state of a nonce: of its transactions, and of the items in them."""
        session.execute(
            update(OutboxTransactionRow)
            .where(
                self._own(),
                OutboxTransactionRow.nonce == nonce,
                OutboxTransactionRow.state.in_(before),
            )
            .values(state=after)
        )

        session.execute(
            update(OutboxItemRow)
            .where(
                OutboxItemRow.chain == self._chain,
                OutboxItemRow.sender == self._sender,
                OutboxItemRow.nonce == nonce,
                OutboxItemRow.state.in_(before),
            )
            .values(state=after)
        )

    def _settle_items(self, session: Session, judged: Judgement[Any]) -> None:
        now = self._clock()
        for row in self._rows(session, judged.done):
            row.state = OutboxState.FINAL
            row.reason = None
            row.settled_at = now

        reasons = {item.id: reason for item, reason in judged.refused}
        for row in self._rows(session, [item for item, _ in judged.refused]):
            row.state = OutboxState.REFUSED
            row.reason = reasons[row.id][:_LONGEST_REASON]
            row.settled_at = now

        for row in self._rows(session, judged.left):
            row.state = OutboxState.QUEUED
            row.sender = None
            row.nonce = None
            row.attempts += 1

    def _rows(self, session: Session, items: Sequence[OutboxItem[Any]]) -> list[OutboxItemRow]:
        """Return items that wait, or are in a transaction of this key; no others are ours."""
        return [
            row
            for row in rows_of(session, items)
            if row.state == OutboxState.QUEUED or row.sender == self._sender
        ]

    def _note(self, session: Session, nonce: int, receipt: TransactionReceipt) -> None:
        self._move(session, nonce, [OutboxState.SIGNED, OutboxState.BROADCAST], OutboxState.MINED)
        session.execute(
            update(OutboxTransactionRow)
            .where(self._own(), OutboxTransactionRow.hash == receipt.transaction_hash)
            .values(block=receipt.block_number)
        )


def _stored(nonce: int, attempts: list[OutboxTransactionRow]) -> StoredTransaction:
    last = attempts[-1]
    block = next((row.block for row in attempts if row.block is not None), None)
    state = OutboxState.SIGNED

    if block is not None:
        state = OutboxState.MINED
    elif any(row.state == OutboxState.BROADCAST for row in attempts):
        state = OutboxState.BROADCAST

    pending = Pending(
        transaction=dict(last.fields),
        hashes=[row.hash for row in attempts],
        raw=last.raw,
        block_number=block,
    )
    return StoredTransaction(nonce, state, pending)
