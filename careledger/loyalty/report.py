"""The brand's report: every use of its points, from the chain's logs, and whether it adds up."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from eth_typing import ChecksumAddress

from careledger.chain.events import Event
from careledger.chain.rpc import Block
from careledger.errors import ProofError
from careledger.loyalty.events import (
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
    Transfer,
)
from careledger.loyalty.market import PointMarket
from careledger.loyalty.pools import PointPools
from careledger.loyalty.token import LoyaltyToken, Programme
from careledger.loyalty.uses import PointUse, TransactionUses, UseKind
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.amounts import WAD
from careledger.values.times import time_text


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
        swaps = {UseKind.POOL_PAID, UseKind.POOL_GIVEN}
        earned = sum(use.fee for use in self.uses if use.kind in swaps)
        return earned - self.sum(UseKind.FEES_COLLECTED)

    def sum(self, kind: UseKind) -> int:
        """Return the points of all uses of a kind."""
        return sum(use.amount for use in self.uses if use.kind is kind)

    def totals(self) -> Iterator[tuple[UseKind, int, int, int]]:
        """Yield each kind that occurs: how often, its points, and the brand's fees of them."""
        for kind in UseKind:
            uses = [use for use in self.uses if use.kind is kind]
            if uses:
                fees = sum(use.fee for use in uses)
                yield kind, len(uses), self.sum(kind), fees

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON; amounts are decimal text of the smallest unit."""
        closes = self.programme.closes_at
        totals = [
            {
                "use": kind.value,
                "times": times,
                "amount": str(amount),
                "fee": str(fee),
                "decimals": WAD,
            }
            for kind, times, amount, fee in self.totals()
        ]

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
            "totals": totals,
            "uses": [use.to_json() for use in self.uses],
        }


def read_report(
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
        uses += TransactionUses(token.address, pools.address).read(together)

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
    issued = found.issued - found.redeemed
    held = sum(found.balances.values())

    wrong = None
    if issued != outstanding:
        wrong = f"issued less redeemed is {issued}, but the token says {outstanding}"
    elif any(balance < 0 for balance in found.balances.values()):
        wrong = "a holder spent more than it ever got"
    elif held != outstanding:
        wrong = f"all balances are {held}, but the token says {outstanding}"
    elif found.fees_in_pools != found.fees_waiting:
        wrong = (
            f"{found.fees_in_pools} of fees should wait in the pools, "
            f"but the pools say {found.fees_waiting}"
        )

    if wrong:
        raise ProofError(
            f"the logs of {found.token} do not add up at block {found.block_number}: {wrong}; "
            "ask a node that keeps all logs"
        )


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
    """Return what everybody has who has points."""
    balances: Counter[ChecksumAddress] = Counter()
    for transfer in transfers:
        balances[transfer.from_] -= transfer.amount
        balances[transfer.to] += transfer.amount

    balances.pop(ZERO_ADDRESS, None)
    return {holder: balance for holder, balance in balances.items() if balance}
