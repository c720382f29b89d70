"""`careledger loyalty pool`: look at a pool, quote, fund, swap, leave."""

from typing import Annotated

import typer

from careledger.cli.loyalty.desk import (
    Amount,
    Deployments,
    Desk,
    For,
    PoolsAt,
    basis_points,
    duration,
    label,
    told,
)
from careledger.console import Json, Out, Rpc
from careledger.errors import InputError, NotFound
from careledger.loyalty.messages import sign
from careledger.loyalty.points import POINT
from careledger.loyalty.points import parse_points as points
from careledger.loyalty.points import points_text as show
from careledger.loyalty.points import short_points as short
from careledger.loyalty.pools import (
    Funding,
    LiquidityAdded,
    LiquidityRemoved,
    Pair,
    PointPools,
    Removal,
    SwapOrder,
)
from careledger.loyalty.token import LoyaltyToken
from careledger.values.addresses import address

pool = typer.Typer(
    help="Pools of points against points.", no_args_is_help=True, rich_markup_mode=None
)

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


def _two(desk: Desk, one: str, other: str) -> tuple[LoyaltyToken, LoyaltyToken]:
    first, second = desk.token(one), desk.token(other)
    if first.address == second.address:
        raise InputError("a pool is of two different tokens")
    return first, second


def _price(pair: Pair, token_in: str, token_out: str) -> str:
    return f"{pair.reserve(token_out) / pair.reserve(token_in):,.6g}" if pair.shares else "-"


def _pair(pools: PointPools, one: LoyaltyToken, other: LoyaltyToken) -> Pair:
    pair = pools.pair_of(one.address, other.address)
    if not pair.shares:
        raise NotFound(
            f"there is no pool of {label(one)} and {label(other)} yet: `careledger loyalty pool fund` makes one"
        )
    return pair


