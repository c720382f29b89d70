"""`careledger refunds`: what a carrier's scanners record."""

from typing import TYPE_CHECKING, Annotated

import typer

from careledger.cli.commands import command
from careledger.cli.refunds.arguments import Deal, Share
from careledger.cli.refunds.deals import app
from careledger.cli.refunds.state import act
from careledger.cli.report import report
from careledger.values.amounts import parse_percent
from careledger.values.hashes import parse_bytes32

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.suite import Suite


@command(app, "scan-delivery")
def scan_delivery(
    suite: "Suite",
    out: "Out",
    reference: Annotated[str, typer.Argument(help="The order's reference, as in the terms.")],
) -> None:
    """Record that an order was delivered, as a scanner of its carrier.

    Example: careledger refunds scan-delivery 0x…
    """
    ref = parse_bytes32(reference, "the order's reference")
    receipt = suite.refunds.return_desk.scan_delivery(ref)
    report(out, "Delivery scanned", {"orderRef": ref}, receipt)


@command(app, "scan-return")
def scan_return(suite: "Suite", out: "Out", deal: Deal, *, share: Share = "100") -> None:
    """Record that goods came back and pay the refund at once, as a scanner of the carrier.

    Example: careledger refunds scan-return deal.json --share 70
    """
    grade = parse_percent(share, "--share")
    act(
        suite,
        out,
        deal,
        "Return scanned",
        lambda refunds, terms: refunds.return_desk.settle_return(terms, grade),
    )
