"""The events of `InteractionLog`; times in seconds since 1970 UTC."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from careledger.chain.events import Event


@dataclass(frozen=True)
class BatchAnchored(Event, contract="InteractionLog"):
    """A batch was anchored."""

    brand: ChecksumAddress
    id: int
    root: bytes
    first: int
    count: int
    anchored_at: int
    by: ChecksumAddress


@dataclass(frozen=True)
class Acknowledged(Event, contract="InteractionLog"):
    """A customer countersigned an interaction."""

    brand: ChecksumAddress
    customer: ChecksumAddress
    leaf: bytes
    index: int
