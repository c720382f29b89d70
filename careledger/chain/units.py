"""What the numbers of a contract's errors mean, and how people and machines are told.

An ABI says `uint256`; whether that is a time, an amount or a count follows from the argument's
name. Where the name does not tell, the error's class annotates the attribute with one of the types
below:

```python
class TooEarly(Reverted, error="RefundEscrow_TooEarly"):
    '''The time for this has not come.'''

    actual: Time
    expected: Time
```
"""

import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from careledger.errors import plain
from careledger.values.amounts import WAD, amount_text, percent_text
from careledger.values.times import duration_text, from_seconds, time_text


class Unit(StrEnum):
    """What an argument is."""

    TIME = "time"
    """Seconds since 1970 UTC."""
    DURATION = "duration"
    """Seconds."""
    AMOUNT = "amount"
    """Smallest units of a token."""
    ETHER = "ether"
    """Wei."""
    SHARE = "share"
    """Basis points."""
    COUNT = "count"
    NAME = "name"
    """Text in bytes32, padded with zeros."""
    PLAIN = "plain"
    """Addresses, hashes, bytes, text."""


Time = Annotated[int, Unit.TIME]
Duration = Annotated[int, Unit.DURATION]
Amount = Annotated[int, Unit.AMOUNT]
Ether = Annotated[int, Unit.ETHER]
Share = Annotated[int, Unit.SHARE]
Count = Annotated[int, Unit.COUNT]
Name = Annotated[bytes, Unit.NAME]

_BY_NAME = {
    Unit.TIME: re.compile(
        r".*At|deadline|expiry|time|timestamp|epoch|valid(After|Before|To|Until)|.*Until"
    ),
    Unit.DURATION: re.compile(r"delay|duration|notice|period|.*Window"),
    Unit.SHARE: re.compile(r".*Bps"),
    Unit.AMOUNT: re.compile(
        r"amount|.*Amount|available|bond|cap|capacity|deposit|held|minFill|minOut|minimum|"
        r"(most|least)?(Paid|Received)|paid|received|remaining|reserve|room|to(Payer|Seller)"
    ),
}
_LONGEST_DURATION = timedelta.max.days * 86_400
_LONGEST_COUNT = 10**12
"""A number with more digits is not a count that a person reads."""


def unit_of(name: str, kind: str) -> Unit:
    """Return what an argument is, by its name in the ABI and its type."""
    if kind == "bytes32":
        return Unit.NAME if name in {"role", "field", "name", "delegateType"} else Unit.PLAIN
    if not re.fullmatch(r"u?int[0-9]*", kind):
        return Unit.PLAIN
    for unit, pattern in _BY_NAME.items():
        if pattern.fullmatch(name):
            return unit
    return Unit.COUNT


def name_of(raw: bytes) -> str | None:
    """Return the text of a padded name; None where the bytes are not printable ASCII."""
    text = raw.rstrip(b"\0").decode("latin-1")
    return text if text and text.isascii() and text.isprintable() else None


def _duration(seconds: int) -> str:
    return duration_text(timedelta(seconds=min(seconds, _LONGEST_DURATION)))


_TELLERS: dict[Unit, Callable[[Any], str]] = {
    Unit.TIME: lambda seconds: time_text(from_seconds(seconds)),
    Unit.DURATION: _duration,
    Unit.SHARE: percent_text,
    Unit.ETHER: lambda wei: f"{amount_text(wei, WAD)} ether",
    Unit.AMOUNT: lambda amount: f"{amount:,} of the token's smallest unit",
    Unit.COUNT: lambda count: f"{count:,}" if count < _LONGEST_COUNT else hex(count),
    Unit.NAME: lambda raw: name_of(raw) or "0x" + raw.hex(),
}


def tell(value: Any, unit: Unit, decimals: int | None = None) -> str:
    """Return an argument as a sentence for people shows it.

    Args:
        value: as the contract said it.
        unit: what it is.
        decimals: of an amount; None: the smallest units are counted, and said to be such.

    """
    if unit is Unit.AMOUNT and decimals is not None:
        return amount_text(value, decimals)

    teller = _TELLERS.get(unit)
    return teller(value) if teller else str(plain(value))


def to_json(value: Any, unit: Unit) -> Any:
    """Return an argument as machines read it.

    Times are RFC 3339 text, amounts decimal text of the smallest unit, durations whole seconds,
    shares basis points, names text.
    """
    match unit:
        case Unit.TIME:
            return time_text(from_seconds(value))
        case Unit.AMOUNT | Unit.ETHER:
            return str(value)
        case Unit.NAME:
            return name_of(value) or plain(value)
        case _:
            return plain(value)
