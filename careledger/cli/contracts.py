"""`careledger compile`, `standard-json` and `abi`: what the compiler takes, and what it makes."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from careledger.cli.commands import command, group
from careledger.errors import NotFound

if TYPE_CHECKING:
    from careledger.console import Out

app = group("Contracts, as sources and compiled.")

Contract = Annotated[str, typer.Argument(help="Name of a contract, such as RefundEscrow.")]


@command(app, "compile")
def compile_contracts(out: "Out") -> None:
    """Compile what changed in contracts/.

    Example: careledger compile
    """
    from careledger.chain.compile import compile_all

    done = compile_all(lambda path: out.say(f"compiled {path}"))
    out.say(f"{len(done)} source files compiled" if done else "nothing changed")
    out.document({"compiled": done})


@command(app, "standard-json")
def standard_json(contract: Contract) -> None:
    """Print the compiler's standard-JSON input of a contract, with which explorers verify it.

    Example: careledger standard-json RefundEscrow > RefundEscrow.input.json
    """
    from careledger.chain import artifacts
    from careledger.chain.compile import STANDARD_JSON

    source = artifacts.load(contract).source
    file = STANDARD_JSON / f"{Path(source).stem}.json"
    if not file.is_file():
        raise NotFound(f"{contract} has no compiler input here: run `careledger compile`")
    typer.echo(file.read_text())


@command(app)
def abi(contract: Contract) -> None:
    """Print the ABI of a contract as JSON, for programs in other languages.

    Example: careledger abi RefundEscrow > RefundEscrow.abi.json
    """
    from careledger.chain import artifacts

    typer.echo(json.dumps(artifacts.load(contract).abi, indent=2))
