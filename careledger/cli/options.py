"""The options that commands share, each declared once."""

from pathlib import Path
from typing import Annotated, Any

import typer

Rpc = Annotated[
    str | None,
    typer.Option(
        "--rpc",
        envvar="CARELEDGER_RPC",
        metavar="URL",
        help="The node's HTTP address.",
        show_default=False,
    ),
]
Deployments = Annotated[
    Path | None,
    typer.Option(
        "--deployments",
        envvar="CARELEDGER_DEPLOYMENTS",
        metavar="FOLDER",
        help="Folder of the deployment records.",
        show_default=False,
    ),
]
Version = Annotated[
    int | None,
    typer.Option(
        "--suite-version",
        min=1,
        metavar="NUMBER",
        help="An older version of the suite, to end what was begun there.",
        show_default=False,
    ),
]
Block = Annotated[int | None, typer.Option(min=0, help="As of this block.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; there is no way back.")]


CONTRACT_OPTIONS = {
    "IdentityRegistry": "--registry",
    "InteractionLog": "--contract",
    "PointMarket": "--market",
    "PointPools": "--pools",
}
"""The contracts of which a command can be given another one, and the option that does it."""


def another(contract: str) -> Any:
    """Return the option that names another contract than the deployed one."""
    return Annotated[
        str | None,
        typer.Option(
            CONTRACT_OPTIONS[contract],
            metavar="ADDRESS",
            help=f"Another {contract} than the deployed one.",
            show_default=False,
        ),
    ]
