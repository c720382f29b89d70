"""One door to everything: the suite on a chain, and its typed clients by noun.

```python
from careledger import Suite

suite = Suite.open()
suite.identity.registry.identity_owner("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
suite.refunds.escrow.release(terms)
```

`Suite.open` reads the environment where an argument is not given, and asks nobody: the node is
connected to, a key is loaded and a client is made when something first needs it. Reading takes no
key. A program that has a `Web3` already hands it over with `Suite.open(web3=...)`; a first script
without any node begins with `with Suite.local() as suite:`.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from careledger.errors import NotFound
from careledger.settings import Settings

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount
    from eth_typing import ChecksumAddress
    from web3 import Web3

    from careledger.chain.contract import ContractClient
    from careledger.chain.node import DevelopmentChain
    from careledger.chain.rpc import Chain
    from careledger.chain.send import Sender
    from careledger.identity.consent.client import ConsentRegistry
    from careledger.identity.credentials.policy import VerifierPolicy
    from careledger.identity.did.client import IdentityRegistry
    from careledger.identity.exchange.company import Company
    from careledger.identity.passkeys.client import PasskeyVerifier
    from careledger.identity.status.client import CredentialStatus
    from careledger.interactions.client import InteractionLog
    from careledger.loyalty.client import LoyaltyToken, PointMarket, PointPools
    from careledger.refunds.client import RefundEscrow
    from careledger.refunds.erc20 import Erc20Token
    from careledger.refunds.return_desk import ReturnDesk
    from careledger.store import Store

_Client = TypeVar("_Client", bound="ContractClient")


def _on_stderr(sentence: str) -> None:
    sys.stderr.write(f"note: {sentence}\n")


class Access:
    """What a suite needs of the world, each part opened when it is first asked for."""

    def __init__(
        self,
        settings: Settings,
        *,
        web3: "Web3 | None" = None,
        account: "LocalAccount | None" = None,
        store: "Store | None" = None,
        notice: Callable[[str], None] = _on_stderr,
    ) -> None:
        self.settings = settings
        self._web3 = web3
        self._account = account
        self._store = store
        self._opened: Store | None = None
        self._notice = notice

    @cached_property
    def chain(self) -> "Chain":
        """The node and the chain that it serves."""
        from careledger.chain.rpc import Chain, connect

        return connect(self.settings.rpc) if self._web3 is None else Chain.from_web3(self._web3)

    @cached_property
    def account(self) -> "LocalAccount":
        """The key that signs."""
        from careledger.chain.keys import signing_account

        if self._account is not None:
            return self._account
        return signing_account(self.settings, self.chain, self._notice)

    @cached_property
    def sender(self) -> "Sender":
        """The one owner of the key's nonces in this process."""
        from careledger.chain.send import Sender

        return Sender(self.chain, self.account)

    @property
    def store(self) -> "Store":
        """The database; opened here, it is closed with the suite."""
        from careledger.store import Store

        if self._store is not None:
            return self._store
        if self._opened is None:
            where = self.settings.store
            self._opened = Store.open(where if "://" in where else Path(where).expanduser())
        return self._opened

    def close(self) -> None:
        """Close what was opened here."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


class Suite:
    """The suite on one chain: its addresses, who signs, and the typed clients by noun."""

    def __init__(self, access: Access, contracts: Mapping[str, str] | None = None) -> None:
        """Take what `open` prepared; programs call `open` or `local`."""
        self._access = access
        self._contracts = dict(contracts or {})

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
        notice: Callable[[str], None] = _on_stderr,
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
        from careledger.chain.deploy import deploy
        from careledger.chain.node import LocalNode, development_accounts

        with tempfile.TemporaryDirectory() as folder, LocalNode("anvil", port=port) as chain:
            settings = Settings(
                rpc=chain.url,
                deployments=Path(folder) / "deployments",
                store=str(Path(folder) / "careledger.db"),
            )
            with cls.open(key=development_accounts(1)[0], settings=settings) as suite:
                deploy(suite.chain, suite.sender, settings.deployments)
                yield suite

    def with_contracts(self, contracts: Mapping[str, str]) -> Self:
        """Return the same suite with other addresses for some contracts, by their names."""
        return type(self)(self._access, self._contracts | dict(contracts))

    def through(self, rpc: str) -> Self:
        """Return the same suite by another node."""
        settings = replace(self.settings, rpc=rpc)
        return type(self)(Access(settings), self._contracts)

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

    @cached_property
    def addresses(self) -> "Mapping[str, ChecksumAddress]":
        """The contracts by name: those that were given, then the recorded ones.

        Raises:
            NotFound: none is given, and none is recorded for this chain.
            WrongChain: the record belongs to another chain with the same id.

        """
        from careledger.chain import deploy
        from careledger.values.addresses import address

        given = {name: address(at, name) for name, at in self._contracts.items()}
        return deploy.addresses(self.chain, self.settings.deployments) | given

    def address(self, contract: str) -> "ChecksumAddress":
        """Return where a contract is: as it was given or, without a look otherwise, as recorded.

        Raises:
            NotFound: it is neither given nor recorded for this chain.

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
        return found

    def checked(self, client: _Client) -> _Client:
        """Return a client after a look at the code at its address.

        Raises:
            NotFound: there is no such contract.

        """
        if not client.artifact.matches(self.chain.code(client.address)):
            raise NotFound(
                f"there is no {client.name} at {client.address} on chain {self.chain.chain_id}"
            )
        return client

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


