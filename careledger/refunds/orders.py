"""Orders from files: our documented JSON and CSV formats, and the retail format of benchmarks.

Amounts are decimal text in files and whole numbers of the smallest unit inside; no float is ever in
between. Format: docs/protocol/refunds.md.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from careledger.crypto.canonical import CanonicalError, refuse_deep
from careledger.crypto.documents import JsonNode, MalformedDocument
from careledger.errors import InputError
from careledger.files import read_file
from careledger.refunds.errors import OrderError
from careledger.values.amounts import parse_amount, parse_percent

FORMAT = "careledger.orders/1"
DECIMALS = {"USD": 6, "ETH": 18}
"""How many decimals the smallest unit of each currency has: a stablecoin's unit, and a wei."""
AT_MOST = 1_000_000
"""Orders in a file, and items or payments of an order."""

_REQUIRED = ("order", "customer", "amount", "currency", "outcome")
_OPTIONAL = ("share", "evidence")


class OrderOutcome(StrEnum):
    """How an order ends."""

    SATISFIED = "satisfied"
    """Delivered; the customer releases the money."""
    RETURNED = "returned"
    """Delivered and sent back as good as new: the scan refunds everything."""
    GRADED = "graded"
    """Delivered and sent back worn: the scan refunds the grade."""
    MISSED = "missed"
    """Never scanned as delivered: anyone triggers the refund after the promised time."""
    DISPUTED = "disputed"
    """The customer disputes with evidence, and the arbiter rules."""
    APPEALED = "appealed"
    """The arbiter rules for the seller, the customer appeals, and the arbiter rules again."""
    SILENT = "silent"
    """The customer disputes, and the arbiter stays silent: the default of the terms applies."""
    AGREED = "agreed"
    """Both sign how to divide the money."""
    CANCELLED = "cancelled"
    """The seller gives everything back."""
    LAPSED = "lapsed"
    """Delivered, and no party acts: anyone releases the money after the time."""

    @property
    def shared(self) -> bool:
        """Whether the order has to say what share the customer gets."""
        return self in {self.GRADED, self.DISPUTED, self.APPEALED, self.AGREED}


class OrderStatus(StrEnum):
    """How far an order of the retail format has come; that format has no outcomes."""

    PENDING = "pending"
    PROCESSED = "processed"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Order:
    """One order, paid in full."""

    number: str
    customer: str
    amount: int
    """In the smallest unit of the currency."""
    currency: str
    outcome: OrderOutcome | None = None
    """None where the file does not have it."""
    share_bps: int = 0
    """What the customer gets back where the outcome leaves it open, in basis points."""
    evidence: str = ""
    """What the customer says in a dispute; only a commitment to it goes on the chain."""
    status: OrderStatus | None = None
    """Of an order in the retail format."""

    @property
    def decimals(self) -> int:
        """How many decimals the smallest unit has."""
        return DECIMALS[self.currency]


def read_orders(file: Path) -> list[Order]:
    """Read a file of orders: `.csv`, or JSON in our format or the retail one.

    Raises:
        InputError: the file cannot be read, or an order is malformed; the message names file, order
            and field.

    """
    try:
        text = read_file(file, "orders").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OrderError(f"the orders file {file} is not UTF-8 text") from error

    found = _csv_orders(text, str(file)) if _is_csv(file) else _json_orders(text, str(file))
    orders = list(found)

    if not orders:
        raise OrderError(f"{file} has no orders")
    number, count = Counter(order.number for order in orders).most_common(1)[0]
    if count > 1:
        raise OrderError(f"{file}: order {number} is there twice")
    return orders


def _is_csv(file: Path) -> bool:
    return file.suffix.lower() == ".csv"


# ---- our format


def _csv_orders(text: str, file: str) -> Iterator[Order]:
    rows = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        _check_header(header, file)

        for row in rows:
            if not row:
                continue
            line = f"{file}: line {rows.line_num}"
            if len(row) != len(header):
                raise OrderError(f"{line} has {len(row)} fields, but the header has {len(header)}")

            fields = zip(header, (field.strip() for field in row), strict=True)
            yield _order(JsonNode({name: field for name, field in fields if field}, line))
    except csv.Error as error:
        raise OrderError(f"{file}: line {rows.line_num} is not CSV: {error}") from error


def _check_header(header: Sequence[str], file: str) -> None:
    for name in header:
        if name not in _REQUIRED + _OPTIONAL:
            raise OrderError(f"{file}: the header has an unknown field '{name}'")
        if header.count(name) > 1:
            raise OrderError(f"{file}: the header has '{name}' twice")

    for name in _REQUIRED:
        if name not in header:
            raise OrderError(f"{file}: '{name}' is missing in the header")


