"""Orders are paid into escrow; scans, deadlines, rulings and customers settle them."""

from pathlib import Path
from typing import Annotated

from careledger.console import Out
from careledger.flows import FlowOption
from careledger.flows.examples import example
from careledger.flows.refund.actors import appoint_actors, deploy_stablecoin
from careledger.flows.refund.outcomes import with_outcome
from careledger.flows.refund.story import RefundStory
from careledger.flows.refund.tables import account_table, order_table, outcome_table
from careledger.flows.stage import open_stage
from careledger.refunds.orders import read_orders

ORDERS = example("orders.json")


def flow(
    out: Out,
    rpc: str | None = None,
    *,
    orders: Annotated[
        Path, FlowOption("Orders: our JSON or CSV format, or the retail one.")
    ] = ORDERS,
    seed: Annotated[
        str, FlowOption("Text that draws other outcomes for orders that have none.")
    ] = "",
    everything: Annotated[
        bool, FlowOption("Show every order, however many there are.", "--all")
    ] = False,
) -> None:
    """Pay orders into escrow, settle each by its outcome, and account for every cent.

    Example: careledger demo refund --orders orders.csv --all
    """
    found = [with_outcome(order, seed) for order in read_orders(orders)]

    with open_stage(rpc) as stage:
        actors = appoint_actors(stage)
        dollar = deploy_stablecoin(stage)
        with out.progress() as bar:
            story = RefundStory(stage, actors, dollar, bar)
            deals = story.play(found)
        story.check()

        order_table(out, deals, everything=everything)
        outcome_table(out, deals)
        account_table(out, story.ledger)
        out.document(story.to_json())
