"""`careledger loyalty`: a brand's points, the terms of their swaps, and the report of every use."""

from typing import Annotated

import typer

from careledger.cli.loyalty.desk import (
    Amount,
    Deployments,
    Desk,
    MarketAt,
    PoolsAt,
    Ref,
    Token,
    basis_points,
    duration,
    label,
    reference,
    told,
)
from careledger.cli.loyalty.offers import offer
from careledger.cli.loyalty.pools import pool
from careledger.console import Json, Out, Rpc
from careledger.errors import Conflict, InputError
from careledger.loyalty.client import LoyaltyToken
from careledger.loyalty.market import SwapPolicy
from careledger.loyalty.points import parse_points as points
from careledger.loyalty.points import points_text as show
from careledger.loyalty.points import short_points as short
from careledger.loyalty.report import PointUse, UseKind
from careledger.loyalty.report import report as read_report
from careledger.values.addresses import ZERO_ADDRESS, address

app = typer.Typer(
    help="Points that customers own, and where they swap them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(offer, name="offer")
app.add_typer(pool, name="pool")


@app.command()
def create(
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
    registry: Annotated[
        str | None,
        typer.Option(help="Another IdentityRegistry than the deployed one.", show_default=False),
    ] = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Deploy a brand's points. Whoever deploys them gets no right over them: the brand has it.

    The key that signs comes from CARELEDGER_KEYSTORE or CARELEDGER_PRIVATE_KEY; on a development
    chain the first well-known account signs when neither is set.

    Example: careledger loyalty create "Aurora Points" AURORA --cap 10000000 --notice 90d
    """
    if not name.strip() or not symbol.strip() or not (name + symbol).isprintable():
        raise InputError("name and symbol have to be printable, and not empty")
    most, span = points(cap, "--cap"), duration(notice, "--notice")
    who = address(brand, "--brand") if brand else None
    desk = Desk.open(rpc, deployments)
    owner = who or desk.sender.address
    at = desk.at("IdentityRegistry", registry)
    token = LoyaltyToken.deploy(
        desk.sender, at, owner, name=name, symbol=symbol, cap=most, notice=span
    )
    what = {
        "token": token.address,
        "name": name,
        "symbol": symbol,
        "brand": owner,
        "cap": most,
        "registry": at,
    }
    told(
        Out(json_),
        "Points created",
        what | {"noticeSeconds": int(span.total_seconds())},
        cap=show(most),
    )


@app.command()
def limit(
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
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Set how fast an issuer may issue. The registry has to name the issuer, too.

    Example: careledger loyalty limit 0xToken… 0xIssuer… 50000 --period 1d
    """
    most = 0 if capacity == "0" else points(capacity, "POINTS")
    who, span = address(issuer, "issuer"), duration(period, "--period")
    desk = Desk.open(rpc)
    receipt = desk.token(token).using(desk.sender).set_issuer_limit(who, most, span)
    what = {"issuer": who, "capacity": most, "periodSeconds": int(span.total_seconds())}
    told(Out(json_), "Limit set", what, receipt, capacity=show(most))


@app.command()
def policy(
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
    market: MarketAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Set on what terms a brand's points may be swapped. Pools follow when `loyalty pool sync` is called.

    Example: careledger loyalty policy 0xToken… --fee-bps 50 --max-fee-bps 100 --fee-to 0xBrand…
    """
    basis_points(max_fee_bps, "--max-fee-bps", 1000)
    basis_points(fee_bps, "--fee-bps", max_fee_bps)
    to = address(fee_to, "--fee-to") if fee_to else ZERO_ADDRESS
    if fee_bps and to == ZERO_ADDRESS:
        raise InputError("a fee needs --fee-to: the account that gets it")
    desk = Desk.open(rpc, deployments)
    at = desk.token(token).address
    receipt = (
        desk.market(market)
        .using(desk.sender)
        .set_policy(at, SwapPolicy(to, fee_bps, max_fee_bps, offers, pools))
    )
    what = {
        "token": at,
        "feeBps": fee_bps,
        "maxFeeBps": max_fee_bps,
        "feeTo": to,
        "offers": offers,
        "pools": pools,
    }
    told(Out(json_), "Policy set", what, receipt)


@app.command()
def issue(
    token: Token,
    to: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Address of the customer.")],
    amount: Amount,
    *,
    ref: Ref = None,
    again: Annotated[
        bool, typer.Option("--again", help="Even if points were given for --ref before.")
    ] = False,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Give new points to a customer, as the brand's controller or its delegate careledger.issuer.

    With --ref it is safe to run again: what was given for a reference is not given twice.

    Example: careledger loyalty issue 0xToken… 0xCustomer… 250 --ref 0x…
    """
    who, value, why = address(to, "customer"), points(amount), reference(ref)
    desk = Desk.open(rpc)
    bound = desk.token(token).using(desk.sender)
    before = bound.issuances(why) if ref and not again else []
    if before:
        raise Conflict(
            f"points were given for {ref} by transaction 0x{before[0].hex()}; --again gives them once more"
        )
    receipt = bound.issue(who, value, why)
    what = {"to": who, "amount": value, "ref": why, "balance": bound.balance_of(who)}
    told(
        Out(json_),
        f"{label(bound)} issued",
        what,
        receipt,
        amount=show(value),
        balance=show(what["balance"]),  # type: ignore[arg-type]
    )


@app.command()
def balance(
    token: Token,
    holder: Annotated[str, typer.Argument(metavar="HOLDER", help="Address of the holder.")],
    *,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Show how many points somebody has.

    Example: careledger loyalty balance 0xToken… 0xCustomer…
    """
    who = address(holder, "holder")
    client = Desk.open(rpc).token(token)
    found = client.balance_of(who)
    what = {"token": client.address, "symbol": client.symbol(), "holder": who, "balance": found}
    told(Out(json_), "Balance", what, symbol=label(client), balance=show(found))


@app.command()
def transfer(
    token: Token,
    to: Annotated[str, typer.Argument(metavar="TO", help="Address of who gets them.")],
    amount: Amount,
    *,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Give own points to somebody else.

    Example: careledger loyalty transfer 0xToken… 0xFriend… 12.5
    """
    who, value = address(to, "receiver"), points(amount)
    desk = Desk.open(rpc)
    bound = desk.token(token).using(desk.sender)
    told(Out(json_), f"{label(bound)} given", {"to": who, "amount": value}, bound.transfer(who, value),
         amount=show(value))  # fmt: skip


@app.command()
def redeem(
    token: Token, amount: Amount, *, ref: Ref = None, rpc: Rpc = None, json_: Json = False
) -> None:
    """Give up own points for what the reference stands for.

    Example: careledger loyalty redeem 0xToken… 100 --ref 0x…
    """
    value, why = points(amount), reference(ref)
    desk = Desk.open(rpc)
    bound = desk.token(token).using(desk.sender)
    receipt = bound.redeem(value, why)
    left = bound.balance_of(desk.sender.address)
    what = {"holder": desk.sender.address, "amount": value, "ref": why, "balance": left}
    told(
        Out(json_),
        f"{label(bound)} redeemed",
        what,
        receipt,
        amount=show(value),
        balance=show(left),
    )


@app.command()
def report(
    token: Token,
    *,
    block: Annotated[
        int | None, typer.Option(min=0, help="As of this block.", show_default=False)
    ] = None,
    last: Annotated[int, typer.Option(min=0, help="How many of the latest uses to list.")] = 20,
    market: MarketAt = None,
    pools: PoolsAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Show every use of a brand's points, and make sure that it adds up to what the brand owes.

    Example: careledger loyalty report 0xToken… --last 50
    """
    out, desk = Out(json_), Desk.open(rpc, deployments)
    client = desk.token(token)
    found = read_report(client, desk.market(market), desk.pools(pools), block)
    name = label(client)
    out.table(
        f"{name} up to block {found.block_number}",
        ["use", "times #", "points #", "brand's fee #"],
        [
            [kind.value, times, short(amount), short(fee) if fee else ""]
            for kind, times, amount, fee in found.totals()
        ],
        caption=(
            f"issued {short(found.issued)} less redeemed {short(found.redeemed)} = outstanding "
            f"{short(found.programme.outstanding)}, as the contract says; {len(found.balances)} holders, "
            f"{short(found.in_pools)} in pools"
        ),
    )
    if last and found.uses:
        rows = [[use.block_number, use.kind.value, short(use.amount), _who(use), _what(use, desk)]
                for use in found.uses[-last:]]  # fmt: skip
        out.table(
            f"The last {len(rows)} of {len(found.uses)} uses",
            ["block #", "use", "points #", "who", ""],
            rows,
        )
    out.document(found.document())


def _who(use: PointUse) -> str:
    if use.kind in {UseKind.ISSUED, UseKind.POOL_GIVEN, UseKind.POOL_LEFT, UseKind.FEES_COLLECTED}:
        return use.to
    return use.holder


def _what(use: PointUse, desk: Desk) -> str:
    if use.other_token:
        return f"for {short(use.other_amount)} {label(LoyaltyToken(desk.chain, use.other_token))}"
    if use.kind is UseKind.TRANSFERRED:
        return f"to {use.to}"
    return "for 0x" + use.ref.hex() if use.ref else ""
