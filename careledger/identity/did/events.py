"""The events of `IdentityRegistry`; times in seconds since 1970 UTC."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from careledger.chain.events import Event


@dataclass(frozen=True)
class DIDOwnerChanged(Event, contract="IdentityRegistry"):
    """An identity has another controller; the zero address: it is deactivated."""

    identity: ChecksumAddress
    owner: ChecksumAddress
    previous_change: int


@dataclass(frozen=True)
class DIDDelegateChanged(Event, contract="IdentityRegistry"):
    """A delegate was named until `valid_to`, or revoked as of it; seconds since 1970 UTC."""

    identity: ChecksumAddress
    delegate_type: bytes
    delegate: ChecksumAddress
    valid_to: int
    previous_change: int


@dataclass(frozen=True)
class DIDAttributeChanged(Event, contract="IdentityRegistry"):
    """An attribute was published until `valid_to`, or revoked (0); seconds since 1970 UTC."""

    identity: ChecksumAddress
    name: bytes
    value: bytes
    valid_to: int
    previous_change: int


@dataclass(frozen=True)
class GuardiansSet(Event, contract="IdentityRegistry"):
    """The controller named guardians, or dismissed them (zero root); `delay` in seconds."""

    round: int
    identity: ChecksumAddress
    controller: ChecksumAddress
    root: bytes
    threshold: int
    delay: int


@dataclass(frozen=True)
class RecoveryStarted(Event, contract="IdentityRegistry"):
    """Enough guardians agreed; from `ready_at` on, in seconds since 1970 UTC, anyone can finish."""

    round: int
    identity: ChecksumAddress
    new_owner: ChecksumAddress
    ready_at: int


@dataclass(frozen=True)
class RecoveryStopped(Event, contract="IdentityRegistry"):
    """The controller objected."""

    round: int
    identity: ChecksumAddress
    controller: ChecksumAddress


@dataclass(frozen=True)
class RecoveryFinished(Event, contract="IdentityRegistry"):
    """The identity has passed to the new controller."""

    round: int
    identity: ChecksumAddress
    new_owner: ChecksumAddress


@dataclass(frozen=True)
class SignaturesCancelled(Event, contract="IdentityRegistry"):
    """What the controller had signed and nobody had used is void; `nonce` is its next one."""

    nonce: int
    controller: ChecksumAddress
