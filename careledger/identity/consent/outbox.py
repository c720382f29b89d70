"""What the relay has to do and has done, on disk: rows of acts, and of the transactions that carry them.

queued -> sent -> done or refused; back to queued where a transaction did not bring what it should
have. An act and its transaction change state together, in one database transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from eth_typing import ChecksumAddress
from sqlalchemy import Select, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from careledger.chain.transactions import Pending
from careledger.crypto import canonical
from careledger.crypto.hashing import sha256
from careledger.crypto.typed_data import struct_hash
from careledger.errors import NotFound
from careledger.identity.consent.messages import (
    ConsentAct,
    ConsentSignature,
    SignedGrant,
    SignedRevocation,
    SignedRevokeAll,
)
from careledger.identity.consent.terms import Commitment
from careledger.identity.tables import RelayedAct, RelayTransaction
from careledger.store import Store
from careledger.values.addresses import address
from careledger.values.hashes import parse_bytes32
from careledger.values.times import from_seconds


class Kind(StrEnum):
    """What an act does."""

    GRANT = "grant"
    REVOKE = "revoke"
    END = "end"
    """Of all consents of a subject."""


class State(StrEnum):
    """Where an act is; the last two are ends."""

    QUEUED = "queued"
    SENT = "sent"
    """In a transaction that was signed; whether it was mined is open, or it is not deep enough yet.
    """
    DONE = "done"
    """What was signed holds on the chain, whoever brought it there."""
    REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of an act."""

    kind: Kind
    id: bytes
    """The consent's; for the end of all consents, a hash of subject and epoch."""
    state: State
    reason: str | None
    """Why it was refused."""
    transaction: bytes | None
    """The hash of ours that carries it; None where none was needed, or none was made yet."""
    settled_at: datetime | None


@dataclass(frozen=True)
class Item:
    """An act in hand."""

    number: int
    kind: Kind
    id: bytes
    act: ConsentAct
    attempts: int


@dataclass(frozen=True)
class Carrier:
    """A transaction of the relay that is not settled."""

    hash: bytes
    sender: ChecksumAddress
    pending: Pending
    block: int | None


def key_of(act: ConsentAct) -> bytes:
    """Return the 32 bytes under which an act of a kind is done once."""
    if isinstance(act, SignedRevokeAll):
        return struct_hash("End(address subject,uint40 epoch)", [act.subject, act.epoch])
    return act.consent.id


