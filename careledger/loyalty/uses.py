"""Uses of a brand's points: each movement, and what it was for, from the events of a transaction.

Movements inside a swap, a funding or a collection of fees are counted as that, once; what is left
is a transfer from holder to holder.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from eth_typing import ChecksumAddress

from careledger.chain.events import Event
from careledger.crypto.documents import hexed
from careledger.errors import ProofError
from careledger.loyalty.events import (
    Fee,
    FeesCollected,
    Issued,
    IssuedBatch,
    LiquidityAdded,
    LiquidityRemoved,
    PoolClaimed,
    Redeemed,
    Swap,
    Transfer,
)
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.amounts import WAD


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
        swapped = (
            {"otherToken": self.other_token, "otherAmount": str(self.other_amount)}
            if self.other_token
            else {}
        )
        issued = {"issuer": self.by} if self.by else {}

        return {
            "use": self.kind.value,
            "holder": self.holder,
            "to": self.to,
            "amount": str(self.amount),
            "fee": str(self.fee),
            "decimals": WAD,
            "ref": hexed(self.ref) if self.ref else None,
            "blockNumber": self.block_number,
            "transactionHash": hexed(self.transaction),
            **issued,
            **swapped,
        }


class _Movement(NamedTuple):
    """A movement that an event calls for; None stands for anybody, or for any amount."""

    holder: ChecksumAddress | None
    to: ChecksumAddress | None
    amount: int | None = None

    def fits(self, transfer: Transfer) -> bool:
        return (
            self.holder in {None, transfer.from_}
            and self.to in {None, transfer.to}
            and self.amount in {None, transfer.amount}
        )


class TransactionUses:
    """Reads the uses of one transaction: a movement waits for the event that explains it."""

    def __init__(self, token: ChecksumAddress, pools: ChecksumAddress) -> None:
        self.token = token
        self.pools = pools
        self._waiting: list[Transfer] = []
        self._fees: defaultdict[bytes, int] = defaultdict(int)
        """By the id of the swap that they are charged in."""
        self._uses: list[PointUse] = []

    def read(self, events: Iterable[Event]) -> list[PointUse]:
        """Return the uses of a transaction, in the order of its events.

        Raises:
            ProofError: an event explains a movement that is not in the logs.

        """
        for event in events:
            self._count(event)

        for transfer in self._waiting:
            self._add(UseKind.TRANSFERRED, transfer, transfer)
        return sorted(self._uses, key=lambda use: use.log_index)

    def _count(self, event: Event) -> None:
        match event:
            case Transfer():
                self._waiting.append(event)
            case Fee():
                self._fees[event.id] += event.amount
            case Swap() if event.maker == self.pools:
                self._pool_swap(event)
            case Swap():
                self._offer_fill(event)
            case Issued():
                self._issued([event.ref], event.issuer, event)
            case IssuedBatch():
                self._issued(event.refs, event.issuer, event)
            case Redeemed():
                movement = _Movement(event.from_, ZERO_ADDRESS, event.amount)
                self._take(UseKind.REDEEMED, event, movement, ref=event.ref)
            case _:
                self._pool(event)

    def _issued(self, refs: list[bytes], issuer: ChecksumAddress, event: Event) -> None:
        new = [transfer for transfer in self._waiting if transfer.from_ == ZERO_ADDRESS]
        latest = new[max(0, len(new) - len(refs)) :]

        # Where some are missing, the report's sums say so.
        for transfer, ref in zip(latest, refs, strict=False):
            self._waiting.remove(transfer)
            self._add(UseKind.ISSUED, transfer, event, ref=ref, by=issuer)

    def _pool_swap(self, event: Swap) -> None:
        fee = self._fees.pop(event.id, 0)
        if event.paid == self.token:
            kind = UseKind.POOL_PAID
            movement = _Movement(None, self.pools, event.paid_amount)
            gross = event.paid_amount
        else:
            kind = UseKind.POOL_GIVEN
            movement = _Movement(self.pools, None, event.received_amount)
            gross = event.received_amount + fee  # the fee of what comes out stays in the pools

        self._take(kind, event, movement, amount=gross, fee=fee, **self._other_side(event))

    def _offer_fill(self, event: Swap) -> None:
        fee = self._fees.pop(event.id, 0)
        if event.paid == self.token:
            kind = UseKind.OFFER_PAID
            movement = _Movement(event.taker, event.maker, event.paid_amount - fee)
        else:
            kind = UseKind.OFFER_GIVEN
            movement = _Movement(event.maker, event.taker, event.received_amount)

        self._drop_fee(movement.holder, fee)
        gross = (movement.amount or 0) + fee
        self._take(kind, event, movement, amount=gross, fee=fee, **self._other_side(event))

    def _drop_fee(self, giver: ChecksumAddress | None, fee: int) -> None:
        """Leave out the fee's own movement, which is counted as part of the swap."""
        found = [one for one in self._waiting if one.from_ == giver and one.amount == fee]
        if fee and found:
            self._waiting.remove(found[-1])

    def _other_side(self, event: Swap) -> dict[str, Any]:
        """Return what points of a swap were swapped for."""
        if event.paid == self.token:
            other = {"other_token": event.received, "other_amount": event.received_amount}
        else:
            other = {"other_token": event.paid, "other_amount": event.paid_amount}
        return {"ref": event.id, **other}

    def _pool(self, event: Event) -> None:
        match event:
            case LiquidityAdded():  # perhaps of another pair: then no points of this brand moved
                movement = _Movement(event.provider, self.pools)
                self._take(UseKind.POOL_FUNDED, event, movement, ref=event.id)
            case LiquidityRemoved():
                movement = _Movement(self.pools, event.to)
                self._take(UseKind.POOL_LEFT, event, movement, ref=event.id)
            case FeesCollected():
                movement = _Movement(self.pools, event.to, event.amount)
                self._take(UseKind.FEES_COLLECTED, event, movement)
            case PoolClaimed():
                movement = _Movement(self.pools, event.to, event.amount)
                self._take(UseKind.POOL_LEFT, event, movement)
            case _:
                raise TypeError(f"{type(event).__name__} is not a use of points")

    def _take(self, kind: UseKind, event: Event, movement: _Movement, **more: Any) -> None:
        """Make the last waiting movement that fits a use.

        Raises:
            ProofError: no movement has the amount of the event.

        """
        for transfer in reversed(self._waiting):
            if movement.fits(transfer):
                self._waiting.remove(transfer)
                self._add(kind, transfer, event, **more)
                return

        if movement.amount is not None:
            raise ProofError(
                f"the node's logs contradict each other: transaction "
                f"{hexed(event.log.transaction_hash)} shows '{kind}', but no points moved for it"
            )

    def _add(self, kind: UseKind, transfer: Transfer, event: Event, **more: Any) -> None:
        log = event.log
        use = PointUse(
            kind=kind,
            holder=transfer.from_,
            to=transfer.to,
            amount=transfer.amount,
            block_number=log.block_number,
            log_index=log.log_index,
            transaction=log.transaction_hash,
        )

        self._uses.append(replace(use, **more))
