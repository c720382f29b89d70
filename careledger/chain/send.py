"""Send transactions: one owner of nonces per key, fees for old and new chains, stuck ones replaced.

A `Sender` owns the nonces of one account on one chain within a process. `send` hands a signed
transaction over and returns at once, so that many can be under way; `wait` returns when it is
mined. A transaction is simulated before it is first sent, so a refusal costs nothing and comes with
its reason; a replacement is not simulated, because the effect may have happened already.

What was handed over once is remembered. When it vanishes (the node forgot it, a reply was lost, a
reorganisation took its block away), the same signed transaction is handed over again. A nonce that
was taken and never used is filled by a transfer of nothing to oneself, so that no later one waits
for ever. A nonce is never signed anew for another purpose while the first may still be mined.

Between programs, a lease in a database (`careledger.outbox`) keeps one owner for a key. A sender
without one begins at the node's pending nonce, and logs a warning if transactions of somebody else
are under way.
"""

import threading
import time
from typing import TYPE_CHECKING, Any, Self

from eth_typing import ChecksumAddress

from careledger.chain.fees import Fees
from careledger.chain.rpc import Chain
from careledger.chain.sent import SentTransactions, why_reverted
from careledger.chain.transactions import (
    Keeper,
    KeyLease,
    Observer,
    Pending,
    TransactionReceipt,
    TransactionRole,
    TransactionStage,
)
from careledger.errors import NodeError, SendError

if TYPE_CHECKING:  # signing needs it, reading does not
    from eth_account.signers.local import LocalAccount

GAPS = 64
"""Nonces that are filled at once; more are not an accident, but another chain."""


