"""Send transactions: one owner of nonces per key, fees for old and new chains, stuck ones replaced.

A `Sender` owns the nonces of one account on one chain within a process. `send` hands a signed
transaction over and returns at once, so that many can be under way; `wait` returns when it is
mined. A transaction is simulated before it is first sent, so a refusal costs nothing and comes with
its reason; a replacement is not, for the effect may have happened already.

What was handed over once is remembered. When it vanishes (the node forgot it, a reply was lost, a
reorganisation took its block away) the same signed transaction is handed over again, and a nonce
that was taken and never used is filled by a transfer of nothing to oneself, so that no later one
waits for ever. A nonce is never signed anew for another purpose while the first may still be mined.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address

from careledger.chain.reverts import Reverted, RevertedSilently
from careledger.chain.rpc import Chain, Log
from careledger.errors import NodeError, SendError, Unreachable

BUMP_PERCENT = 13
"""Nodes replace a waiting transaction only when both fees rise by at least 10 %; some ask 12.5 %.
"""

FEES_HOLD_FOR = 1.0
"""Seconds; the ceiling is twice the base fee, which rises by an eighth a block at most."""

HAND_OVER_AFTER = (0.0, 0.05, 0.25)
"""Seconds before each attempt; when all of them get no answer, `wait` goes on trying."""

REMEMBERED = 1024
"""Mined transactions that are handed over again should a reorganisation undo them."""

GAPS = 64
"""Nonces that are filled at once; more are no accident, but another chain."""


@dataclass(frozen=True)
class Receipt:
    """What became of a mined transaction."""

    transaction_hash: bytes
    block_number: int
    block_hash: bytes
    gas_used: int
    gas_price: int
    """Paid, in wei a gas."""
    contract_address: ChecksumAddress | None
    logs: tuple[Log, ...]
    succeeded: bool

    @classmethod
    def from_rpc(cls, raw: dict[str, Any]) -> "Receipt":
        """Read the node's JSON."""
        return cls(
            transaction_hash=bytes.fromhex(raw["transactionHash"][2:]),
            block_number=int(raw["blockNumber"], 16),
            block_hash=bytes.fromhex(raw["blockHash"][2:]),
            gas_used=int(raw["gasUsed"], 16),
            gas_price=int(raw.get("effectiveGasPrice", "0x0"), 16),
            contract_address=to_checksum_address(raw["contractAddress"])
            if raw.get("contractAddress")
            else None,
            logs=tuple(Log.from_rpc(log) for log in raw["logs"]),
            succeeded=int(raw["status"], 16) == 1,
        )


@dataclass
class Pending:
    """A transaction that was handed over. Every hash it ever had is kept: any of them may be mined."""

    transaction: dict[str, Any]
    hashes: list[bytes] = field(default_factory=list)
    raw: bytes = b""
    """Signed, as it is handed over; it holds no secret and may be stored."""
    unanswered: bool = False
    """It was handed over and no answer came: the node may have it, or get it yet."""

    @property
    def nonce(self) -> int:
        """The sender's nonce that it uses up."""
        return int(self.transaction["nonce"])


