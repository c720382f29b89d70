"""What the clients of a noun need of the suite that hands them out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount
    from eth_typing import ChecksumAddress

    from careledger.chain.contract import ContractClient
    from careledger.chain.rpc import Chain
    from careledger.chain.send import Sender
    from careledger.store import Store

_Client = TypeVar("_Client", bound="ContractClient")


class SuiteContext(Protocol):
    """The part of `Suite` that its clients are made from."""

    @property
    def chain(self) -> "Chain":
        """The node and the chain that it serves."""

    @property
    def account(self) -> "LocalAccount":
        """The key that signs."""

    @property
    def store(self) -> "Store":
        """The database."""

    @property
    def addresses(self) -> "Mapping[str, ChecksumAddress]":
        """The addresses of the contracts, by name."""

    def payer(self) -> "Sender":
        """Return who pays for transactions."""

    def address(self, contract: str) -> "ChecksumAddress":
        """Return the address of a contract of the suite."""

    def checked(self, client: _Client) -> _Client:
        """Return a client after a look at the code at its address."""
