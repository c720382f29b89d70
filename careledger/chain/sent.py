"""What was signed with one key and given to a node: remembered, so that it can be given again."""

import logging
import time
from collections.abc import Iterator
from typing import Any

from eth_typing import ChecksumAddress

from careledger.chain.reverts import Reverted, RevertedSilently
from careledger.chain.rpc import Chain
from careledger.chain.transactions import (
    Observer,
    Pending,
    TransactionEvent,
    TransactionReceipt,
    TransactionStage,
    report_transaction,
)
from careledger.errors import NodeError, NoFunds, Unreachable

HAND_OVER_AFTER = (0.0, 0.05, 0.25)
"""Seconds before each attempt; when all of them get no answer, `Sender.wait` goes on trying."""

REMEMBERED = 1024
"""Mined transactions that are handed over again should a reorganisation undo them."""

_log = logging.getLogger(__name__)


class SentTransactions:
    """The transactions of one account on one chain, by nonce. Not safe for several threads."""

    def __init__(self, chain: Chain, address: ChecksumAddress, observe: Observer | None) -> None:
        self.chain = chain
        self.address = address
        self.observe = observe
        self._by_nonce: dict[int, Pending] = {}

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_nonce)

    def __contains__(self, nonce: int) -> bool:
        return nonce in self._by_nonce

    def get(self, nonce: int) -> Pending | None:
        """Return what was sent with a nonce."""
        return self._by_nonce.get(nonce)

    def remember(self, pending: Pending) -> None:
        """Take up a transaction, in the place of an earlier one with its nonce."""
        self._by_nonce[pending.nonce] = pending

    def forget_before(self, nonce: int) -> None:
        """Forget what lies so far back that no reorganisation is expected to undo it."""
        while self._by_nonce and (oldest := next(iter(self._by_nonce))) < nonce - REMEMBERED:
            del self._by_nonce[oldest]

    def next_nonce(self) -> int:
        """Return the first nonce above all that were sent; 0 if there are none."""
        return max((nonce + 1 for nonce in self._by_nonce), default=0)

    def count(self, block: str) -> int:
        """Return how many transactions of the account the node counts, as of a block."""
        return int(self.chain.request("eth_getTransactionCount", self.address, block), 16)

    def is_known(self, pending: Pending) -> bool:
        """Return whether the node knows one of a transaction's hashes."""
        return any(
            self.chain.request("eth_getTransactionByHash", "0x" + h.hex()) for h in pending.hashes
        )

    def receipt(self, pending: Pending) -> TransactionReceipt | None:
        """Return the receipt of whichever of a transaction's hashes was mined, or None."""
        for transaction_hash in reversed(pending.hashes):
            raw = self.chain.request("eth_getTransactionReceipt", "0x" + transaction_hash.hex())
            if raw is not None:
                return TransactionReceipt.from_rpc(raw)

        return None

    def estimate(self, transaction: dict[str, Any]) -> int:
        """Return the gas limit for a transaction: a fifth more than the node estimates.

        Raises what the node answers; a contract's refusal, and a lack of funds, are reported.
        """
        asked = simulated(self.address, transaction)
        try:
            estimate = int(self.chain.request("eth_estimateGas", asked), 16)
        except (Reverted, NoFunds):
            self.report(TransactionStage.REFUSED)
            raise

        return estimate + estimate // 5

    def hand_over_first(self, pending: Pending) -> None:
        """Give a transaction to the node, and forget it if the node refuses it.

        Raises:
            NodeError: the node refused it: it never got there, and its nonce is free.

        """
        before = self._by_nonce.get(pending.nonce)
        refusal = self.hand_over(pending)
        if refusal is None or pending.unanswered:
            return

        del self._by_nonce[pending.nonce]
        if before is not None:
            self._by_nonce[pending.nonce] = before

        self.report(TransactionStage.REFUSED, pending)
        raise refusal

    def hand_over(self, pending: Pending) -> NodeError | None:
        """Give it to the node; return why it refused. Without an answer it stays `unanswered`."""
        self._by_nonce[pending.nonce] = pending

        for pause in HAND_OVER_AFTER:
            time.sleep(pause)
            try:
                refusal = self._offer(pending)
            except Unreachable:
                pending.unanswered = True
                continue

            if refusal is None:
                pending.unanswered = False
                self.report(TransactionStage.BROADCAST, pending)
            return refusal

        return None

    def hand_over_again(self, pending: Pending) -> bool:
        """Give the node what has vanished from it; say whether it took it."""
        if pending.block_number is not None:
            pending.block_number = None
            self.report(TransactionStage.UNDONE, pending)

        return self.hand_over(pending) is None

    def warn_of_others(self, mined: int, waiting: int) -> None:
        """Log a warning if the node has transactions under way that are not in here."""
        foreign = sum(nonce not in self._by_nonce for nonce in range(mined, waiting))
        if foreign:
            _log.warning(
                "%s has %d transactions under way that this program did not send: programs that "
                "send with one key have to open one database",
                self.address,
                foreign,
            )

    def report(
        self, stage: TransactionStage, pending: Pending | None = None, mined: bytes | None = None
    ) -> None:
        """Log what happened to a transaction, and tell the observer, if there is one.

        Args:
            stage: what happened.
            pending: the transaction; None if there is not one yet.
            mined: the hash that was mined, if it is not the last one.

        """
        last = pending.hashes[-1] if pending is not None and pending.hashes else None
        event = TransactionEvent(
            stage,
            self.chain.chain_id,
            self.address,
            None if pending is None else pending.nonce,
            mined or last,
            None if pending is None else pending.block_number,
        )

        report_transaction(event, self.observe)

    def _offer(self, pending: Pending) -> NodeError | None:
        try:
            self.chain.request("eth_sendRawTransaction", "0x" + pending.raw.hex())
        except Unreachable:
            raise
        except NodeError as refusal:
            # "already known" and "nonce too low" are questions: the answer is whether a hash of
            # ours is there.
            return None if self.is_known(pending) else refusal

        return None


def simulated(sender: str, transaction: dict[str, object]) -> dict[str, object]:
    """Return a transaction in the form in which a node simulates it."""
    asked = {
        "from": sender,
        "data": transaction["data"],
        "value": hex(int(str(transaction["value"]))),
    }
    if "to" in transaction:
        asked["to"] = transaction["to"]

    return asked


def why_reverted(
    chain: Chain, sender: str, pending: Pending, receipt: TransactionReceipt
) -> Reverted:
    """Run a reverted transaction again as a call, on the state before it, to learn the reason."""
    asked = simulated(sender, pending.transaction) | {"gas": hex(pending.transaction["gas"])}

    for block in (receipt.block_number, receipt.block_number - 1):
        try:
            chain.request("eth_call", asked, hex(block))
        except NodeError:
            continue
        except Reverted as reason:
            return reason

    return RevertedSilently()
