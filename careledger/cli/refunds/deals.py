"""`careledger refunds`: deals in escrow, returns, disputes, credits."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from careledger.cli.refunds.counter import (
    Commitment,
    DealArgument,
    Evidence,
    Folder,
    commit,
    deal_id,
    duration,
    open_counter,
    percent,
    status,
    told,
)
from careledger.console import Json, Out, Rpc
from careledger.errors import InputError
from careledger.refunds.erc20 import Erc20Token
from careledger.refunds.return_desk import order_ref
from careledger.refunds.terms import DealTerms
from careledger.values.addresses import ZERO_ADDRESS, address

app = typer.Typer(
    help="Escrow, refunds that a scan or a missed deadline triggers, disputes.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Share = Annotated[str, typer.Option("--share", help="The payer's part in percent, such as 62.5.")]
TokenOption = Annotated[
    str, typer.Option("--token", help="The token's address; ether when not given.")
]


@app.command()
def terms(
    file: Annotated[Path, typer.Argument(help="Where the terms go; must not be there yet.")],
    *,
    payer: Annotated[str, typer.Option(help="The customer's account.")],
    seller: Annotated[str, typer.Option(help="The seller's identity, which is paid.")],
    amount: Annotated[str, typer.Option(help="Decimal number, such as 129.99.")],
    token: TokenOption = ZERO_ADDRESS,
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
    deployments: Folder = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Write the terms of a deal to a file, for both sides to look at; nothing is sent.

    Example: careledger refunds terms deal.json --payer 0x… --seller 0x… --amount 129.99 --token 0x…
    """
    out, counter = Out(json_), open_counter(rpc, deployments)
    if (carrier is None) != (order is None) or (order is None) != (order_key is None):
        raise InputError("--carrier, --order and --order-key go together")
    if file.exists():
        raise InputError(f"{file} is there already and is left as it is")
    now = datetime.fromtimestamp(counter.chain.timestamp(), UTC)
    made = DealTerms(
        payer=address(payer, "--payer"),
        seller=address(seller, "--seller"),
        token=address(token, "--token"),
        amount=counter.amount(amount, token),
        release_at=now + duration(release_in, "--release-in"),
        sla_at=now + duration(deliver_in, "--deliver-in") if deliver_in else None,
        order_ref=_reference(carrier, order, order_key),
        criteria=address(counter.addresses["ReturnDesk"] if carrier else ZERO_ADDRESS),
        arbiter=address(arbiter or ZERO_ADDRESS, "--arbiter"),
        dispute_window=duration(window, "--window"),
        fee_bps=percent(fee, "--fee"),
        fee_to=address(fee_to or ZERO_ADDRESS, "--fee-to"),
        default_bps=percent(default, "--default"),
        refund_to=address(refund_to or ZERO_ADDRESS, "--refund-to"),
    )
    made.write(file)
    identifier = made.id(counter.chain.chain_id, counter.reading.address)
    out.table(
        f"Terms of deal 0x{identifier.hex()}",
        ["", ""],
        [[k, str(v)] for k, v in made.to_json().items()],
    )
    out.document({"id": identifier, "file": str(file), "terms": made.to_json()})


def _reference(carrier: str | None, order: str | None, key: Path | None) -> bytes:
    if carrier is None or order is None or key is None:
        return bytes(32)
    try:
        secret = key.read_bytes().strip()
    except OSError as error:
        raise InputError(f"the order key {key} cannot be read: {error.strerror}") from error
    if len(secret) < 16:
        raise InputError(f"the order key {key} has to be at least 16 bytes of a secret")
    return order_ref(address(carrier, "--carrier"), order, secret)


