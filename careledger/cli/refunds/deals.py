"""`careledger refunds`: deals in escrow from their terms to their end, and credits."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from careledger.cli.commands import command, group
from careledger.cli.refunds.arguments import (
    Deal,
    TokenAt,
    amount_of,
    decimals_of,
    find_deal,
)
from careledger.cli.refunds.state import act, deal_facts
from careledger.cli.report import report
from careledger.errors import InputError
from careledger.files import read_file
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.amounts import parse_amount, parse_percent
from careledger.values.times import parse_duration

if TYPE_CHECKING:
    from careledger.chain.transactions import TransactionReceipt
    from careledger.console import Out
    from careledger.refunds.terms import DealTerms
    from careledger.suite import Suite
    from careledger.suite.clients import RefundClients

app = group("Escrow, refunds that a scan or a missed deadline triggers, disputes.")

_LEAST_KEY = 16
"""Bytes of the secret that hides order numbers."""


@command(app)
def terms(
    suite: "Suite",
    out: "Out",
    file: Annotated[Path, typer.Argument(help="Where the terms go; must not be there yet.")],
    *,
    payer: Annotated[str, typer.Option(help="The customer's account.")],
    seller: Annotated[str, typer.Option(help="The seller's identity, which is paid.")],
    amount: Annotated[str, typer.Option(help="Decimal number, such as 129.99.")],
    token: TokenAt = ZERO_ADDRESS,
    release_in: Annotated[
        str, typer.Option(help="After this long anyone may pay the seller.")
    ] = "30d",
    deliver_in: Annotated[
        str | None, typer.Option(help="Promised time of delivery.", show_default=False)
    ] = None,
    carrier: Annotated[
        str | None, typer.Option(help="The identity whose scanners count.", show_default=False)
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(help="The order's number, for a deal with a carrier.", show_default=False),
    ] = None,
    order_key: Annotated[
        Path | None,
        typer.Option(help="File with the secret that hides order numbers.", show_default=False),
    ] = None,
    arbiter: Annotated[
        str | None, typer.Option(help="Who rules in a dispute.", show_default=False)
    ] = None,
    window: Annotated[str, typer.Option(help="Time for each step of a dispute.")] = "3d",
    fee: Annotated[str, typer.Option(help="Fee on the seller's part, in percent.")] = "0",
    fee_to: Annotated[
        str | None, typer.Option(help="Who gets the fee.", show_default=False)
    ] = None,
    default: Annotated[
        str, typer.Option(help="The payer's part when the arbiter is silent, in percent.")
    ] = "50",
    refund_to: Annotated[
        str | None,
        typer.Option(help="Where refunds go; the payer when not given.", show_default=False),
    ] = None,
) -> None:
    """Write the terms of a deal to a file, for both sides to look at; nothing is sent.

    Example: careledger refunds terms deal.json --payer 0x… --seller 0x… --amount 129.99 --token 0x…
    """
    from careledger.refunds.terms import DealTerms

    if (carrier is None) != (order is None) or (order is None) != (order_key is None):
        raise InputError("--carrier, --order and --order-key go together")
    if file.exists():
        raise InputError(f"{file} is there already and is left as it is")

    now = suite.chain_time()
    paid_in = address(token, "--token")
    made = DealTerms(
        payer=address(payer, "--payer"),
        seller=address(seller, "--seller"),
        token=paid_in,
        amount=parse_amount(amount, decimals_of(suite, paid_in)),
        release_at=now + parse_duration(release_in, "--release-in"),
        sla_at=now + parse_duration(deliver_in, "--deliver-in") if deliver_in else None,
        order_ref=_reference(carrier, order, order_key),
        criteria=suite.address("ReturnDesk") if carrier else ZERO_ADDRESS,
        arbiter=address(arbiter or ZERO_ADDRESS, "--arbiter"),
        dispute_window=parse_duration(window, "--window"),
        fee_bps=parse_percent(fee, "--fee"),
        fee_to=address(fee_to or ZERO_ADDRESS, "--fee-to"),
        default_bps=parse_percent(default, "--default"),
        refund_to=address(refund_to or ZERO_ADDRESS, "--refund-to"),
    )
    made.write(file)

    identifier = made.id(suite.chain.chain_id, suite.refunds.escrow.address)
    out.table(f"Terms of deal 0x{identifier.hex()}", ["", ""], list(made.to_json().items()))
    out.document({"id": identifier, "file": str(file), "terms": made.to_json()})


def _reference(carrier: str | None, order: str | None, key: Path | None) -> bytes:
    from careledger.refunds.return_desk import order_ref

    if carrier is None or order is None or key is None:
        return bytes(32)

    secret = read_file(key, "order key").strip()
    if len(secret) < _LEAST_KEY:
        raise InputError(f"the order key {key} has to be at least {_LEAST_KEY} bytes of a secret")
    return order_ref(address(carrier, "--carrier"), order, secret)


@command(app, "open")
def open_deal(
    suite: "Suite", out: "Out", file: Annotated[Path, typer.Argument(help="File with the terms.")]
) -> None:
    """Pay a deal's amount into escrow, as its payer; the allowance that is missing is given first.

    Example: careledger refunds open deal.json
    """
    from careledger.refunds.terms import DealTerms

    made = DealTerms.read(file)
    made.check(suite.chain_time())

    escrow = suite.refunds.escrow
    payer = suite.sender.address
    in_ether = made.token == ZERO_ADDRESS
    if not in_ether and payer == made.payer:
        token = suite.refunds.token(made.token)
        if token.allowance(payer, escrow.address) < made.amount:
            token.approve(escrow.address, made.amount)

    receipt = escrow.open(made, value=made.amount if in_ether else 0)
    report(out, "Opened", deal_facts(suite, made), receipt)


@command(app)
def release(suite: "Suite", out: "Out", deal: Deal) -> None:
    """Pay the seller: the payer at any time, anyone after the time unless something is due back.

    Example: careledger refunds release deal.json
    """
    act(suite, out, deal, "Released", lambda refunds, terms: refunds.escrow.release(terms))


@command(app)
def refund(suite: "Suite", out: "Out", deal: Deal) -> None:
    """Pay back what the criteria say is due; anyone may.

    Example: careledger refunds refund 0x5f…
    """
    act(suite, out, deal, "Refunded", lambda refunds, terms: refunds.escrow.refund(terms))


@command(app, "give-back")
def give_back(
    suite: "Suite",
    out: "Out",
    deal: Deal,
    amount: Annotated[str, typer.Argument(help="Decimal number, such as 20.50.")],
) -> None:
    """Give back a part of what is held, or all of it, as the seller.

    Example: careledger refunds give-back deal.json 20.50
    """

    def call(refunds: "RefundClients", terms: "DealTerms") -> "TransactionReceipt":
        part = parse_amount(amount, decimals_of(suite, terms.token))
        return refunds.escrow.refund_part(terms, part)

    act(suite, out, deal, "Given back", call)


@command(app)
def show(suite: "Suite", out: "Out", deal: Deal) -> None:
    """Show where a deal is, what may happen next, and its terms.

    Example: careledger refunds show 0x5f… --json
    """
    holding, made = find_deal(suite, deal)
    facts = deal_facts(holding, made)

    rows = [*facts.items(), *made.to_json().items()]
    out.table("The deal", ["", ""], rows)
    out.document(facts | {"terms": made.to_json()})


@command(app)
def credit(
    suite: "Suite",
    out: "Out",
    payee: Annotated[str, typer.Argument(help="Account.")],
    *,
    token: TokenAt = ZERO_ADDRESS,
) -> None:
    """Show what a payee may claim because it could not be paid.

    Example: careledger refunds credit 0x… --token 0x…
    """
    who = address(payee, "payee")
    what = address(token, "--token")

    owed = amount_of(suite, suite.refunds.escrow.credit(what, who), what)
    out.say(f"{who} may claim {owed}")
    out.document({"payee": who, "token": what, "credit": owed})


@command(app)
def claim(
    suite: "Suite",
    out: "Out",
    to: Annotated[str, typer.Argument(help="Where it goes.")],
    *,
    token: TokenAt = ZERO_ADDRESS,
) -> None:
    """Take what could not be paid to you, at another address.

    Example: careledger refunds claim 0x… --token 0x…
    """
    what = address(token, "--token")
    where = address(to, "destination")

    escrow = suite.refunds.escrow
    owed = amount_of(suite, escrow.credit(what, suite.sender.address), what)
    receipt = escrow.claim(what, where)
    report(out, "Claimed", {"amount": owed, "to": where}, receipt)
