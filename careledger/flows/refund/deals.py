"""The deals of the flow, what customers sign for them, and the transactions about them."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any, TypeVar

from careledger.chain.send import Sender
from careledger.chain.transactions import Pending
from careledger.crypto.hashing import hmac_sha256
from careledger.flows.steps import Steps
from careledger.refunds.client import RefundEscrow
from careledger.refunds.deal import SplitAgreement
from careledger.refunds.erc20 import Erc20Permit, Erc20Token, sign_permit
from careledger.refunds.orders import Order
from careledger.refunds.terms import ALL_BPS, DealTerms

UNDER_WAY = 64
"""How many transactions may be under way: a node limits those of one sender that wait."""
BOND_PART = 10
"""The bond of an appeal is a tenth of what is held."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class DealRules:
    """What the terms of all deals have in common."""

    release_after: timedelta = timedelta(days=30)
    deliver_within: timedelta = timedelta(days=7)
    dispute_window: timedelta = timedelta(days=3)
    fee_bps: int = 100
    default_bps: int = 5_000


@dataclass
class OrderDeal:
    """An order, the deal for it, and what happened to it."""

    order: Order
    terms: DealTerms
    id: bytes
    customer: Sender
    steps: Steps = field(default_factory=Steps)
    refunded: int = 0
    """What went back to the customer, in the smallest unit; bonds not counted."""

    @property
    def gas_used(self) -> int:
        """All that its transactions took."""
        return sum(step.gas_used for step in self.steps.done)

    @property
    def bond(self) -> int:
        """What an appeal takes, in the smallest unit, rounded up."""
        return -(-self.order.amount // BOND_PART)

    def to_json(self) -> dict[str, Any]:
        """Return what happened as it is written under `--json`."""
        return {
            "order": self.order.number,
            "customer": self.order.customer,
            "amount": str(self.order.amount),
            "refunded": str(self.refunded),
            "decimals": self.order.decimals,
            "currency": self.order.currency,
            "outcome": self.order.outcome,
            "id": self.id,
            "gasUsed": self.gas_used,
            "steps": self.steps.to_json(),
        }


@dataclass(frozen=True)
class DealCall:
    """A transaction about a deal that is still to be sent."""

    deal: OrderDeal
    what: str
    sender: Sender
    send: Callable[[], Pending]


def run_pipelined(
    items: Iterable[Item],
    send: Callable[[Item], Pending],
    finish: Callable[[Item, Pending], None],
) -> None:
    """Send a transaction for each item without waiting for it, and finish them in their order."""
    waiting: deque[tuple[Item, Pending]] = deque()
    for item in items:
        waiting.append((item, send(item)))
        if len(waiting) > UNDER_WAY:
            finish(*waiting.popleft())

    while waiting:
        finish(*waiting.popleft())


class DealSignatures:
    """What customers and the brand sign instead of sending it themselves."""

    def __init__(self, escrow: RefundEscrow, dollar: Erc20Token) -> None:
        self.messages = escrow.messages
        self.key = token_bytes(32)
        """The brand's secret: commitments to order numbers and evidence are made with it."""
        self._separator = dollar.domain_separator()
        self._nonces: Counter[str] = Counter()

    def permit(self, deal: OrderDeal, amount: int, deadline: datetime) -> Erc20Permit:
        """Let the escrow take an amount of the customer's stablecoins."""
        owner = deal.customer.address
        nonce = self._nonces[owner]
        self._nonces[owner] += 1

        return sign_permit(
            deal.customer.account,
            self._separator,
            self.messages.escrow,
            value=amount,
            nonce=nonce,
            deadline=deadline,
        )

    def evidence(self, deal: OrderDeal, prefix: str = "") -> bytes:
        """Return a commitment to the customer's evidence: 32 bytes."""
        return hmac_sha256(self.key, (prefix + deal.order.evidence).encode())

    def agreement(self, deal: OrderDeal, clerk: Sender, deadline: datetime) -> SplitAgreement:
        """Let the customer and the brand's clerk sign how to divide what is held."""
        to_payer = deal.order.amount * deal.order.share_bps // ALL_BPS
        to_seller = deal.order.amount - to_payer

        message = self.messages.split(deal.id, to_payer, to_seller, deadline)
        return SplitAgreement(
            to_payer,
            to_seller,
            deadline,
            clerk.address,
            payer_signature=message.sign(deal.customer.account),
            seller_signature=message.sign(clerk.account),
        )