def _json_orders(text: str, file: str) -> Iterator[Order]:
    document = _parse(text, file)
    if _is_retail(document.value):
        return (_retail_order(number, order, file) for number, order in document.value.items())

    members = document.object(["format", "orders"])
    members["format"].one_of(FORMAT)
    return (_order(node) for node in members["orders"].items(AT_MOST))


def _parse(text: str, file: str) -> JsonNode:
    """Parse JSON so that every number is the text of its digits."""
    try:
        refuse_deep(text)
        value = json.loads(
            text,
            parse_float=str,
            parse_int=str,
            parse_constant=_refuse_constant,
            object_pairs_hook=_refuse_doubles,
        )
    except CanonicalError as error:
        raise MalformedDocument(file, error.path, error.reason) from error
    except ValueError as error:
        raise MalformedDocument(file, "$", f"not JSON: {error}") from error

    return JsonNode(value, file)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        name, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"'{name}' is given twice in one object")
    return members


def _order(node: JsonNode) -> Order:
    """Read one order of our format; every value is text by now."""
    node = _numbered(node)
    members = node.object(_REQUIRED, _OPTIONAL)
    texts = {name: _line(member) for name, member in members.items()}

    currency = members["currency"].one_of(*DECIMALS)
    outcome = OrderOutcome(members["outcome"].one_of(*OrderOutcome))
    return Order(
        number=texts["order"],
        customer=texts["customer"],
        amount=_amount(members["amount"], currency),
        currency=currency,
        outcome=outcome,
        share_bps=_share(node, outcome, members.get("share")),
        evidence=texts.get("evidence", ""),
    )


def _numbered(node: JsonNode) -> JsonNode:
    """Return an order whose errors name it by its number, where it has one."""
    number = node.value.get("order") if isinstance(node.value, dict) else None
    if not isinstance(number, str) or not number:
        return node

    file = node.what.partition(": line ")[0]
    return JsonNode(node.value, f"{file}: order {number}")


def _line(node: JsonNode) -> str:
    text = node.value
    if not isinstance(text, str) or not text or not text.isprintable():
        raise node.fault(f"{text!r} is not one line of text or a number"[:200])
    return text


def _amount(node: JsonNode, currency: str) -> int:
    try:
        amount = parse_amount(node.text(), DECIMALS[currency])
    except InputError as error:
        raise node.fault(str(error)) from None

    if amount == 0:
        raise node.fault("an amount has to be more than 0")
    return amount


def _share(order: JsonNode, outcome: OrderOutcome, node: JsonNode | None) -> int:
    if not outcome.shared:
        if node is not None:
            raise node.fault(f"an order that is {outcome} has no share")
        return 0
    if node is None:
        raise order.fault(f"an order that is {outcome} needs a share, in percent")

    try:
        share = parse_percent(node.text(), "share")
    except InputError as error:
        raise node.fault(str(error)) from None
    if outcome is OrderOutcome.GRADED and share == 0:
        raise node.fault("the share of a graded return has to be more than 0")
    return share


# ---- the retail format


def _is_retail(document: Any) -> bool:
    if not isinstance(document, dict) or not document or "format" in document:
        return False
    return all(
        isinstance(order, dict) and "order_id" in order and "payment_history" in order
        for order in document.values()
    )


def _retail_order(number: str, value: dict[str, Any], file: str) -> Order:
    """Read one order of the retail format: what was paid, and how far the order has come."""
    node = JsonNode(value, f"{file}: order {number}")
    members = node.members("order_id", "user_id", "status", "items", "payment_history")
    members["order_id"].one_of(number)
    status = OrderStatus(members["status"].one_of(*OrderStatus))

    prices = [item.members("price")["price"] for item in members["items"].items(AT_MOST)]
    price = sum(_amount(node, "USD") for node in prices)
    paid, refunded = _retail_payments(members["payment_history"])
    if paid != price:
        raise node.fault("the payments do not add up to the prices of the items")
    if refunded and (status is not OrderStatus.CANCELLED or refunded != paid):
        raise node.fault("only the whole of a cancelled order can have been refunded")

    return Order(number, _line(members["user_id"]), paid, "USD", status=status)


def _retail_payments(node: JsonNode) -> tuple[int, int]:
    """Return what was paid, and what was refunded."""
    sums = Counter[str]()
    for entry in node.items(AT_MOST):
        members = entry.members("transaction_type", "amount")
        kind = members["transaction_type"].one_of("payment", "refund")
        sums[kind] += _amount(members["amount"], "USD")

    if not sums["payment"]:
        raise node.fault("nothing was paid for the order")
    return sums["payment"], sums["refund"]
