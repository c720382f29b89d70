"""Submit what customers signed and pay for it: in batches, once for each id, through crashes.

An act is kept in the database from `grant`, `revoke` or `end` until the chain shows what was
signed, or refuses it. The rest is the outbox's: transactions are stored before they are sent, and
whether an act is done is asked of the chain by its id.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from careledger.chain.send import Sender
from careledger.errors import Conflict, SettingsError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.kinds import (
    ActKind,
    GrantKind,
    RevocationKind,
    RevokeAllKind,
    key_of,
)
from careledger.identity.consent.messages import (
    ConsentAct,
    SignedGrant,
    SignedRevocation,
    SignedRevokeAll,
)
from careledger.outbox.kinds import OutboxKind
from careledger.outbox.lease import TTL
from careledger.outbox.model import ItemOutcome, OutboxState
from careledger.outbox.queue import OutboxQueue
from careledger.outbox.worker import GAS, ITEMS, OutboxWorker
from careledger.store import Store


class ActState(StrEnum):
    """Where an act is; the last two are ends."""

    QUEUED = "queued"
    SENT = "sent"
    """In a transaction that was signed; it is not mined yet, or not deep enough."""
    DONE = "done"
    """What was signed holds on the chain, whoever brought it there."""
    REFUSED = "refused"


_STATES = {
    OutboxState.QUEUED: ActState.QUEUED,
    OutboxState.SIGNED: ActState.SENT,
    OutboxState.BROADCAST: ActState.SENT,
    OutboxState.MINED: ActState.SENT,
    OutboxState.FINAL: ActState.DONE,
    OutboxState.REFUSED: ActState.REFUSED,
}


@dataclass(frozen=True)
class ActOutcome:
    """What became of an act."""

    kind: ActKind
    id: bytes
    """The consent's; for the end of all consents, a hash of subject and epoch."""
    state: ActState
    reason: str | None
    """Why it was refused."""
    transaction: bytes | None
    """The hash of ours that carries it; None if none was needed, or none was made yet."""
    settled_at: datetime | None


class Relay:
    """Submits for a registry. `run` does the work; other programs may add, and ask what became."""

    def __init__(
        self,
        store: Store,
        registry: ConsentRegistry,
        *,
        batch: int = ITEMS,
        gas: int = GAS,
        confirmations: int = 0,
        patience: float = 0,
        ttl: float = TTL,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Bind to a database, and to a registry with the sender who pays.

        Args:
            store: the database; programs that submit with one key have to open the same.
            registry: the contract.
            batch: acts in a transaction, at most.
            gas: of a transaction, at most.
            confirmations: blocks on top of an act's before it counts as done. What somebody else
                submitted counts at once.
            patience: seconds to wait for another program that sends with this key.
            ttl: seconds for which the lease on the key is good.
            clock: returns the present time, aware.

        Raises:
            SettingsError: there is nobody to pay.

        """
        payer = registry.sender
        if payer is None:
            raise SettingsError("the relay submits transactions and needs a key to sign with")

        self.registry = registry
        self._grants = GrantKind(registry, payer.address)
        self._revocations = RevocationKind(registry, payer.address)
        self._ends = RevokeAllKind(registry, payer.address)

        # What ends a consent never waits behind what gives one.
        kinds = (self._revocations, self._ends, self._grants)
        self.queue = OutboxQueue(store, registry.chain.chain_id, kinds, clock)
        self.worker = OutboxWorker(
            self.queue,
            payer,
            batch=batch,
            gas=gas,
            confirmations=confirmations,
            patience=patience,
            ttl=ttl,
        )

    # -- to be done

    def grant(self, act: SignedGrant) -> ActOutcome:
        """Take a signed grant; it is on disk when this returns."""
        self.queue.add(self._grants, act)
        return self.outcome(ActKind.GRANT, act)

    def revoke(self, act: SignedRevocation) -> ActOutcome:
        """Take a signed revocation; it is on disk when this returns."""
        self.queue.add(self._revocations, act)
        return self.outcome(ActKind.REVOKE, act)

    def end(self, end: SignedRevokeAll) -> ActOutcome:
        """Take the signed end of all consents of a subject; it is on disk when this returns."""
        self.queue.add(self._ends, end)
        return self.outcome(ActKind.END, end)

    def outcome(self, kind: ActKind, act: ConsentAct) -> ActOutcome:
        """Return what became of an act: of several signatures for one id, of the furthest.

        Raises:
            NotFound: it was never given to the relay, or was forgotten.

        """
        kinds: dict[ActKind, OutboxKind[Any]] = {
            ActKind.GRANT: self._grants,
            ActKind.REVOKE: self._revocations,
            ActKind.END: self._ends,
        }

        return _outcome(self.queue.outcome(kinds[kind], key_of(act)))

    def outcomes(self) -> list[ActOutcome]:
        """Return what became of all acts, oldest first."""
        return [_outcome(one) for one in self.queue.outcomes()]

    def oldest(self) -> datetime | None:
        """Return since when the oldest act waits that is not settled: watch it."""
        return self.queue.oldest()

    def forget(self, before: datetime) -> int:
        """Delete what was settled before a point in time; return how many acts that were."""
        return self.queue.forget(before)

    # -- doing it

    def run(self) -> list[ActOutcome]:
        """Do what there is to do, and return what became of everything; call it again at any time.

        With `confirmations`, what is not deep enough yet is left for a later call.

        Raises:
            Conflict: another program sends with this key, or another key signed what is under way.
            NoFunds: the payer has too little ether; nothing is lost.
            NodeError: the node cannot be asked, or did not mine in time; nothing is lost.

        """
        self._expect_no_other_key()
        self.worker.run()

        return self.outcomes()

    def paying(self) -> AbstractContextManager[Sender]:
        """Return a context with a sender of the same key, for transactions beside the relay's.

        Raises:
            Conflict: another program sends with this key.

        """
        return self.worker.paying()

    def _expect_no_other_key(self) -> None:
        other = self.queue.signed_by_others(self.worker.sender.address)
        if other is not None:
            raise Conflict(
                f"{other} signed what is under way: run the relay with its key until that is mined"
            )


def _outcome(found: ItemOutcome) -> ActOutcome:
    return ActOutcome(
        kind=ActKind(found.kind.partition(".")[2]),
        id=found.effect,
        state=_STATES[found.state],
        reason=found.reason,
        transaction=found.transaction,
        settled_at=found.settled_at,
    )
