"""The events of `ConsentRegistry`; times in seconds since 1970 UTC."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from careledger.chain.events import Event


@dataclass(frozen=True)
class ConsentGranted(Event, contract="ConsentRegistry"):
    """A consent was given; `expiry` in seconds since 1970 UTC."""

    id: bytes
    subject: ChecksumAddress
    expiry: int
    epoch: int


@dataclass(frozen=True)
class ConsentRevoked(Event, contract="ConsentRegistry"):
    """The subject ended a consent, or burned its id before it was granted."""

    id: bytes
    subject: ChecksumAddress


@dataclass(frozen=True)
class ConsentRenounced(Event, contract="ConsentRegistry"):
    """The company gave a consent back."""

    id: bytes
    subject: ChecksumAddress


@dataclass(frozen=True)
class AllRevoked(Event, contract="ConsentRegistry"):
    """The subject ended all its consents; `epoch` (seconds since 1970 UTC) begins."""

    subject: ChecksumAddress
    epoch: int


@dataclass(frozen=True)
class UseCommitted(Event, contract="ConsentRegistry"):
    """Somebody committed to a use; of which consent, only customer and company can tell."""

    commitment: bytes
