"""The typed client of `ReturnDesk`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eth_typing import ChecksumAddress
from eth_utils.address import to_canonical_address

from careledger.chain.contract import ContractClient
from careledger.chain.rpc import Block
from careledger.chain.transactions import Pending, TransactionReceipt
from careledger.crypto.hashing import hmac_sha256
from careledger.refunds import events  # noqa: F401  declares what logs are decoded as
from careledger.refunds.messages import DeskMessages
from careledger.refunds.terms import DealTerms
from careledger.values.times import from_seconds, to_seconds

GAS_LIMIT = 1_500_000


@dataclass(frozen=True)
class ScanRecord:
    """What the scans of an order tell."""

    scanner: ChecksumAddress | None
    """Who made the latest scan."""
    delivered_at: datetime | None
    returned_at: datetime | None
    grade_bps: int


def order_ref(carrier: str, order: str, key: bytes) -> bytes:
    """Return the reference of an order for deals that a return desk judges: 32 bytes.

    The carrier's identity, then 12 bytes of a commitment to the order's number that nobody can
    guess without the key: HMAC-SHA256(key, order), cut off.

    Args:
        carrier: the identity whose scanners count.
        order: the order's number as the seller writes it.
        key: the seller's secret for its references, at least 16 bytes.

    """
    return to_canonical_address(carrier) + hmac_sha256(key, order.encode())[:12]


class ReturnDesk(ContractClient):
    """Scans of deliveries and returns: one method per function of the contract."""

    name = "ReturnDesk"

    def queue(self, function: str, *arguments: Any, gas: int | None = GAS_LIMIT) -> Pending:
        """Hand over a call of a function by its name in the contract; the sender's `wait` waits."""
        return self._send(function, *arguments, gas=gas)

    @property
    def messages(self) -> DeskMessages:
        """What scanners sign for this desk."""
        return DeskMessages(self.chain.chain_id, self.address)

    def scan_delivery(self, order_ref: bytes) -> TransactionReceipt:
        """Record that an order was delivered, as a scanner of its carrier."""
        return self._write("scanDelivery", order_ref)

    def scan_delivery_by_sig(
        self, order_ref: bytes, scanner: str, deadline: datetime, signature: bytes
    ) -> TransactionReceipt:
        """Record a delivery for a scanner that signed `messages.delivery_scan`."""
        return self._write("scanDeliveryBySig", order_ref, scanner, to_seconds(deadline), signature)

    def scan_return(self, order_ref: bytes, grade_bps: int) -> TransactionReceipt:
        """Record that an order came back, without settling anything."""
        return self._write("scanReturn", order_ref, grade_bps)

    def scan_return_by_sig(
        self, order_ref: bytes, grade_bps: int, scanner: str, deadline: datetime, signature: bytes
    ) -> TransactionReceipt:
        """Record a return for a scanner that signed `messages.return_scan`."""
        return self._write(
            "scanReturnBySig", order_ref, grade_bps, scanner, to_seconds(deadline), signature
        )

    def settle_return(self, terms: DealTerms, grade_bps: int) -> TransactionReceipt:
        """Record that an order came back and pay the refund, in one transaction."""
        return self._write("settleReturn", terms.abi(), grade_bps)

    def settle_return_by_sig(
        self, terms: DealTerms, grade_bps: int, scanner: str, deadline: datetime, signature: bytes
    ) -> TransactionReceipt:
        """Record a return and pay the refund, for a scanner that signed `messages.return_scan`."""
        return self._write(
            "settleReturnBySig", terms.abi(), grade_bps, scanner, to_seconds(deadline), signature
        )

    def due_bps(self, id: bytes, terms: DealTerms) -> int:
        """Return what is due back to the payer, in basis points of what is held."""
        return int(self._read("dueBps", id, terms.abi()))

    def record(self, order_ref: bytes, block: Block = "latest") -> ScanRecord:
        """Return what is known of an order."""
        scanner, delivered, returned, grade = self._read("record", order_ref, block=block)
        known = delivered or returned
        return ScanRecord(
            ChecksumAddress(scanner) if known else None, _time(delivered), _time(returned), grade
        )

    def carrier_of(self, order_ref: bytes) -> ChecksumAddress:
        """Return the identity whose scanners may write to an order's record."""
        return ChecksumAddress(self._read("carrierOf", order_ref))

    def scanner_role(self) -> bytes:
        """Return the role of scanners."""
        return bytes(self._read("SCANNER_ROLE"))

    def registry(self) -> ChecksumAddress:
        """Return where identities are looked up."""
        return ChecksumAddress(self._read("REGISTRY"))

    def escrow(self) -> ChecksumAddress:
        """Return the escrow whose deals are settled."""
        return ChecksumAddress(self._read("ESCROW"))

    def eip712_domain(self) -> tuple[Any, ...]:
        """Return the domain of signatures (EIP-5267)."""
        return tuple(self._read("eip712Domain"))


def _time(seconds: int) -> datetime | None:
    return from_seconds(seconds) if seconds else None
