"""Two brands' points change hands: a signed offer, taken in two parts; a pool; and the brands' reports."""

from datetime import timedelta

from careledger.chain.send import Sender
from careledger.console import Json, Out, Rpc, run_command
from careledger.flows.point_swap.story import Story, document, play, tell
from careledger.flows.stage import brownie_rpc, open_stage
from careledger.identity.did.client import IdentityRegistry
from careledger.loyalty.token import ISSUER_ROLE


def flow(rpc: Rpc = None, json: Json = False) -> None:
    """Let two brands issue points, and customers swap them by a signed offer and in a pool.

    Example: careledger demo point-swap --json
    """
    out = Out(json)
    with open_stage(rpc) as stage:
        registry = IdentityRegistry(stage.chain, stage.addresses["IdentityRegistry"])

        def appoint(brand: Sender, till: Sender) -> None:
            registry.using(brand).add_delegate(
                brand.address, ISSUER_ROLE, till.address, timedelta(days=30)
            )

        story = Story(stage, appoint)
        reports = play(story)
        tell(out, story, reports)
        out.document(document(story, reports))


def main() -> None:
    """Run by `brownie run scripts/point_swap_flow.py`, on Brownie's network."""
    run_command(flow, [] if brownie_rpc() else None)


if __name__ == "__main__":
    main()
