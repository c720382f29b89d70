"""Deploy the suite: `python scripts/deploy.py [--rpc URL] [--dry-run]`, or `brownie run scripts/deploy.py`."""

from careledger.cli.app import deploy
from careledger.console import run_command
from careledger.flows.stage import brownie_rpc


def main() -> None:
    """Deploy to --rpc, or under Brownie to its network."""
    rpc = brownie_rpc()
    run_command(deploy, ["--rpc", rpc] if rpc else None)


if __name__ == "__main__":
    main()
