"""The tables of the flow: order by order, outcome by outcome, and where every cent went."""

from collections import Counter
from collections.abc import Iterator, Sequence

from careledger.console import Out
from careledger.flows.refund.deals import OrderDeal
from careledger.refunds.ledger import Ledger
from careledger.refunds.orders import DECIMALS, OrderOutcome
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.amounts import amount_text

DETAILED = 60
"""The most orders that are shown one by one, unless all are asked for."""

_ORDER_COLUMNS = [
    "order, customer",
    "paid #",
    "scanned",
    "settled by",
    "back #",
    "gas, transaction #",
]
_OUTCOME_COLUMNS = ["outcome", "orders #", "paid #", "back #", "gas an order #"]
_ACCOUNT_ROWS = {
    "paid into escrow": "opened",
    "bonds of appeals": "bonds",
    "came in": "came_in",
    "back to the customers": "refunded",
    "to the brand": "paid",
    "fees to the marketplace": "fees",
    "bonds paid out": "bonds_paid",
    "went out": "went_out",
    "of that credited and not claimed yet": "owed",
    "still held": "held",
}
"""What a row shows, by its title: an attribute of an account of the ledger."""


def order_table(out: Out, deals: Sequence[OrderDeal], *, everything: bool) -> None:
    """Show what happened, order by order; nothing when there are many and not all are wanted."""
    if everything or len(deals) <= DETAILED:
        rows = [_order_row(deal) for deal in deals]
        out.table("Who paid, what was scanned, who got money back", _ORDER_COLUMNS, rows)


def outcome_table(out: Out, deals: Sequence[OrderDeal]) -> None:
    """Show how the orders ended, outcome by outcome."""
    out.table("How the orders ended", _OUTCOME_COLUMNS, list(_outcome_rows(deals)))


def account_table(out: Out, ledger: Ledger) -> None:
    """Show what came into escrow and what went out of it, in every currency."""
    currencies = {token: "ETH" if token == ZERO_ADDRESS else "USD" for token in ledger.accounts}

    rows = []
    for title, name in _ACCOUNT_ROWS.items():
        amounts = [
            _money(getattr(ledger.accounts[token], name), currency)
            for token, currency in currencies.items()
        ]
        rows.append([title, *amounts])

    columns = [
        "",
        *("ETH #" if currency == "ETH" else "TUSD #" for currency in currencies.values()),
    ]
    caption = "checked against the events of the escrow and the balances on the chain"
    out.table("Every cent", columns, rows, caption=caption)


def _order_row(deal: OrderDeal) -> list[str]:
    order = deal.order
    steps = deal.steps.done
    last = steps[-1]

    scans = [step.what for step in steps if "scanned" in step.what]
    scanned = scans[-1].replace(" scanned", "") if scans else ""
    settled_by = "the scan" if "return scanned" in last.what else last.what.replace(", ", ",\n")

    return [
        f"{order.number}\n{order.customer}",
        f"{_money(order.amount, order.currency)}\n{order.currency}",
        scanned,
        settled_by,
        _money(deal.refunded, order.currency) if deal.refunded else "",
        f"{deal.gas_used:,}\n{last.receipts[-1].transaction_hash.hex()[:8]}",
    ]


def _outcome_rows(deals: Sequence[OrderDeal]) -> Iterator[list[str]]:
    for outcome in OrderOutcome:
        those = [deal for deal in deals if deal.order.outcome is outcome]
        if not those:
            continue

        paid: Counter[str] = Counter()
        back: Counter[str] = Counter()
        for deal in those:
            paid[deal.order.currency] += deal.order.amount
            back[deal.order.currency] += deal.refunded

        gas = sum(deal.gas_used for deal in those) // len(those)
        yield [outcome, str(len(those)), _sums(paid), _sums(back), f"{gas:,}"]


def _sums(amounts: Counter[str]) -> str:
    return "\n".join(f"{_money(amounts[name], name)} {name}" for name in sorted(amounts))


def _money(amount: int, currency: str) -> str:
    return amount_text(amount, DECIMALS[currency], least=2)
