"""What parties and scanners sign, as EIP-712 typed data.

`sign` of a message is for accounts whose key is at hand; a wallet signs its `to_json()` by itself.
docs/protocol/refunds.md has the types.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from careledger.crypto.typed_data import SigningDomain, TypedData, struct_message
from careledger.refunds.terms import DOMAIN, TERMS_TYPE, DealTerms
from careledger.values.addresses import address
from careledger.values.times import to_seconds

OPEN_TYPE = f"Open(Terms terms,uint256 deadline){TERMS_TYPE}"
RELEASE_TYPE = "Release(bytes32 id,uint256 deadline)"
SPLIT_TYPE = "Split(bytes32 id,uint256 toPayer,uint256 toSeller,uint256 deadline)"
DISPUTE_TYPE = "Dispute(bytes32 id,bytes32 evidence,uint256 deadline)"
APPEAL_TYPE = "Appeal(bytes32 id,bytes32 evidence,uint256 deadline)"
CLAIM_TYPE = "Claim(address payee,address token,address to,uint256 nonce,uint256 deadline)"
DELIVERY_TYPE = "DeliveryScan(bytes32 orderRef,address scanner,uint256 deadline)"
RETURN_TYPE = "ReturnScan(bytes32 orderRef,uint256 gradeBps,address scanner,uint256 deadline)"
DESK_DOMAIN = ("CareLedger ReturnDesk", "1")


@dataclass(frozen=True)
class EscrowMessages:
    """What is signed for one escrow; deadlines are the last second at which a signature holds."""

    chain_id: int
    escrow: str

    @cached_property
    def domain(self) -> SigningDomain:
        """The escrow's signing domain."""
        return SigningDomain(*DOMAIN, self.chain_id, address(self.escrow))

    @cached_property
    def separator(self) -> bytes:
        """The 32-byte domain separator."""
        return self.domain.separator

    def deal_id(self, terms: DealTerms) -> bytes:
        """Return the id of a deal with these terms."""
        return terms.id_under(self.separator)

    def open(self, terms: DealTerms, deadline: datetime) -> TypedData:
        """Open a deal; signed by the payer."""
        return self._message(OPEN_TYPE, struct_message(TERMS_TYPE, terms.abi()), deadline=deadline)

    def release(self, id: bytes, deadline: datetime) -> TypedData:
        """Pay the seller; signed by the payer."""
        return self._message(RELEASE_TYPE, id, deadline=deadline)

    def split(self, id: bytes, to_payer: int, to_seller: int, deadline: datetime) -> TypedData:
        """Divide what is held; signed by both, amounts in the smallest unit."""
        return self._message(SPLIT_TYPE, id, to_payer, to_seller, deadline=deadline)

    def dispute(self, id: bytes, evidence: bytes, deadline: datetime) -> TypedData:
        """Ask the arbiter; signed by the payer."""
        return self._message(DISPUTE_TYPE, id, evidence, deadline=deadline)

    def appeal(self, id: bytes, evidence: bytes, deadline: datetime) -> TypedData:
        """Ask the arbiter once more; signed by the payer."""
        return self._message(APPEAL_TYPE, id, evidence, deadline=deadline)

    def claim(self, payee: str, token: str, to: str, nonce: int, deadline: datetime) -> TypedData:
        """Take a credit; signed by the payee."""
        return self._message(CLAIM_TYPE, payee, token, to, nonce, deadline=deadline)

    def _message(self, encoded_type: str, *values: Any, deadline: datetime) -> TypedData:
        return TypedData.of(self.domain, encoded_type, [*values, to_seconds(deadline)])


@dataclass(frozen=True)
class DeskMessages:
    """What scanners sign for one return desk."""

    chain_id: int
    desk: str

    @cached_property
    def domain(self) -> SigningDomain:
        """The desk's signing domain."""
        return SigningDomain(*DESK_DOMAIN, self.chain_id, address(self.desk))

    def delivery_scan(self, order_ref: bytes, scanner: str, deadline: datetime) -> TypedData:
        """Record a delivery."""
        return TypedData.of(self.domain, DELIVERY_TYPE, [order_ref, scanner, to_seconds(deadline)])

    def return_scan(
        self, order_ref: bytes, grade_bps: int, scanner: str, deadline: datetime
    ) -> TypedData:
        """Record a return and its grade."""
        values = [order_ref, grade_bps, scanner, to_seconds(deadline)]
        return TypedData.of(self.domain, RETURN_TYPE, values)
