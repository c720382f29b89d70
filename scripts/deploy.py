"""Deploy the suite: `python scripts/deploy.py [--rpc URL]`, or `brownie run scripts/deploy.py`."""

from careledger.cli.deployment import deploy
from careledger.cli.program import run_command
from careledger.flows.stage import brownie_rpc


def main() -> None:
    """Deploy to --rpc, or under Brownie to its network."""
    rpc = brownie_rpc()
    run_command(deploy, ["--rpc", rpc] if rpc else None)


if __name__ == "__main__":
    main()