class Sender:
    """Signs and sends for one account on one chain; safe to use from several threads."""

    def __init__(
        self,
        chain: Chain,
        account: LocalAccount,
        *,
        timeout: float = 120,
        stuck_after: float = 30,
        max_fee: int = 500 * 10**9,
    ) -> None:
        """Prepare to send.

        Args:
            timeout: seconds that `wait` waits before it gives up.
            stuck_after: seconds after which a waiting transaction is replaced by a dearer one.
            max_fee: the most that is ever paid, in wei a gas.

        """
        self.chain = chain
        self.account = account
        self.address: ChecksumAddress = account.address
        self.timeout = timeout
        self.stuck_after = stuck_after
        self.max_fee = max_fee
        self._next_nonce: int | None = None
        self._sent: dict[int, Pending] = {}
        self._known_fees: tuple[dict[str, int], float] = ({}, 0.0)
        self._lock = threading.Lock()

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
            value: ether, in wei.
            gas: limit; when given, nothing is simulated (for calls that depend on ones under way).
            nonce: use this one instead of the next.

        Raises:
            Reverted: the contract would refuse.
            NoFunds: the account cannot pay.
            SendError: fees are above `max_fee`.
            NodeError: the node cannot be asked before anything is signed, or refused it. It will
                not happen.

        When the node does not answer after it was signed, nothing is raised: whether it has the
        transaction is open, and `wait` finds out.
        """
        transaction = self._transaction(to, data, value, gas)
        with self._lock:
            pending = self._sign(transaction, nonce)
            self._hand_over_first(pending)
            return pending

    def prepare(
        self, to: str | None, data: bytes = b"", value: int = 0, gas: int | None = None
    ) -> Pending:
        """Simulate and sign a transaction without handing it over, so that it can be stored first.

        Raises what `send` raises. Its nonce is taken: hand it over before preparing or sending the
        next. One that never is has its nonce filled as soon as a later one waits for it.
        """
        transaction = self._transaction(to, data, value, gas)
        with self._lock:
            return self._sign(transaction, None)

    def hand_over(self, pending: Pending) -> None:
        """Give a prepared transaction to the node; again, after a crash, changes nothing.

        Raises:
            NoFunds: the account cannot pay.
            NodeError: the node refused it, and does not know it.
        """
        with self._lock:
            self._hand_over_first(pending)

    def wait(self, pending: Pending) -> Receipt:
        """Wait until a transaction is mined: hand it over again when it vanished, replace it when it is stuck.

        A node that does not answer, or refuses, is asked again until the time is over.

        Raises:
            Reverted: it was mined, and the contract refused.
            SendError: it was not mined in time, or another transaction used up its nonce.

        """
        started = looked = time.monotonic()
        pause, overtaken, trouble = 0.002, 0, ""
        while True:
            now = time.monotonic()
            try:
                receipt = self._receipt(pending)
                if receipt is not None:
                    return self._settle(pending, receipt)
                if now - looked > (
                    min(self.stuck_after, 1) if pending.unanswered else self.stuck_after
                ):
                    looked, trouble = now, ""
                    overtaken = overtaken + 1 if self._unstick(pending) else 0
            except NodeError as error:
                trouble = f"; {error}"
            if (
                overtaken > 1
            ):  # seen twice, for one of several nodes behind an address may lag behind the others
                raise SendError(
                    f"another transaction used up nonce {pending.nonce} of {self.address}"
                )
            if now - started > self.timeout:
                raise SendError(
                    f"transaction 0x{pending.hashes[-1].hex()} was not mined within {self.timeout:g} s; "
                    f"it may still be: ask for its receipt before sending the same again{trouble}"
                )
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)

    def transact(
        self, to: str | None, data: bytes = b"", value: int = 0, gas: int | None = None
    ) -> Receipt:
        """Send a transaction and wait for it. Raises what `send` and `wait` raise."""
        return self.wait(self.send(to, data, value, gas))

    def _estimate(self, transaction: dict[str, Any]) -> int:
        asked = {
            "from": self.address,
            "data": transaction["data"],
            "value": hex(transaction["value"]),
        }
        if "to" in transaction:
            asked["to"] = transaction["to"]
        estimate = int(self.chain.request("eth_estimateGas", asked), 16)
        return estimate + estimate // 5

    def _fees(self) -> dict[str, int]:
        known, at = self._known_fees
        if not known or time.monotonic() - at > FEES_HOLD_FOR:
            known = self._ask_fees()
            self._known_fees = known, time.monotonic()
        return known

    def _ask_fees(self) -> dict[str, int]:
        base = self.chain.block("latest").get("baseFeePerGas")
        if base is None:  # a chain from before EIP-1559
            price = int(self.chain.request("eth_gasPrice"), 16)
            if price > self.max_fee:
                raise SendError(
                    f"the gas price is {price} wei, above the limit of {self.max_fee}: wait, or raise it"
                )
            return {"gasPrice": price}
        try:
            tip = int(self.chain.request("eth_maxPriorityFeePerGas"), 16)
        except NodeError:  # not every node has the call
            tip = 10**9
        if int(base, 16) > self.max_fee:
            raise SendError(
                f"the base fee is {int(base, 16)} wei, above the limit of {self.max_fee}: wait, or raise it"
            )
        ceiling = min(2 * int(base, 16) + tip, self.max_fee)
        return {"maxFeePerGas": ceiling, "maxPriorityFeePerGas": min(tip, ceiling)}

    def _take_nonce(self) -> int:
        if self._next_nonce is None:
            # A node that lost some of ours counts too few; signing their nonces anew could undo
            # them.
            self._next_nonce = max(
                self._count("latest"), self._count("pending"), *(n + 1 for n in self._sent)
            )
        taken = self._next_nonce
        self._next_nonce += 1
        return taken

    def _count(self, block: str) -> int:
        return int(self.chain.request("eth_getTransactionCount", self.address, block), 16)

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
        transaction["gas"] = gas if gas is not None else self._estimate(transaction)
        return transaction | self._fees()

    def _sign(self, transaction: dict[str, Any], nonce: int | None) -> Pending:
        pending = Pending(
            transaction | {"nonce": nonce if nonce is not None else self._take_nonce()}
        )
        self._sign_again(pending)
        return pending

    def _sign_again(self, pending: Pending) -> None:
        signed = self.account.sign_transaction(pending.transaction)
        pending.raw = bytes(signed.raw_transaction)
        pending.hashes.append(bytes(signed.hash))

    def _hand_over_first(self, pending: Pending) -> None:
        before = self._sent.get(pending.nonce)
        refusal = self._hand_over(pending)
        if (
            refusal is not None and not pending.unanswered
        ):  # it never got to the node: its nonce is free
            del self._sent[pending.nonce]
            if before is not None:
                self._sent[pending.nonce] = before
            self._next_nonce = None
            raise refusal

    def _hand_over(self, pending: Pending) -> NodeError | None:
        """Give it to the node; return why it refused. Without an answer it stays `unanswered`."""
        self._sent[pending.nonce] = pending
        if self._next_nonce is not None:
            self._next_nonce = max(self._next_nonce, pending.nonce + 1)
        for pause in HAND_OVER_AFTER:
            time.sleep(pause)
            try:
                refusal = self._offer(pending)
            except Unreachable:
                pending.unanswered = True
                continue
            if refusal is None:
                pending.unanswered = False
            return refusal
        return None

    def _offer(self, pending: Pending) -> NodeError | None:
        try:
            self.chain.request("eth_sendRawTransaction", "0x" + pending.raw.hex())
        except Unreachable:
            raise
        except NodeError as refusal:
            # "already known" and "nonce too low" are questions: the answer is whether a hash of
            # ours is there.
            return None if self._known(pending) else refusal
        return None

    def _known(self, pending: Pending) -> bool:
        return any(
            self.chain.request("eth_getTransactionByHash", "0x" + h.hex()) for h in pending.hashes
        )

    def _receipt(self, pending: Pending) -> Receipt | None:
        for transaction_hash in reversed(pending.hashes):
            raw = self.chain.request("eth_getTransactionReceipt", "0x" + transaction_hash.hex())
            if raw is not None:
                return Receipt.from_rpc(raw)
        return None

    def _settle(self, pending: Pending, receipt: Receipt) -> Receipt:
        with self._lock:
            while self._sent and (oldest := next(iter(self._sent))) < pending.nonce - REMEMBERED:
                del self._sent[oldest]
        if not receipt.succeeded:
            raise self._why(pending, receipt)
        return receipt

    def _unstick(self, pending: Pending) -> bool:
        """Mend what keeps a transaction from being mined; say whether another one took its nonce."""
        if self._count("latest") > pending.nonce:
            return self._receipt(pending) is None
        with self._lock:
            self._sent.setdefault(pending.nonce, pending)
            if self._mend(pending.nonce):
                return False
            if pending.unanswered and self._known(pending):
                pending.unanswered = False
            else:
                self._bump(pending)
        return False

    def _mend(self, upto: int) -> bool:
        """Hand over again what vanished, and fill nonces that nothing uses; say whether there were any."""
        nonce, mended = max(self._count("latest"), self._count("pending")), False
        if sum(n not in self._sent for n in range(nonce, upto)) > GAPS:
            raise SendError(
                f"the chain went back to nonce {nonce} of {self.address}, far below {upto}: is it another?"
            )
        while nonce <= upto:  # below it the node has one for every nonce
            ours = self._sent.get(nonce)
            if ours is None or not self._known(ours):
                ours = ours or self._sign(self._transaction(self.address, b"", 0, None), nonce)
                mended |= self._hand_over(ours) is None
            nonce = max(nonce + 1, self._count("pending"))
        return mended

    def _bump(self, pending: Pending) -> None:
        """Replace a waiting transaction by the same at a higher price."""
        today = self._fees()
        raised = {
            name: min(max(paid * (100 + BUMP_PERCENT) // 100 + 1, today.get(name, 0)), self.max_fee)
            for name in ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas")
            if (paid := pending.transaction.get(name)) is not None
        }
        if all(pending.transaction[name] == fee for name, fee in raised.items()):
            return  # at the limit already: go on waiting
        pending.transaction.update(raised)
        self._sign_again(pending)
        refusal = self._hand_over(pending)
        if refusal is not None:
            raise refusal

    def _why(self, pending: Pending, receipt: Receipt) -> Exception:
        """Run the refused transaction again as a call, on the state before its block, to hear the reason."""
        transaction = pending.transaction
        asked = {
            "from": self.address,
            "data": transaction["data"],
            "value": hex(transaction["value"]),
        }
        asked["gas"] = hex(transaction["gas"])
        if "to" in transaction:
            asked["to"] = transaction["to"]
        for block in (receipt.block_number, receipt.block_number - 1):
            try:
                self.chain.request("eth_call", asked, hex(block))
            except NodeError:
                continue
            except Reverted as reason:
                return reason
        return RevertedSilently()
