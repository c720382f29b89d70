"""`careledger compile`, `standard-json` and `abi`: what the compiler takes, and what it makes."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from careledger.cli.commands import command, group

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

    typer.echo(artifacts.compiler_input(contract))


@command(app)
def abi(contract: Contract) -> None:
    """Print the ABI of a contract as JSON, for programs in other languages.

    Example: careledger abi RefundEscrow > RefundEscrow.abi.json
    """
    from careledger.chain import artifacts

    typer.echo(json.dumps(artifacts.load(contract).abi, indent=2))
