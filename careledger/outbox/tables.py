"""Tables of the outbox: leases, items, and the transactions that carry them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from careledger.store.base import Base, Moment


class LeaseRow(Base):
    """Who may do something that one program at a time does."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120))
    """A random name for each start of a program, with its machine and process."""
    token: Mapped[int] = mapped_column(BigInteger)
    """Rises with each change of the holder."""
    expires_at: Mapped[float] = mapped_column(Float(53))
    """Seconds since 1970 by the clock of the database."""


class OutboxItemRow(Base):
    """What a noun wants done on the chain."""

    __tablename__ = "outbox_item"
    __table_args__ = (
        UniqueConstraint("kind", "chain", "target", "key"),
        Index(None, "kind", "chain", "target", "effect"),
        Index(None, "state", "kind"),
        Index(None, "chain", "sender", "nonce"),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    kind: Mapped[str] = mapped_column(String(32))
    chain: Mapped[int] = mapped_column(BigInteger)
    target: Mapped[str] = mapped_column(String(42))
    """The contract."""
    key: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the payload: the same item is not kept twice."""
    effect: Mapped[bytes] = mapped_column(LargeBinary(32))
    """What the contract does once. Several items can have one: one of them may be junk."""
    sender: Mapped[str | None] = mapped_column(String(42))
    """Who signed the transaction that carries it."""
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(9))
    reason: Mapped[str | None] = mapped_column(String(500))
    attempts: Mapped[int] = mapped_column(Integer)
    not_before: Mapped[datetime | None] = mapped_column(Moment)
    nonce: Mapped[int | None] = mapped_column(BigInteger)
    """Of the transaction that carries it, with chain and sender."""
    trace: Mapped[str | None] = mapped_column(String(64))
    """What the caller follows it by."""
    added_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)


class OutboxTransactionRow(Base):
    """Bytes that were signed: stored before they are sent, one row for each attempt at a nonce."""

    __tablename__ = "outbox_tx"
    __table_args__ = (UniqueConstraint("hash"), Index(None, "chain", "sender", "state"))

    chain: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sender: Mapped[str] = mapped_column(String(42), primary_key=True)
    nonce: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    token: Mapped[int] = mapped_column(BigInteger)
    """Of the lease under which it was signed."""
    role: Mapped[str] = mapped_column(String(6))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    fee: Mapped[int] = mapped_column(BigInteger)
    """The most that it pays, in wei a gas."""
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What was signed, from which a dearer one can be made."""
    state: Mapped[str] = mapped_column(String(9))
    block: Mapped[int | None] = mapped_column(BigInteger)
    """Where it was mined."""
