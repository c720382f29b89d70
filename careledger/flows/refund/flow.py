"""Orders are paid into escrow; scans, deadlines, rulings and customers settle them."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from eth_abi.abi import encode

from careledger.chain import artifacts
from careledger.console import Out
from careledger.flows import FlowOption
from careledger.flows.examples import example
from careledger.flows.refund.outcomes import with_outcome
from careledger.flows.refund.report import document, show
from careledger.flows.refund.story import Cast, Story
from careledger.flows.stage import Stage, open_stage
from careledger.identity.did.client import IdentityRegistry
from careledger.refunds.erc20 import Erc20Token
from careledger.refunds.orders import read_orders

ORDERS = example("orders.json")
YEAR = timedelta(days=365)


def appoint(stage: Stage) -> Cast:
    """Let everybody come on, and let brand and carrier say who acts for them."""
    registry = IdentityRegistry(stage.chain, stage.addresses["IdentityRegistry"])
    cast = Cast(
        brand=stage.actor("Lumbre, the brand"),
        clerk=stage.actor("a clerk of Lumbre"),
        carrier=stage.actor("Rápido, the carrier"),
        scanner=stage.actor("a scanner of Rápido", ether=20),
        arbiter=stage.actor("the arbiter"),
        marketplace=stage.actor("the marketplace", ether=0),
        relayer=stage.actor("a relayer", ether=30),
        keeper=stage.actor("a stranger", ether=20),
    )

    for identity, role, delegate in (
        (cast.brand, "careledger.refunder", cast.clerk),
        (cast.carrier, "careledger.scanner", cast.scanner),
    ):
        registry.using(identity).add_delegate(identity.address, role, delegate.address, YEAR)
    return cast


def stablecoin(stage: Stage) -> Erc20Token:
    """Deploy a stablecoin of six decimals that is worth nothing."""
    code = artifacts.load("TestToken").bytecode + encode(
        ["string", "string", "uint8"], ["Test Dollar", "TUSD", 6]
    )
    at = stage.patron.transact(None, code).contract_address
    return Erc20Token(stage.chain, str(at), stage.patron)


def flow(
    out: Out,
    rpc: str | None = None,
    *,
    orders: Annotated[
        Path, FlowOption("Orders: our JSON or CSV format, or the retail one.")
    ] = ORDERS,
    everything: Annotated[
        bool, FlowOption("Show every order, however many there are.", "--all")
    ] = False,
) -> None:
    """Pay orders into escrow, settle each as its story says, and account for every cent.

    Example: careledger demo refund --orders orders.csv --all
    """
    found = [with_outcome(order) for order in read_orders(orders)]

    with open_stage(rpc) as stage:
        cast, dollar = appoint(stage), stablecoin(stage)
        with out.progress() as bar:
            story = Story(stage, cast, dollar, bar)
            played = story.play(found)

        story.check()
        show(out, story, played, everything=everything)
        out.document(document(story, played))
