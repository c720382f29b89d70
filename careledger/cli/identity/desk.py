"""What the commands of this noun share: their arguments, the registry they speak to, how they answer."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import typer
from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress

from careledger.chain import deploy as deployment
from careledger.chain.keys import load_account
from careledger.chain.rpc import Chain, connect
from careledger.chain.send import Sender
from careledger.chain.transactions import TransactionReceipt
from careledger.console import Out
from careledger.errors import InputError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import Did, format_did
from careledger.identity.status.client import CredentialStatus
from careledger.settings import Settings
from careledger.store import Store
from careledger.values.addresses import address
from careledger.values.times import from_seconds

Identity = Annotated[str, typer.Argument(metavar="IDENTITY", help="A did:ethr or an address.")]
At = Annotated[
    str | None,
    typer.Option("--registry", help="Another registry than the deployed one.", show_default=False),
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


@dataclass(frozen=True)
class Desk:
    """The contracts of this noun on a chain, and how to name and sign."""

    registry: IdentityRegistry
    settings: Settings
    deployments: Path

    def identity(self, text: str) -> ChecksumAddress:
        """Return the address of an identity given as DID or address; the DID has to be this chain's."""
        if not text.startswith("did:"):
            return address(text, "identity")
        did = Did.parse(text)
        self.registry.chain.expect(did.chain_id())
        return did.address

    def did(self, identity: str) -> str:
        """Return the DID of an address on this chain."""
        return format_did(identity, self.registry.chain.chain_id)

    @property
    def chain(self) -> Chain:
        """The node that is asked."""
        return self.registry.chain

    @property
    def now(self) -> datetime:
        """This machine's time or the newest block's, whichever is later."""
        return max(datetime.now(UTC), from_seconds(self.chain.timestamp())).replace(microsecond=0)

    @cached_property
    def account(self) -> LocalAccount:
        """The key of the settings."""
        return load_account(self.settings)

    @cached_property
    def sender(self) -> Sender:
        """Who pays: the key of the settings."""
        return Sender(self.chain, self.account)

    @cached_property
    def consents(self) -> ConsentRegistry:
        """The registry of consents."""
        return ConsentRegistry(self.chain, self._deployed["ConsentRegistry"])

    @cached_property
    def statuses(self) -> CredentialStatus:
        """The revoked credentials."""
        return CredentialStatus(self.chain, self._deployed["CredentialStatus"])

    @property
    def verifiers(self) -> list[str]:
        """The ERC-7913 verifiers of the suite."""
        return [at for name, at in self._deployed.items() if name == "PasskeyVerifier"]

    @cached_property
    def _deployed(self) -> dict[str, ChecksumAddress]:
        return deployment.addresses(self.chain, self.deployments)

    @property
    def lock(self) -> Path:
        """Keeps two programs from submitting with one key at a time; beside the database where that is a file."""
        where = self.settings.store
        return Path(
            f"careledger.{self.account.address}.lock" if "://" in where else f"{where}.relay.lock"
        ).expanduser()

    def signing(self) -> IdentityRegistry:
        """Return the registry, with the key of the settings to sign with."""
        return self.registry.using(self.sender)

    def store(self) -> Store:
        """Open the database of the settings."""
        where = self.settings.store
        return Store.open(where if "://" in where else Path(where).expanduser())


def open_desk(rpc: str | None, registry: str | None, deployments: Path | None) -> Desk:
    """Connect to the node and find the registry."""
    settings = Settings.from_environment()
    chain = connect(rpc or settings.rpc)
    folder = deployments or settings.deployments
    at = registry or deployment.addresses(chain, folder)["IdentityRegistry"]
    return Desk(IdentityRegistry(chain, at), settings, folder)


def told(out: Out, title: str, what: dict[str, Any], receipt: TransactionReceipt) -> None:
    """Say what a transaction did."""
    what |= {
        "transaction": receipt.transaction_hash,
        "block": receipt.block_number,
        "gasUsed": receipt.gas_used,
    }
    shown = [
        [name, "0x" + value.hex() if isinstance(value, bytes) else value]
        for name, value in what.items()
    ]
    out.table(title, ["", ""], shown)
    out.document(what)


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def duration(text: str, option: str) -> timedelta:
    """Read a duration such as 30d.

    Raises:
        InputError: it is none.

    """
    match = re.fullmatch(r"([0-9]{1,9})([smhdw])", text)
    if match is None or int(match[1]) == 0:
        raise InputError(f"{option} {text!r} is no duration such as 90s, 15m, 12h, 30d or 8w")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def moment(text: str, option: str) -> datetime:
    """Read a time in ISO 8601; UTC where it names no zone.

    Raises:
        InputError: it is none.

    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{option} {text!r} is no time such as 2030-01-31T12:00:00Z") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
