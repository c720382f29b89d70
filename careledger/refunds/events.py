"""The events of `RefundEscrow`; amounts in the token's smallest unit, shares in basis points."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from careledger.chain.events import Event


@dataclass(frozen=True)
class Opened(Event, contract="RefundEscrow"):
    """A deal was opened and its amount is in escrow."""

    id: bytes
    payer: ChecksumAddress
    seller: ChecksumAddress
    token: ChecksumAddress
    amount: int
    order_ref: bytes


@dataclass(frozen=True)
class PartRefunded(Event, contract="RefundEscrow"):
    """The seller gave a part back."""

    id: bytes
    amount: int
    held: int


@dataclass(frozen=True)
class Disputed(Event, contract="RefundEscrow"):
    """A party disputes."""

    id: bytes
    by: int
    evidence: bytes
    deadline: int


@dataclass(frozen=True)
class EvidenceSubmitted(Event, contract="RefundEscrow"):
    """A party added evidence."""

    id: bytes
    by: int
    evidence: bytes


@dataclass(frozen=True)
class Ruled(Event, contract="RefundEscrow"):
    """The arbiter ruled."""

    id: bytes
    arbiter: ChecksumAddress
    refund_bps: int
    deadline: int


@dataclass(frozen=True)
class Ruling(Event, contract="RefundEscrow"):
    """An ERC-792 arbitrator ruled."""

    arbitrator: ChecksumAddress
    dispute_id: int
    ruling: int


@dataclass(frozen=True)
class Appealed(Event, contract="RefundEscrow"):
    """The loser appealed and deposited a bond."""

    id: bytes
    by: int
    evidence: bytes
    bond: int
    deadline: int


@dataclass(frozen=True)
class Released(Event, contract="RefundEscrow"):
    """A deal ended: the seller was paid, less the fee."""

    id: bytes
    paid: int
    fee: int


@dataclass(frozen=True)
class Refunded(Event, contract="RefundEscrow"):
    """A deal ended: the payer got all that was held."""

    id: bytes
    refunded: int


@dataclass(frozen=True)
class Split(Event, contract="RefundEscrow"):
    """A deal ended: both got a part."""

    id: bytes
    refunded: int
    paid: int
    fee: int


@dataclass(frozen=True)
class BondPaid(Event, contract="RefundEscrow"):
    """The bond of an appeal was paid out."""

    id: bytes
    to: ChecksumAddress
    bond: int


@dataclass(frozen=True)
class ArbitrationRequested(Event, contract="RefundEscrow"):
    """A dispute was brought before an ERC-792 arbitrator."""

    id: bytes
    arbitrator: ChecksumAddress
    dispute_id: int


@dataclass(frozen=True)
class Credited(Event, contract="RefundEscrow"):
    """A payee could not be paid and has a claim instead."""

    id: bytes
    token: ChecksumAddress
    payee: ChecksumAddress
    amount: int


@dataclass(frozen=True)
class Claimed(Event, contract="RefundEscrow"):
    """A payee took its credit."""

    token: ChecksumAddress
    payee: ChecksumAddress
    to: ChecksumAddress
    amount: int


@dataclass(frozen=True)
class DeliveryScanned(Event, contract="ReturnDesk"):
    """An order was scanned as delivered."""

    order_ref: bytes
    scanner: ChecksumAddress


@dataclass(frozen=True)
class ReturnScanned(Event, contract="ReturnDesk"):
    """An order was scanned as returned, and graded."""

    order_ref: bytes
    scanner: ChecksumAddress
    grade_bps: int
