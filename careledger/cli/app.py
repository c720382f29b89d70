"""The command line: `careledger <noun> <verb>`, and what builds, deploys and shows the suite."""

import importlib
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from careledger import __version__
from careledger.chain import artifacts, p256
from careledger.chain import deploy as deployment
from careledger.chain.compile import STANDARD_JSON, compile_all
from careledger.chain.keys import load_account
from careledger.chain.node import (
    DEVELOPMENT_MNEMONIC,
    DevelopmentChain,
    LocalNode,
    development_accounts,
)
from careledger.chain.rpc import connect
from careledger.chain.send import Sender
from careledger.cli.demo import FlowGroup
from careledger.console import Json, Out, Rpc, run, warn
from careledger.errors import NotFound
from careledger.flows import FLOWS
from careledger.settings import DEFAULT_RPC, Settings

app = typer.Typer(
    name="careledger",
    help="Customer service that anyone can check.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
demo = typer.Typer(
    cls=FlowGroup,
    help="Play a scripted flow and show what happened.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(demo, name="demo")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"careledger {__version__}")
        raise typer.Exit


@app.command("compile")
def compile_contracts(json_: Json = False) -> None:
    """Compile what changed in contracts/.

    Example: careledger compile
    """
    out = Out(json_)
    done = compile_all(lambda path: out.say(f"compiled {path}"))
    out.say(f"{len(done)} source files compiled" if done else "nothing changed")
    out.document({"compiled": done})


@app.command()
def deploy(
    rpc: Rpc = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show gas and cost; send nothing.")
    ] = False,
    deployments: Annotated[
        Path | None,
        typer.Option(
            envvar="CARELEDGER_DEPLOYMENTS",
            help="Folder of the deployment records.",
            show_default=False,
        ),
    ] = None,
    json_: Json = False,
) -> None:
    """Deploy what is missing of the suite; safe to run again after any interruption.

    The key comes from CARELEDGER_KEYSTORE or CARELEDGER_PRIVATE_KEY; on a development chain the
    first well-known account signs when neither is set.

    Example: careledger deploy --rpc http://127.0.0.1:8545 --dry-run
    """
    out, settings = Out(json_), Settings.from_environment()
    chain = connect(rpc or settings.rpc)
    named = settings.keystore or settings.private_key
    use_known = not named and DevelopmentChain.of(chain) is not None
    account = development_accounts(1)[0] if use_known else load_account(settings)
    if dry_run:
        rows = deployment.estimate(chain, account.address)
        total = sum(row.cost for row in rows)
        out.table(
            f"Deploying to chain {chain.chain_id} would take",
            ["contract", "gas #", "cost, ether #"],
            [[row.name, f"{row.gas:,}", f"{row.cost / 1e18:.6f}"] for row in rows],
            caption=f"{sum(row.gas for row in rows):,} gas, {total / 1e18:.6f} ether at the newest block's price",
        )
        passkeys = p256.support(chain)
        out.say(passkeys.sentence)
        out.document(
            {"chainId": chain.chain_id, "contracts": rows, "cost": total, "passkeys": passkeys}
        )
        return
    folder = deployments or settings.deployments
    what: dict[str, str] = {}

    def told(name: str, became: str) -> None:
        what[name] = became
        out.warn(f"{name}: {became}")

    found = deployment.deploy(chain, Sender(chain, account), folder, told)
    out.table(
        f"The suite on chain {chain.chain_id}",
        ["contract", "address", ""],
        [[n, a, what[n]] for n, a in found.items()],
    )
    passkeys = p256.support(chain, found["PasskeyVerifier"])
    out.say(passkeys.sentence)
    record = str(folder / f"{chain.chain_id}.json")
    out.document(
        {"chainId": chain.chain_id, "contracts": found, "record": record, "passkeys": passkeys}
    )


@app.command()
def up(port: Annotated[int, typer.Option(help="Loopback port to serve on.")] = 8545) -> None:
    """Start a local chain, deploy the suite on it, and keep it running until Ctrl-C.

    Example: careledger up --port 8545
    """
    out, folder = Out(), Settings.from_environment().deployments
    node = LocalNode("anvil", port=port)
    with node as chain:
        (folder / f"{chain.chain_id}.json").unlink(
            missing_ok=True
        )  # an earlier local chain's, gone with it
        accounts = development_accounts(10)
        found = deployment.deploy(chain, Sender(chain, accounts[0]), folder)
        out.table(
            f"The suite at {node.url}, chain {chain.chain_id}",
            ["contract", "address"],
            list(found.items()),
        )
        out.say(
            "\nWell-known development accounts (address, private key): never send anything of value to them"
        )
        for account in accounts:
            out.say(f"{account.address} 0x{account.key.hex().removeprefix('0x')}")
        out.say(f"mnemonic: {DEVELOPMENT_MNEMONIC}\n")
        stops = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before it is said that Ctrl-C stops
        out.say(f"Record: {folder / f'{chain.chain_id}.json'}. Stop with Ctrl-C.")
        signal.sigwait(stops)


@app.command("standard-json")
def standard_json(
    contract: Annotated[str, typer.Argument(help="Name of a contract, such as RefundEscrow.")],
) -> None:
    """Print the compiler's standard-JSON input of a contract, as explorers want it to verify the source.

    Example: careledger standard-json RefundEscrow > RefundEscrow.input.json
    """
    source = artifacts.load(contract).source
    file = STANDARD_JSON / f"{Path(source).stem}.json"
    if not file.is_file():
        raise NotFound(f"{contract} has no compiler input here: run `careledger compile`")
    typer.echo(file.read_text())


@app.command()
def status(rpc: Rpc = None, json_: Json = False) -> None:
    """Show the chain behind --rpc and where the suite is on it.

    Example: careledger status --json
    """
    out, settings = Out(json_), Settings.from_environment()
    chain = connect(rpc or settings.rpc or DEFAULT_RPC)
    found = deployment.addresses(chain, settings.deployments)
    out.table(
        f"Chain {chain.chain_id}, block {chain.block_number()}",
        ["contract", "address"],
        list(found.items()),
    )
    out.document({"chainId": chain.chain_id, "block": chain.block_number(), "contracts": found})


@demo.command("all")
def demo_all() -> None:
    """Start a chain, deploy the suite, play every flow on the example data, and stop the chain.

    Example: careledger demo all
    """
    out, started = Out(), time.monotonic()
    done = compile_all(lambda path: warn(f"compiled {path}"))
    with LocalNode("anvil") as chain, tempfile.TemporaryDirectory() as folder:
        out.say(
            f"A local chain serves at {chain.url}; {len(done)} source files had to be compiled."
        )
        os.environ["CARELEDGER_DEPLOYMENTS"] = folder
        deploy(rpc=chain.url)
        for number, flow in enumerate(FLOWS.values(), 1):
            out.say(f"\n{number}. {flow.name}: {flow.summary}\n", style="bold")
            flow.load()(out, chain.url)
    out.say(
        f"\nAll {len(FLOWS)} flows done in {time.monotonic() - started:.0f} s; the chain is stopped. "
        f"One by one: `careledger demo <flow>`; to play yourself: `make up`."
    )


def _mount() -> None:
    """Hang the nouns' commands into the tree."""
    rooms = {
        "identity": "identity",
        "interactions": "interactions",
        "loyalty": "loyalty",
        "refunds": "refunds",
    }
    for noun, room in rooms.items():
        module = importlib.import_module(f"careledger.cli.{room}")
        app.add_typer(module.app, name=noun)


def main() -> None:
    """Run the command line."""
    _mount()
    run(app)


if __name__ == "__main__":
    main()
