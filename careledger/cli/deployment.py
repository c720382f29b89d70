"""`careledger deploy`, `up` and `status`: the suite on a chain."""

import signal
from typing import TYPE_CHECKING, Annotated

import typer

from careledger.cli.commands import command, group
from careledger.settings import Settings
from careledger.values.amounts import Amount

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.suite import Suite

app = group("The suite on a chain.")


@command(app)
def deploy(
    suite: "Suite",
    out: "Out",
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show gas and cost; send nothing.")
    ] = False,
    new_version: Annotated[
        bool,
        typer.Option(
            "--new-version", help="Deploy what another build made beside the older version."
        ),
    ] = False,
) -> None:
    """Deploy what is missing of the suite; safe to run again after any interruption.

    The key comes from CARELEDGER_KEYSTORE or CARELEDGER_PRIVATE_KEY; on a development chain the
    first well-known account signs when neither is set.

    With --new-version a build that differs from the deployed one is deployed beside it. What did
    not change, such as the identities, stays the same contract in both versions; what was begun in
    the older version comes to its end there.

    Example: careledger deploy --rpc http://127.0.0.1:8545 --dry-run
    """
    from careledger.chain import p256

    if dry_run:
        _estimate(suite, out)
        return

    became: dict[str, str] = {}

    def progress(name: str, what: str) -> None:
        became[name] = what
        out.warn(f"{name}: {what}")

    chain, folder = suite.chain, suite.settings.deployments
    found = suite.deploy(progress, new_version=new_version)
    passkeys = p256.support(chain, found["PasskeyVerifier"])

    rows = [[name, at, became[name]] for name, at in found.items()]
    title = f"The suite on chain {chain.chain_id}, version {suite.version}"
    out.table(title, ["contract", "address", ""], rows)
    out.say(passkeys.sentence)
    out.document(
        {
            "chainId": chain.chain_id,
            "version": suite.version,
            "contracts": found,
            "record": str(folder / f"{chain.chain_id}.json"),
            "passkeys": {"native": passkeys.native, "gasUsed": passkeys.gas},
        }
    )


def _estimate(suite: "Suite", out: "Out") -> None:
    from careledger.chain import deploy as deployment
    from careledger.chain import p256

    chain = suite.chain
    estimates = deployment.estimate(chain, suite.account.address)
    passkeys = p256.support(chain)

    gas = sum(one.gas for one in estimates)
    cost = sum(one.cost for one in estimates)
    out.table(
        f"Deploying to chain {chain.chain_id} would take",
        ["contract", "gas #", "cost, ether #"],
        [[one.name, f"{one.gas:,}", f"{one.cost / 1e18:.6f}"] for one in estimates],
        caption=f"{gas:,} gas, {cost / 1e18:.6f} ether at the newest block's price",
    )
    out.say(passkeys.sentence)
    out.document(
        {
            "chainId": chain.chain_id,
            "contracts": [
                {"name": one.name, "gasUsed": one.gas, "cost": Amount(one.cost)}
                for one in estimates
            ],
            "cost": Amount(cost),
            "passkeys": {"native": passkeys.native, "gasUsed": passkeys.gas},
        }
    )


@command(app)
def up(
    out: "Out", port: Annotated[int, typer.Option(help="Loopback port to serve on.")] = 8545
) -> None:
    """Start a local chain, deploy the suite on it, and keep it running until Ctrl-C.

    Example: careledger up --port 8545
    """
    from careledger.chain.deploy import deploy as deploy_suite
    from careledger.chain.node import DEVELOPMENT_MNEMONIC, LocalNode, development_accounts
    from careledger.chain.send import Sender

    folder = Settings.from_environment().deployments
    node = LocalNode("anvil", port=port)
    with node as chain:
        record = folder / f"{chain.chain_id}.json"
        record.unlink(missing_ok=True)  # an earlier local chain's, gone with it
        accounts = development_accounts(10)
        found = deploy_suite(chain, Sender(chain, accounts[0]), folder)

        keys = {one.address: "0x" + one.key.hex().removeprefix("0x") for one in accounts}
        title = f"The suite at {node.url}, chain {chain.chain_id}"
        out.table(title, ["contract", "address"], list(found.items()))
        out.say(
            "\nWell-known development accounts (address, private key): "
            "never send anything of value to them"
        )
        for address, key in keys.items():
            out.say(f"{address} {key}")
        out.say(f"mnemonic: {DEVELOPMENT_MNEMONIC}\n")
        out.document(
            {
                "rpc": node.url,
                "chainId": chain.chain_id,
                "contracts": found,
                "record": str(record),
                "accounts": [{"address": one, "privateKey": key} for one, key in keys.items()],
                "mnemonic": DEVELOPMENT_MNEMONIC,
            }
        )

        # Blocked before it is said that Ctrl-C stops, or a quick one would end in a traceback.
        stops = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, stops)
        out.say(f"Record: {record}. Stop with Ctrl-C.")
        signal.sigwait(stops)


@command(app)
def status(suite: "Suite", out: "Out") -> None:
    """Show the chain behind --rpc and where the suite is on it.

    Example: careledger status --json
    """
    chain_id = suite.chain.chain_id
    newest = suite.addresses
    block = suite.chain.block_number()

    older = [suite.at(number) for number in suite.versions if number != suite.version]
    out.table(
        f"Chain {chain_id}, block {block}, version {suite.version} of the suite",
        ["contract", "address"],
        list(newest.items()),
    )
    for one in older:
        moved = [[name, at] for name, at in one.addresses.items() if newest.get(name) != at]
        out.table(f"Other contracts of version {one.version}", ["contract", "address"], moved)
    out.document(
        {
            "chainId": chain_id,
            "blockNumber": block,
            "version": suite.version,
            "contracts": newest,
            "older": [{"version": one.version, "contracts": one.addresses} for one in older],
        }
    )
