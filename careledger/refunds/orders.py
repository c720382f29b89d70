"""Orders from files: our documented JSON and CSV format, and the retail format of customer-service benchmarks.

Amounts are decimal text in files and whole numbers of the smallest unit inside; no float is ever in
between. An order says how its story ends, so that a flow can play it. Format:
docs/protocol/refunds.md.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from careledger.crypto.canonical import CanonicalError, refuse_deep
from careledger.refunds.errors import OrderError

FORMAT = "careledger.orders/1"
DECIMALS = {"USD": 6, "ETH": 18}
"""Currencies of orders, and how many decimals their smallest unit has: a stablecoin's, and ether's
wei."""

_AMOUNT = re.compile(r"[0-9]{1,20}(\.[0-9]{1,18})?")
_REQUIRED = ("order", "customer", "amount", "currency", "outcome")
_OPTIONAL = ("share", "evidence")


class OrderOutcome(StrEnum):
    """How the story of an order ends."""

    SATISFIED = "satisfied"  # delivered; the customer releases
    RETURNED = (
        "returned"  # delivered, sent back, and scanned as good as new: refunded with the scan
    )
    GRADED = "graded"  # delivered, sent back worn: the scan refunds its grade
    MISSED = (
        "missed"  # never scanned as delivered: anyone triggers the refund after the promised time
    )
    DISPUTED = "disputed"  # the customer disputes with evidence, and the arbiter rules
    # the arbiter rules for the seller, the customer appeals, and the arbiter rules again
    APPEALED = "appealed"
    SILENT = "silent"  # the customer disputes, and the arbiter stays silent: the terms' default
    AGREED = "agreed"  # both sign how to divide
    CANCELLED = "cancelled"  # the seller gives everything back
    LAPSED = "lapsed"  # delivered, and nobody says anything: anyone releases after the time

    @property
    def shared(self) -> bool:
        """Whether the order has to say what share the customer gets."""
        return self in {
            OrderOutcome.GRADED,
            OrderOutcome.DISPUTED,
            OrderOutcome.APPEALED,
            OrderOutcome.AGREED,
        }


@dataclass(frozen=True)
class Order:
    """One order, paid in full."""

    number: str
    customer: str
    amount: int
    """In the smallest unit of the currency."""
    currency: str
    outcome: OrderOutcome
    share_bps: int = 0
    """What the customer gets back where the outcome leaves it open, in basis points."""
    evidence: str = ""
    """What the customer says in a dispute; only a commitment to it goes on the chain."""

    @property
    def decimals(self) -> int:
        """How many decimals the smallest unit has."""
        return DECIMALS[self.currency]


def smallest_unit(text: str, decimals: int) -> int:
    """Return a decimal number as a whole number of the smallest unit, exactly.

    Args:
        text: digits, and at most one point with digits after it.
        decimals: of the smallest unit.

    Raises:
        OrderError: it is no such number, or is finer than the smallest unit.

    """
    if not _AMOUNT.fullmatch(text):
        raise OrderError(f"{text!r} is no decimal number such as 129.99")
    whole, _, fraction = text.partition(".")
    scale: int = 10**decimals
    fraction = fraction.rstrip("0")
    if len(fraction) > decimals:
        raise OrderError(f"{text} has more than {decimals} decimals")
    return int(whole) * scale + int(fraction.ljust(decimals, "0") or "0")


def decimal_text(amount: int, decimals: int, least: int = 2) -> str:
    """Return an amount of the smallest unit as a decimal number with thousands apart; `least` decimals are kept."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    whole, fraction = divmod(amount, 10**decimals)
    digits = str(fraction).rjust(decimals, "0").rstrip("0").ljust(least, "0")
    return f"{sign}{whole:,}" + (f".{digits}" if digits else "")


