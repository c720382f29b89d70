"""The tables of the flow: who has what, and the brands' reports."""

from careledger.console import Out
from careledger.flows.point_swap.story import PointSwapStory
from careledger.loyalty.points import short_points
from careledger.loyalty.report import PointReport
from careledger.loyalty.uses import PointUse
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.amounts import WAD, amount_text, shortened

ACTORS = ("Lena", "Omar", "Tomás", "Nadia", "Alba Air", "Café Aurora")


def balance_table(out: Out, story: PointSwapStory, reports: list[PointReport]) -> None:
    """Show who has how many points and how much ether."""
    rows = []
    for name in ACTORS:
        address = story.stage.actors[name].address
        points = [short_points(report.balances.get(address, 0), 2) for report in reports]
        ether = amount_text(story.stage.chain.balance(address), WAD, least=4)
        rows.append([name, *points, shortened(ether)])

    in_pools = [short_points(report.in_pools, 2) for report in reports]
    rows.append(["the pool", *in_pools, ""])
    out.table("Who has what now", ["", "MILES #", "BEANS #", "ether #"], rows)


def report_table(out: Out, story: PointSwapStory, report: PointReport) -> None:
    """Show a brand's report: every use of its points."""
    names: dict[str, str] = {address: name for name, address in story.stage.addresses.items()}
    names |= {sender.address: name for name, sender in story.stage.actors.items()}
    names |= {story.pools.address: "the pool", ZERO_ADDRESS: ""}
    symbols: dict[str, str] = {story.miles.address: "MILES", story.beans.address: "BEANS"}

    outstanding = short_points(report.programme.outstanding)
    out.table(
        f"The report of {names[report.programme.brand]}: every use of {report.symbol}",
        ["use", "points #", "of", "to", "for #", "fee #"],
        [_row(use, names, symbols) for use in report.uses],
        caption=(
            f"issued {short_points(report.issued)} less redeemed {short_points(report.redeemed)} "
            f"= outstanding {outstanding}, as the contract says; "
            f"the brand earned {short_points(report.fees)} by swaps"
        ),
    )


def _row(use: PointUse, names: dict[str, str], symbols: dict[str, str]) -> list[str]:
    swapped_for = ""
    if use.other_token:
        swapped_for = f"{short_points(use.other_amount, 2)} {symbols[use.other_token]}"

    fee = short_points(use.fee, 2) if use.fee else ""
    points = short_points(use.amount, 2)
    return [use.kind.value, points, names[use.holder], names[use.to], swapped_for, fee]
