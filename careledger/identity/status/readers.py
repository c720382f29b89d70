"""What a verifier asks whether a credential was revoked: the chain, or exported lists."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from careledger.chain.rpc import Block
from careledger.identity.credentials.errors import (
    IssuerError,
    IssuerReason,
    StatusError,
    StatusReason,
    StatusStale,
)
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.status.client import CredentialStatus
from careledger.identity.status.kinds import IssuerKeys, read_status_list
from careledger.identity.status.status_list import MAX_AGE, StatusList


class ChainStatusReader:
    """Reads from the chain whether a credential was revoked: for a verifier with a node."""

    def __init__(self, contract: CredentialStatus) -> None:
        self.contract = contract
        self.chain_id = contract.chain.chain_id
        self.address = contract.address

    def is_revoked(self, reference: StatusReference, block: Block = "latest") -> bool:
        """Say whether a credential was revoked, as of a block.

        Raises:
            StatusError: its status is not kept on a chain.
            IssuerError: it is kept on another chain, or in another contract.
            NodeError: the node cannot be asked.

        """
        if reference.issuer is None or reference.list_id is None:
            raise StatusError(
                StatusReason.STATUS_UNREADABLE,
                "the credential's status is not kept on a chain but in the list "
                f"{reference.uri}: verify with that list",
            )

        if (reference.chain_id, reference.contract) != (self.chain_id, self.address):
            raise IssuerError(
                IssuerReason.UNKNOWN_CHAIN,
                f"the credential's status is kept by {reference.contract} on chain "
                f"{reference.chain_id}, and {self.address} on chain {self.chain_id} is read here",
            )
        return self.contract.is_revoked(reference.issuer, reference.list_id, reference.index, block)


class ListStatusReader:
    """Reads from exported lists whether a credential was revoked: for a verifier without a node.

    A list is read and its signature checked once, and again when it has become stale.
    """

    def __init__(
        self,
        issuer: str,
        keys: IssuerKeys,
        fetch: Callable[[str], str],
        *,
        max_age: timedelta = MAX_AGE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Read lists of one issuer.

        Args:
            issuer: DID of the issuer of the credentials.
            fetch: returns the signed list of a URI, of any kind.
            max_age: how old a list may be, whatever it says of itself.

        """
        self.issuer = issuer
        self.keys = keys
        self.fetch = fetch
        self.max_age = max_age
        self.now = now

        self._known: dict[str, StatusList] = {}

    def is_revoked(self, reference: StatusReference, block: Block = "latest") -> bool:  # noqa: ARG002
        """Say whether a credential was revoked when its list was made; the block does not matter.

        Raises:
            StatusStale: the list is too old, and no newer one is available.
            CredentialError: the list cannot be read or believed.

        """
        found = self.fresh(reference.uri)
        found.check_reference(reference)
        return found.is_revoked(reference.index)

    def fresh(self, uri: str) -> StatusList:
        """Return the list of a URI, checked, and not stale.

        Raises:
            StatusStale: the list is too old, and no newer one is available.
            CredentialError: the list cannot be read or believed.

        """
        now = self.now()
        known = self._known.get(uri)
        if known is not None:
            try:
                known.check_fresh(now, self.max_age)
            except StatusStale:
                del self._known[uri]
            else:
                return known

        found = read_status_list(self.fetch(uri), uri, self.issuer, self.keys)
        found.check_fresh(now, self.max_age)
        self._known[uri] = found
        return found
