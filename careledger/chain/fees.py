"""What a transaction pays today, before and after EIP-1559, and what a dearer one pays."""

import time
from typing import Any

from careledger.chain.rpc import Chain
from careledger.errors import NodeError, SendError
from careledger.values.amounts import amount_text

GWEI = 9
"""Decimals of ether in a gwei."""

BUMP_PERCENT = 13
"""Nodes replace a waiting transaction only if both fees rise by at least 10 %; some ask 12.5 %."""

FEES_HOLD_FOR = 1.0
"""Seconds; the ceiling is twice the base fee, which rises by an eighth a block at most."""

NAMES = ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas")


class Fees:
    """The fees of one chain, asked of the node once a second at most."""

    def __init__(self, chain: Chain, limit: int) -> None:
        """Say whom to ask.

        Args:
            chain: the node.
            limit: the most that is ever paid, in wei a gas.

        """
        self.chain = chain
        self.limit = limit
        self._known: dict[str, int] = {}
        self._asked_at = 0.0

    def today(self) -> dict[str, int]:
        """Return the fields of a transaction that say what it pays.

        Raises:
            SendError: the fees are above the limit.
            NodeError: the node cannot be asked.

        """
        if not self._known or time.monotonic() - self._asked_at > FEES_HOLD_FOR:
            self._known = self._ask()
            self._asked_at = time.monotonic()

        return self._known

    def raised(self, transaction: dict[str, Any]) -> dict[str, int]:
        """Return fees at which nodes replace a waiting transaction; empty if it is at the limit.

        Raises what `today` raises.
        """
        today = self.today()
        paid = {name: transaction[name] for name in NAMES if transaction.get(name) is not None}

        raised = {
            name: min(max(fee * (100 + BUMP_PERCENT) // 100 + 1, today.get(name, 0)), self.limit)
            for name, fee in paid.items()
        }
        return {} if raised == paid else raised

    def _ask(self) -> dict[str, int]:
        base = self.chain.block("latest").get("baseFeePerGas")
        if base is None:  # a chain from before EIP-1559
            price = int(self.chain.request("eth_gasPrice"), 16)
            self._expect_below_limit(price, "gas price")
            return {"gasPrice": price}

        try:
            tip = int(self.chain.request("eth_maxPriorityFeePerGas"), 16)
        except NodeError:  # not every node has the call
            tip = 10**9

        self._expect_below_limit(int(base, 16), "base fee")
        ceiling = min(2 * int(base, 16) + tip, self.limit)
        return {"maxFeePerGas": ceiling, "maxPriorityFeePerGas": min(tip, ceiling)}

    def _expect_below_limit(self, wei: int, what: str) -> None:
        if wei > self.limit:
            raise SendError(
                f"the {what} is {amount_text(wei, GWEI)} gwei, above the limit of "
                f"{amount_text(self.limit, GWEI)}: wait, or raise the limit"
            )
