"""What the commands of points share: their arguments, and how points are shown."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from careledger.loyalty.points import short_points
from careledger.values.amounts import Amount

if TYPE_CHECKING:
    from careledger.loyalty.client import LoyaltyToken

Token = Annotated[str, typer.Argument(metavar="TOKEN", help="Address of the brand's points.")]
Points = Annotated[
    str, typer.Argument(metavar="POINTS", help="How many points, such as 250 or 12.5.")
]
Reference = Annotated[
    str | None,
    typer.Option(
        help="Commitment to the order or ticket, 32 bytes in 0x…; random when not given.",
        show_default=False,
    ),
]
Lasting = Annotated[
    str, typer.Option("--for", help="How long it is valid: 90s, 15m, 12h, 30d, 8w.")
]

_SHOWABLE = re.compile("[A-Za-z0-9.+-]{1,16}", re.ASCII)


def label(token: "LoyaltyToken") -> str:
    """Return a token's symbol where it is fit to be shown, and its address where it is not.

    Anybody can give a token any symbol: one that draws over the screen, or the one of another.
    """
    symbol = token.symbol()
    return symbol if _SHOWABLE.fullmatch(symbol) else token.address


def amount_of(value: int, token: "LoyaltyToken") -> Amount:
    """Return an amount of a brand's points with their label."""
    return Amount(value, unit=label(token))


def shortened_amount(amount: Amount) -> str:
    """Return an amount as people read it, without the decimals that nobody needs."""
    return f"{short_points(amount.value)} {amount.unit}".strip()
