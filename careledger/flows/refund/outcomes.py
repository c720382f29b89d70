"""Outcomes for orders that have none: drawn by the order's number, the same each time."""

from dataclasses import replace
from hashlib import sha256

from careledger.refunds.orders import Order, OrderOutcome, OrderStatus

_LOTS: dict[OrderStatus, tuple[tuple[int, OrderOutcome], ...]] = {
    OrderStatus.CANCELLED: ((100, OrderOutcome.CANCELLED),),
    OrderStatus.PROCESSED: ((100, OrderOutcome.MISSED),),
    OrderStatus.PENDING: ((70, OrderOutcome.LAPSED), (100, OrderOutcome.SATISFIED)),
    OrderStatus.DELIVERED: (
        (50, OrderOutcome.SATISFIED),
        (70, OrderOutcome.RETURNED),
        (82, OrderOutcome.GRADED),
        (90, OrderOutcome.DISPUTED),
        (94, OrderOutcome.SILENT),
        (98, OrderOutcome.AGREED),
        (100, OrderOutcome.APPEALED),
    ),
}
"""By status: the first outcome whose bound is above the order's lot, which is from 0 to 99."""

_EVIDENCE = "The goods are not what was ordered."


def with_outcome(order: Order, seed: str = "") -> Order:
    """Return an order with an outcome: its own, or one that is drawn where it has none.

    Args:
        seed: another one draws other outcomes.

    """
    if order.outcome is not None or order.status is None:
        return order

    drawn = sha256((seed + order.number).encode()).digest()
    lot = int.from_bytes(drawn[:4], "big") % 100
    outcome = next(outcome for bound, outcome in _LOTS[order.status] if lot < bound)

    share = (1 + drawn[4] % 9) * 1_000 if outcome.shared else 0
    disputed = outcome in {OrderOutcome.DISPUTED, OrderOutcome.APPEALED}
    return replace(order, outcome=outcome, share_bps=share, evidence=_EVIDENCE if disputed else "")
