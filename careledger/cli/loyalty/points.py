"""`careledger loyalty`: a brand's points, the terms of their swaps, and the report of every use."""

from typing import TYPE_CHECKING, Annotated

import typer

from careledger.cli.arguments import basis_points, hash_or_random
from careledger.cli.commands import command, group
from careledger.cli.loyalty.arguments import Points, Reference, Token, amount_of, label
from careledger.cli.options import Block
from careledger.cli.report import report as show
from careledger.errors import Conflict, InputError
from careledger.loyalty.points import parse_points, short_points
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.amounts import Amount
from careledger.values.times import parse_duration

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.loyalty.uses import PointUse
    from careledger.suite import Suite

app = group("Points that customers own, and where they swap them.")


@command(app, contracts=["IdentityRegistry"])
def create(
    suite: "Suite",
    out: "Out",
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Of the points, such as 'Aurora Points'.")
    ],
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Such as AURORA.")],
    *,
    cap: Annotated[
        str, typer.Option(help="The most points that may ever be outstanding; fixed for good.")
    ],
    notice: Annotated[
        str, typer.Option(help="Between announcing the end and the end, at least 30d; fixed.")
    ] = "90d",
    brand: Annotated[
        str | None,
        typer.Option(
            help="The brand's identity; the signing account when not given.", show_default=False
        ),
    ] = None,
) -> None:
    """Deploy a brand's points. Whoever deploys them gets no right over them: the brand has it.

    The key that signs comes from CARELEDGER_KEYSTORE or CARELEDGER_PRIVATE_KEY; on a development
    chain the first well-known account signs when neither is set.

    Example: careledger loyalty create "Aurora Points" AURORA --cap 10000000 --notice 90d
    """
    from careledger.loyalty.client import LoyaltyToken

    if not name.strip() or not symbol.strip() or not (name + symbol).isprintable():
        raise InputError("name and symbol have to be printable, and not empty")
    most = parse_points(cap, "--cap")
    span = parse_duration(notice, "--notice")
    owner = address(brand, "--brand") if brand else suite.sender.address

    registry = suite.address("IdentityRegistry")
    token = LoyaltyToken.deploy(
        suite.sender, registry, owner, name=name, symbol=symbol, cap=most, notice=span
    )
    facts = {
        "token": token.address,
        "name": name,
        "symbol": symbol,
        "brand": owner,
        "cap": Amount(most),
        "registry": registry,
        "noticeSeconds": span,
    }
    show(out, "Points created", facts)


@command(app)
def limit(
    suite: "Suite",
    out: "Out",
    token: Token,
    issuer: Annotated[
        str,
        typer.Argument(
            metavar="ISSUER", help="Address of the controller or of a delegate careledger.issuer."
        ),
    ],
    capacity: Annotated[
        str, typer.Argument(metavar="POINTS", help="The most at once; 0 stops the issuer.")
    ],
    *,
    period: Annotated[
        str, typer.Option(help="In which an empty allowance becomes full again.")
    ] = "1d",
) -> None:
    """Set how fast an issuer may issue. The registry has to name the issuer, too.

    Example: careledger loyalty limit 0xToken… 0xIssuer… 50000 --period 1d
    """
    most = 0 if capacity == "0" else parse_points(capacity, "POINTS")
    who = address(issuer, "issuer")
    span = parse_duration(period, "--period")

    receipt = suite.loyalty.token(token).set_issuer_limit(who, most, span)
    facts = {"issuer": who, "capacity": Amount(most), "periodSeconds": span}
    show(out, "Limit set", facts, receipt)


@command(app, contracts=["PointMarket"])
def policy(
    suite: "Suite",
    out: "Out",
    token: Token,
    *,
    fee_bps: Annotated[
        int, typer.Option(help="The brand's part of its points that are swapped.")
    ] = 0,
    max_fee_bps: Annotated[
        int, typer.Option(help="The highest that the fee can become; only ever lowered.")
    ] = 0,
    fee_to: Annotated[
        str | None, typer.Option(help="Where the fees go.", show_default=False)
    ] = None,
    offers: Annotated[bool, typer.Option(help="Let signed offers be filled.")] = True,
    pools: Annotated[bool, typer.Option(help="Let pools swap.")] = True,
) -> None:
    """Set on what terms a brand's points may be swapped. `loyalty pool sync` tells it the pools.

    Example: careledger loyalty policy 0xToken… --fee-bps 50 --max-fee-bps 100 --fee-to 0xBrand…
    """
    from careledger.loyalty.policy import SwapPolicy

    basis_points(max_fee_bps, "--max-fee-bps", 1000)
    basis_points(fee_bps, "--fee-bps", max_fee_bps)
    to = address(fee_to, "--fee-to") if fee_to else ZERO_ADDRESS
    if fee_bps and to == ZERO_ADDRESS:
        raise InputError("a fee needs --fee-to: the account that gets it")

    at = suite.loyalty.token(token).address
    wanted = SwapPolicy(to, fee_bps, max_fee_bps, offers, pools)
    receipt = suite.loyalty.market.set_policy(at, wanted)
    facts = {
        "token": at,
        "feeBps": fee_bps,
        "maxFeeBps": max_fee_bps,
        "feeTo": to,
        "offers": offers,
        "pools": pools,
    }
    show(out, "Policy set", facts, receipt)


