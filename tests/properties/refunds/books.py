"""The deals and the money of the model: dictionaries and whole numbers, as on paper."""

from dataclasses import dataclass, field

from careledger.refunds.terms import DealTerms

ALL = 10_000
REFUSED = 10_001
ENDS = ("released", "refunded", "split")
STATES = ("none", "open", "disputed", "ruled", "appealed", *ENDS)
COURT_FEE = 7
"""What the ERC-792 arbitrator charges, in wei."""

SELLERS = {"shop": ("shop", "refunder"), "pub": ()}
"""Who acts for a seller; nobody does for the contract."""
ARBITERS = {"judge": ("judge", "juror"), "court": (), None: ()}
SCANNERS = ("carrier", "scanner")
PEOPLE = (
    "alice",
    "bob",
    "shop",
    "refunder",
    "judge",
    "juror",
    "carrier",
    "scanner",
    "platform",
    "stranger",
)
CONTRACTS = ("pub", "home", "court")


class Refused(Exception):
    """The act is not allowed; says by which class."""


@dataclass
class Plan:
    """Terms by the names of people."""

    terms: DealTerms | None
    payer: str
    refundee: str
    seller: str
    asset: str
    amount: int
    release_at: int
    sla_at: int
    window: int
    criteria: str | None
    arbiter: str | None
    fee_bps: int
    default_bps: int


@dataclass(eq=False)
class Deal:
    """A deal's page in the books."""

    plan: Plan
    id: bytes
    state: str = "open"
    held: int = 0
    deadline: int = 0
    ruling: int = 0
    second: int | None = None
    appellant: str | None = None
    bond: int = 0

    @property
    def over(self) -> bool:
        return self.state in ENDS


@dataclass
class Books:
    """Everything that anybody has, and every deal; what is paid, and what is due."""

    now: int
    purse: dict[tuple[str, str], int]
    credit: dict[tuple[str, str], int] = field(default_factory=dict)
    deals: list[Deal] = field(default_factory=list)
    scans: dict[bytes, tuple[int, int, int]] = field(default_factory=dict)
    cases: list[Deal | None] = field(default_factory=list)
    nonces: dict[str, int] = field(default_factory=dict)
    shut: set[str] = field(default_factory=set)
    mood: str = "WORD"
    word: int = 0

    # ---- money

    def _take(self, asset: str, who: str, amount: int) -> None:
        if asset == "dollar" and (who in self.shut or self.purse[asset, who] < amount):
            raise Refused("WrongDeposit")

    def _move(self, asset: str, source: str, target: str, amount: int) -> None:
        self.purse[asset, source] -= amount
        self.purse[asset, target] += amount

    def _accepts(self, asset: str, who: str) -> bool:
        return who not in self.shut or (asset == "ether" and who in PEOPLE)

    def _pay(self, asset: str, who: str, amount: int) -> None:
        if self._accepts(asset, who):
            self._move(asset, "escrow", who, amount)
        elif amount:
            self.credit[asset, who] = self.credit.get((asset, who), 0) + amount

    def _end(self, deal: Deal, back: int) -> None:
        plan, forth = deal.plan, deal.held - back
        deal.state = "released" if back == 0 else "refunded" if forth == 0 else "split"
        deal.held = deal.deadline = deal.ruling = 0
        fee = forth * plan.fee_bps // ALL
        self._pay(plan.asset, plan.refundee, back)
        self._pay(plan.asset, plan.seller, forth - fee)
        self._pay(plan.asset, "platform", fee)

    def _end_at(self, deal: Deal, bps: int) -> None:
        self._end(deal, -(-deal.held * bps // ALL))

    # ---- what is due

    def broken(self, deal: Deal) -> bool:
        """Whether the criteria do anything but answer one word of at most 10,000."""
        return deal.plan.criteria == "oracle" and (self.mood != "WORD" or self.word > ALL)

    def due(self, deal: Deal) -> int:
        plan = deal.plan
        if plan.criteria is None or self.broken(deal):
            return 0
        if plan.criteria == "oracle":
            return self.word
        delivered, returned, grade = self.scans.get(plan.terms.order_ref, (0, 0, 0))
        seen = delivered or returned
        if plan.sla_at and self.now > plan.sla_at and not 0 < seen <= plan.sla_at:
            return ALL
        return grade