class Outbox:
    """The rows of one registry; several programs may add, one relay takes."""

    def __init__(
        self, store: Store, contract: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Bind to a database.

        Args:
            contract: chain and address of the registry, as CAIP-10 writes them.

        """
        self._store, self._contract, self._clock = store, contract, clock

    def add(self, kind: Kind, act: ConsentAct) -> Outcome:
        """Keep an act until it is settled; the same is not kept twice, and one that was refused is tried again.

        Another signature for the same id is kept beside the first: junk that came earlier keeps
        nothing out.
        """
        try:
            with self._store.writing() as session:
                self._add(session, kind, act)
        except IntegrityError:  # another program added the same in the same moment
            pass
        return self.outcome(kind, key_of(act))

    def _add(self, session: Session, kind: Kind, act: ConsentAct) -> None:
        content = _write(act)
        known = session.scalars(self._select(kind, key_of(act))).all()
        if any(row.state == State.DONE for row in known):
            return
        digest = sha256(canonical.dumps(content))
        row = next((row for row in known if row.digest == digest), None)
        if row is None:
            row = RelayedAct(
                contract=self._contract,
                kind=kind.value,
                id=key_of(act),
                digest=digest,
                content=content,
            )
            session.add(row)
        elif row.state != State.REFUSED:
            return
        row.added_at, row.attempts, row.state = self._clock(), 0, State.QUEUED.value
        row.reason, row.transaction, row.settled_at = None, None, None

    def outcome(self, kind: Kind, id: bytes) -> Outcome:
        """Return what became of an act: of several signatures for one id, of the one that came furthest.

        Raises:
            NotFound: it was never added, or was forgotten.

        """
        with self._store.reading() as session:
            rows = session.scalars(self._select(kind, id)).all()
            if not rows:
                raise NotFound(f"the relay knows of no {kind.value} of 0x{id.hex()}")
            return _outcome(max(rows, key=_progress))

    def outcomes(self) -> list[Outcome]:
        """Return what became of all acts, oldest first."""
        with self._store.reading() as session:
            rows = session.scalars(self._all().order_by(RelayedAct.number)).all()
            furthest: dict[tuple[str, bytes], RelayedAct] = {}
            for row in rows:
                best = furthest.setdefault((row.kind, row.id), row)
                if _progress(row) > _progress(best):
                    furthest[row.kind, row.id] = row
            return [_outcome(row) for row in furthest.values()]

    def oldest(self) -> datetime | None:
        """Return since when the oldest act waits that is not settled: a loop of crashes would look like work."""
        with self._store.reading() as session:
            waiting = RelayedAct.state.in_([State.QUEUED.value, State.SENT.value])
            return session.scalar(
                select(func.min(RelayedAct.added_at)).where(
                    RelayedAct.contract == self._contract, waiting
                )
            )

    def queued(self, kind: Kind, at_most: int) -> list[Item]:
        """Return acts of a kind that wait, those first that failed most: that ends, and keeps nothing back for long."""
        waiting = self._all().where(
            RelayedAct.kind == kind.value, RelayedAct.state == State.QUEUED.value
        )
        with self._store.reading() as session:
            rows = session.scalars(
                waiting.order_by(RelayedAct.attempts.desc(), RelayedAct.number).limit(at_most)
            )
            return [_item(row) for row in rows]

    def carriers(self) -> list[Carrier]:
        """Return the transactions that are not settled, in the order of their nonces."""
        wanted = select(RelayTransaction).where(
            RelayTransaction.contract == self._contract, RelayTransaction.settled.is_(False)
        )
        with self._store.reading() as session:
            found = [
                Carrier(
                    row.hash,
                    address(row.sender),
                    Pending(dict(row.fields), [row.hash], row.raw),
                    row.block,
                )
                for row in session.scalars(wanted)
            ]
        return sorted(found, key=lambda one: one.pending.nonce)

    def carried(self, carrier: Carrier) -> list[Item]:
        """Return the acts that are in a transaction."""
        with self._store.reading() as session:
            mine = self._all().where(
                RelayedAct.transaction == carrier.hash, RelayedAct.state == State.SENT.value
            )
            return [_item(row) for row in session.scalars(mine.order_by(RelayedAct.number))]

    def send(self, items: Sequence[Item], pending: Pending, sender: str) -> Carrier:
        """Keep a signed transaction together with what is in it; only then may it be handed over."""
        first = pending.hashes[0]
        with self._store.writing() as session:
            fields = dict(pending.transaction)
            session.add(
                RelayTransaction(
                    hash=first,
                    contract=self._contract,
                    sender=sender,
                    raw=pending.raw,
                    fields=fields,
                    settled=False,
                )
            )
            for row in self._rows(session, items):
                row.state, row.transaction = State.SENT.value, first
        return Carrier(first, address(sender), pending, None)

    def mined(self, carrier: Carrier, block: int) -> None:
        """Remember where a transaction was mined."""
        with self._store.writing() as session:
            session.get_one(RelayTransaction, carrier.hash).block = block

    def settle(
        self,
        done: Sequence[Item] = (),
        refused: Sequence[tuple[Item, str]] = (),
        again: Sequence[Item] = (),
        carrier: Carrier | None = None,
    ) -> None:
        """Keep what became of acts, and that their transaction, if there was one, is over and done with."""
        now = self._clock()
        with self._store.writing() as session:
            for row in self._rows(session, done):
                row.state, row.reason, row.settled_at = State.DONE.value, None, now
            reasons = {item.number: reason for item, reason in refused}
            for row in self._rows(session, [item for item, _ in refused]):
                row.state, row.reason, row.settled_at = (
                    State.REFUSED.value,
                    reasons[row.number][:500],
                    now,
                )
            for row in self._rows(session, again):
                row.state, row.transaction, row.attempts = (
                    State.QUEUED.value,
                    None,
                    row.attempts + 1,
                )
            if carrier is not None:
                session.get_one(RelayTransaction, carrier.hash).settled = True

    def forget(self, before: datetime) -> int:
        """Delete acts that were settled before a point in time; returns how many.

        One that is added again afterwards is looked up on the chain, and not done twice either.
        """
        ended = RelayedAct.state.in_([State.DONE.value, State.REFUSED.value])
        old = delete(RelayedAct).where(
            RelayedAct.contract == self._contract, ended, RelayedAct.settled_at < before
        )
        with self._store.writing() as session:
            return int(session.execute(old).rowcount)  # type: ignore[attr-defined]

    def _all(self) -> Select[RelayedAct]:
        return select(RelayedAct).where(RelayedAct.contract == self._contract)

    def _select(self, kind: Kind, id: bytes) -> Select[RelayedAct]:
        return self._all().where(RelayedAct.kind == kind.value, RelayedAct.id == id)

    def _rows(self, session: Session, items: Sequence[Item]) -> Sequence[RelayedAct]:
        numbers = [item.number for item in items]
        return (
            session.scalars(select(RelayedAct).where(RelayedAct.number.in_(numbers))).all()
            if numbers
            else []
        )


def _progress(row: RelayedAct) -> tuple[int, int]:
    order = (State.REFUSED, State.QUEUED, State.SENT, State.DONE)
    return order.index(State(row.state)), row.number


def _write(act: ConsentAct) -> dict[str, Any]:
    if isinstance(act, SignedRevokeAll):
        return {"subject": act.subject, "epoch": act.epoch, "signed": act.signed.to_json()}
    seen = act.consent
    return {
        "subject": seen.subject,
        "expiry": seen.expiry,
        "terms": "0x" + seen.terms_hash.hex(),
        "epoch": act.epoch if isinstance(act, SignedGrant) else 0,
        "signed": act.signed.to_json(),
    }


def _item(row: RelayedAct) -> Item:
    content, kind = row.content, Kind(row.kind)
    signed = ConsentSignature.from_json(content["signed"])
    if kind is Kind.END:
        return Item(
            row.number,
            kind,
            row.id,
            SignedRevokeAll(content["subject"], content["epoch"], signed),
            row.attempts,
        )
    seen = Commitment(
        content["subject"],
        from_seconds(content["expiry"]),
        parse_bytes32(content["terms"], "terms"),
    )
    act = (
        SignedGrant(seen, signed, content["epoch"])
        if kind is Kind.GRANT
        else SignedRevocation(seen, signed)
    )
    return Item(row.number, kind, row.id, act, row.attempts)


def _outcome(row: RelayedAct) -> Outcome:
    return Outcome(
        Kind(row.kind), row.id, State(row.state), row.reason, row.transaction, row.settled_at
    )
