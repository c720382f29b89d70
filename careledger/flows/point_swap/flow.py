"""Two brands' points change hands by a signed offer and in a pool, and both brands report."""

from datetime import timedelta

from careledger.chain.send import Sender
from careledger.console import Out
from careledger.flows.point_swap.story import Story, document, play, tell
from careledger.flows.stage import open_stage
from careledger.identity.did.client import IdentityRegistry
from careledger.loyalty.token import ISSUER_ROLE


def flow(out: Out, rpc: str | None = None) -> None:
    """Let two brands issue points, and customers swap them by a signed offer and in a pool.

    Example: careledger demo point-swap --json
    """
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
