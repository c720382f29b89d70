"""Tell people, and machines, what happened to orders in escrow."""

from collections import Counter
from collections.abc import Iterator

from careledger.console import Out
from careledger.flows.refund.story import Played, Story
from careledger.refunds.orders import DECIMALS, OrderOutcome
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.amounts import amount_text

DETAILED = 60
"""Up to so many orders are shown one by one, unless all are asked for."""

_ORDERS = ["order, customer", "paid #", "scanned", "settled by", "back #", "gas, transaction #"]
_OUTCOMES = ["outcome", "orders #", "paid #", "back #", "gas an order #"]


def show(out: Out, story: Story, played: list[Played], *, everything: bool) -> None:
    """Print what happened, order by order when there are few."""
    if everything or len(played) <= DETAILED:
        out.table(
            "Who paid, what was scanned, who got money back", _ORDERS, [_row(one) for one in played]
        )
    out.table("How the orders ended", _OUTCOMES, list(_outcomes(played)))
    tokens = list(story.ledger.accounts)
    wei = {token: 18 if token == ZERO_ADDRESS else 6 for token in tokens}
    rows = []
    for what, name in (
        ("paid into escrow", "opened"),
        ("bonds of appeals", "bonds"),
        ("came in", "came_in"),
        ("back to the customers", "refunded"),
        ("to the brand", "paid"),
        ("fees to the marketplace", "fees"),
        ("bonds paid out", "bonds_paid"),
        ("went out", "went_out"),
        ("of that credited and not claimed yet", "owed"),
        ("still held", "held"),
    ):
        amounts = [
            _money(getattr(story.ledger.accounts[token], name), wei[token]) for token in tokens
        ]
        rows.append([what, *amounts])
    columns = ["", *("ETH #" if token == ZERO_ADDRESS else "TUSD #" for token in tokens)]
    caption = "checked against the events of the escrow and the balances on the chain"
    out.table("Every cent", columns, rows, caption=caption)


def _row(one: Played) -> list[str]:
    decimals = one.order.decimals
    scans = [step.what for step in one.steps if "scanned" in step.what]
    return [
        f"{one.order.number}\n{one.order.customer}",
        f"{_money(one.order.amount, decimals)}\n{one.order.currency}",
        scans[-1].replace(" scanned", "") if scans else "",
        "the scan"
        if "return scanned" in one.steps[-1].what
        else one.steps[-1].what.replace(", ", ",\n"),
        _money(one.refunded, decimals) if one.refunded else "",
        f"{one.gas:,}\n{one.steps[-1].transaction.hex()[:8]}",
    ]


def _outcomes(played: list[Played]) -> Iterator[list[str]]:
    for outcome in OrderOutcome:
        those = [one for one in played if one.order.outcome is outcome]
        if those:
            gas = sum(one.gas for one in those) // len(those)
            paid, back = Counter[str](), Counter[str]()
            for one in those:
                paid[one.order.currency] += one.order.amount
                back[one.order.currency] += one.refunded
            yield [outcome, str(len(those)), _sums(paid), _sums(back), f"{gas:,}"]


def _sums(amounts: Counter[str]) -> str:
    return "\n".join(f"{_money(amounts[c], DECIMALS[c])} {c}" for c in sorted(amounts))


def document(story: Story, played: list[Played]) -> dict[str, object]:
    """Return what happened, for machines."""
    return {
        "orders": [
            {
                "order": one.order.number,
                "customer": one.order.customer,
                "amount": str(one.order.amount),
                "currency": one.order.currency,
                "outcome": one.order.outcome,
                "id": one.id,
                "refunded": str(one.refunded),
                "gas": one.gas,
                "steps": one.steps,
            }
            for one in played
        ],
        "accounts": {
            token: vars(account) | {"owed": account.owed, "held": account.held}
            for token, account in story.ledger.accounts.items()
        },
        "balanced": True,
    }


def _money(amount: int, decimals: int) -> str:
    return amount_text(amount, decimals, least=2)