@app.command("open")
def open_deal(
    file: Annotated[Path, typer.Argument(help="File with the terms.")],
    *,
    deployments: Folder = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Pay a deal's amount into escrow, as its payer; the allowance that is missing is given first.

    Example: careledger refunds open deal.json
    """
    out, made = Out(json_), DealTerms.read(file)
    counter = open_counter(rpc, deployments)
    made.check(datetime.fromtimestamp(counter.chain.timestamp(), UTC))
    escrow = counter.escrow
    sender = counter.sender
    if made.token != ZERO_ADDRESS:
        token = Erc20Token(counter.chain, made.token, sender)
        if (
            token.allowance(sender.address, escrow.address) < made.amount
            and sender.address == made.payer
        ):
            token.approve(escrow.address, made.amount)
    receipt = escrow.open(made, value=made.amount if made.token == ZERO_ADDRESS else 0)
    told(out, "Opened", status(counter, made), receipt)


@dataclass(frozen=True)
class _Call:
    """Which deal a command is about, and how it was called."""

    deal: str
    deployments: Path | None
    rpc: str | None
    json: bool

    def act(
        self,
        function: str,
        title: str,
        *arguments: Any,
        value: int = 0,
        kept: dict[str, Any] | None = None,
    ) -> None:
        """Call a function of the escrow on the deal, and say what came of it."""
        out, counter = Out(self.json), open_counter(self.rpc, self.deployments)
        made = counter.terms(self.deal)
        receipt = counter.escrow.transact(function, made, *arguments, value=value)
        told(out, title, status(counter, made) | (kept or {}), receipt)


@app.command()
def release(
    deal: DealArgument, *, deployments: Folder = None, rpc: Rpc = None, json_: Json = False
) -> None:
    """Pay the seller: the payer at any time, anyone after the time unless something is due back.

    Example: careledger refunds release deal.json
    """
    _Call(deal, deployments, rpc, json_).act("release", "Released")


@app.command()
def refund(
    deal: DealArgument, *, deployments: Folder = None, rpc: Rpc = None, json_: Json = False
) -> None:
    """Pay back what the criteria say is due; anyone may.

    Example: careledger refunds refund 0x5f…
    """
    _Call(deal, deployments, rpc, json_).act("refund", "Refunded")


@app.command("give-back")
def give_back(
    deal: DealArgument,
    amount: Annotated[str, typer.Argument(help="Decimal number, such as 20.50.")],
    *,
    deployments: Folder = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Give back a part of what is held, or all of it, as the seller.

    Example: careledger refunds give-back deal.json 20.50
    """
    counter = open_counter(rpc, deployments)
    _Call(deal, deployments, rpc, json_).act(
        "refundPart", "Given back", counter.amount(amount, counter.terms(deal).token)
    )


@app.command()
def dispute(
    deal: DealArgument,
    *,
    evidence: Evidence = None,
    commitment: Commitment = None,
    deployments: Folder = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Ask the arbiter: the payer before the release time, the seller in its window after it.

    Keep the evidence and the key that is printed: with both, anyone can check the commitment.

    Example: careledger refunds dispute deal.json --evidence statement.txt
    """
    word, kept = commit(evidence, commitment)
    counter = open_counter(rpc, deployments)
    charge, _ = counter.reading.costs(counter.terms(deal))
    _Call(deal, deployments, rpc, json_).act("dispute", "Disputed", word, value=charge, kept=kept)


@app.command()
def evidence(
    deal: DealArgument,
    *,
    evidence: Evidence = None,
    commitment: Commitment = None,
    deployments: Folder = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Add evidence to a running dispute, as a party.

    Example: careledger refunds evidence deal.json --evidence photographs.zip
    """
    word, kept = commit(evidence, commitment)
    _Call(deal, deployments, rpc, json_).act(
        "submitEvidence", "Evidence submitted", word, kept=kept
    )


@app.command()
def rule(
    deal: DealArgument,
    *,
    share: Share,
    deployments: Folder = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Decide a dispute, as the arbiter.

    Example: careledger refunds rule deal.json --share 62.5
    """
    _Call(deal, deployments, rpc, json_).act("award", "Ruled", percent(share, "--share"))


@app.command()
def appeal(
    deal: DealArgument,
    *,
    evidence: Evidence = None,
    commitment: Commitment = None,
    deployments: Folder = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Have the arbiter decide once more, against a bond of a tenth of what is held.

    Example: careledger refunds appeal deal.json --evidence report.pdf
    """
    word, kept = commit(evidence, commitment)
    counter = open_counter(rpc, deployments)
    made = counter.terms(deal)
    charge, bond = counter.reading.costs(made)
    if made.token != ZERO_ADDRESS:
        token = Erc20Token(counter.chain, made.token, counter.sender)
        if token.allowance(counter.sender.address, counter.reading.address) < bond:
            token.approve(counter.reading.address, bond)
    _Call(deal, deployments, rpc, json_).act(
        "appeal",
        "Appealed",
        word,
        value=charge + (bond if made.token == ZERO_ADDRESS else 0),
        kept=kept,
    )


@app.command()
def execute(
    deal: DealArgument, *, deployments: Folder = None, rpc: Rpc = None, json_: Json = False
) -> None:
    """End a dispute whose time is over; anyone may.

    Example: careledger refunds execute deal.json
    """
    _Call(deal, deployments, rpc, json_).act("execute", "Executed")


@app.command()
def show(
    deal: DealArgument, *, deployments: Folder = None, rpc: Rpc = None, json_: Json = False
) -> None:
    """Show where a deal is, what may happen next, and its terms.

    Example: careledger refunds show 0x5f… --json
    """
    out, counter = Out(json_), open_counter(rpc, deployments)
    made = counter.terms(deal)
    found = status(counter, made)
    rows = [[k, "0x" + v.hex() if isinstance(v, bytes) else v] for k, v in found.items()]
    out.table("The deal", ["", ""], rows + [[k, str(v)] for k, v in made.to_json().items()])
    out.document(found | {"terms": made.to_json()})


@app.command()
def credit(
    payee: Annotated[str, typer.Argument(help="Account.")],
    *,
    token: TokenOption = ZERO_ADDRESS,
    deployments: Folder = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Show what a payee may claim because it could not be paid.

    Example: careledger refunds credit 0x… --token 0x…
    """
    out, counter = Out(json_), open_counter(rpc, deployments)
    who, what = address(payee, "payee"), address(token, "--token")
    owed = counter.reading.credit(what, who)
    out.say(f"{who} may claim {counter.text(owed, what)}")
    out.document({"payee": who, "token": what, "credit": str(owed)})


@app.command()
def claim(
    to: Annotated[str, typer.Argument(help="Where it goes.")],
    *,
    token: TokenOption = ZERO_ADDRESS,
    deployments: Folder = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Take what could not be paid to you, at another address.

    Example: careledger refunds claim 0x… --token 0x…
    """
    out, counter = Out(json_), open_counter(rpc, deployments)
    what, where = address(token, "--token"), address(to, "destination")
    escrow = counter.escrow
    owed = escrow.credit(what, counter.sender.address)
    receipt = escrow.claim(what, where)
    told(out, "Claimed", {"amount": counter.text(owed, what), "to": where}, receipt)


@app.command("scan-delivery")
def scan_delivery(
    reference: Annotated[str, typer.Argument(help="The order's reference, as in the terms.")],
    *,
    deployments: Folder = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Record that an order was delivered, as a scanner of its carrier.

    Example: careledger refunds scan-delivery 0x…
    """
    out, counter = Out(json_), open_counter(rpc, deployments)
    ref = deal_id(reference)
    told(out, "Delivery scanned", {"orderRef": ref}, counter.desk.scan_delivery(ref))


@app.command("scan-return")
def scan_return(
    deal: DealArgument,
    *,
    share: Share = "100",
    deployments: Folder = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Record that a deal's goods came back and pay the refund in one transaction, as a scanner of its carrier.

    Example: careledger refunds scan-return deal.json --share 70
    """
    out, counter = Out(json_), open_counter(rpc, deployments)
    made, grade = counter.terms(deal), percent(share, "--share")
    receipt = counter.desk.settle_return(made, grade)
    told(out, "Return scanned", status(counter, made), receipt)