class IdentityClients:
    """The contracts of identity, and the names of identities on this chain."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    @cached_property
    def registry(self) -> "IdentityRegistry":
        """The registry of identifiers."""
        from careledger.identity.did.client import IdentityRegistry

        suite = self._suite
        return IdentityRegistry(suite.chain, suite.address("IdentityRegistry"), suite.payer)

    @cached_property
    def consents(self) -> "ConsentRegistry":
        """The registry of consents."""
        from careledger.identity.consent.client import ConsentRegistry

        suite = self._suite
        return ConsentRegistry(suite.chain, suite.address("ConsentRegistry"), suite.payer)

    @cached_property
    def statuses(self) -> "CredentialStatus":
        """The revoked credentials."""
        from careledger.identity.status.client import CredentialStatus

        suite = self._suite
        return CredentialStatus(suite.chain, suite.address("CredentialStatus"), suite.payer)

    @cached_property
    def passkeys(self) -> "PasskeyVerifier":
        """The verifier of passkeys' signatures."""
        from careledger.identity.passkeys.client import PasskeyVerifier

        suite = self._suite
        return PasskeyVerifier(suite.chain, suite.address("PasskeyVerifier"), suite.payer)

    @property
    def verifiers(self) -> "list[ChecksumAddress]":
        """The ERC-7913 verifiers of the suite; none where none is recorded."""
        found = self._suite.addresses.get("PasskeyVerifier")
        return [] if found is None else [found]

    def company(self, policy: "VerifierPolicy") -> "Company":
        """Return a company that asks as the identity of the suite's key, and keeps in its store.

        Args:
            policy: whose credentials are believed, and how strictly.

        """
        from careledger.identity.credentials.issuer import Issuer
        from careledger.identity.credentials.keys import SigningKey
        from careledger.identity.exchange.company import Company

        suite = self._suite
        did = self.did(suite.account.address)
        return Company(
            Issuer(did, SigningKey.of_account(suite.account), f"{did}#controller"),
            self.registry,
            self.consents,
            self.statuses,
            store=suite.store,
            policy=policy,
            verifiers=self.verifiers,
        )

    def did(self, identity: str) -> str:
        """Return the DID of an address, or of a compressed public key, on this chain."""
        from careledger.identity.did.did import format_did

        return format_did(identity, self._suite.chain.chain_id)

    def address_of(self, identity: str) -> "ChecksumAddress":
        """Return the address of an identity that is given as DID or address.

        Raises:
            InputError: it is neither.
            WrongChain: it is the DID of another chain.

        """
        from careledger.identity.did.did import Did
        from careledger.values.addresses import address

        if not identity.startswith("did:"):
            return address(identity, "identity")

        did = Did.parse(identity)
        self._suite.chain.expect(did.chain_id())
        return did.address


class InteractionClients:
    """The contract of interactions."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    @cached_property
    def log(self) -> "InteractionLog":
        """The log of what was said and agreed, after a look at its code."""
        from careledger.interactions.client import InteractionLog

        suite = self._suite
        at = suite.address("InteractionLog")
        return suite.checked(InteractionLog(suite.chain, at, suite.payer))


class LoyaltyClients:
    """The contracts of loyalty, each after a look at its code."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    @cached_property
    def market(self) -> "PointMarket":
        """The market of signed offers."""
        from careledger.loyalty.client import PointMarket

        suite = self._suite
        return suite.checked(PointMarket(suite.chain, suite.address("PointMarket"), suite.payer))

    @cached_property
    def pools(self) -> "PointPools":
        """The pools of points against points."""
        from careledger.loyalty.client import PointPools

        suite = self._suite
        return suite.checked(PointPools(suite.chain, suite.address("PointPools"), suite.payer))

    def token(self, at: str) -> "LoyaltyToken":
        """Return a brand's points.

        Raises:
            InputError: it is not an address.
            NotFound: there are no points of ours at it.

        """
        from careledger.loyalty.client import LoyaltyToken
        from careledger.values.addresses import address

        suite = self._suite
        return suite.checked(LoyaltyToken(suite.chain, address(at, "token"), suite.payer))


class RefundClients:
    """The contracts of refunds."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    @cached_property
    def escrow(self) -> "RefundEscrow":
        """The escrow of deals."""
        from careledger.refunds.client import RefundEscrow

        suite = self._suite
        return RefundEscrow(suite.chain, suite.address("RefundEscrow"), suite.payer)

    @cached_property
    def return_desk(self) -> "ReturnDesk":
        """Where scanners record deliveries and returns."""
        from careledger.refunds.return_desk import ReturnDesk

        suite = self._suite
        return ReturnDesk(suite.chain, suite.address("ReturnDesk"), suite.payer)

    def token(self, at: str) -> "Erc20Token":
        """Return an ERC-20 token, whoever made it."""
        from careledger.refunds.erc20 import Erc20Token

        return Erc20Token(self._suite.chain, at, self._suite.payer)
