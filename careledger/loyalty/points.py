"""Points as people write them: a point is 10^18 of the smallest unit, in which contracts count."""

from careledger.errors import InputError
from careledger.values.amounts import WAD, amount_text, parse_amount, shortened

POINT: int = 10**WAD
MAX_UINT = 2**256 - 1


def parse_points(text: str, what: str = "amount") -> int:
    """Read an amount of points such as `12.5`; returns it in the smallest unit.

    Raises:
        InputError: it is not a decimal number, it is 0, or it has more than 18 decimals.

    """
    amount = parse_amount(text, WAD, what)
    if amount == 0:
        raise InputError(f"{what} is 0: give a number of points such as 250 or 12.5")
    return amount


def points_text(amount: int) -> str:
    """Return an amount of the smallest unit as people read it: `1,250.5`, every digit of it."""
    return amount_text(amount, WAD)


def short_points(amount: int, places: int = 4) -> str:
    """Return an amount as people read it; `…` stands for the decimals that are left out."""
    return shortened(points_text(amount), places)
