"""The typed client of `PointMarket`: one method per function of the contract."""

from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, ClassVar

from eth_typing import ChecksumAddress

from careledger.chain.contract import ContractClient
from careledger.chain.rpc import Block
from careledger.chain.transactions import Pending, TransactionReceipt
from careledger.crypto.typed_data import TypedData
from careledger.errors import Conflict
from careledger.loyalty.errors import NotOffered
from careledger.loyalty.events import OfferFilled
from careledger.loyalty.offers import Offer, cancellation
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.signed_offers import NO_PERMIT, Permit, SignedOffer
from careledger.values.times import to_seconds

BPS = 10_000


@dataclass(frozen=True)
class OfferState:
    """How much of an offer was taken; amounts of what it gives."""

    id: bytes
    filled: int
    """0 for an offer that was taken in one go: only the events tell that."""
    remaining: int
    """What can still be taken, as far as nonce and expiry go."""
    cancelled: bool


@dataclass(frozen=True)
class Fill:
    """What taking a part of an offer costs and gives, at the brands' present fees."""

    amount: int
    """Of what the offer gives."""
    paid: int
    """By the taker, `fee_paid` included."""
    received: int
    """By the taker, `fee_received` deducted."""
    fee_paid: int
    fee_received: int


class PointMarket(ContractClient):
    """Signed offers and the brands' policies.

    Methods that change something return the receipt and raise what the contract refuses with
    (`careledger.loyalty.errors`). `queue` hands any of them over without waiting.
    """

    name: ClassVar[str] = "PointMarket"

    def queue(self, function: str, *arguments: Any, gas: int | None = None) -> Pending:
        """Hand over a call of a function, by its name in the contract; the sender's `wait` waits.

        Args:
            arguments: as the contract takes them.
            gas: limit; None to simulate first, which fails for a call that depends on one under
                way.

        """
        return self._send(function, *arguments, gas=gas)

    # ---- filling

    def fill(
        self, offer: Offer, signature: bytes, amount: int, most_paid: int, least_received: int
    ) -> TransactionReceipt:
        """Take a part of an offer, as its taker.

        Args:
            offer: what its maker signed.
            signature: the maker's.
            amount: of what the offer gives, fee included.
            most_paid: the most of what the offer wants that the taker pays, fee included.
            least_received: the least of what the offer gives that the taker gets, fee deducted.

        """
        return self._write("fill", offer.abi(), signature, amount, most_paid, least_received)

    def fill_with_permits(
        self,
        offer: Offer,
        signature: bytes,
        amount: int,
        most_paid: int,
        least_received: int,
        *,
        maker_permit: Permit | None = None,
        taker_permit: Permit | None = None,
    ) -> TransactionReceipt:
        """Take a part of an offer where maker or taker has not approved the market before."""
        permits = [
            NO_PERMIT if permit is None else permit.abi() for permit in (maker_permit, taker_permit)
        ]

        limits = (amount, most_paid, least_received)
        return self._write("fillWithPermits", offer.abi(), signature, *limits, *permits)

    def price(self, offer: Offer, amount: int) -> Fill:
        """Return what taking a part of an offer costs and gives, by the present policies.

        Raises:
            NotOffered: a brand does not let its points be swapped by offers.

        """
        net = offer.price(amount)
        fee_paid = self._fee(offer.want, net)
        fee_received = self._fee(offer.give, amount)

        return Fill(
            amount=amount,
            paid=net + fee_paid,
            received=amount - fee_received,
            fee_paid=fee_paid,
            fee_received=fee_received,
        )

    def _fee(self, token: str, amount: int) -> int:
        policy = self.policy_of(token)
        if not policy.offers:
            raise NotOffered(token)
        return amount * policy.fee_bps // BPS

    def filled(self, receipt: TransactionReceipt) -> OfferFilled:
        """Return the event of the fill that a transaction made."""
        return self.event(receipt, OfferFilled)

    # ---- cancelling

    def cancel(self, nonce: int) -> TransactionReceipt:
        """Cancel all own offers with a nonce."""
        return self._write("cancel", nonce)

    def cancel_word(self, word: int, mask: int) -> TransactionReceipt:
        """Cancel all own offers with the nonces `word * 256 + i`, for each bit i of the mask."""
        return self._write("cancelWord", word, mask)

    def cancel_word_by_sig(
        self, maker: str, word: int, mask: int, *, deadline: datetime, signature: bytes
    ) -> TransactionReceipt:
        """Cancel for a maker that signed `cancellation`."""
        return self._write("cancelWordBySig", maker, word, mask, to_seconds(deadline), signature)

    def cancellation(self, maker: str, word: int, mask: int, deadline: datetime) -> TypedData:
        """Return what a maker signs so that somebody else cancels for it."""
        return cancellation(
            self.chain.chain_id, self.address, maker, word=word, mask=mask, deadline=deadline
        )

    # ---- policies

    def set_policy(self, token: str, policy: SwapPolicy) -> TransactionReceipt:
        """Set on what terms a brand's token may be swapped; pools follow at their next `sync`."""
        return self._write("setPolicy", token, astuple(policy))

    # ---- views

    def policy_of(self, token: str, block: Block = "latest") -> SwapPolicy:
        """Return a token's policy; one that allows nothing when it has none."""
        return SwapPolicy.from_abi(self._read("policyOf", token, block=block))

    def brand_of(self, token: str) -> ChecksumAddress:
        """Return the brand that a token belongs to; the zero address when it has no policy."""
        return ChecksumAddress(self._read("brandOf", token))

    def state_of(self, offer: Offer) -> OfferState:
        """Return how much of an offer was taken."""
        return OfferState(*self._read("stateOf", offer.abi()))

    def nonces_of(self, maker: str, word: int) -> tuple[int, int]:
        """Return the nonces of a word as bits: taken or cancelled ones, and cancelled ones."""
        spent, cancelled = self._read("noncesOf", maker, word)
        return spent, cancelled

    def highest_fee_bps(self) -> int:
        """Return the most that any brand's fee can be, in basis points."""
        return int(self._read("HIGHEST_FEE_BPS"))

    def registry(self) -> ChecksumAddress:
        """Return the registry that says who acts for a brand."""
        return ChecksumAddress(self._read("REGISTRY"))

    def eip712_domain(self) -> tuple[Any, ...]:
        """Return the domain of signatures (EIP-5267)."""
        return tuple(self._read("eip712Domain"))

    # ---- offers as they are handed around

    def check(self, signed: SignedOffer) -> OfferState:
        """Make sure that an offer is for this market, signed by its maker, and can still be taken.

        Raises:
            WrongChain: it is for another chain.
            Conflict: it is for another market, or nothing of it can be taken any more.
            SignatureError: its maker did not sign it.

        """
        signed.verify(self.chain)
        if signed.market != self.address:
            raise Conflict(f"the offer is for the market {signed.market}, not for {self.address}")

        state = self.state_of(signed.offer)
        if state.cancelled:
            raise Conflict("the offer was cancelled by its maker")

        if not state.remaining:
            over = self.chain.timestamp() > to_seconds(signed.offer.expires_at)
            reason = "has expired" if over else "was taken already, or another one with its nonce"
            raise Conflict(f"nothing of the offer can be taken: it {reason}")

        return state
