"""`careledger loyalty offer`: sign offers for nothing, look at them, take them, call them off."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from careledger.cli.loyalty.desk import (
    Deployments,
    Desk,
    For,
    MarketAt,
    duration,
    label,
    reference,
    told,
)
from careledger.console import Json, Out, Rpc
from careledger.errors import InputError
from careledger.loyalty.messages import sign
from careledger.loyalty.offers import Offer
from careledger.loyalty.points import parse_points as points
from careledger.loyalty.points import points_text as show
from careledger.loyalty.points import short_points as short
from careledger.loyalty.signed_offers import Permit, SignedOffer, sign_offer
from careledger.loyalty.token import LoyaltyToken
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.times import time_text

offer = typer.Typer(
    help="Offers of customers to swap points.", no_args_is_help=True, rich_markup_mode=None
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file that `offer sign` wrote.")]


def _nonce(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 79 and int(text) < 1 << 256):
        raise InputError(f"--nonce {text!r} is no whole number below 2^256")
    return int(text)


@offer.command("sign")
def sign_(
    give: Annotated[
        str, typer.Argument(metavar="GIVE", help="Address of the points that you give.")
    ],
    give_amount: Annotated[str, typer.Argument(metavar="POINTS", help="How many of them.")],
    want: Annotated[
        str, typer.Argument(metavar="WANT", help="Address of the points that you want.")
    ],
    want_amount: Annotated[
        str, typer.Argument(metavar="POINTS", help="How many of them, for all that you give.")
    ],
    *,
    out_file: Annotated[Path, typer.Option("--out", help="Where the offer goes.")] = Path(
        "offer.json"
    ),
    holds: For = "7d",
    min_fill: Annotated[
        str | None,
        typer.Option(help="The least to be taken at a time, of what you give.", show_default=False),
    ] = None,
    taker: Annotated[
        str | None, typer.Option(help="Who may take it; anyone by default.", show_default=False)
    ] = None,
    nonce: Annotated[
        str | None,
        typer.Option(help="Offers with one nonce exclude each other; random.", show_default=False),
    ] = None,
    ref: Annotated[
        str | None, typer.Option(help="A commitment of your own.", show_default=False)
    ] = None,
    market: MarketAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Sign an offer and a permit for what it gives. Nothing is sent, and it costs nothing.

    Until it is taken, expires or is called off, anyone who has the file may take it.

    Example: careledger loyalty offer sign 0xMiles… 1000 0xCafe… 40 --for 7d --out offer.json
    """
    span = duration(holds)
    members: dict[str, Any] = {
        "give": address(give, "GIVE"),
        "want": address(want, "WANT"),
        "give_amount": points(give_amount),
        "want_amount": points(want_amount),
        "min_fill": points(min_fill, "--min-fill") if min_fill else 0,
        "taker": address(taker, "--taker") if taker else ZERO_ADDRESS,
        "ref": reference(ref) if ref else bytes(32),
    }
    if nonce is not None:
        members["nonce"] = _nonce(nonce)
    desk = Desk.open(rpc, deployments)
    giving, wanting, place = desk.token(give), desk.token(want), desk.market(market)
    maker = desk.sender.address
    made = Offer(maker=maker, expires_at=desk.until(span), **members)
    held = giving.balance_of(maker)
    if held < made.give_amount:
        raise InputError(
            f"{maker} has {show(held)} {label(giving)}: too few to give {show(made.give_amount)}"
        )
    signed = sign_offer(
        desk.sender.account, made, desk.chain.chain_id, place.address, token=giving.messages,
        permit_nonce=giving.nonces(maker),
    )  # fmt: skip
    signed.write(out_file)
    _tell(Out(json_), "Offer signed", signed, (giving, wanting), file=str(out_file))


def _tell(
    out: Out,
    title: str,
    signed: SignedOffer,
    tokens: tuple[LoyaltyToken, LoyaltyToken],
    **more: Any,
) -> None:
    """Show an offer; names of points are anybody's choice, so the brands' identities stand beside them."""
    made, (giving, wanting) = signed.offer, tokens
    brands = {"giveBrand": giving.brand(), "wantBrand": wanting.brand()}
    shown = {
        "giveAmount": f"{show(made.give_amount)} {label(giving)}",
        "wantAmount": f"{show(made.want_amount)} {label(wanting)}",
        "minFill": show(made.min_fill),
        "taker": "anyone" if made.taker == ZERO_ADDRESS else made.taker,
        "expiry": time_text(made.expires_at),
    }
    shown |= {
        name: f"{show(more[name])} {label(giving)}"
        for name in ("filled", "remaining")
        if name in more
    }
    told(out, title, {"id": signed.id, **made.to_json(), **brands, **more}, None, **shown)


