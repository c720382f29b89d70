"""The typed client of `CredentialStatus`, and the reader that a verifier asks."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from eth_typing import ChecksumAddress

from careledger.chain.contract import ContractClient, Event
from careledger.chain.rpc import Block
from careledger.chain.transactions import Receipt
from careledger.errors import InputError
from careledger.identity.credentials.errors import StatusUnreadable, UnknownChain
from careledger.identity.credentials.status_reference import StatusReference

WORD = 256
"""Credentials in a word of the chain."""
_PAGE = 256
"""Words that one call asks for; far below what any node allows."""


@dataclass(frozen=True)
class CredentialsRevoked(Event, contract="CredentialStatus"):
    """Credentials were revoked: those whose bits are set, and were not before."""

    issuer: ChecksumAddress
    list: bytes
    word: int
    bits: int

    @property
    def indexes(self) -> tuple[int, ...]:
        """The credentials' places in the list, ascending."""
        return tuple(self.word * WORD + bit for bit in range(WORD) if self.bits >> bit & 1)


class CredentialStatus(ContractClient):
    """The revoked credentials of all issuers. Writing raises `NotIssuer` unless the issuer's key, or its delegate's."""

    name = "CredentialStatus"

    def revoke(self, issuer: str, list_: bytes, index: int) -> Receipt:
        """Revoke a credential; again does no harm."""
        return self._write("revoke", issuer, list_, _place(index))

    def revoke_word(self, issuer: str, list_: bytes, word: int, bits: int) -> Receipt:
        """Revoke any of the 256 credentials of a word; bit 0 is the first."""
        return self._write("revokeWord", issuer, list_, _place(word), _place(bits))

    def revoke_many(self, issuer: str, list_: bytes, indexes: Iterable[int]) -> list[Receipt]:
        """Revoke credentials, with one transaction for each word that they stand in, all under way at once.

        After a failure some may be revoked and some not: the same call again does what is left.
        """
        words: dict[int, int] = defaultdict(int)
        for index in indexes:
            words[_place(index) // WORD] |= 1 << index % WORD
        sender = self._paying("revokeWord")
        pending = [
            self._send("revokeWord", issuer, list_, word, bits)
            for word, bits in sorted(words.items())
        ]
        return [sender.wait(one) for one in pending]

    def is_revoked(self, issuer: str, list_: bytes, index: int, block: Block = "latest") -> bool:
        """Say whether a credential was revoked; False too for one that was never issued."""
        return bool(self._read("isRevoked", issuer, list_, _place(index), block=block))

    def word(self, issuer: str, list_: bytes, word: int, block: Block = "latest") -> int:
        """Return 256 credentials of a list as the bits of a number."""
        return int(self._read("word", issuer, list_, _place(word), block=block))

    def words(
        self, issuer: str, list_: bytes, first: int, count: int, block: Block = "latest"
    ) -> list[int]:
        """Return several words of a list, asking for 256 at a time."""
        found: list[int] = []
        while len(found) < count:
            page = min(_PAGE, count - len(found))
            found += self._read(
                "words", issuer, list_, _place(first + len(found)), page, block=block
            )
        return found

    def registry(self) -> ChecksumAddress:
        """Return where issuers and their delegates are looked up."""
        return ChecksumAddress(self._read("REGISTRY"))

    def status_role(self) -> bytes:
        """Return the type of the delegates who may revoke."""
        return bytes(self._read("STATUS_ROLE"))


class ChainStatus:
    """Reads from the chain whether a credential was revoked: what a verifier with a node asks."""

    def __init__(self, contract: CredentialStatus) -> None:
        self.contract = contract
        self.chain_id = contract.chain.chain_id
        self.address = contract.address

    def is_revoked(self, reference: StatusReference, block: Block = "latest") -> bool:
        """Say whether a credential was revoked, as of a block.

        Raises:
            StatusUnreadable: its status is not kept on a chain.
            UnknownChain: it is kept on another chain, or in another contract.
            NodeError: the node cannot be asked.

        """
        if reference.issuer is None or reference.list_id is None:
            raise StatusUnreadable(
                f"the credential's status is not kept on a chain but in the list {reference.uri}: verify with that list"
            )
        if (reference.chain_id, reference.contract) != (self.chain_id, self.address):
            raise UnknownChain(
                f"the credential's status is kept by {reference.contract} on chain {reference.chain_id}, "
                f"and {self.address} on chain {self.chain_id} is read here"
            )
        return self.contract.is_revoked(reference.issuer, reference.list_id, reference.index, block)


def _place(number: int) -> int:
    if not 0 <= number < 1 << 256:
        raise InputError(
            f"{number} is no place of a list: it is numbered from 0, and has at most 256 bits"
        )
    return number
