"""`careledger loyalty pool`: look at a pool, quote, fund, swap, leave."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from careledger.cli.arguments import basis_points
from careledger.cli.commands import command, group
from careledger.cli.loyalty.arguments import Lasting, Points, amount_of, label, shortened_amount
from careledger.cli.report import report
from careledger.errors import InputError, NotFound
from careledger.loyalty.points import POINT, parse_points, points_text
from careledger.values.addresses import address
from careledger.values.amounts import Amount
from careledger.values.times import parse_duration

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.loyalty.client import LoyaltyToken
    from careledger.loyalty.pools import Pair
    from careledger.suite import Suite

app = group("Pools of points against points.")

TokenA = Annotated[str, typer.Argument(metavar="A", help="Address of one token.")]
TokenB = Annotated[str, typer.Argument(metavar="B", help="Address of the other.")]
TokenIn = Annotated[
    str, typer.Argument(metavar="IN", help="Address of the points that are paid in.")
]
TokenOut = Annotated[
    str, typer.Argument(metavar="OUT", help="Address of the points that come out.")
]
Slippage = Annotated[
    int, typer.Option(help="How much worse than now it may come, in basis points.")
]
_BPS = 10_000


@command(app, contracts=["PointPools"])
def show(suite: "Suite", out: "Out", token_a: TokenA, token_b: TokenB) -> None:
    """Show what a pool holds, at what price, and whether the brands let it swap.

    Example: careledger loyalty pool show 0xMiles… 0xCafe…
    """
    one, other = _two(suite, token_a, token_b)
    pair = _pair(suite, one, other)
    by_address = {one.address: one, other.address: other}

    facts: dict[str, Any] = {
        "id": pair.id,
        "token0": pair.token0,
        "token1": pair.token1,
        "reserve0": amount_of(pair.reserve0, by_address[pair.token0]),
        "reserve1": amount_of(pair.reserve1, by_address[pair.token1]),
        "shares": Amount(pair.shares),
        "feeBps0": pair.fee_bps0,
        "feeBps1": pair.fee_bps1,
        "open": pair.open,
    }
    price = pair.reserve(other.address) / pair.reserve(one.address)
    report(out, f"1 {label(one)} = {price:,.6g} {label(other)}", facts)


@command(app, contracts=["PointPools"])
def quote(
    suite: "Suite", out: "Out", token_in: TokenIn, token_out: TokenOut, amount: Points
) -> None:
    """Show what a swap would come to now.

    Example: careledger loyalty pool quote 0xMiles… 0xCafe… 100
    """
    value = parse_points(amount)
    one, other = _two(suite, token_in, token_out)
    pair = _pair(suite, one, other)

    found = suite.loyalty.pools.quote(one.address, other.address, value)
    flat = value * pair.reserve(other.address) // pair.reserve(one.address)
    facts: dict[str, Any] = {
        "amountIn": amount_of(value, one),
        "received": amount_of(found.received, other),
        "feeIn": amount_of(found.fee_in, one),
        "feeOut": amount_of(found.fee_out, other),
        "belowPriceBps": (flat - found.received) * _BPS // flat if flat else None,
    }
    report(out, "Quote", facts)


@command(app, contracts=["PointPools"])
def fund(
    suite: "Suite",
    out: "Out",
    token_a: TokenA,
    amount_a: Annotated[str, typer.Argument(metavar="POINTS", help="At most so many of A.")],
    token_b: TokenB,
    amount_b: Annotated[str, typer.Argument(metavar="POINTS", help="At most so many of B.")],
    *,
    slippage_bps: Slippage = 50,
    lasting: Lasting = "10m",
) -> None:
    """Pay into a pool and get shares of it. The first one sets the price by what it pays in.

    Example: careledger loyalty pool fund 0xMiles… 10000 0xCafe… 400
    """
    from careledger.loyalty.events import LiquidityAdded
    from careledger.loyalty.pools import Funding

    most_a = parse_points(amount_a)
    most_b = parse_points(amount_b)
    span = parse_duration(lasting, "--for")
    kept = _kept(slippage_bps)

    one, other = _two(suite, token_a, token_b)
    pools = suite.loyalty.pools
    pair = pools.pair_of(one.address, other.address)

    least_a, least_b = most_a, most_b
    if pair.shares:  # the pool's price decides how much of which is taken
        reserve_a = pair.reserve(one.address)
        reserve_b = pair.reserve(other.address)
        least_a = min(most_a, most_b * reserve_a // reserve_b)
        least_b = min(most_b, most_a * reserve_b // reserve_a)

    provider = suite.sender.address
    for token, value in ((one, most_a), (other, most_b)):
        _allow(token, provider, pools.address, value)

    funding = Funding(
        one.address,
        other.address,
        most_a,
        most_b,
        provider,
        suite.chain_time() + span,
        least_a * kept // _BPS,
        least_b * kept // _BPS,
    )
    receipt = pools.add_liquidity(funding)

    added = pools.event(receipt, LiquidityAdded)
    paid = {pair.token0: added.amount0, pair.token1: added.amount1}
    facts: dict[str, Any] = {
        "id": added.id,
        "amountA": amount_of(paid[one.address], one),
        "amountB": amount_of(paid[other.address], other),
        "shares": Amount(added.shares),
    }
    shown = {name: shortened_amount(facts[name]) for name in ("amountA", "amountB")}
    report(out, "Pool funded", facts, receipt, shown=shown)


@command(app, contracts=["PointPools"])
def swap(
    suite: "Suite",
    out: "Out",
    token_in: TokenIn,
    token_out: TokenOut,
    amount: Points,
    *,
    min_out: Annotated[
        str | None, typer.Option(help="The least to get, fees deducted.", show_default=False)
    ] = None,
    slippage_bps: Slippage = 50,
    to: Annotated[
        str | None, typer.Option(help="Who gets it; the signing account.", show_default=False)
    ] = None,
    lasting: Lasting = "10m",
) -> None:
    """Swap points against a pool, in one transaction that leaves no allowance behind.

    Without --min-out the least is the quote of now, less --slippage-bps.

    Example: careledger loyalty pool swap 0xMiles… 0xCafe… 100 --min-out 3.9 --for 10m
    """
    from careledger.loyalty.pools import SwapOrder

    value = parse_points(amount)
    span = parse_duration(lasting, "--for")
    kept = _kept(slippage_bps)
    least = parse_points(min_out, "--min-out") if min_out else None
    receiver = address(to, "--to") if to else None

    one, other = _two(suite, token_in, token_out)
    _pair(suite, one, other)
    pools = suite.loyalty.pools
    if least is None:
        least = pools.quote(one.address, other.address, value).received * kept // _BPS

    holder = suite.sender.address
    order = SwapOrder(
        holder,
        one.address,
        other.address,
        value,
        least,
        receiver or holder,
        suite.chain_time() + span,
    )
    signature = one.messages.receive(pools.authorization(order)).sign(suite.account)
    receipt = pools.swap_with_authorization(order, signature)

    done = pools.swapped(receipt)
    facts: dict[str, Any] = {
        "id": done.id,
        "paid": amount_of(done.paid_amount, one),
        "received": amount_of(done.received_amount, other),
        "minOut": amount_of(least, other),
        "to": order.to,
    }
    report(out, "Swapped", facts, receipt)


@command(app, contracts=["PointPools"])
def leave(
    suite: "Suite",
    out: "Out",
    token_a: TokenA,
    token_b: TokenB,
    *,
    shares: Annotated[
        str | None, typer.Option(help="How many shares; all by default.", show_default=False)
    ] = None,
    slippage_bps: Slippage = 50,
    lasting: Lasting = "10m",
) -> None:
    """Give up own shares of a pool for their part of both tokens. No brand can prevent it.

    Example: careledger loyalty pool leave 0xMiles… 0xCafe… --shares 1000
    """
    from careledger.loyalty.events import LiquidityRemoved
    from careledger.loyalty.pools import Removal

    given = parse_points(shares, "--shares") if shares else None
    span = parse_duration(lasting, "--for")
    kept = _kept(slippage_bps)

    one, other = _two(suite, token_a, token_b)
    pair = _pair(suite, one, other)
    pools, holder = suite.loyalty.pools, suite.sender.address

    held = pools.balance_of(holder, pair.number)
    count = held if given is None else given
    if not 0 < count <= held:
        raise InputError(
            f"{holder} has {points_text(held)} shares of the pool, "
            f"and not {points_text(count or POINT)}"
        )

    least_a, least_b = (
        pair.reserve(token.address) * count // pair.shares * kept // _BPS for token in (one, other)
    )
    until = suite.chain_time() + span
    removal = Removal(one.address, other.address, count, holder, until, least_a, least_b)
    receipt = pools.remove_liquidity(removal)

    gone = pools.event(receipt, LiquidityRemoved)
    got = {pair.token0: gone.amount0, pair.token1: gone.amount1}
    facts: dict[str, Any] = {
        "id": gone.id,
        "amountA": amount_of(got[one.address], one),
        "amountB": amount_of(got[other.address], other),
        "shares": Amount(gone.shares),
    }
    shown = {name: shortened_amount(facts[name]) for name in ("amountA", "amountB")}
    report(out, "Pool left", facts, receipt, shown=shown)


@command(app, contracts=["PointPools"])
def sync(suite: "Suite", out: "Out", token_a: TokenA, token_b: TokenB) -> None:
    """Let a pool go by the policies that the brands have set since; anyone may.

    Example: careledger loyalty pool sync 0xMiles… 0xCafe…
    """
    one, other = _two(suite, token_a, token_b)
    receipt = suite.loyalty.pools.sync(one.address, other.address)

    pair = suite.loyalty.pools.pair_of(one.address, other.address)
    facts = {"id": pair.id, "feeBps0": pair.fee_bps0, "feeBps1": pair.fee_bps1, "open": pair.open}
    report(out, "Pool follows the policies", facts, receipt)


@command(app, contracts=["PointPools"])
def collect(
    suite: "Suite",
    out: "Out",
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Address of the points.")],
) -> None:
    """Send the fees that a brand earned in pools to the account in its policy; anyone may.

    Example: careledger loyalty pool collect 0xMiles…
    """
    points = suite.loyalty.token(token)
    waiting = suite.loyalty.pools.fees_of(points.address)

    receipt = suite.loyalty.pools.collect_fees(points.address)
    facts = {"token": points.address, "amount": amount_of(waiting, points)}
    report(out, "Fees collected", facts, receipt)


def _two(suite: "Suite", one: str, other: str) -> "tuple[LoyaltyToken, LoyaltyToken]":

    first = suite.loyalty.token(one)
    second = suite.loyalty.token(other)
    if first.address == second.address:
        raise InputError("a pool is of two different tokens")
    return first, second


def _pair(suite: "Suite", one: "LoyaltyToken", other: "LoyaltyToken") -> "Pair":

    pair = suite.loyalty.pools.pair_of(one.address, other.address)
    if not pair.shares:
        raise NotFound(
            f"there is no pool of {label(one)} and {label(other)} yet: "
            f"`careledger loyalty pool fund` makes one"
        )
    return pair


def _kept(slippage_bps: int) -> int:
    """Return what has to be left of an amount at the worst, in basis points."""
    return _BPS - basis_points(slippage_bps, "--slippage-bps", _BPS)


def _allow(token: "LoyaltyToken", owner: str, spender: str, value: int) -> None:
    """Let the pools take a payment, if its owner has so much."""
    held = token.balance_of(owner)
    if held < value:
        raise InputError(
            f"{owner} has {points_text(held)} {label(token)}: too few for {points_text(value)}"
        )
    if token.allowance(owner, spender) < value:
        token.approve(spender, value)
