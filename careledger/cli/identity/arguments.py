"""What the commands of identity share: their arguments, and claims as people type them."""

import re
from pathlib import Path
from typing import Annotated

import typer

from careledger.errors import InputError

Identity = Annotated[str, typer.Argument(metavar="IDENTITY", help="A did:ethr or an address.")]
IssuerKey = Annotated[
    Path | None,
    typer.Option(
        "--key",
        help="Private JWK of the issuer; the settings' key when not given.",
        show_default=False,
    ),
]
WalletFile = Annotated[
    Path | None,
    typer.Option(
        "--wallet", envvar="CARELEDGER_WALLET", help="The wallet file.", show_default=False
    ),
]

_STEP = re.compile(r"([^.\[\]]+)((?:\[[0-9]*\])*)")


def claim_path(text: str) -> str | tuple[str | int | None, ...]:
    """Read a claim such as `age_over_18`, `address.country` or `nationalities[0]` (`[]` for all).

    Raises:
        InputError: it is none of these.

    """
    parts: list[str | int | None] = []
    for step in text.split("."):
        match = _STEP.fullmatch(step)
        if match is None:
            raise InputError(
                f"{text!r} does not name a claim: write age_over_18, address.country "
                f"or nationalities[0]"
            )

        parts.append(match[1])
        indexes = re.findall(r"\[([0-9]*)\]", match[2])
        parts += [int(number) if number else None for number in indexes]

    return tuple(parts) if len(parts) > 1 else text