@pool.command("show")
def show_(
    token_a: TokenA,
    token_b: TokenB,
    *,
    pools: PoolsAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Show what a pool holds, at what price, and whether the brands let it swap.

    Example: careledger loyalty pool show 0xMiles… 0xCafe…
    """
    desk = Desk.open(rpc, deployments)
    one, other = _two(desk, token_a, token_b)
    place = desk.pools(pools)
    pair = _pair(place, one, other)
    what = {
        "id": pair.id,
        "token0": pair.token0,
        "token1": pair.token1,
        "reserve0": pair.reserve0,
        "reserve1": pair.reserve1,
        "shares": pair.shares,
        "feeBps0": pair.fee_bps0,
        "feeBps1": pair.fee_bps1,
        "open": pair.open,
    }
    names = {client.address: label(client) for client in (one, other)}
    told(
        Out(json_), f"1 {label(one)} = {_price(pair, one.address, other.address)} {label(other)}", what,
        reserve0=f"{show(pair.reserve0)} {names[pair.token0]}",
        reserve1=f"{show(pair.reserve1)} {names[pair.token1]}",
        shares=show(pair.shares),
    )  # fmt: skip


@pool.command()
def quote(
    token_in: TokenIn,
    token_out: TokenOut,
    amount: Amount,
    *,
    pools: PoolsAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Show what a swap would come to now.

    Example: careledger loyalty pool quote 0xMiles… 0xCafe… 100
    """
    value = points(amount)
    desk = Desk.open(rpc, deployments)
    one, other = _two(desk, token_in, token_out)
    place = desk.pools(pools)
    pair = _pair(place, one, other)
    found = place.quote(one.address, other.address, value)
    flat = value * pair.reserve(other.address) // pair.reserve(one.address)
    what = {
        "amountIn": value,
        "received": found.received,
        "feeIn": found.fee_in,
        "feeOut": found.fee_out,
        "belowPriceBps": (flat - found.received) * 10_000 // flat if flat else None,
    }
    told(
        Out(json_), "Quote", what,
        amountIn=f"{show(value)} {label(one)}", received=f"{show(found.received)} {label(other)}",
        feeIn=f"{show(found.fee_in)} {label(one)}", feeOut=f"{show(found.fee_out)} {label(other)}",
    )  # fmt: skip


@pool.command()
def fund(
    token_a: TokenA,
    amount_a: Annotated[str, typer.Argument(metavar="POINTS", help="At most so many of A.")],
    token_b: TokenB,
    amount_b: Annotated[str, typer.Argument(metavar="POINTS", help="At most so many of B.")],
    *,
    slippage_bps: Slippage = 50,
    holds: For = "10m",
    pools: PoolsAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Pay into a pool and get shares of it. The first one sets the price by what it pays in.

    Example: careledger loyalty pool fund 0xMiles… 10000 0xCafe… 400
    """
    most_a, most_b, span = points(amount_a), points(amount_b), duration(holds)
    kept = 10_000 - basis_points(slippage_bps, "--slippage-bps", 10_000)
    desk = Desk.open(rpc, deployments)
    one, other = (client.using(desk.sender) for client in _two(desk, token_a, token_b))
    place = desk.pools(pools).using(desk.sender)
    pair = place.pair_of(one.address, other.address)
    least_a, least_b = most_a, most_b
    if pair.shares:  # the pool's price decides how much of which is taken
        reserve_a, reserve_b = pair.reserve(one.address), pair.reserve(other.address)
        least_a, least_b = (
            min(most_a, most_b * reserve_a // reserve_b),
            min(most_b, most_a * reserve_b // reserve_a),
        )
    for client, value in ((one, most_a), (other, most_b)):
        held = client.balance_of(desk.sender.address)
        if held < value:
            raise InputError(
                f"{desk.sender.address} has {show(held)} {label(client)}: too few for {show(value)}"
            )
        if client.allowance(desk.sender.address, place.address) < value:
            client.approve(place.address, value)
    funding = Funding(
        one.address, other.address, most_a, most_b, desk.sender.address, desk.until(span),
        least_a * kept // 10_000, least_b * kept // 10_000,
    )  # fmt: skip
    receipt = place.add_liquidity(funding)
    (added,) = (event for event in place.events(receipt) if isinstance(event, LiquidityAdded))
    paid_a, paid_b = (
        (added.amount0, added.amount1)
        if one.address == pair.token0
        else (added.amount1, added.amount0)
    )
    told(
        Out(json_), "Pool funded", {"id": added.id, "amountA": paid_a, "amountB": paid_b, "shares": added.shares},
        receipt, amountA=f"{short(paid_a)} {label(one)}", amountB=f"{short(paid_b)} {label(other)}",
        shares=show(added.shares),
    )  # fmt: skip


@pool.command()
def swap(
    token_in: TokenIn,
    token_out: TokenOut,
    amount: Amount,
    *,
    min_out: Annotated[
        str | None, typer.Option(help="The least to get, fees deducted.", show_default=False)
    ] = None,
    slippage_bps: Slippage = 50,
    to: Annotated[
        str | None, typer.Option(help="Who gets it; the signing account.", show_default=False)
    ] = None,
    holds: For = "10m",
    pools: PoolsAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Swap points against a pool, in one transaction that leaves no allowance behind.

    Without --min-out the least is the quote of now, less --slippage-bps.

    Example: careledger loyalty pool swap 0xMiles… 0xCafe… 100 --min-out 3.9 --for 10m
    """
    value, span = points(amount), duration(holds)
    kept = 10_000 - basis_points(slippage_bps, "--slippage-bps", 10_000)
    least = points(min_out, "--min-out") if min_out else None
    who = address(to, "--to") if to else None
    desk = Desk.open(rpc, deployments)
    one, other = _two(desk, token_in, token_out)
    place = desk.pools(pools).using(desk.sender)
    _pair(place, one, other)
    if least is None:
        least = place.quote(one.address, other.address, value).received * kept // 10_000
    mine = desk.sender.address
    order = SwapOrder(mine, one.address, other.address, value, least, who or mine, desk.until(span))
    signature = sign(desk.sender.account, one.messages.receive(place.authorization(order)))
    receipt = place.swap_with_authorization(order, signature)
    done = place.swapped(receipt)
    what = {
        "id": done.id,
        "paid": done.paid_amount,
        "received": done.received_amount,
        "minOut": least,
        "to": order.to,
    }
    told(
        Out(json_), "Swapped", what, receipt, paid=f"{show(value)} {label(one)}",
        received=f"{show(done.received_amount)} {label(other)}", minOut=show(least),
    )  # fmt: skip


@pool.command()
def leave(
    token_a: TokenA,
    token_b: TokenB,
    *,
    shares: Annotated[
        str | None, typer.Option(help="How many shares; all by default.", show_default=False)
    ] = None,
    slippage_bps: Slippage = 50,
    holds: For = "10m",
    pools: PoolsAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Give up own shares of a pool for the part of both tokens that they are. No brand can prevent it.

    Example: careledger loyalty pool leave 0xMiles… 0xCafe… --shares 1000
    """
    given, span = points(shares, "--shares") if shares else None, duration(holds)
    kept = 10_000 - basis_points(slippage_bps, "--slippage-bps", 10_000)
    desk = Desk.open(rpc, deployments)
    one, other = _two(desk, token_a, token_b)
    place = desk.pools(pools).using(desk.sender)
    pair = _pair(place, one, other)
    held = place.balance_of(desk.sender.address, pair.number)
    count = held if given is None else given
    if not 0 < count <= held:
        raise InputError(
            f"{desk.sender.address} has {show(held)} shares of the pool, and not {show(count or POINT)}"
        )
    least = [
        pair.reserve(client.address) * count // pair.shares * kept // 10_000
        for client in (one, other)
    ]
    removal = Removal(
        one.address, other.address, count, desk.sender.address, desk.until(span), *least
    )
    receipt = place.remove_liquidity(removal)
    (gone,) = (event for event in place.events(receipt) if isinstance(event, LiquidityRemoved))
    got_a, got_b = (
        (gone.amount0, gone.amount1) if one.address == pair.token0 else (gone.amount1, gone.amount0)
    )
    told(
        Out(json_), "Pool left", {"id": gone.id, "amountA": got_a, "amountB": got_b, "shares": gone.shares}, receipt,
        amountA=f"{short(got_a)} {label(one)}", amountB=f"{short(got_b)} {label(other)}", shares=show(gone.shares),
    )  # fmt: skip


@pool.command()
def sync(
    token_a: TokenA,
    token_b: TokenB,
    *,
    pools: PoolsAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Let a pool go by the policies that the brands have set since; anyone may.

    Example: careledger loyalty pool sync 0xMiles… 0xCafe…
    """
    desk = Desk.open(rpc, deployments)
    one, other = _two(desk, token_a, token_b)
    place = desk.pools(pools).using(desk.sender)
    receipt = place.sync(one.address, other.address)
    pair = place.pair_of(one.address, other.address)
    what = {"id": pair.id, "feeBps0": pair.fee_bps0, "feeBps1": pair.fee_bps1, "open": pair.open}
    told(Out(json_), "Pool follows the policies", what, receipt)


@pool.command()
def collect(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Address of the points.")],
    *,
    pools: PoolsAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Send the fees that a brand earned in pools to the account in its policy; anyone may.

    Example: careledger loyalty pool collect 0xMiles…
    """
    desk = Desk.open(rpc, deployments)
    client = desk.token(token)
    place = desk.pools(pools).using(desk.sender)
    amount = place.fees_of(client.address)
    receipt = place.collect_fees(client.address)
    told(Out(json_), "Fees collected", {"token": client.address, "amount": amount}, receipt,
         amount=f"{show(amount)} {label(client)}")  # fmt: skip
