"""Bring items onto the chain with one key: a transaction at a time, followed to its depth.

What a crash leaves behind is mended by whoever holds the lease next:

| crash or freeze | mended by |
|---|---|
| signed, not stored | nothing was sent, and the nonce is free |
| stored, not sent; sent, not noted | the same bytes are handed over, lower nonces first |
| mined, not noted; in a bump | the receipt of any of its hashes |
| its block is undone | the same bytes again |
| a foreign transaction used its nonce | the effect keys are asked, then a new nonce |
| frozen | the database ends its transaction, the fence stops it; it can only send stored bytes |
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from careledger.chain.reverts import Reverted
from careledger.chain.send import Sender
from careledger.chain.transactions import (
    Keeper,
    Pending,
    TransactionEvent,
    TransactionReceipt,
    TransactionStage,
    report_transaction,
)
from careledger.errors import NodeError, NoFunds
from careledger.outbox.errors import ItemsTaken, LeaseLost
from careledger.outbox.journal import TransactionJournal
from careledger.outbox.judge import acceptable, affordable, judge
from careledger.outbox.kinds import OutboxKind
from careledger.outbox.lease import TTL, StoredLease, key_lease
from careledger.outbox.model import Judgement, OutboxItem, OutboxState, StoredTransaction
from careledger.outbox.queue import OutboxQueue

ITEMS = 100
"""In a transaction at most: nodes take transactions of 128 kB."""

GAS = 12_000_000
"""Of a transaction at most: since Osaka, the limit of all chains is 16,777,216."""

_log = logging.getLogger(__name__)


class OutboxWorker:
    """Takes the items of a queue and brings them onto the chain."""

    def __init__(
        self,
        queue: OutboxQueue,
        sender: Sender,
        *,
        batch: int = ITEMS,
        gas: int = GAS,
        confirmations: int = 0,
        patience: float = 0,
        ttl: float = TTL,
    ) -> None:
        """Say what is done, and by whom.

        Args:
            queue: its kinds are served in their order: what comes first never waits behind what
                comes later.
            sender: who pays. Its lease is used if it has one in this database.
            batch: items in a transaction, at most.
            gas: of a transaction, at most.
            confirmations: blocks on top of an item's before it is final.
            patience: seconds to wait for another program that sends with this key.
            ttl: seconds for which the lease on the key is good.

        """
        self.queue = queue
        self.sender = sender

        self.batch = batch
        self.gas = gas
        self.confirmations = confirmations

        self.patience = patience
        self.lease = _lease_of(sender, queue, ttl)

    def run(self) -> None:
        """Do what there is to do; to be called again at any time.

        With `confirmations`, what is not deep enough yet is left for a later call.

        Raises:
            KeyInUse: another program sends with this key.
            NoFunds: the payer has too little ether; nothing is lost.
            NodeError: the node cannot be asked, or did not mine in time; nothing is lost.
            StoreError: the database cannot be used; nothing is lost.

        """
        while True:
            try:
                with self.lease.held(self.patience) as token:
                    turn = WorkerTurn(self, token)

                    while turn.step():
                        pass
            except LeaseLost as lost:
                _log.warning("%s", lost)
            else:
                return

    @contextmanager
    def paying(self) -> Iterator[Sender]:
        """Yield a sender of the same key, which has the lease, for transactions beside the queue's.

        It knows what a killed program has stored, and signs none of those nonces anew.

        Raises:
            KeyInUse: another program sends with this key.

        """
        with self.lease.held(self.patience) as token:
            yield self.sender_for(self.journal(token))

    def journal(self, token: int) -> TransactionJournal:
        """Return what was signed with this key, to be written under a token of the lease."""
        return TransactionJournal(
            self.lease, token, self.queue.chain_id, self.sender.address, self.queue.clock
        )

    def sender_for(self, journal: TransactionJournal, keep: Keeper | None = None) -> Sender:
        """Return a sender of the same key that has the lease and knows what is under way.

        Args:
            journal: has what is under way.
            keep: stores what is signed, before it is handed over.

        """
        sender = self.sender.again(lease=self.lease, keep=keep)
        for stored in journal.under_way():
            sender.remember(stored.pending)
        return sender


class WorkerTurn:
    """What a worker does under one token of its lease."""

    def __init__(self, worker: OutboxWorker, token: int) -> None:
        self._worker = worker
        self._queue = worker.queue
        self._journal = worker.journal(token)
        self._sender = worker.sender_for(self._journal, self._journal.keep)

    def step(self) -> bool:
        """Bring one transaction forward; say whether there may be more to do."""
        for stored in self._journal.under_way():
            if stored.state is not OutboxState.MINED:
                self._deliver(stored)
                return True
            if self._follow(stored):
                return True

        return any(self._submit(kind) for kind in self._queue.kinds)

    # -- new transactions

    def _submit(self, kind: OutboxKind[Any]) -> bool:
        """Put items of a kind into a transaction; settle those that the chain would not take."""
        waiting = self._queue.queued(kind, min(kind.batch, self._worker.batch))
        if not waiting:
            return False

        items, gas = affordable(kind, waiting, self._worker.batch, self._worker.gas)
        judged = acceptable(kind, items)
        if judged.done or judged.refused:
            self._settle_without_transaction(judged)
        if judged.left:
            self._send(kind, judged.left, gas)

        return True

    def _send(self, kind: OutboxKind[Any], items: list[OutboxItem[Any]], gas: int | None) -> None:
        data = kind.encode([item.body for item in items])
        try:
            pending = self._sender.prepare(
                kind.target, data, gas=gas, keep=partial(self._journal.keep, items=items)
            )
        except ItemsTaken:
            return
        except Reverted:  # the state has changed since the simulation
            self._journal.settle_items(Judgement([], [], items))
            return

        self._deliver(StoredTransaction(pending.nonce, OutboxState.SIGNED, pending))

    def _settle_without_transaction(self, judged: Judgement[Any]) -> None:
        self._journal.settle_items(Judgement(judged.done, judged.refused, []))
        for _ in judged.refused:
            self._report(TransactionStage.REFUSED)

    # -- transactions under way

    def _deliver(self, stored: StoredTransaction) -> None:
        """Hand a transaction over, for the first time or again, and wait until it is mined."""
        pending = stored.pending
        try:
            if stored.state is OutboxState.SIGNED or self._sender.receipt(pending) is None:
                self._hand_over(pending)
                self._journal.broadcast(stored.nonce)
            receipt = self._sender.wait(pending)
        except Reverted:
            self._reverted(stored)
            return
        except NodeError:
            if not self._is_used(stored.nonce):
                raise

            # It may have been ours: from a node that does not answer, nothing follows.
            found = self._sender.receipt(pending)
            if found is None:
                self._replaced(stored)
                return
            if not found.succeeded:
                self._reverted(stored)
                return
            receipt = found

        self._journal.mined(stored.nonce, receipt)
        if not self._worker.confirmations:
            self._settle(stored, receipt)

    def _hand_over(self, pending: Pending) -> None:
        try:
            self._sender.hand_over(pending)
        except NoFunds:
            raise
        except NodeError:
            # Signed in cheaper times, it may be below what the node takes now.
            if self._is_used(pending.nonce) or not self._sender.bump(pending):
                raise

    def _follow(self, stored: StoredTransaction) -> bool:
        """Look whether a mined transaction is still there, and deep enough; say if it changed."""
        receipt = self._sender.receipt(stored.pending)
        if receipt is None:
            _log.warning(
                "the block of %s's nonce %d was undone", self._sender.address, stored.nonce
            )
            self._journal.undone(stored.nonce)
            self._report(TransactionStage.UNDONE, stored.pending)
            return True

        if receipt.block_number != stored.pending.block_number:
            self._journal.mined(stored.nonce, receipt)

        depth = self._sender.chain.block_number() - receipt.block_number
        if depth < self._worker.confirmations:
            return False

        self._settle(stored, receipt)
        return True

    def _reverted(self, stored: StoredTransaction) -> None:
        """Ask what the items of a reverted transaction are; they go on in smaller batches."""
        receipt = self._sender.receipt(stored.pending)
        if receipt is None:
            return  # undone in this moment: the next step hands it over again

        self._journal.reverted(stored.nonce, receipt, self._judge(stored.nonce))
        if not self._worker.confirmations:
            self._settle(stored, receipt)

    def _replaced(self, stored: StoredTransaction) -> None:
        _log.warning(
            "a transaction that this database does not have used nonce %d of %s",
            stored.nonce,
            self._sender.address,
        )
        self._journal.settle(stored.nonce, self._judge(stored.nonce), OutboxState.REPLACED)

    def _settle(self, stored: StoredTransaction, receipt: TransactionReceipt) -> None:
        """Ask the chain what a transaction brought; what it did not is to be done again."""
        state = OutboxState.FINAL if receipt.succeeded else OutboxState.REVERTED
        self._journal.settle(stored.nonce, self._judge(stored.nonce), state)

        if receipt.succeeded:
            self._report(TransactionStage.FINAL, stored.pending, receipt)

    def _judge(self, nonce: int) -> Judgement[Any]:
        together: Judgement[Any] = Judgement([], [], [])

        for kind, item in self._queue.carried(self._sender.address, nonce):
            judged = judge(kind, [item])
            together.done += judged.done
            together.refused += judged.refused
            together.left += judged.left

        return together

    def _is_used(self, nonce: int) -> bool:
        mined = self._sender.chain.request(
            "eth_getTransactionCount", self._sender.address, "latest"
        )
        return int(mined, 16) > nonce

    def _report(
        self,
        stage: TransactionStage,
        pending: Pending | None = None,
        receipt: TransactionReceipt | None = None,
    ) -> None:
        event = TransactionEvent(
            stage,
            self._queue.chain_id,
            self._sender.address,
            None if pending is None else pending.nonce,
            None if receipt is None else receipt.transaction_hash,
            None if receipt is None else receipt.block_number,
        )

        report_transaction(event, self._sender.observe)


def _lease_of(sender: Sender, queue: OutboxQueue, ttl: float) -> StoredLease:
    lease = sender.lease
    if isinstance(lease, StoredLease) and lease.store is queue.store:
        return lease

    return key_lease(queue.store, queue.chain_id, sender.address, ttl)
