"""What a suite needs of the world: settings, node, key, database, and the deployed versions."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from careledger.settings import Settings

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount
    from web3 import Web3

    from careledger.chain.deployments import DeployedVersion
    from careledger.chain.rpc import Chain
    from careledger.chain.send import Sender
    from careledger.outbox.lease import StoredLease
    from careledger.store import Store


def on_stderr(sentence: str) -> None:
    """Print a remark on stderr."""
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
        wants_store: bool = False,
        notice: Callable[[str], None] = on_stderr,
    ) -> None:
        self.settings = settings
        self._web3 = web3
        self._account = account
        self._store = store
        self._wants_store = wants_store
        self._opened: Store | None = None
        self._lease: StoredLease | None = None
        self._notice = notice

    def through(self, rpc: str) -> Self:
        """Return the same access by another node: with the same key, database and notices."""
        return type(self)(
            replace(self.settings, rpc=rpc),
            account=self._account,
            store=self._store,
            wants_store=self._wants_store,
            notice=self._notice,
        )

    @cached_property
    def chain(self) -> "Chain":
        """The node and the chain that it serves."""
        from careledger.chain.rpc import Chain, connect

        return connect(self.settings.rpc) if self._web3 is None else Chain.from_web3(self._web3)

    @cached_property
    def versions(self) -> "list[DeployedVersion]":
        """The deployed versions of the suite, oldest first; at least one."""
        from careledger.chain.deployments import read_versions

        return read_versions(self.chain, self.settings.deployments)

    @cached_property
    def account(self) -> "LocalAccount":
        """The key that signs."""
        from careledger.chain.keys import signing_account

        if self._account is not None:
            return self._account
        return signing_account(self.settings, self.chain, self._notice)

    @cached_property
    def sender(self) -> "Sender":
        """The one owner of the key's nonces in this process.

        Where there is a database, it keeps other programs from sending with the key meanwhile.
        """
        from careledger.chain.send import Sender

        if not self._has_store():
            return Sender(self.chain, self.account)

        from careledger.outbox.lease import key_lease

        self._lease = key_lease(self.store, self.chain.chain_id, self.account.address)
        return Sender(self.chain, self.account, lease=self._lease)

    def _has_store(self) -> bool:
        """Say whether the program asked for a database, or the one of the settings is there."""
        return self._wants_store or self.settings.store_exists

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
        """Close what was opened here, and let other programs send with the key."""
        if self._lease is not None:
            self._lease.release()
            self._lease = None
        if self._opened is not None:
            self._opened.close()
            self._opened = None
