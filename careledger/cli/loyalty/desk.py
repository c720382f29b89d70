"""What the commands of this noun share: their options, the contracts they speak to, how they read and answer."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from secrets import token_bytes
from typing import Annotated, Any, TypeVar

import typer
from eth_typing import ChecksumAddress

from careledger.chain import deploy as deployment
from careledger.chain.contract import ContractClient
from careledger.chain.keys import load_account
from careledger.chain.node import DevelopmentChain, development_accounts
from careledger.chain.rpc import Chain, connect
from careledger.chain.send import Sender
from careledger.chain.transactions import Receipt
from careledger.console import Out
from careledger.errors import InputError, NotFound
from careledger.loyalty.client import LoyaltyToken, PointMarket, PointPools
from careledger.settings import Settings
from careledger.values.addresses import address
from careledger.values.times import from_seconds

Token = Annotated[str, typer.Argument(metavar="TOKEN", help="Address of the brand's points.")]
Amount = Annotated[
    str, typer.Argument(metavar="POINTS", help="How many points, such as 250 or 12.5.")
]
Ref = Annotated[
    str | None,
    typer.Option(
        help="Commitment to the order or ticket, 32 bytes in 0x…; random when not given.",
        show_default=False,
    ),
]
For = Annotated[str, typer.Option("--for", help="How long it holds: 90s, 15m, 12h, 30d, 8w.")]
Deployments = Annotated[
    Path | None,
    typer.Option(
        envvar="CARELEDGER_DEPLOYMENTS",
        help="Folder of the deployment records.",
        show_default=False,
    ),
]
MarketAt = Annotated[
    str | None,
    typer.Option("--market", help="Another PointMarket than the deployed one.", show_default=False),
]
PoolsAt = Annotated[
    str | None,
    typer.Option("--pools", help="Another PointPools than the deployed one.", show_default=False),
]
_Client = TypeVar("_Client", bound=ContractClient)


@dataclass
class Desk:
    """A node, the suite on it, and the key of the settings."""

    chain: Chain
    settings: Settings
    folder: Path

    @classmethod
    def open(cls, rpc: str | None, deployments: Path | None = None) -> "Desk":
        """Connect to the node."""
        settings = Settings.from_environment()
        return cls(connect(rpc or settings.rpc), settings, deployments or settings.deployments)

    @cached_property
    def sender(self) -> Sender:
        """Who signs and pays: the key of the settings; the first well-known one on a development chain without."""
        named = self.settings.keystore or self.settings.private_key
        known = not named and DevelopmentChain.of(self.chain) is not None
        return Sender(
            self.chain, development_accounts(1)[0] if known else load_account(self.settings)
        )

    def at(self, contract: str, given: str | None = None) -> ChecksumAddress:
        """Return where a contract of the suite is: as given, or as recorded."""
        if given is not None:
            return address(given, contract)
        found = deployment.addresses(self.chain, self.folder).get(contract)
        if found is None:
            raise NotFound(
                f"no {contract} is recorded for chain {self.chain.chain_id}: run `careledger deploy`"
            )
        return found

    def token(self, at: str) -> LoyaltyToken:
        """Return a brand's points, after a look at the code there."""
        return self._checked(LoyaltyToken(self.chain, address(at, "token")))

    def market(self, at: str | None = None) -> PointMarket:
        """Return the market, after a look at the code there."""
        return self._checked(PointMarket(self.chain, self.at("PointMarket", at)))

    def pools(self, at: str | None = None) -> PointPools:
        """Return the pools, after a look at the code there."""
        return self._checked(PointPools(self.chain, self.at("PointPools", at)))

    def until(self, span: timedelta) -> datetime:
        """Return the time that lies so far ahead on the chain's own clock."""
        return from_seconds(self.chain.timestamp()) + span

    def _checked(self, client: _Client) -> _Client:
        if not client.artifact.matches(self.chain.code(client.address)):
            raise NotFound(
                f"there is no {client.name} at {client.address} on chain {self.chain.chain_id}"
            )
        return client


def told(
    out: Out, title: str, what: dict[str, Any], receipt: Receipt | None = None, **shown: object
) -> None:
    """Say what was done.

    Args:
        out: where to.
        title: of the table.
        what: the document; amounts in the smallest unit.
        receipt: of the transaction, if there was one.
        shown: what people read instead of some of the values.

    """
    if receipt is not None:
        what = what | {
            "transaction": receipt.transaction_hash,
            "blockNumber": receipt.block_number,
            "gasUsed": receipt.gas_used,
        }
    rows = []
    for name, value in what.items():
        text = shown.get(name, value)
        rows.append(
            [
                spaced(name),
                "0x" + text.hex() if isinstance(text, bytes) else "-" if text is None else text,
            ]
        )
    out.table(title, ["", ""], rows)
    out.document(what)


def spaced(name: str) -> str:
    """Return a document's name as people read it: `gasUsed` -> `gas used`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()


def label(token: LoyaltyToken) -> str:
    """Return a token's symbol where it is fit to be shown, and its address where it is not.

    Anybody can give a token any symbol: one that draws over the screen, or says it is another's.
    """
    symbol = token.symbol()
    return symbol if re.fullmatch(r"[A-Za-z0-9.+-]{1,16}", symbol) else token.address


def duration(text: str, option: str = "--for") -> timedelta:
    """Read a span of time such as 30d.

    Raises:
        InputError: it is none.

    """
    match = re.fullmatch(r"([0-9]{1,6})([smhdw])", text, re.ASCII)
    if match is None or int(match[1]) == 0:
        raise InputError(f"{option} {text!r} is no span of time such as 90s, 15m, 12h, 30d or 8w")
    return timedelta(
        seconds=int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}[match[2]]
    )


def reference(text: str | None, option: str = "--ref") -> bytes:
    """Read 32 bytes in hexadecimal; random ones when not given.

    Raises:
        InputError: it is no such text.

    """
    if text is None:
        return token_bytes(32)
    if not re.fullmatch("0x[0-9a-fA-F]{64}", text, re.ASCII):
        raise InputError(
            f"{option} {text!r} is no commitment: 0x and 64 hexadecimal digits are needed"
        )
    return bytes.fromhex(text[2:])


def basis_points(value: int, option: str, most: int) -> int:
    """Check a number of basis points.

    Raises:
        InputError: it is negative, or above the most.

    """
    if not 0 <= value <= most:
        raise InputError(f"{option} {value} is not from 0 to {most} basis points")
    return value
