"""Gas of other people's contracts beside ours: one Anvil, one run, every figure from a receipt.

`make bench` runs it. `--json` prints one document; naming nouns (`run.py identity market`) runs
these alone.
"""

import importlib
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # without an installation, too

import typer
from bench import START, Bench, Row
from packages import CACHE, OURS, PEERS, Build

from careledger.chain.compile import compile_all
from careledger.chain.node import DevelopmentChain, LocalNode
from careledger.chain.rpc import Chain
from careledger.cli.options import Json
from careledger.cli.program import run_command
from careledger.console import Out
from careledger.errors import ToolchainError


class Noun(StrEnum):
    """What is measured; a module each."""

    IDENTITY = "identity"
    CONSENTS = "consents"
    INTERACTIONS = "interactions"
    LOYALTY = "loyalty"
    MARKET = "market"
    REFUNDS = "refunds"


def measure(noun: Noun, chain: Chain) -> tuple[list[Row], list[Build]]:
    """Measure a noun on the chain as it was at the start, and leave it so."""
    development = DevelopmentChain(chain)
    start = development.snapshot()
    bench = Bench(chain)
    rows: list[Row] = importlib.import_module(noun).rows(bench)
    development.revert(start)
    return rows, bench.builds


def gas(figure: float | None) -> str:
    """Return a figure as people read it."""
    if figure is None:
        return "-"
    return f"{figure:,.1f}" if figure < 1000 and figure % 1 else f"{figure:,.0f}"


def difference(row: Row) -> str:
    """Return how ours compares: in per cent, or how many times less where per cent say little."""
    if row.peer_gas is None:
        return "-"
    times = row.peer_gas / row.our_gas
    return f"1/{times:,.0f}" if times > 100 else f"{1 / times - 1:+.1%}"


def show(out: Out, noun: str, rows: list[Row]) -> None:
    """Print the table of a noun."""
    lines = [
        (row.operation, row.peer, gas(row.peer_gas), gas(row.our_gas), difference(row))
        for row in rows
    ]
    out.table(noun, ("operation", "peer", "peer gas #", "ours #", "difference #"), lines)


def provenance(out: Out, builds: list[Build], node: str) -> None:
    """Say what the peers are and how they were compiled."""
    out.say(f"All on {node}. The peers:")
    for build in builds:
        origin = "bytecode as published" if build.published else "compiled here"
        compiler = f"solc {build.compiler}, optimizer: {build.optimizer}"
        out.say(
            f"  {build.name}: {build.package} {build.version} ({build.licence}), "
            f"{origin}, {compiler}"
        )


def main(
    nouns: Annotated[list[Noun] | None, typer.Argument(help="Only these.")] = None,
    json: Json = False,
) -> None:
    """Measure gas of other people's contracts beside ours, on one Anvil in one run."""
    if not PEERS.is_dir():
        raise ToolchainError("the peers' packages are not installed: run `make bench`")
    out = Out(json)
    compile_all()
    if not CACHE.is_dir():
        out.say("The first run compiles Seaport, which takes a minute or two.")
    tables: dict[str, list[Row]] = {}
    builds: dict[tuple[str, str], Build] = {}
    with LocalNode("anvil", extra=["--timestamp", str(START)]) as chain:
        node = str(chain.request("web3_clientVersion"))
        for noun in nouns or list(Noun):
            tables[noun], used = measure(noun, chain)
            show(out, noun, tables[noun])
            builds |= {(build.package, build.name): build for build in used}
    provenance(out, [build for build in builds.values() if build.package != OURS], node)
    contracts = [build.provenance() for build in builds.values()]
    out.document({"node": node, "contracts": contracts, "rows": tables})


if __name__ == "__main__":
    run_command(main)