def read_orders(file: Path) -> list[Order]:
    """Read a file of orders: `.csv`, or JSON in our format or the retail one.

    Raises:
        OrderError: the file cannot be read, or an order is malformed; the message names file, order
            and field.

    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise OrderError(f"the orders {file} cannot be read: {reason}") from error
    try:
        orders = _from_csv(text) if file.suffix.lower() == ".csv" else _from_json(text)
        _refuse_doubles(orders)
    except OrderError as error:
        raise OrderError(f"{file}: {error}") from error
    if not orders:
        raise OrderError(f"{file} holds no orders")
    return orders


def _refuse_doubles(orders: Iterable[Order]) -> None:
    seen: set[str] = set()
    for order in orders:
        if order.number in seen:
            raise OrderError(f"order {order.number} is there twice")
        seen.add(order.number)


def _from_csv(text: str) -> list[Order]:
    rows = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        _check_names("the header", header, complete=True)
        orders = []
        for row in rows:
            if not row:
                continue
            where = f"line {rows.line_num}"
            if len(row) != len(header):
                raise OrderError(f"{where} has {len(row)} fields, but the header has {len(header)}")
            orders.append(
                _order(where, {k: v.strip() for k, v in zip(header, row, strict=True) if v.strip()})
            )
    except csv.Error as error:
        raise OrderError(f"line {rows.line_num} is not CSV: {error}") from error
    return orders


def _from_json(text: str) -> list[Order]:
    try:
        refuse_deep(text)
        document = json.loads(
            text,
            parse_float=str,
            parse_int=str,
            parse_constant=str,
            object_pairs_hook=_without_doubles,
        )
    except (ValueError, CanonicalError) as error:
        raise OrderError(f"this is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise OrderError(
            'this is no file of orders: an object with "format" and "orders" is needed'
        )
    if (
        "format" not in document
        and document
        and all(_is_retail(order) for order in document.values())
    ):
        return [_retail(number, order) for number, order in document.items()]
    if document.get("format") != FORMAT:
        raise OrderError(f'"format" has to be "{FORMAT}", not {document.get("format")!r}')
    for name in document:
        if name not in {"format", "orders"}:
            raise OrderError(f"a file of orders has no field '{name}'")
    orders = document.get("orders")
    if not isinstance(orders, list):
        raise OrderError('"orders" has to be a list')
    return [_order(f"order {index}", entry) for index, entry in enumerate(orders, 1)]


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise OrderError(f"'{name}' is there twice in one object")
        found[name] = value
    return found


def _check_names(where: str, names: Iterable[str], *, complete: bool) -> None:
    seen = list(names)
    for name in seen:
        if name not in _REQUIRED + _OPTIONAL:
            raise OrderError(f"{where}: there is no field '{name}'")
        if seen.count(name) > 1:
            raise OrderError(f"{where}: '{name}' is there twice")
    for name in _REQUIRED if complete else ():
        if name not in seen:
            raise OrderError(f"{where}: '{name}' is missing")


def _order(where: str, entry: Any) -> Order:
    """Read one order of our format; every value is text by now."""
    if not isinstance(entry, dict):
        raise OrderError(f"{where} is not an object")
    if isinstance(entry.get("order"), str) and entry["order"]:
        where = f"order {entry['order']}"
    _check_names(where, entry, complete=True)
    for name, value in entry.items():
        if not isinstance(value, str) or not value or not value.isprintable():
            raise OrderError(
                f"{where}: {name} has to be one line of text or a number, not {value!r}"
            )
    if entry["currency"] not in DECIMALS:
        raise OrderError(
            f"{where}: currency {entry['currency']!r} is none of {', '.join(DECIMALS)}"
        )
    try:
        outcome = OrderOutcome(entry["outcome"])
    except ValueError:
        raise OrderError(
            f"{where}: outcome {entry['outcome']!r} is none of {', '.join(OrderOutcome)}"
        ) from None
    return Order(
        number=entry["order"],
        customer=entry["customer"],
        amount=_amount(where, entry["amount"], DECIMALS[entry["currency"]]),
        currency=entry["currency"],
        outcome=outcome,
        share_bps=_share(where, outcome, entry.get("share")),
        evidence=entry.get("evidence", ""),
    )


def _amount(where: str, text: str, decimals: int) -> int:
    try:
        amount = smallest_unit(text, decimals)
    except OrderError as error:
        raise OrderError(f"{where}: amount {error}") from None
    if amount == 0:
        raise OrderError(f"{where}: amount has to be more than 0")
    return amount


def _share(where: str, outcome: OrderOutcome, text: str | None) -> int:
    if not outcome.shared:
        if text is not None:
            raise OrderError(f"{where}: an order that is {outcome} has no share")
        return 0
    if text is None:
        raise OrderError(f"{where}: an order that is {outcome} needs a share, in percent")
    try:
        bps = smallest_unit(text.removesuffix("%"), 2)
    except OrderError as error:
        raise OrderError(f"{where}: share {error}") from None
    if bps > 10_000 or (outcome is OrderOutcome.GRADED and bps == 0):
        raise OrderError(
            f"{where}: share {text} is not a percentage from 0 (grades: more than 0) to 100"
        )
    return bps


def _is_retail(order: Any) -> bool:
    return isinstance(order, dict) and "order_id" in order and "payment_history" in order


def _retail(number: str, entry: Mapping[str, Any]) -> Order:
    """Read one order of the retail format.

    It tells what was paid, and how far the order has come: pending, processed, delivered or
    cancelled. What came after, nobody tells; `_after` makes it up, the same for the same order each
    time.
    """
    where = f"order {number}"
    if entry["order_id"] != number:
        raise OrderError(f"{where}: its order_id is {entry['order_id']!r}")
    try:
        customer, status = entry["user_id"], entry["status"]
        payments = [(p["transaction_type"], p["amount"]) for p in entry["payment_history"]]
        prices = [item["price"] for item in entry["items"]]
    except (KeyError, TypeError) as error:
        raise OrderError(
            f"{where}: {error} is missing or has another form than retail orders have"
        ) from error
    if not isinstance(customer, str) or not customer:
        raise OrderError(f"{where}: user_id has to be text")
    outcome, share = _after(where, number, status)
    for kind, amount in payments:
        if kind not in {"payment", "refund"} or not isinstance(amount, str):
            raise OrderError(
                f"{where}: {kind!r} of {amount!r} is neither a payment nor a refund of a number"
            )
    paid = [
        _amount(where, amount, DECIMALS["USD"]) for kind, amount in payments if kind == "payment"
    ]
    back = [
        _amount(where, amount, DECIMALS["USD"]) for kind, amount in payments if kind == "refund"
    ]
    if not paid:
        raise OrderError(f"{where}: nothing was paid for it")
    if sum(paid) != sum(_amount(where, price, DECIMALS["USD"]) for price in prices):
        raise OrderError(f"{where}: its items cost {_total(prices)}, but other was paid")
    if back and (status != "cancelled" or sum(back) != sum(paid)):
        raise OrderError(
            f"{where}: a refund that is not the whole of a cancelled order cannot be played"
        )
    said = (
        "The goods are not what was ordered."
        if outcome in {OrderOutcome.DISPUTED, OrderOutcome.APPEALED}
        else ""
    )
    return Order(number, customer, sum(paid), "USD", outcome, share, said)


def _total(prices: Iterable[str]) -> Decimal:
    return sum((Decimal(price) for price in prices), Decimal(0))


_AFTER: dict[str, tuple[tuple[int, OrderOutcome], ...]] = {
    "cancelled": ((100, OrderOutcome.CANCELLED),),
    "processed": ((100, OrderOutcome.MISSED),),
    "pending": ((70, OrderOutcome.LAPSED), (100, OrderOutcome.SATISFIED)),
    "delivered": (
        (50, OrderOutcome.SATISFIED),
        (70, OrderOutcome.RETURNED),
        (82, OrderOutcome.GRADED),
        (90, OrderOutcome.DISPUTED),
        (94, OrderOutcome.SILENT),
        (98, OrderOutcome.AGREED),
        (100, OrderOutcome.APPEALED),
    ),
}
"""By status: out of 100 orders, up to which one the story ends how."""


def _after(where: str, number: str, status: Any) -> tuple[OrderOutcome, int]:
    stories = _AFTER.get(status) if isinstance(status, str) else None
    if stories is None:
        raise OrderError(f"{where}: status {status!r} is none of {', '.join(_AFTER)}")
    drawn = sha256(number.encode()).digest()
    lot = int.from_bytes(drawn[:4], "big") % 100
    outcome = next(outcome for bound, outcome in stories if lot < bound)
    return outcome, (1 + drawn[4] % 9) * 1_000 if outcome.shared else 0