@offer.command("show")
def show_(
    file: File,
    *,
    market: MarketAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Show an offer, who signed it, and what is left of it.

    Example: careledger loyalty offer show offer.json
    """
    signed = SignedOffer.read(file)
    desk = Desk.open(rpc, deployments)
    desk.chain.expect(signed.chain_id)
    state = desk.market(market).check(signed)
    tokens = desk.token(signed.offer.give), desk.token(signed.offer.want)
    _tell(Out(json_), "Offer", signed, tokens, filled=state.filled, remaining=state.remaining)


@offer.command()
def fill(
    file: File,
    *,
    amount: Annotated[
        str | None,
        typer.Option(
            help="How much to take of what it gives; the rest by default.", show_default=False
        ),
    ] = None,
    most_paid: Annotated[
        str | None,
        typer.Option(help="The most to pay, fee included; the price of now.", show_default=False),
    ] = None,
    least_received: Annotated[
        str | None,
        typer.Option(help="The least to get, fee deducted; as of now.", show_default=False),
    ] = None,
    market: MarketAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Take an offer, whole or in part. Neither side needs to have approved anything before.

    Example: careledger loyalty offer fill offer.json --amount 400
    """
    signed = SignedOffer.read(file)
    wanted = points(amount, "--amount") if amount else None
    most = points(most_paid, "--most-paid") if most_paid else None
    least = points(least_received, "--least-received") if least_received else None
    desk = Desk.open(rpc, deployments)
    desk.chain.expect(signed.chain_id)
    place = desk.market(market).using(desk.sender)
    state, made = place.check(signed), signed.offer
    giving, wanting = desk.token(made.give), desk.token(made.want)
    price = place.price(made, wanted or state.remaining)
    receipt = place.fill_with_permits(
        made,
        signed.signature,
        price.amount,
        price.paid if most is None else most,
        price.received if least is None else least,
        maker_permit=signed.permit,
        taker_permit=_permit(desk, wanting, place.address, price.paid, made.expires_at),
    )
    done, left = place.filled(receipt), place.state_of(made).remaining
    what: dict[str, Any] = {"id": signed.id, "maker": made.maker, "taker": desk.sender.address}
    what |= {"paid": done.paid_amount, "received": done.received_amount, "remaining": left}
    told(
        Out(json_), "Offer taken", what, receipt,
        paid=f"{short(done.paid_amount)} {label(wanting)}",
        received=f"{short(done.received_amount)} {label(giving)}",
        remaining=f"{short(left)} {label(giving)}",
    )  # fmt: skip


def _permit(
    desk: Desk, token: LoyaltyToken, spender: str, value: int, deadline: datetime
) -> Permit | None:
    """Sign what the market needs to take the price; None where it may already."""
    owner = desk.sender.address
    if token.allowance(owner, spender) >= value:
        return None
    message = token.messages.permit(owner, spender, value, token.nonces(owner), deadline)
    return Permit(value, deadline, sign(desk.sender.account, message))


@offer.command()
def cancel(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The offer.", show_default=False)
    ] = None,
    *,
    nonce: Annotated[
        str | None, typer.Option(help="Or its nonce, if the file is lost.", show_default=False)
    ] = None,
    market: MarketAt = None,
    rpc: Rpc = None,
    deployments: Deployments = None,
    json_: Json = False,
) -> None:
    """Call off an own offer for good, and every other one with its nonce.

    Example: careledger loyalty offer cancel offer.json
    """
    if (file is None) == (nonce is None):
        raise InputError("either the offer's file or --nonce is needed")
    signed = SignedOffer.read(file) if file else None
    number = signed.offer.nonce if signed else _nonce(nonce or "")
    desk = Desk.open(rpc, deployments)
    place = desk.market(market).using(desk.sender)
    if signed is not None:
        desk.chain.expect(signed.chain_id)
        if signed.offer.maker != desk.sender.address:
            raise InputError(f"the offer is {signed.offer.maker}'s: only its maker can call it off")
    receipt = place.cancel(number)
    told(
        Out(json_),
        "Offer called off",
        {"maker": desk.sender.address, "nonce": str(number)},
        receipt,
    )
