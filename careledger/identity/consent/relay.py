"""Submit what customers signed and pay for it: in batches, once for each id, through crashes.

An act is kept in the database from `grant`, `revoke` or `end` until the chain shows what was
signed, or refuses it. A transaction is kept, signed, before it is handed over; a run that was
killed in between hands over the very same. Whether an act is done is asked of the chain by its id,
never concluded from what was sent: so what somebody else submitted first counts as done, and
nothing is done twice.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from careledger.chain.reverts import Reverted
from careledger.chain.send import Sender
from careledger.chain.transactions import TransactionReceipt
from careledger.errors import Conflict, NodeError, SettingsError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.errors import EpochAhead
from careledger.identity.consent.messages import (
    ConsentAct,
    SignedGrant,
    SignedRevocation,
    SignedRevokeAll,
)
from careledger.identity.consent.outbox import Carrier, Item, Kind, Outbox, Outcome, key_of
from careledger.identity.consent.terms import ConsentStatus
from careledger.store import Store

ITEMS, GAS = 100, 12_000_000
"""What a batch holds at most: nodes take transactions of 128 kB, and since Osaka of 16,777,216 gas.
"""
ATTEMPTS = 4
"""After so many transactions that failed or passed an act over, though a simulation took it, it is
refused."""

_ENDS = (Kind.REVOKE, Kind.END, Kind.GRANT)
"""What ends a consent never waits behind what gives one."""


@dataclass
class _Sorted:
    done: list[Item]
    refused: list[tuple[Item, str]]
    left: list[Item]


class Relay:
    """The one that submits for a registry; `run` does the work, the rest may be called from other programs."""

    def __init__(
        self,
        store: Store,
        registry: ConsentRegistry,
        *,
        lock: Path,
        batch: int = ITEMS,
        gas: int = GAS,
        confirmations: int = 0,
        patience: float = 0,
    ) -> None:
        """Bind to a database, and to a registry with the sender who pays.

        Args:
            lock: a file that keeps two from submitting at once with one key on this machine.
            batch: acts in a transaction, at most.
            gas: of a transaction, at most.
            confirmations: blocks on top of an act's before it counts as done; a reorganisation that
                takes the act away before has it submitted again. What somebody else submitted
                counts at once.
            patience: seconds to wait for another relay with this lock, which may do the very same
                work.

        Raises:
            SettingsError: there is nobody to pay.

        """
        if registry.sender is None:
            raise SettingsError("the relay submits transactions and needs a key to sign with")
        self.registry, self.batch, self.gas, self.confirmations = (
            registry,
            batch,
            gas,
            confirmations,
        )
        self._payer, self._lock, self._patience = registry.sender, lock, patience
        self.outbox = Outbox(store, f"eip155:{registry.chain.chain_id}:{registry.address}")

    # -- to be done

    def grant(self, act: SignedGrant) -> Outcome:
        """Take a signed grant; it is on disk when this returns."""
        return self.outbox.add(Kind.GRANT, act)

    def revoke(self, act: SignedRevocation) -> Outcome:
        """Take a signed revocation; it is on disk when this returns."""
        return self.outbox.add(Kind.REVOKE, act)

    def end(self, end: SignedRevokeAll) -> Outcome:
        """Take the signed end of all consents of a subject; it is on disk when this returns."""
        return self.outbox.add(Kind.END, end)

    def outcome(self, kind: Kind, act: ConsentAct) -> Outcome:
        """Return what became of an act.

        Raises:
            NotFound: it was never given to the relay.

        """
        return self.outbox.outcome(kind, key_of(act))

    # -- doing it

    def run(self) -> list[Outcome]:
        """Do what there is to do, and return what became of everything; to be called again at any time.

        With `confirmations`, what is not deep enough yet is left for a later call.

        Raises:
            Conflict: another relay is at work with this lock.
            NoFunds: the payer has too little ether; nothing is lost.
            NodeError: the node cannot be asked, or did not mine in time; nothing is lost.

        """
        with self._alone():
            while self._step():
                pass
        return self.outbox.outcomes()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with FileLock(
                self._lock, timeout=self._patience, mode=0o600
            ):  # goes with the process, however it ends
                yield
        except Timeout as error:
            raise Conflict(
                f"another relay is at work with {self._lock}: one submits at a time"
            ) from error

    def _step(self) -> bool:
        """Bring one transaction forward; say whether there may be more to do."""
        for carrier in self.outbox.carriers():
            if carrier.block is None:
                self._deliver(carrier)
                return True
            if self.registry.chain.block_number() >= carrier.block + self.confirmations:
                self._settle(carrier)
                return True
        for kind in _ENDS:
            items = self.outbox.queued(kind, 1 if kind is Kind.END else self.batch)
            if items:
                self._submit(kind, items)
                return True
        return False

    def _submit(self, kind: Kind, waiting: Sequence[Item]) -> None:
        """Put acts that the chain would take into a transaction; settle the others."""
        items, gas = self._affordable(kind, waiting)
        good = self._acceptable(kind, items)
        if good:
            sender = self.payer()
            pending = sender.prepare(self.registry.address, self._calldata(kind, good), gas=gas)
            self._deliver(self.outbox.send(good, pending, sender.address), sender)

    def _affordable(self, kind: Kind, waiting: Sequence[Item]) -> tuple[list[Item], int | None]:
        """Return as many acts as go into one transaction, and its gas limit; None: ask the node.

        Those that were in one that failed go in ever fewer, so that the one that made it fail is
        found.
        """
        failed = waiting[0].attempts
        items = [item for item in waiting if item.attempts == failed][
            : max(1, self.batch >> 3 * failed)
        ]
        if kind is Kind.END:
            return items, None
        limit, fit = 60_000, 0
        for act in _acts(items):
            wanted = self.registry.item_gas(act)
            if fit and limit + wanted > self.gas:
                break
            limit, fit = limit + wanted, fit + 1
        return items[:fit], limit

    def _calldata(self, kind: Kind, items: Sequence[Item]) -> bytes:
        if kind is Kind.END:
            (end,) = (item.act for item in items)
            assert isinstance(end, SignedRevokeAll)  # noqa: S101  kinds and acts go together
            return self.registry.encode("revokeAllBySig", end.subject, *end.signed.abi())
        function = "grantBatch" if kind is Kind.GRANT else "revokeBatch"
        return self.registry.encode(function, [act.abi() for act in _acts(items)])

    def payer(self) -> Sender:
        """Return a sender that asks the node for its nonce: one that was taken and not stored is of no consequence."""
        payer = self._payer
        return Sender(
            payer.chain,
            payer.account,
            timeout=payer.timeout,
            stuck_after=payer.stuck_after,
            max_fee=payer.max_fee,
        )

    # -- what the chain would say

    def _acceptable(self, kind: Kind, items: Sequence[Item]) -> list[Item]:
        """Return the acts that the chain would take now; settle those that it would not."""
        found = self._sorted(items)
        left = found.left if self._would_take(kind, found.left) else []
        for item in found.left if not left else ():
            reason = self._reason(kind, item)
            if reason is None:
                left.append(item)
            else:
                found.refused.append((item, reason))
        if found.done or found.refused:
            self.outbox.settle(found.done, found.refused)
        return left

    def _would_take(self, kind: Kind, items: Sequence[Item]) -> bool:
        if not items or kind is Kind.END:
            return False
        try:
            count = (
                self.registry.would_grant(_grants(items))
                if kind is Kind.GRANT
                else self.registry.would_revoke(_revocations(items))
            )
        except Reverted:
            return False
        return count == len(items)

    def _reason(self, kind: Kind, item: Item) -> str | None:
        """Return why the chain would not take an act now; None where it would."""
        if self._would_take(kind, [item]):
            return None
        try:
            self._simulate(item.act)
        except EpochAhead:  # it is the subject's, so it has begun, in this very second
            time.sleep(1)
            return None
        except Reverted as refusal:
            return str(refusal)
        if kind is Kind.END:
            return None
        return "Checking its signature takes more gas than a batch allows: send it by itself"

    def _simulate(self, act: ConsentAct) -> None:
        if isinstance(act, SignedRevokeAll):
            data = self.registry.encode("revokeAllBySig", act.subject, *act.signed.abi())
        elif isinstance(act, SignedGrant):
            data = self.registry.encode("grantBySig", *act.abi())
        else:
            data = self.registry.encode("revokeBySig", act.consent.abi(), *act.signed.abi())
        self.registry.chain.call(self.registry.address, data, sender=self._payer.address)

    # -- what the chain says

    def _sorted(self, items: Sequence[Item]) -> _Sorted:
        """Ask the chain, by the ids, which acts are done, and which can never be."""
        found = _Sorted([], [], [])
        for item in items:
            done, reason = self._verdict(item)
            if not done and item.attempts >= ATTEMPTS:
                reason = (
                    reason
                    or f"{ATTEMPTS} transactions with it did not bring it about, though a simulation took it"
                )
            if done:
                found.done.append(item)
            elif reason:
                found.refused.append((item, reason))
            else:
                found.left.append(item)
        return found

    def _verdict(self, item: Item) -> tuple[bool, str | None]:
        """Return whether an act is done, or why it can never be."""
        act = item.act
        if isinstance(act, SignedRevokeAll):
            return self.registry.epoch(act.subject) > act.epoch, None
        status = self.registry.consent(item.id).status
        if isinstance(act, SignedRevocation):
            return status in {ConsentStatus.REVOKED, ConsentStatus.RENOUNCED}, None
        if self.registry.epoch(act.consent.subject) != act.epoch:
            return (
                False,
                "It was signed for another epoch of the subject, who has ended all consents of that one",
            )
        return status is ConsentStatus.GRANTED, None

    # -- transactions

    def _deliver(self, carrier: Carrier, sender: Sender | None = None) -> None:
        """Hand a transaction over, for the first time or again, and wait until it is mined."""
        sender = sender or self.payer()
        if carrier.sender != sender.address:
            raise Conflict(
                f"{carrier.sender} signed what is under way: run the relay with its key until that is mined"
            )
        try:
            receipt = self._mined(carrier, sender)
        except Reverted:
            self._settle(carrier)  # what it should have brought is tried again, in smaller batches
            return
        if receipt is None:
            self._settle(carrier)
            return
        self.outbox.mined(carrier, receipt.block_number)
        if not self.confirmations:
            self._settle(carrier)

    def _mined(self, carrier: Carrier, sender: Sender) -> TransactionReceipt | None:
        """Return the receipt of a transaction; None where another one used up its nonce.

        The other may be a dearer twin of it, from a run that was killed: what it brought is asked
        of the chain.
        """
        try:
            sender.hand_over(carrier.pending)
            return sender.wait(carrier.pending)
        except NodeError:
            used = int(
                self.registry.chain.request("eth_getTransactionCount", sender.address, "latest"), 16
            )
            if used <= carrier.pending.nonce:
                raise
            return None

    def _settle(self, carrier: Carrier) -> None:
        """Ask the chain what a transaction brought; what it did not is to be done again."""
        found = self._sorted(self.outbox.carried(carrier))
        self.outbox.settle(found.done, found.refused, found.left, carrier)

    def forget(self, before: datetime) -> int:
        """Delete what was settled before a point in time; returns how many acts that were."""
        return self.outbox.forget(before)


def _grants(items: Sequence[Item]) -> list[SignedGrant]:
    return [item.act for item in items if isinstance(item.act, SignedGrant)]


def _revocations(items: Sequence[Item]) -> list[SignedRevocation]:
    return [item.act for item in items if isinstance(item.act, SignedRevocation)]


def _acts(items: Sequence[Item]) -> list[SignedGrant | SignedRevocation]:
    return [*_grants(items), *_revocations(items)]
