"""Amounts: whole numbers of a token's smallest unit inside, decimal text for people."""

import re
from dataclasses import dataclass

from careledger.errors import InputError

WAD = 18
"""Decimals of ether and of points."""

_DECIMAL = re.compile(r"([0-9]{1,59})(?:\.([0-9]{1,59}))?", re.ASCII)
_BASIS_POINTS = 10_000


@dataclass(frozen=True)
class Amount:
    """An amount with what a reader needs to know of it."""

    value: int
    """In the smallest unit."""
    decimals: int = WAD
    unit: str = ""
    """Its ticker; empty where it is named beside it."""
    least: int = 0
    """So many decimals are shown even where they are zeros."""

    def __str__(self) -> str:
        text = amount_text(self.value, self.decimals, self.least)
        return f"{text} {self.unit}" if self.unit else text


def parse_amount(text: str, decimals: int, what: str = "amount") -> int:
    """Read a decimal number such as `129.99`; returns it in the smallest unit, exactly.

    Args:
        text: digits, and at most one point with digits after it.
        decimals: of the smallest unit.
        what: names the input in the error.

    Raises:
        InputError: it is not such a number, or is finer than the smallest unit.

    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise InputError(f"{what} {text[:80]!r} is not a decimal number such as 129.99")

    fraction = (match[2] or "").rstrip("0")
    if len(fraction) > decimals:
        raise InputError(f"{what} {text} has more than {decimals} decimals")

    scale: int = 10**decimals
    return int(match[1]) * scale + int(fraction.ljust(decimals, "0") or "0")


def amount_text(amount: int, decimals: int, least: int = 0) -> str:
    """Return an amount of the smallest unit as people read it: `1,250.5`, every digit of it.

    Args:
        amount: in the smallest unit; may be negative.
        decimals: of the smallest unit.
        least: so many decimals are shown even where they are zeros.

    """
    sign = "-" if amount < 0 else ""
    whole, fraction = divmod(abs(amount), 10**decimals)

    digits = str(fraction).rjust(decimals, "0") if decimals else ""
    digits = digits.rstrip("0").ljust(least, "0")
    return f"{sign}{whole:,}" + (f".{digits}" if digits else "")


def shortened(text: str, places: int = 4) -> str:
    """Return an amount's text cut off behind some decimals; `…` says that there are more."""
    whole, _, decimals = text.partition(".")
    return text if len(decimals) <= places else f"{whole}.{decimals[:places]}…"


def parse_percent(text: str, what: str) -> int:
    """Read a percentage from 0 to 100 with at most two decimals; returns basis points.

    Raises:
        InputError: it is not such a percentage.

    """
    basis_points = parse_amount(text.removesuffix("%"), 2, what)
    if basis_points > _BASIS_POINTS:
        raise InputError(f"{what} {text} is more than 100 %")
    return basis_points


def percent_text(basis_points: int) -> str:
    """Return basis points as a percentage: `62.5 %`."""
    return f"{amount_text(basis_points, 2)} %"
