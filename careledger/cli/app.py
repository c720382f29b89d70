"""The tree of the command line: `careledger <noun> <verb>`, and the suite's own commands.

A branch is imported when it is invoked. So `--help`, `--version` and completion load none of them,
and a command loads its own noun alone.
"""

import importlib
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from careledger.cli.light import LightGroup
from careledger.cli.program import run
from careledger.version import __version__


@dataclass(frozen=True)
class Branch:
    """A command or a group of them, which is not imported yet."""

    module: str
    help: str

    def load(self, name: str) -> Any:
        """Import it: the module's command of this name, or its whole group."""
        group: Any = typer.main.get_group(importlib.import_module(self.module).app)
        return group.commands.get(name, group)


BRANCHES = {
    "compile": Branch("careledger.cli.contracts", "Compile what changed in contracts/."),
    "standard-json": Branch(
        "careledger.cli.contracts", "Print the compiler's standard-JSON input of a contract."
    ),
    "abi": Branch("careledger.cli.contracts", "Print the ABI of a contract as JSON."),
    "deploy": Branch("careledger.cli.deployment", "Deploy what is missing of the suite."),
    "up": Branch(
        "careledger.cli.deployment",
        "Start a local chain, deploy the suite on it, and keep it running.",
    ),
    "status": Branch(
        "careledger.cli.deployment", "Show the chain behind --rpc and where the suite is on it."
    ),
    "doctor": Branch("careledger.cli.doctor", "Name each missing or wrong thing with its remedy."),
    "demo": Branch("careledger.cli.demo", "Play a scripted flow and show what happened."),
    "identity": Branch(
        "careledger.cli.identity",
        "Identifiers (did:ethr), their delegates and keys, and what they resolve to.",
    ),
    "interactions": Branch(
        "careledger.cli.interactions", "The anchored record of what was said and agreed."
    ),
    "loyalty": Branch(
        "careledger.cli.loyalty", "Points that customers own, and where they swap them."
    ),
    "refunds": Branch(
        "careledger.cli.refunds",
        "Escrow, refunds that a scan or a missed deadline triggers, disputes.",
    ),
}
"""Every command and group at the top, in the order of `--help`."""


class Tree(LightGroup):
    """The commands at the top; each is a line of help until it is invoked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, branch in BRANCHES.items():
            self.commands[name] = TyperCommand(name, help=branch.help, rich_markup_mode=None)
        self._loaded: set[str] = set()

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the branch that is invoked, and return its command."""
        name = args[0]
        if name in BRANCHES and name not in self._loaded:
            self.commands[name] = BRANCHES[name].load(name)
            self._loaded.add(name)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="careledger",
    cls=Tree,
    help="Customer service that anyone can check.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"careledger {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    run(app)
