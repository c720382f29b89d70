"""The typed client of `CredentialStatus`."""

from collections import defaultdict
from collections.abc import Iterable

from eth_typing import ChecksumAddress

from careledger.chain.contract import ContractClient
from careledger.chain.rpc import Block
from careledger.chain.transactions import TransactionReceipt
from careledger.errors import InputError
from careledger.identity.status.events import WORD_BITS

_PAGE = 256
"""Words that one call asks for; far below what any node allows."""


class CredentialStatus(ContractClient):
    """The revoked credentials of all issuers.

    Writing raises `NotIssuer` unless the sender is the issuer's controller, or its delegate.
    """

    name = "CredentialStatus"

    def revoke(self, issuer: str, list_: bytes, index: int) -> TransactionReceipt:
        """Revoke a credential; it may be revoked already."""
        return self._write("revoke", issuer, list_, _uint(index))

    def revoke_word(self, issuer: str, list_: bytes, word: int, bits: int) -> TransactionReceipt:
        """Revoke any of the 256 credentials of a word; bit 0 is the first."""
        return self._write("revokeWord", issuer, list_, _uint(word), _uint(bits))

    def revoke_many(
        self, issuer: str, list_: bytes, indexes: Iterable[int]
    ) -> list[TransactionReceipt]:
        """Revoke credentials by a transaction for each word, all sent before any is awaited.

        After a failure some may be revoked and some not: the same call again does what is left.
        """
        words: dict[int, int] = defaultdict(int)
        for index in indexes:
            words[_uint(index) // WORD_BITS] |= 1 << index % WORD_BITS

        sender = self._paying("revokeWord")
        pending = [
            self._send("revokeWord", issuer, list_, word, bits)
            for word, bits in sorted(words.items())
        ]
        return [sender.wait(one) for one in pending]

    def is_revoked(self, issuer: str, list_: bytes, index: int, block: Block = "latest") -> bool:
        """Say whether a credential was revoked; also False for one that was never issued."""
        return bool(self._read("isRevoked", issuer, list_, _uint(index), block=block))

    def word(self, issuer: str, list_: bytes, word: int, block: Block = "latest") -> int:
        """Return 256 credentials of a list as the bits of a number."""
        return int(self._read("word", issuer, list_, _uint(word), block=block))

    def words(
        self, issuer: str, list_: bytes, first: int, count: int, block: Block = "latest"
    ) -> list[int]:
        """Return several words of a list, asking for 256 at a time."""
        found: list[int] = []
        while len(found) < count:
            page = min(_PAGE, count - len(found))
            found += self._read(
                "words", issuer, list_, _uint(first + len(found)), page, block=block
            )
        return found

    def registry(self) -> ChecksumAddress:
        """Return the registry where issuers and their delegates are looked up."""
        return ChecksumAddress(self._read("REGISTRY"))

    def status_role(self) -> bytes:
        """Return the type of the delegates who may revoke."""
        return bytes(self._read("STATUS_ROLE"))


def _uint(number: int) -> int:
    if not 0 <= number < 1 << 256:
        raise InputError(
            f"{number} is not a number that a status list can have: 0 to 2^256 - 1 is needed"
        )
    return number
