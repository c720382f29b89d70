"""The suite on one chain; see the package."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from careledger.errors import Conflict, NotFound
from careledger.settings import Settings
from careledger.suite.access import Access, on_stderr
from careledger.suite.clients import (
    IdentityClients,
    InteractionClients,
    LoyaltyClients,
    RefundClients,
)

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount
    from eth_typing import ChecksumAddress
    from web3 import Web3

    from careledger.chain.contract import ContractClient
    from careledger.chain.deployments import DeployedVersion
    from careledger.chain.node import DevelopmentChain
    from careledger.chain.rpc import Chain
    from careledger.chain.send import Sender
    from careledger.refunds.terms import DealTerms
    from careledger.store import Store

_Client = TypeVar("_Client", bound="ContractClient")


class Suite:
    """The suite on one chain: its addresses, who signs, and the typed clients by noun."""

    def __init__(
        self,
        access: Access,
        contracts: Mapping[str, str] | None = None,
        version: int | None = None,
    ) -> None:
        """Take what `open` prepared; programs call `open` or `local`."""
        self._access = access
        self._contracts = dict(contracts or {})
        self._version = version

        self.identity = IdentityClients(self)
        self.interactions = InteractionClients(self)
        self.loyalty = LoyaltyClients(self)
        self.refunds = RefundClients(self)

    @classmethod
    def open(
        cls,
        rpc: str | None = None,
        *,
        key: "LocalAccount | Path | str | None" = None,
        deployments: Path | None = None,
        store: "Store | Path | str | None" = None,
        settings: Settings | None = None,
        web3: "Web3 | None" = None,
        contracts: Mapping[str, str] | None = None,
        notice: Callable[[str], None] = on_stderr,
    ) -> Self:
        """Open the suite; the environment has what is not given.

        Args:
            rpc: the node's HTTP address.
            key: an account, the path of an encrypted key file, or a private key in hexadecimal.
            deployments: folder of the deployment records.
            store: an open database, a file of SQLite, or a URL of SQLAlchemy.
            settings: in place of the environment.
            web3: the program's own, in place of `rpc`: all requests go through its middleware.
            contracts: addresses by contract name that go before the recorded ones.
            notice: called with a sentence when a well-known account of a development chain signs.

        Raises nothing of the node's, the key's or the record's yet: each is opened when it is
        first needed.
        """
        found = settings or Settings.from_environment()
        if rpc is not None:
            found = replace(found, rpc=rpc)
        if deployments is not None:
            found = replace(found, deployments=deployments)
        if isinstance(store, str | Path):
            found = replace(found, store=str(store))
        if isinstance(key, Path):
            found = replace(found, keystore=key)
        if isinstance(key, str):
            found = replace(found, keystore=None, private_key=key)

        access = Access(
            found,
            web3=web3,
            account=None if isinstance(key, str | Path) else key,
            store=None if isinstance(store, str | Path) else store,
            wants_store=store is not None,
            notice=notice,
        )
        return cls(access, contracts)

    @classmethod
    @contextmanager
    def local(cls, port: int | None = None) -> Iterator[Self]:
        """Start an Anvil, deploy the suite on it, and yield it; all of it is gone afterwards.

        The first well-known development account signs.

        Args:
            port: on the loopback address; a free one when not given.

        Raises:
            ToolchainError: there is no Anvil on this machine.
            NodeError: it does not start.

        """
        from careledger.chain.node import LocalNode, development_accounts

        with tempfile.TemporaryDirectory() as folder, LocalNode("anvil", port=port) as chain:
            settings = Settings(
                rpc=chain.url,
                deployments=Path(folder) / "deployments",
                store=str(Path(folder) / "careledger.db"),
            )
            with cls.open(key=development_accounts(1)[0], settings=settings) as suite:
                suite.deploy()
                yield suite

    def with_contracts(self, contracts: Mapping[str, str]) -> Self:
        """Return the same suite with other addresses for some contracts, by their names."""
        return type(self)(self._access, self._contracts | dict(contracts), self._version)

    def through(self, rpc: str) -> Self:
        """Return the same suite by another node."""
        return type(self)(self._access.through(rpc), self._contracts, self._version)

    def given(self, contract: str) -> str | None:
        """Return the address that was given for a contract; None where the recorded one counts."""
        from careledger.values.addresses import address

        at = self._contracts.get(contract)
        return None if at is None else address(at, contract)

    @property
    def settings(self) -> Settings:
        """The settings, with what was given in place of the environment's."""
        return self._access.settings

    @property
    def chain(self) -> "Chain":
        """The node and the chain that it serves; asking connects.

        Raises:
            NodeError: no node answers.

        """
        return self._access.chain

    @property
    def account(self) -> "LocalAccount":
        """The key that signs; asking loads it.

        Raises:
            SettingsError: no key is named, or it cannot be used.

        """
        return self._access.account

    @property
    def sender(self) -> "Sender":
        """Who signs and pays; one for all clients, so that no nonce is used twice."""
        return self._access.sender

    def payer(self) -> "Sender":
        """Return who signs and pays: what the clients call at their first transaction."""
        return self._access.sender

    @property
    def store(self) -> "Store":
        """The database of the settings; asking opens it.

        Raises:
            StoreError: it cannot be opened.

        """
        return self._access.store

    @property
    def development(self) -> "DevelopmentChain | None":
        """What lets time pass on a development chain; None on any other."""
        from careledger.chain.node import DevelopmentChain

        return DevelopmentChain.of(self.chain)

    @property
    def versions(self) -> list[int]:
        """The numbers of the deployed versions, oldest first; each is opened by `at`.

        Raises:
            NotFound: none is recorded for this chain.
            WrongChain: the record belongs to another chain with the same id.

        """
        return [one.number for one in self._access.versions]

    @property
    def version(self) -> int:
        """The number of the version that this suite speaks to: the newest, if `at` was not called.

        Raises what `versions` raises.
        """
        return self._deployed.number

    def at(self, version: int) -> Self:
        """Return an older version of the suite, so that what was begun there comes to its end.

        The key, the node and the database are those of this one.

        Raises:
            NotFound: no version of this number is recorded.

        """
        if version not in self.versions:
            raise NotFound(
                f"no version {version} of the suite is recorded for chain {self.chain.chain_id}: "
                f"there are {', '.join(map(str, self.versions))}"
            )
        return type(self)(self._access, self._contracts, version)

    def having(self, contract: str, at: str) -> Self:
        """Return the version in which a contract has this address; this one where none has."""
        for version in reversed(self._access.versions):
            if version.addresses().get(contract) == at:
                return self.at(version.number)
        return self

    def having_deal(self, deal: "DealTerms | bytes") -> "Suite":
        """Return the version in which a deal was opened; the newest when it was opened in none.

        Args:
            deal: its terms, or its id.

        """
        if self.given("RefundEscrow") is not None or len(self.versions) == 1:
            return self

        for version in reversed(self.versions):
            older = self.at(version)
            if older.refunds.is_open(deal):
                return older
        return self

    @property
    def _deployed(self) -> "DeployedVersion":
        versions = self._access.versions
        found = [one for one in versions if self._version in (one.number, None)]
        return found[-1]

    @cached_property
    def addresses(self) -> "Mapping[str, ChecksumAddress]":
        """The contracts by name: those that were given, then the recorded ones.

        Raises what `versions` raises.
        """
        from careledger.values.addresses import address

        given = {name: address(at, name) for name, at in self._contracts.items()}
        return self._deployed.addresses() | given

    def address(self, contract: str) -> "ChecksumAddress":
        """Return where a contract is: as it was given or, without a look otherwise, as recorded.

        Raises:
            NotFound: it is neither given nor recorded for this chain.
            Conflict: it was deployed by a release with which this one cannot speak to it.

        """
        from careledger.values.addresses import address

        if contract in self._contracts:
            return address(self._contracts[contract], contract)

        found = self.addresses.get(contract)
        if found is None:
            raise NotFound(
                f"no {contract} is recorded for chain {self.chain.chain_id}: "
                f"run `careledger deploy`"
            )
        self._require_interface(contract)
        return found

    def _require_interface(self, contract: str) -> None:
        from careledger.chain import artifacts

        deployed = self._deployed
        known = deployed.contracts[contract].get("interface")
        if known is not None and known != artifacts.load(contract).interface_hash:
            release = deployed.release or "the release"
            raise Conflict(
                f"{contract} of version {deployed.number} has another interface than this build: "
                f"use CareLedger {release}, which deployed it, or deploy this build beside it "
                f"(`careledger deploy --new-version`)"
            )

    def checked(self, client: _Client) -> _Client:
        """Return a client after a look at the code at its address.

        Raises:
            NotFound: there is no such contract.

        """
        code = self.chain.code(client.address)
        if not client.artifact.matches(code) and not self._is_recorded(client, code):
            raise NotFound(
                f"there is no {client.name} at {client.address} on chain {self.chain.chain_id}"
            )
        return client

    def _is_recorded(self, client: "ContractClient", code: bytes) -> bool:
        """Say whether it is a contract of an older build, with the code that was deployed."""
        from careledger.crypto.hashing import keccak256

        if client.name in self._contracts:
            return False
        entry = self._deployed.contracts.get(client.name, {})
        return entry.get("codeHash") == "0x" + keccak256(code).hex()

    def deploy(
        self,
        progress: Callable[[str, str], None] = lambda _name, _what: None,
        *,
        new_version: bool = False,
    ) -> "Mapping[str, ChecksumAddress]":
        """Deploy what is missing of the suite and return its addresses; safe to run again.

        Args:
            progress: told each contract's name and what became of it.
            new_version: deploy what another build made beside the older version.

        Raises:
            WrongChain: the record belongs to another chain.
            Conflict: a recorded contract is not this build's, or is no longer on the chain.
            NodeError, Reverted: a transaction failed; what was done before it is recorded.

        """
        from careledger.chain.deploy import deploy
        from careledger.version import __version__

        folder = self.settings.deployments
        found = deploy(
            self.chain,
            self.sender,
            folder,
            progress,
            new_version=new_version,
            release=__version__,
        )
        vars(self._access).pop("versions", None)
        vars(self).pop("addresses", None)
        return found

    def chain_time(self) -> datetime:
        """Return the time of the newest block."""
        from careledger.values.times import from_seconds

        return from_seconds(self.chain.timestamp())

    def now(self) -> datetime:
        """Return this machine's time or the newest block's, whichever is later; whole seconds."""
        here = datetime.now(UTC).replace(microsecond=0)
        return max(here, self.chain_time())

    def close(self) -> None:
        """Close the database, if this suite opened it."""
        self._access.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