class Sender:
    """Signs and sends for one account on one chain; safe to use from several threads."""

    def __init__(
        self,
        chain: Chain,
        account: "LocalAccount",
        *,
        timeout: float = 120,
        stuck_after: float = 30,
        max_fee: int = 500 * 10**9,
        lease: KeyLease | None = None,
        keep: Keeper | None = None,
        observe: Observer | None = None,
    ) -> None:
        """Prepare to send.

        Args:
            chain: the node.
            account: the key that signs.
            timeout: seconds that `wait` waits before it gives up.
            stuck_after: seconds after which a waiting transaction is replaced by a dearer one.
            max_fee: the most that is ever paid, in wei a gas.
            lease: keeps other programs from sending with this key at the same time.
            keep: stores everything that is signed, before it is handed over.
            observe: is told what happens to each transaction.

        """
        self.chain = chain
        self.account = account
        self.address: ChecksumAddress = account.address
        self.timeout = timeout
        self.stuck_after = stuck_after
        self.max_fee = max_fee
        self.lease = lease
        self.observe = observe

        self._keep = keep
        self._fees = Fees(chain, max_fee)
        self._next_nonce: int | None = None
        self._held: int | None = None
        self._sent = SentTransactions(chain, account.address, observe)
        self._lock = threading.RLock()

    def again(self, *, lease: KeyLease | None, keep: Keeper | None = None) -> Self:
        """Return a sender of the same key that knows nothing of what this one sent."""
        return type(self)(
            self.chain,
            self.account,
            timeout=self.timeout,
            stuck_after=self.stuck_after,
            max_fee=self.max_fee,
            lease=lease,
            keep=keep,
            observe=self.observe,
        )

    def send(
        self,
        to: str | None,
        data: bytes = b"",
        value: int = 0,
        gas: int | None = None,
        nonce: int | None = None,
    ) -> Pending:
        """Simulate, sign and hand over a transaction; return without waiting for it.

        Args:
            to: the contract or account, or None to deploy `data`.
            data: calldata, or the code to deploy.
            value: ether, in wei.
            gas: limit; if given, nothing is simulated (for calls that depend on ones under way).
            nonce: use this one instead of the next.

        Raises:
            Reverted: the contract would refuse.
            NoFunds: the account cannot pay.
            SendError: fees are above `max_fee`.
            Conflict: another program sends with this key.
            NodeError: the node cannot be asked before anything is signed, or refused it. It will
                not happen.

        When the node does not answer after it was signed, nothing is raised: whether it has the
        transaction is open, and `wait` finds out.
        """
        transaction = self._transaction(to, data, value, gas)

        with self._lock:
            pending = self._sign(transaction, nonce, self._keep)
            self._hand_over(pending)
            return pending

    def prepare(
        self,
        to: str | None,
        data: bytes = b"",
        value: int = 0,
        gas: int | None = None,
        keep: Keeper | None = None,
    ) -> Pending:
        """Simulate and sign a transaction without handing it over, so that it can be stored first.

        Takes and raises what `send` does. Its nonce is taken: hand it over before preparing or
        sending the next. One that never is has its nonce filled as soon as a later one waits for
        it. `keep` stores this one, instead of what the sender was made with.
        """
        transaction = self._transaction(to, data, value, gas)

        with self._lock:
            return self._sign(transaction, None, keep or self._keep)

    def remember(self, pending: Pending) -> None:
        """Take up a transaction that was signed with this key earlier, by this program or another.

        It counts when nonces are given out, and is handed over again when it has vanished.
        """
        with self._lock:
            self._sent.remember(pending)
            self._next_nonce = None

    def hand_over(self, pending: Pending) -> None:
        """Give a prepared transaction to the node; again, after a crash, changes nothing.

        Raises NoFunds, or NodeError if the node refused it and does not know it.
        """
        with self._lock:
            self._hand_over(pending)

    def bump(self, pending: Pending) -> bool:
        """Hand a transaction over again at a higher price; say whether the price could rise.

        Raises:
            NodeError: the node refused it.
        """
        with self._lock:
            return self._bump(pending)

    def receipt(self, pending: Pending) -> TransactionReceipt | None:
        """Return the receipt of whichever of a transaction's hashes was mined, or None."""
        return self._sent.receipt(pending)

    def wait(self, pending: Pending) -> TransactionReceipt:
        """Wait until a transaction is mined; hand it over again or replace it when that helps.

        A node that does not answer, or refuses, is asked again until the time is over.

        Raises:
            Reverted: it was mined, and the contract refused.
            SendError: it was not mined in time, or another transaction used up its nonce.
            Conflict: another program sends with this key by now.

        """
        started = time.monotonic()
        looked_at = started
        pause = 0.002
        overtaken = 0
        trouble = ""

        while True:
            now = time.monotonic()
            try:
                receipt = self.receipt(pending)
                if receipt is not None:
                    return self._settle(pending, receipt)

                self._hold()
                patience = min(self.stuck_after, 1) if pending.unanswered else self.stuck_after
                if now - looked_at > patience:
                    looked_at = now
                    trouble = ""
                    overtaken = overtaken + 1 if self._unstick(pending) else 0
            except NodeError as error:
                trouble = f"; {error}"

            # Seen twice: one of several nodes behind an address may lag behind the others.
            if overtaken > 1:
                raise SendError(
                    f"another transaction used up nonce {pending.nonce} of {self.address}"
                )

            if now - started > self.timeout:
                raise SendError(
                    f"transaction 0x{pending.hashes[-1].hex()} was not mined within "
                    f"{self.timeout:g} s; it may still be: ask for its receipt before sending the "
                    f"same again{trouble}"
                )

            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)

    def transact(
        self, to: str | None, data: bytes = b"", value: int = 0, gas: int | None = None
    ) -> TransactionReceipt:
        """Send a transaction and wait for it. Raises what `send` and `wait` raise."""
        return self.wait(self.send(to, data, value, gas))

    # -- signing

    def _transaction(
        self, to: str | None, data: bytes, value: int, gas: int | None
    ) -> dict[str, Any]:
        transaction: dict[str, Any] = {
            "data": "0x" + data.hex(),
            "value": value,
            "chainId": self.chain.chain_id,
        }
        if to is not None:
            transaction["to"] = to

        transaction["gas"] = gas if gas is not None else self._sent.estimate(transaction)
        return transaction | self._fees.today()

    def _hold(self) -> None:
        """Make sure that no other program sends with this key; forget nonces after a break."""
        if self.lease is None:
            return

        held = self.lease.hold()
        if held != self._held:
            self._held = held
            self._next_nonce = None

    def _take_nonce(self) -> int:
        if self._next_nonce is None:
            mined = self._sent.count("latest")
            waiting = self._sent.count("pending")
            if self.lease is None:
                self._sent.warn_of_others(mined, waiting)

            # A node that lost some of ours counts too few; signing their nonces anew could undo
            # them.
            self._next_nonce = max(mined, waiting, self._sent.next_nonce())

        taken = self._next_nonce
        self._next_nonce += 1
        return taken

    def _sign(self, transaction: dict[str, Any], nonce: int | None, keep: Keeper | None) -> Pending:
        self._hold()
        taken = nonce if nonce is not None else self._take_nonce()
        pending = Pending(transaction | {"nonce": taken})

        try:
            self._sign_again(pending, TransactionRole.CALL, keep)
        except BaseException:
            self._next_nonce = None  # nobody has seen it: its nonce is free
            raise

        self._sent.report(TransactionStage.SIGNED, pending)
        return pending

    def _sign_again(self, pending: Pending, role: TransactionRole, keep: Keeper | None) -> None:
        signed = self.account.sign_transaction(pending.transaction)
        pending.raw = bytes(signed.raw_transaction)
        pending.hashes.append(bytes(signed.hash))

        if keep is not None:
            keep(pending, role)

    def _hand_over(self, pending: Pending) -> None:
        if self._next_nonce is not None:
            self._next_nonce = max(self._next_nonce, pending.nonce + 1)

        try:
            self._sent.hand_over_first(pending)
        except NodeError:
            self._next_nonce = None
            raise

    # -- mending

    def _settle(self, pending: Pending, receipt: TransactionReceipt) -> TransactionReceipt:
        with self._lock:
            self._sent.forget_before(pending.nonce)

        pending.block_number = receipt.block_number
        self._sent.report(TransactionStage.MINED, pending, receipt.transaction_hash)

        if not receipt.succeeded:
            self._sent.report(TransactionStage.REVERTED, pending, receipt.transaction_hash)
            raise why_reverted(self.chain, self.address, pending, receipt)

        return receipt

    def _unstick(self, pending: Pending) -> bool:
        """Mend what keeps a transaction from being mined; say if another one took its nonce."""
        if self._sent.count("latest") > pending.nonce:
            return self._sent.receipt(pending) is None

        with self._lock:
            if pending.nonce not in self._sent:
                self._sent.remember(pending)
            if self._mend(pending.nonce):
                return False

            if pending.unanswered and self._sent.is_known(pending):
                pending.unanswered = False
            else:
                self._bump(pending)

        return False

    def _mend(self, upto: int) -> bool:
        """Hand over again what vanished, fill nonces that nothing uses; say if there were any."""
        nonce = max(self._sent.count("latest"), self._sent.count("pending"))
        mended = False

        if sum(n not in self._sent for n in range(nonce, upto)) > GAPS:
            raise SendError(
                f"the chain went back to nonce {nonce} of {self.address}, far below {upto}: check "
                f"that the node serves the same chain as before"
            )

        while nonce <= upto:  # below it the node has one for every nonce
            ours = self._sent.get(nonce)
            if ours is None:
                mended |= self._sent.hand_over(self._filler(nonce)) is None
            elif not self._sent.is_known(ours):
                mended |= self._sent.hand_over_again(ours)
            nonce = max(nonce + 1, self._sent.count("pending"))

        return mended

    def _filler(self, nonce: int) -> Pending:
        """Sign a transfer of nothing to ourselves, for a nonce that nothing uses."""
        transaction = self._transaction(self.address, b"", 0, None)
        pending = Pending(transaction | {"nonce": nonce})

        self._sign_again(pending, TransactionRole.FILLER, self._keep)
        self._sent.report(TransactionStage.FILLED, pending)
        return pending

    def _bump(self, pending: Pending) -> bool:
        """Replace a waiting transaction by the same at a higher price, unless at the limit."""
        raised = self._fees.raised(pending.transaction)
        if not raised:
            return False

        pending.transaction.update(raised)
        self._sign_again(pending, TransactionRole.BUMP, self._keep)
        self._sent.report(TransactionStage.BUMPED, pending)

        refusal = self._sent.hand_over(pending)
        if refusal is not None:
            raise refusal

        return True
