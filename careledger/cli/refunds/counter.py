"""What the commands of this noun share: the contracts they speak to, how a deal is named, how they answer."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_bytes
from typing import Annotated, Any

import typer

from careledger.chain import deploy as deployment
from careledger.chain.keys import load_account
from careledger.chain.node import DevelopmentChain, development_accounts
from careledger.chain.rpc import Chain, connect
from careledger.chain.send import Sender
from careledger.chain.transactions import Receipt
from careledger.console import Out
from careledger.crypto.hashing import hmac_sha256
from careledger.errors import InputError
from careledger.refunds.client import RefundEscrow
from careledger.refunds.deal import DealState, Party
from careledger.refunds.erc20 import Erc20Token
from careledger.refunds.return_desk import ReturnDesk
from careledger.refunds.terms import DealTerms
from careledger.settings import Settings
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.amounts import amount_text, parse_amount, parse_percent

DealArgument = Annotated[
    str, typer.Argument(metavar="DEAL", help="A deal's id, or the file with its terms.")
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--deployments",
        envvar="CARELEDGER_DEPLOYMENTS",
        help="Folder of the deployment records.",
        show_default=False,
    ),
]
Evidence = Annotated[
    Path | None,
    typer.Option(
        "--evidence",
        help="File with what you say; only a commitment goes on the chain.",
        show_default=False,
    ),
]
Commitment = Annotated[
    str | None,
    typer.Option(
        "--commitment", help="A 32-byte commitment made elsewhere, instead.", show_default=False
    ),
]


@dataclass(frozen=True)
class Counter:
    """The contracts on one chain, and the key to sign with."""

    chain: Chain
    addresses: dict[str, str]
    settings: Settings

    @property
    def reading(self) -> RefundEscrow:
        """The escrow, for questions."""
        return RefundEscrow(self.chain, self.addresses["RefundEscrow"])

    @property
    def sender(self) -> Sender:
        """Who signs: the settings' key or, on a development chain without one, the first well-known account."""
        named = self.settings.keystore or self.settings.private_key
        known = not named and DevelopmentChain.of(self.chain) is not None
        return Sender(
            self.chain, development_accounts(1)[0] if known else load_account(self.settings)
        )

    @property
    def escrow(self) -> RefundEscrow:
        """The escrow, with a key to sign with."""
        return self.reading.using(self.sender)

    @property
    def desk(self) -> ReturnDesk:
        """The return desk, with a key to sign with."""
        return ReturnDesk(self.chain, self.addresses["ReturnDesk"], self.sender)

    def terms(self, deal: str) -> DealTerms:
        """Return the terms of a deal that is named by its id or by a file."""
        return (
            self.reading.terms_of(deal_id(deal))
            if deal.startswith("0x")
            else DealTerms.read(Path(deal))
        )

    def decimals(self, token: str) -> int:
        """Return how many decimals the smallest unit of a token, or of ether, has."""
        return 18 if token == ZERO_ADDRESS else Erc20Token(self.chain, token).decimals()

    def amount(self, text: str, token: str) -> int:
        """Read a decimal amount of a token."""
        return parse_amount(text, self.decimals(token))

    def text(self, amount: int, token: str) -> str:
        """Return an amount as people write it, with the token's ticker."""
        ticker = "ETH" if token == ZERO_ADDRESS else Erc20Token(self.chain, token).symbol()
        return f"{amount_text(amount, self.decimals(token), least=2)} {ticker}"


def open_counter(rpc: str | None, deployments: Path | None) -> Counter:
    """Connect to the node and find the contracts."""
    settings = Settings.from_environment()
    chain = connect(rpc or settings.rpc)
    found = deployment.addresses(chain, deployments or settings.deployments)
    return Counter(chain, dict(found), settings)


def deal_id(text: str) -> bytes:
    """Read a deal's id.

    Raises:
        InputError: it is none.

    """
    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", text):
        raise InputError(f"{text!r} is no deal's id: 0x and 64 hexadecimal digits are needed")
    return bytes.fromhex(text[2:])


def duration(text: str, option: str) -> timedelta:
    """Read a duration such as 30d.

    Raises:
        InputError: it is none.

    """
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    match = re.fullmatch(r"([0-9]{1,7})([smhdw])", text)
    if match is None or int(match[1]) == 0:
        raise InputError(f"{option} {text!r} is no duration such as 90s, 15m, 12h, 30d or 8w")
    return timedelta(seconds=int(match[1]) * units[match[2]])


def percent(text: str, option: str) -> int:
    """Read a percentage with at most two decimals as basis points.

    Raises:
        InputError: it is none from 0 to 100.

    """
    return parse_percent(text, option)


def commit(evidence: Path | None, commitment: str | None) -> tuple[bytes, dict[str, Any]]:
    """Return the commitment to some evidence, and what has to be kept to open it later.

    A plain hash of a short text is guessed in no time: the commitment is an HMAC under a random
    key.

    Raises:
        InputError: neither or both are given, or they cannot be used.

    """
    if (evidence is None) == (commitment is None):
        raise InputError("give either --evidence FILE or --commitment 0x…")
    if commitment is not None:
        if not re.fullmatch(r"0x[0-9a-fA-F]{64}", commitment):
            raise InputError(f"--commitment {commitment!r} has to be 0x and 64 hexadecimal digits")
        return bytes.fromhex(commitment[2:]), {}
    try:
        said = Path(str(evidence)).read_bytes()
    except OSError as error:
        raise InputError(f"the evidence {evidence} cannot be read: {error.strerror}") from error
    key = token_bytes(32)
    return hmac_sha256(key, said), {"evidenceKey": key}


def told(out: Out, title: str, what: dict[str, Any], receipt: Receipt) -> None:
    """Say what a transaction did."""
    what |= {
        "transaction": receipt.transaction_hash,
        "block": receipt.block_number,
        "gasUsed": receipt.gas_used,
    }
    out.table(
        title,
        ["", ""],
        [[name, "0x" + v.hex() if isinstance(v, bytes) else v] for name, v in what.items()],
    )
    out.document(what)


def status(counter: Counter, terms: DealTerms) -> dict[str, Any]:
    """Return where a deal is, in words."""
    escrow = counter.reading
    identifier = terms.id(counter.chain.chain_id, escrow.address)
    deal = escrow.deal(identifier)
    found: dict[str, Any] = {
        "id": identifier,
        "state": deal.state.name.lower(),
        "held": counter.text(deal.held, terms.token),
    }
    if deal.deadline_at is not None:
        found["deadline"] = deal.deadline_at.isoformat()
    if deal.appellant is not Party.NONE:
        found["appellant"] = deal.appellant.name.lower()
    now = datetime.fromtimestamp(counter.chain.timestamp(), UTC)
    return found | {"next": _next(escrow, terms, deal.state, now)}


_NEXT = {
    DealState.NONE: "the payer may open it",
    DealState.DISPUTED: "the arbiter may rule until the deadline; then anyone may call execute",
    DealState.APPEALED: "the arbiter may rule until the deadline; then anyone may call execute",
    DealState.RULED: "the loser may appeal until the deadline, once; then anyone may call execute",
}


def _next(escrow: RefundEscrow, terms: DealTerms, state: DealState, now: datetime) -> str:
    if state is not DealState.OPEN:
        return _NEXT.get(state, "nothing: it is over")
    due = escrow.due_bps(terms)
    if due:
        return f"{due / 100:g} % is due back: anyone may call refund"
    if now >= terms.release_at:
        return "anyone may call release"
    return f"the payer may release; anyone from {terms.release_at:%Y-%m-%d %H:%M} UTC on"
