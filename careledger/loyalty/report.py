"""The brand's report: every use of its points, from the chain's logs alone, and whether it adds up.

A use is one movement and what it was for. Movements inside a swap, a funding or a collection of
fees are told as that, once; what is left is a transfer from holder to holder.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import groupby
from typing import Any

from eth_typing import ChecksumAddress

from careledger.chain.events import Event
from careledger.chain.rpc import Block
from careledger.errors import ProofError
from careledger.loyalty.events import (
    Fee,
    FeesCollected,
    Issued,
    IssuedBatch,
    LiquidityAdded,
    LiquidityRemoved,
    OfferFeeCharged,
    OfferFilled,
    PoolClaimed,
    PoolFeeCharged,
    PoolSwapped,
    Redeemed,
    Swap,
    Transfer,
)
from careledger.loyalty.market import PointMarket
from careledger.loyalty.pools import PointPools
from careledger.loyalty.token import LoyaltyToken, Programme
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.amounts import WAD
from careledger.values.times import time_text


class UseKind(StrEnum):
    """What points were used for."""

    ISSUED = "issued"
    REDEEMED = "redeemed"
    TRANSFERRED = "transferred"
    OFFER_PAID = "paid to take an offer"
    OFFER_GIVEN = "given by an offer"
    POOL_PAID = "paid into a swap with a pool"
    POOL_GIVEN = "got from a swap with a pool"
    POOL_FUNDED = "put into a pool"
    POOL_LEFT = "taken out of a pool"
    FEES_COLLECTED = "fees collected from the pools"


@dataclass(frozen=True)
class PointUse:
    """One use of points; amounts in the smallest unit."""

    kind: UseKind
    holder: ChecksumAddress
    """Whose points they were; the zero address for new ones."""
    to: ChecksumAddress
    """Who has them now, the brand's fee aside; the zero address when they were redeemed."""
    amount: int
    """All that the use took, the brand's fee included."""
    block_number: int
    log_index: int
    """Of the event that says what it was, in its block."""
    transaction: bytes
    fee: int = 0
    """Of the amount, for the brand."""
    ref: bytes = b""
    """What it was issued or redeemed for; the offer's or the pair's id of a swap or funding."""
    by: ChecksumAddress | None = None
    """Who issued."""
    other_token: ChecksumAddress | None = None
    """What it was swapped for."""
    other_amount: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the use as JSON; amounts are decimal text of the smallest unit."""
        found: dict[str, Any] = {
            "use": self.kind.value,
            "holder": self.holder,
            "to": self.to,
            "amount": str(self.amount),
            "fee": str(self.fee),
            "decimals": WAD,
            "ref": "0x" + self.ref.hex() if self.ref else None,
            "blockNumber": self.block_number,
            "transactionHash": "0x" + self.transaction.hex(),
        }
        if self.by:
            found["issuer"] = self.by
        if self.other_token:
            found["otherToken"] = self.other_token
            found["otherAmount"] = str(self.other_amount)
        return found


@dataclass(frozen=True)
class PointReport:
    """What became of a brand's points up to a block."""

    token: ChecksumAddress
    token_name: str
    symbol: str
    programme: Programme
    block_number: int
    uses: tuple[PointUse, ...]
    balances: dict[ChecksumAddress, int] = field(repr=False)
    """Of everybody who has points."""
    in_pools: int
    fees_waiting: int
    """Of what is in the pools, the brand's own."""

    @property
    def issued(self) -> int:
        """All points that were ever issued."""
        return self.sum(UseKind.ISSUED)

    @property
    def redeemed(self) -> int:
        """All points that were ever redeemed."""
        return self.sum(UseKind.REDEEMED)

    @property
    def fees(self) -> int:
        """What the brand earned by swaps, collected or not."""
        return sum(use.fee for use in self.uses)

    @property
    def fees_in_pools(self) -> int:
        """What the brand earned in pools and nobody collected, by the logs."""
        earned = sum(
            use.fee for use in self.uses if use.kind in {UseKind.POOL_PAID, UseKind.POOL_GIVEN}
        )
        return earned - self.sum(UseKind.FEES_COLLECTED)

    def sum(self, kind: UseKind) -> int:
        """Return the points of all uses of a kind."""
        return sum(use.amount for use in self.uses if use.kind is kind)

    def totals(self) -> Iterator[tuple[UseKind, int, int, int]]:
        """Yield each kind that occurs with the number of its uses, their points, and the brand's fees of them."""
        for kind in UseKind:
            found = [use for use in self.uses if use.kind is kind]
            if found:
                yield (
                    kind,
                    len(found),
                    sum(use.amount for use in found),
                    sum(use.fee for use in found),
                )

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON; amounts are decimal text of the smallest unit."""
        closes = self.programme.closes_at
        return {
            "token": self.token,
            "name": self.token_name,
            "symbol": self.symbol,
            "brand": self.programme.brand,
            "blockNumber": self.block_number,
            "issued": str(self.issued),
            "redeemed": str(self.redeemed),
            "outstanding": str(self.programme.outstanding),
            "cap": str(self.programme.cap),
            "closesAt": time_text(closes) if closes else None,
            "paused": self.programme.paused,
            "holders": len(self.balances),
            "inPools": str(self.in_pools),
            "fees": str(self.fees),
            "feesWaiting": str(self.fees_waiting),
            "decimals": WAD,
            "reconciled": True,
            "totals": [
                {
                    "use": kind.value,
                    "times": times,
                    "amount": str(amount),
                    "fee": str(fee),
                    "decimals": WAD,
                }
                for kind, times, amount, fee in self.totals()
            ],
            "uses": [use.to_json() for use in self.uses],
        }


def report(
    token: LoyaltyToken, market: PointMarket, pools: PointPools, block: int | None = None
) -> PointReport:
    """Read every use of a brand's points up to a block, and make sure that it adds up.

    Args:
        token: the brand's points.
        market: where offers are filled.
        pools: the pools.
        block: the last one to look at; the newest when None.

    Raises:
        ProofError: the node's logs are not all, or contradict what the token says it owes.
        NodeError: the node cannot be asked, or does not know the state as of that block.

    """
    number = token.chain.block_number() if block is None else block
    events = _events(token, market, pools, number)
    uses: list[PointUse] = []
    for _, together in groupby(events, key=lambda event: event.log.transaction_hash):
        uses += _Transaction(token.address, pools.address).read(together)
    balances = _balances(event for event in events if isinstance(event, Transfer))
    found = PointReport(
        token=token.address,
        token_name=token.token_name(),
        symbol=token.symbol(),
        programme=token.programme(number),
        block_number=number,
        uses=tuple(uses),
        balances=balances,
        in_pools=balances.get(pools.address, 0),
        fees_waiting=pools.fees_of(token.address, number),
    )
    _reconcile(found)
    return found


def _reconcile(found: PointReport) -> None:
    outstanding = found.programme.outstanding
    wrong = None
    if found.issued - found.redeemed != outstanding:
        wrong = f"issued less redeemed is {found.issued - found.redeemed}, but the token says {outstanding}"
    elif any(balance < 0 for balance in found.balances.values()):
        wrong = "somebody spent more than it ever got"
    elif sum(found.balances.values()) != outstanding:
        wrong = f"all balances are {sum(found.balances.values())}, but the token says {outstanding}"
    elif found.fees_in_pools != found.fees_waiting:
        wrong = f"{found.fees_in_pools} of fees should wait in the pools, which say {found.fees_waiting}"
    if wrong:
        raise ProofError(f"the logs of {found.token} do not add up at block {found.block_number}: {wrong}; ask a node "
                         f"that keeps all logs")  # fmt: skip


def _events(
    token: LoyaltyToken, market: PointMarket, pools: PointPools, block: Block
) -> list[Event]:
    """Return everything that concerns the token, in the order of the chain."""
    at = token.address

    found: list[Event] = []
    found += token.history(Transfer, Issued, IssuedBatch, Redeemed, to_block=block)
    found += market.history(OfferFilled, paid=at, to_block=block)
    found += market.history(OfferFilled, received=at, to_block=block)
    found += market.history(OfferFeeCharged, token=at, to_block=block)
    found += pools.history(PoolSwapped, paid=at, to_block=block)
    found += pools.history(PoolSwapped, received=at, to_block=block)
    found += pools.history(PoolFeeCharged, FeesCollected, PoolClaimed, token=at, to_block=block)

    # Liquidity moves both tokens of a pair: only what moved ours counts.
    ours = {event.log.transaction_hash for event in found}
    moved = pools.history(LiquidityAdded, LiquidityRemoved, to_block=block)
    found += (event for event in moved if event.log.transaction_hash in ours)

    return sorted(found, key=lambda event: (event.log.block_number, event.log.log_index))


def _balances(transfers: Iterable[Transfer]) -> dict[ChecksumAddress, int]:
    found: Counter[ChecksumAddress] = Counter()
    for transfer in transfers:
        found[transfer.from_] -= transfer.amount
        found[transfer.to] += transfer.amount
    found.pop(ZERO_ADDRESS, None)
    return {holder: balance for holder, balance in found.items() if balance}


class _Transaction:
    """Reads one transaction: movements wait until an event says what they were for."""

    def __init__(self, token: ChecksumAddress, pools: ChecksumAddress) -> None:
        self.token, self.pools = token, pools
        self.waiting: list[Transfer] = []
        self.fees: defaultdict[bytes, int] = defaultdict(int)
        self.uses: list[PointUse] = []

    def read(self, events: Iterable[Event]) -> list[PointUse]:
        for event in events:
            if isinstance(event, Transfer):
                self.waiting.append(event)
            elif isinstance(event, Fee):
                self.fees[event.id] += event.amount
            elif isinstance(event, Swap):
                self._swap(event)
            elif isinstance(event, Issued):
                self._issued([event.ref], event.issuer, event)
            elif isinstance(event, IssuedBatch):
                self._issued(event.refs, event.issuer, event)
            elif isinstance(event, Redeemed):
                self._take(
                    UseKind.REDEEMED, event, event.from_, ZERO_ADDRESS, event.amount, ref=event.ref
                )
            else:
                self._pool(event)
        for transfer in self.waiting:
            self._add(UseKind.TRANSFERRED, transfer, transfer)
        return sorted(self.uses, key=lambda use: use.log_index)

    def _add(self, kind: UseKind, transfer: Transfer, event: Event, **more: Any) -> None:
        log = event.log
        use = PointUse(
            kind, transfer.from_, transfer.to, transfer.amount, log.block_number, log.log_index, log.transaction_hash
        )  # fmt: skip
        self.uses.append(replace(use, **more))

    def _take(
        self,
        kind: UseKind,
        event: Event,
        holder: ChecksumAddress | None,
        to: ChecksumAddress | None,
        moved: int | None = None,
        **more: Any,
    ) -> None:
        """Make the last waiting movement between two accounts a use; None stands for any.

        Raises:
            ProofError: there is none of the amount that the event tells.

        """
        for transfer in reversed(self.waiting):
            if (
                transfer.from_ == (holder or transfer.from_)
                and transfer.to == (to or transfer.to)
                and (moved is None or transfer.amount == moved)
            ):
                self.waiting.remove(transfer)
                self._add(kind, transfer, event, **more)
                return
        if moved is not None:
            raise ProofError(
                f"the node's logs contradict each other: transaction 0x{event.log.transaction_hash.hex()} tells "
                f"'{kind}', and no points moved for it"
            )

    def _issued(self, refs: list[bytes], issuer: ChecksumAddress, event: Event) -> None:
        new = (
            [transfer for transfer in self.waiting if transfer.from_ == ZERO_ADDRESS][-len(refs) :]
            if refs
            else []
        )
        for transfer, ref in zip(
            new, refs, strict=False
        ):  # where some are missing, the sums say so
            self.waiting.remove(transfer)
            self._add(UseKind.ISSUED, transfer, event, ref=ref, by=issuer)

    def _swap(self, event: Swap) -> None:
        fee = self.fees.pop(event.id, 0)
        paying = event.paid == self.token
        other = (
            (event.received, event.received_amount) if paying else (event.paid, event.paid_amount)
        )
        more = {"ref": event.id, "fee": fee, "other_token": other[0], "other_amount": other[1]}
        if event.maker == self.pools:
            holder, to = (None, self.pools) if paying else (self.pools, None)
            moved = event.paid_amount if paying else event.received_amount
            gross = moved if paying else moved + fee  # the fee of what comes out stays in the pools
            kind = UseKind.POOL_PAID if paying else UseKind.POOL_GIVEN
            self._take(kind, event, holder, to, moved, amount=gross, **more)
            return
        giver, getter = (event.taker, event.maker) if paying else (event.maker, event.taker)
        gross = event.paid_amount if paying else event.received_amount + fee
        moves = (
            [
                transfer
                for transfer in self.waiting
                if (transfer.from_, transfer.amount) == (giver, fee)
            ]
            if fee
            else []
        )
        for transfer in moves[-1:]:  # the fee's own movement is told as part of the swap
            self.waiting.remove(transfer)
        kind = UseKind.OFFER_PAID if paying else UseKind.OFFER_GIVEN
        self._take(kind, event, giver, getter, gross - fee, amount=gross, **more)

    def _pool(self, event: Event) -> None:
        if isinstance(
            event, LiquidityAdded
        ):  # perhaps of another pair: then no points of ours moved
            self._take(UseKind.POOL_FUNDED, event, event.provider, self.pools, ref=event.id)
        elif isinstance(event, LiquidityRemoved):
            self._take(UseKind.POOL_LEFT, event, self.pools, event.to, ref=event.id)
        elif isinstance(event, FeesCollected | PoolClaimed):
            kind = UseKind.POOL_LEFT if isinstance(event, PoolClaimed) else UseKind.FEES_COLLECTED
            self._take(kind, event, self.pools, event.to, event.amount)
        else:
            raise TypeError(f"{type(event).__name__} is no use of points")
