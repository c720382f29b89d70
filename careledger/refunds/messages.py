"""What parties and scanners sign, as EIP-712 digests, and the signature itself.

Every function returns the 32 bytes to sign. `sign` is for accounts whose key is at hand; a wallet
signs the same typed data by itself (docs/protocol/refunds.md has the types).
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from careledger.crypto.typed_data import digest, domain_separator, struct_hash
from careledger.refunds.terms import DOMAIN, TERMS_TYPE, DealTerms
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
    def separator(self) -> bytes:
        """The 32-byte domain separator."""
        return domain_separator(*DOMAIN, self.chain_id, self.escrow)

    def deal_id(self, terms: DealTerms) -> bytes:
        """Return the id of a deal with these terms."""
        return terms.id_under(self.separator)

    def open(self, terms: DealTerms, deadline: datetime) -> bytes:
        """Open a deal; signed by the payer."""
        return digest(
            self.separator, struct_hash(OPEN_TYPE, [terms.struct_hash(), to_seconds(deadline)])
        )

    def release(self, id: bytes, deadline: datetime) -> bytes:
        """Pay the seller; signed by the payer."""
        return digest(self.separator, struct_hash(RELEASE_TYPE, [id, to_seconds(deadline)]))

    def split(self, id: bytes, to_payer: int, to_seller: int, deadline: datetime) -> bytes:
        """Divide what is held; signed by both, amounts in the smallest unit."""
        return digest(
            self.separator, struct_hash(SPLIT_TYPE, [id, to_payer, to_seller, to_seconds(deadline)])
        )

    def dispute(self, id: bytes, evidence: bytes, deadline: datetime) -> bytes:
        """Ask the arbiter; signed by the payer."""
        return digest(
            self.separator, struct_hash(DISPUTE_TYPE, [id, evidence, to_seconds(deadline)])
        )

    def appeal(self, id: bytes, evidence: bytes, deadline: datetime) -> bytes:
        """Ask the arbiter once more; signed by the payer."""
        return digest(
            self.separator, struct_hash(APPEAL_TYPE, [id, evidence, to_seconds(deadline)])
        )

    def claim(self, payee: str, token: str, to: str, nonce: int, deadline: datetime) -> bytes:
        """Take a credit; signed by the payee."""
        return digest(
            self.separator, struct_hash(CLAIM_TYPE, [payee, token, to, nonce, to_seconds(deadline)])
        )


@dataclass(frozen=True)
class DeskMessages:
    """What scanners sign for one return desk."""

    chain_id: int
    desk: str

    @cached_property
    def separator(self) -> bytes:
        """The 32-byte domain separator."""
        return domain_separator(*DESK_DOMAIN, self.chain_id, self.desk)

    def delivery_scan(self, order_ref: bytes, scanner: str, deadline: datetime) -> bytes:
        """Record a delivery."""
        return digest(
            self.separator, struct_hash(DELIVERY_TYPE, [order_ref, scanner, to_seconds(deadline)])
        )

    def return_scan(
        self, order_ref: bytes, grade_bps: int, scanner: str, deadline: datetime
    ) -> bytes:
        """Record a return and its grade."""
        return digest(
            self.separator,
            struct_hash(RETURN_TYPE, [order_ref, grade_bps, scanner, to_seconds(deadline)]),
        )


def sign(account: LocalAccount, message: bytes) -> bytes:
    """Sign a 32-byte digest; returns 65 bytes r || s || v, s low."""
    return bytes(account.unsafe_sign_hash(Hash32(message)).signature)