@command(app)
def issue(
    suite: "Suite",
    out: "Out",
    token: Token,
    to: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Address of the customer.")],
    amount: Points,
    *,
    ref: Reference = None,
    again: Annotated[
        bool, typer.Option("--again", help="Even if points were given for --ref before.")
    ] = False,
) -> None:
    """Give new points to a customer, as the brand's controller or its delegate careledger.issuer.

    With --ref it is safe to run again: what was given for a reference is not given twice.

    Example: careledger loyalty issue 0xToken… 0xCustomer… 250 --ref 0x…
    """
    who = address(to, "customer")
    value = parse_points(amount)
    reference = hash_or_random(ref, "--ref")

    points = suite.loyalty.token(token)
    before = points.issuances(reference) if ref and not again else []
    if before:
        raise Conflict(
            f"points were given for {ref} by transaction 0x{before[0].hex()}; "
            f"--again gives them once more"
        )

    receipt = points.issue(who, value, reference)
    facts = {
        "to": who,
        "amount": amount_of(value, points),
        "ref": reference,
        "balance": amount_of(points.balance_of(who), points),
    }
    show(out, f"{label(points)} issued", facts, receipt)


@command(app)
def balance(
    suite: "Suite",
    out: "Out",
    token: Token,
    holder: Annotated[str, typer.Argument(metavar="HOLDER", help="Address of the holder.")],
) -> None:
    """Show how many points somebody has.

    Example: careledger loyalty balance 0xToken… 0xCustomer…
    """
    who = address(holder, "holder")
    points = suite.loyalty.token(token)
    facts = {
        "token": points.address,
        "symbol": points.symbol(),
        "holder": who,
        "balance": amount_of(points.balance_of(who), points),
    }
    show(out, "Balance", facts, shown={"symbol": label(points)})


@command(app)
def transfer(
    suite: "Suite",
    out: "Out",
    token: Token,
    to: Annotated[str, typer.Argument(metavar="TO", help="Address of who gets them.")],
    amount: Points,
) -> None:
    """Give own points to somebody else.

    Example: careledger loyalty transfer 0xToken… 0xFriend… 12.5
    """
    who = address(to, "receiver")
    value = parse_points(amount)

    points = suite.loyalty.token(token)
    receipt = points.transfer(who, value)
    facts = {"to": who, "amount": amount_of(value, points)}
    show(out, f"{label(points)} given", facts, receipt)


@command(app)
def redeem(
    suite: "Suite", out: "Out", token: Token, amount: Points, *, ref: Reference = None
) -> None:
    """Give up own points for what the reference stands for.

    Example: careledger loyalty redeem 0xToken… 100 --ref 0x…
    """
    value = parse_points(amount)
    reference = hash_or_random(ref, "--ref")

    points = suite.loyalty.token(token)
    receipt = points.redeem(value, reference)
    holder = suite.sender.address
    facts = {
        "holder": holder,
        "amount": amount_of(value, points),
        "ref": reference,
        "balance": amount_of(points.balance_of(holder), points),
    }
    show(out, f"{label(points)} redeemed", facts, receipt)


@command(app, contracts=["PointMarket", "PointPools"])
def report(
    suite: "Suite",
    out: "Out",
    token: Token,
    *,
    block: Block = None,
    last: Annotated[int, typer.Option(min=0, help="How many of the latest uses to list.")] = 20,
) -> None:
    """Show every use of a brand's points, and make sure that it adds up to what the brand owes.

    Example: careledger loyalty report 0xToken… --last 50
    """
    from careledger.loyalty.report import read_report

    points = suite.loyalty.token(token)
    found = read_report(points, suite.loyalty.market, suite.loyalty.pools, block)

    out.table(
        f"{label(points)} up to block {found.block_number}",
        ["use", "times #", "points #", "brand's fee #"],
        [
            [kind.value, times, short_points(amount), short_points(fee) if fee else ""]
            for kind, times, amount, fee in found.totals()
        ],
        caption=(
            f"issued {short_points(found.issued)} less redeemed {short_points(found.redeemed)} = "
            f"outstanding {short_points(found.programme.outstanding)}, as the contract says; "
            f"{len(found.balances)} holders, {short_points(found.in_pools)} in pools"
        ),
    )
    if last and found.uses:
        rows = [
            [
                use.block_number,
                use.kind.value,
                short_points(use.amount),
                _who(use),
                _what(use, suite),
            ]
            for use in found.uses[-last:]
        ]
        out.table(
            f"The last {len(rows)} of {len(found.uses)} uses",
            ["block #", "use", "points #", "who", ""],
            rows,
        )
    out.document(found.to_json())


def _who(use: "PointUse") -> str:
    from careledger.loyalty.uses import UseKind

    to_somebody = {
        UseKind.ISSUED,
        UseKind.POOL_GIVEN,
        UseKind.POOL_LEFT,
        UseKind.FEES_COLLECTED,
    }
    return use.to if use.kind in to_somebody else use.holder


def _what(use: "PointUse", suite: "Suite") -> str:
    from careledger.loyalty.client import LoyaltyToken
    from careledger.loyalty.uses import UseKind

    if use.other_token:
        other = LoyaltyToken(suite.chain, use.other_token)
        return f"for {short_points(use.other_amount)} {label(other)}"
    if use.kind is UseKind.TRANSFERRED:
        return f"to {use.to}"
    return "for 0x" + use.ref.hex() if use.ref else ""
