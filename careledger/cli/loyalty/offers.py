"""`careledger loyalty offer`: sign offers for nothing, look at them, take them, cancel them."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from careledger.cli.commands import command, group
from careledger.cli.loyalty.arguments import Lasting, amount_of, label, shortened_amount
from careledger.cli.report import report
from careledger.errors import InputError
from careledger.loyalty.points import parse_points, points_text
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.hashes import parse_bytes32
from careledger.values.times import parse_duration

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.loyalty.client import LoyaltyToken, PointMarket
    from careledger.loyalty.signed_offers import Permit, SignedOffer
    from careledger.suite import Suite

app = group("Offers of customers to swap points.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file that `offer sign` wrote.")]


@command(app, contracts=["PointMarket"])
def sign(
    suite: "Suite",
    out: "Out",
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
    lasting: Lasting = "7d",
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
) -> None:
    """Sign an offer and a permit for what it gives. Nothing is sent, and it costs nothing.

    Until it is taken, expires or is cancelled, anyone who has the file may take it.

    Example: careledger loyalty offer sign 0xMiles… 1000 0xCafe… 40 --for 7d --out offer.json
    """
    from careledger.loyalty.offers import Offer
    from careledger.loyalty.signed_offers import sign_offer

    span = parse_duration(lasting, "--for")
    members: dict[str, Any] = {
        "give": address(give, "GIVE"),
        "want": address(want, "WANT"),
        "give_amount": parse_points(give_amount),
        "want_amount": parse_points(want_amount),
        "min_fill": parse_points(min_fill, "--min-fill") if min_fill else 0,
        "taker": address(taker, "--taker") if taker else ZERO_ADDRESS,
        "ref": parse_bytes32(ref, "--ref") if ref else bytes(32),
    }
    if nonce is not None:
        members["nonce"] = _nonce(nonce)

    giving = suite.loyalty.token(give)
    wanting = suite.loyalty.token(want)
    market = suite.loyalty.market

    maker = suite.sender.address
    made = Offer(maker=maker, expires_at=suite.chain_time() + span, **members)
    held = giving.balance_of(maker)
    if held < made.give_amount:
        raise InputError(
            f"{maker} has {points_text(held)} {label(giving)}: "
            f"too few to give {points_text(made.give_amount)}"
        )

    signed = sign_offer(
        suite.account,
        made,
        suite.chain.chain_id,
        market.address,
        token=giving.messages,
        permit_nonce=giving.nonces(maker),
    )
    signed.write(out_file)
    _report(out, "Offer signed", signed, (giving, wanting), file=str(out_file))


@command(app, contracts=["PointMarket"])
def show(suite: "Suite", out: "Out", file: File) -> None:
    """Show an offer, who signed it, and what is left of it.

    Example: careledger loyalty offer show offer.json
    """
    from careledger.loyalty.signed_offers import SignedOffer

    signed = SignedOffer.read(file)
    suite.chain.expect(signed.chain_id)

    state = _market(suite, signed).check(signed)
    giving = suite.loyalty.token(signed.offer.give)
    wanting = suite.loyalty.token(signed.offer.want)
    left = {
        "filled": amount_of(state.filled, giving),
        "remaining": amount_of(state.remaining, giving),
    }
    _report(out, "Offer", signed, (giving, wanting), **left)


@command(app, contracts=["PointMarket"])
def fill(
    suite: "Suite",
    out: "Out",
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
) -> None:
    """Take an offer, whole or in part. Neither side needs to have approved anything before.

    Example: careledger loyalty offer fill offer.json --amount 400
    """
    from careledger.loyalty.signed_offers import SignedOffer

    signed = SignedOffer.read(file)
    wanted = parse_points(amount, "--amount") if amount else None
    most = parse_points(most_paid, "--most-paid") if most_paid else None
    least = parse_points(least_received, "--least-received") if least_received else None

    suite.chain.expect(signed.chain_id)
    market = _market(suite, signed)
    made = signed.offer
    state = market.check(signed)
    giving = suite.loyalty.token(made.give)
    wanting = suite.loyalty.token(made.want)

    price = market.price(made, wanted or state.remaining)
    receipt = market.fill_with_permits(
        made,
        signed.signature,
        price.amount,
        price.paid if most is None else most,
        price.received if least is None else least,
        maker_permit=signed.permit,
        taker_permit=_permit(suite, wanting, market.address, price.paid, made.expires_at),
    )

    done = market.filled(receipt)
    facts: dict[str, Any] = {
        "id": signed.id,
        "maker": made.maker,
        "taker": suite.sender.address,
        "paid": amount_of(done.paid_amount, wanting),
        "received": amount_of(done.received_amount, giving),
        "remaining": amount_of(market.state_of(made).remaining, giving),
    }
    shown = {name: shortened_amount(facts[name]) for name in ("paid", "received", "remaining")}
    report(out, "Offer taken", facts, receipt, shown=shown)


@command(app, contracts=["PointMarket"])
def cancel(
    suite: "Suite",
    out: "Out",
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The offer.", show_default=False)
    ] = None,
    *,
    nonce: Annotated[
        str | None, typer.Option(help="Or its nonce, if the file is lost.", show_default=False)
    ] = None,
) -> None:
    """Cancel an own offer for good, and every other one with its nonce.

    Example: careledger loyalty offer cancel offer.json
    """
    from careledger.loyalty.signed_offers import SignedOffer

    if (file is None) == (nonce is None):
        raise InputError("either the offer's file or --nonce is needed")
    signed = SignedOffer.read(file) if file else None
    number = signed.offer.nonce if signed else _nonce(nonce or "")

    maker = suite.sender.address
    if signed is not None:
        suite.chain.expect(signed.chain_id)
        if signed.offer.maker != maker:
            raise InputError(f"the offer is {signed.offer.maker}'s: only its maker can cancel it")

    market = suite.loyalty.market if signed is None else _market(suite, signed)
    receipt = market.cancel(number)
    report(out, "Offer cancelled", {"maker": maker, "nonce": str(number)}, receipt)


def _market(suite: "Suite", signed: "SignedOffer") -> "PointMarket":
    """Return the market of the version of the suite for which an offer was signed."""
    if suite.given("PointMarket") is not None:
        return suite.loyalty.market
    return suite.having("PointMarket", signed.market).loyalty.market


def _nonce(text: str) -> int:

    if not (text.isascii() and text.isdigit() and len(text) < 79 and int(text) < 1 << 256):
        raise InputError(f"--nonce {text[:80]!r} is not a whole number below 2^256")
    return int(text)


def _permit(
    suite: "Suite", token: "LoyaltyToken", spender: str, value: int, deadline: datetime
) -> "Permit | None":
    """Sign what the market needs to take the price; None where it may already."""
    from careledger.loyalty.signed_offers import Permit

    owner = suite.sender.address
    if token.allowance(owner, spender) >= value:
        return None

    message = token.messages.permit(owner, spender, value, token.nonces(owner), deadline)
    return Permit(value, deadline, message.sign(suite.account))


def _report(
    out: "Out",
    title: str,
    signed: "SignedOffer",
    tokens: tuple["LoyaltyToken", "LoyaltyToken"],
    **more: Any,
) -> None:
    """Show an offer. Anybody chooses any symbol, so the brands' identities stand beside them."""
    made = signed.offer
    giving, wanting = tokens
    facts: dict[str, Any] = {
        "id": signed.id,
        "maker": made.maker,
        "taker": made.taker,
        "give": made.give,
        "want": made.want,
        "giveAmount": amount_of(made.give_amount, giving),
        "wantAmount": amount_of(made.want_amount, wanting),
        "minFill": amount_of(made.min_fill, giving),
        "expiresAt": made.expires_at,
        "nonce": str(made.nonce),
        "ref": made.ref,
        "giveBrand": giving.brand(),
        "wantBrand": wanting.brand(),
    }
    shown = {"taker": "anyone"} if made.taker == ZERO_ADDRESS else None
    report(out, title, facts | more, shown=shown)
