"""The events of `CredentialStatus`."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from careledger.chain.events import Event

WORD_BITS = 256
"""Credentials in a word of the chain."""


@dataclass(frozen=True)
class CredentialsRevoked(Event, contract="CredentialStatus"):
    """Credentials were revoked: those whose bits are set and were not before."""

    issuer: ChecksumAddress
    list: bytes
    word: int
    bits: int

    @property
    def indexes(self) -> tuple[int, ...]:
        """The credentials' indexes in the list, ascending."""
        first = self.word * WORD_BITS
        return tuple(first + bit for bit in range(WORD_BITS) if self.bits >> bit & 1)
