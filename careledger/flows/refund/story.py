"""Play orders in escrow, from the payment to the last cent, on any chain.

Everybody who acts is an account of their own. Customers of stablecoin orders have no ether: they
sign, and a relayer pays the gas. Transactions of one sender are handed over without waiting for
each other.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import token_bytes

from careledger.chain.send import Sender
from careledger.chain.transactions import Pending
from careledger.console import ProgressBar
from careledger.crypto.hashing import hmac_sha256
from careledger.flows.stage import Stage
from careledger.refunds.client import RefundEscrow
from careledger.refunds.deal import SplitAgreement
from careledger.refunds.erc20 import Erc20Permit, Erc20Token, sign_permit
from careledger.refunds.events import PartRefunded, Refunded, Split
from careledger.refunds.ledger import Ledger, same
from careledger.refunds.messages import EscrowMessages
from careledger.refunds.orders import Order, OrderOutcome
from careledger.refunds.return_desk import ReturnDesk, order_ref
from careledger.refunds.terms import ALL_BPS, DealTerms
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.times import to_seconds

ETHER = 10**18
UNDER_WAY = 64
"""How many transactions may be under way at a time: nodes keep only so many of one sender waiting.
"""
GAS_MONEY = ETHER // 20
TOKEN_GAS = 150_000


@dataclass(frozen=True)
class Cast:
    """Who acts. `brand`, `carrier` and `arbiter` are identities; the others act for them, or for nobody."""

    brand: Sender
    clerk: Sender
    """The brand's delegate for `careledger.refunder`."""
    carrier: Sender
    scanner: Sender
    """The carrier's delegate for `careledger.scanner`."""
    arbiter: Sender
    marketplace: Sender
    """Gets the fees, and does nothing."""
    relayer: Sender
    """Sends what customers sign."""
    keeper: Sender
    """Anyone: has no right that a stranger has not."""


@dataclass(frozen=True)
class Rules:
    """What the deals' terms have in common."""

    release_after: timedelta = timedelta(days=30)
    deliver_within: timedelta = timedelta(days=7)
    dispute_window: timedelta = timedelta(days=3)
    fee_bps: int = 100
    default_bps: int = 5_000


@dataclass(frozen=True)
class Step:
    """One transaction of a story."""

    what: str
    by: str
    gas: int
    transaction: bytes


@dataclass
class Played:
    """An order, its deal, and what happened to it."""

    order: Order
    terms: DealTerms
    id: bytes
    customer: Sender
    steps: list[Step] = field(default_factory=list)
    refunded: int = 0
    """What went back to the customer, in the smallest unit; bonds not counted."""

    @property
    def gas(self) -> int:
        """All that its transactions took."""
        return sum(step.gas for step in self.steps)


Job = tuple[Played, str, Sender, Callable[[], Pending]]


class Story:
    """One run of many orders: `play`, then `check`."""

    def __init__(
        self,
        stage: Stage,
        cast: Cast,
        dollar: Erc20Token,
        bar: ProgressBar,
        rules: Rules | None = None,
    ) -> None:
        """Prepare a run; nothing is sent yet.

        Args:
            dollar: the stablecoin, whose sender may mint it.
            bar: shown the progress.

        """
        self.stage, self.cast, self.dollar, self.bar = stage, cast, dollar, bar
        self.rules = rules or Rules()
        self.escrow = RefundEscrow(stage.chain, stage.addresses["RefundEscrow"])
        self.desk = ReturnDesk(stage.chain, stage.addresses["ReturnDesk"])
        self.messages = EscrowMessages(stage.chain.chain_id, self.escrow.address)
        self.ledger = Ledger()
        self.key = token_bytes(32)
        """The brand's secret: commitments to order numbers and evidence are made with it."""
        self.played: list[Played] = []
        self._start = datetime.fromtimestamp(stage.chain.timestamp(), UTC)
        self._minted: Counter[str] = Counter()
        self._nonces: Counter[str] = Counter()
        self._before: dict[str, int] = {}
        self._separator = dollar.domain_separator()

    def play(self, orders: Sequence[Order]) -> list[Played]:
        """Play all orders to their ends."""
        self.played = [self._prepare(order) for order in orders]
        self._fund()
        watched = (self.escrow.address, self.cast.brand.address, self.cast.marketplace.address)
        self._before = {address: self.stage.chain.balance(address) for address in watched}
        self._open()
        self._deliver()
        self._settle_at_once()
        self._dispute()
        self._wait_until(
            self._start + self.rules.deliver_within + timedelta(seconds=1), OrderOutcome.MISSED
        )
        self._run(
            "refunding what never came",
            self._each(OrderOutcome.MISSED, "refund, by anyone", "refund"),
        )
        self._wait_until(self._start + self.rules.release_after, OrderOutcome.LAPSED)
        self._run(
            "releasing what nobody minds",
            self._each(OrderOutcome.LAPSED, "release, by anyone", "release"),
        )
        return self.played

    # ---- before

    def _prepare(self, order: Order) -> Played:
        customer, rules = self.stage.actor(order.customer, ether=0), self.rules
        terms = DealTerms(
            payer=customer.address,
            seller=self.cast.brand.address,
            token=self.dollar.address if order.currency == "USD" else ZERO_ADDRESS,
            amount=order.amount,
            release_at=self._start + rules.release_after,
            sla_at=self._start + rules.deliver_within,
            dispute_window=rules.dispute_window,
            criteria=self.desk.address,
            arbiter=self.cast.arbiter.address,
            fee_bps=rules.fee_bps,
            fee_to=self.cast.marketplace.address,
            default_bps=rules.default_bps,
            order_ref=order_ref(self.cast.carrier.address, order.number, self.key),
        )
        return Played(order, terms, self.messages.deal_id(terms), customer)

    def _fund(self) -> None:
        """Give the customers what they are about to spend."""
        dollars: Counter[str] = Counter()
        ether: Counter[str] = Counter()
        for one in self.played:
            (dollars if one.terms.token == self.dollar.address else ether)[
                one.customer.address
            ] += one.order.amount
        for one in self._with(OrderOutcome.APPEALED):  # the bond of an appeal is a tenth
            if one.terms.token == self.dollar.address:
                dollars[one.customer.address] += -(-one.order.amount // 10)
        self._minted = dollars
        ether.update(dict.fromkeys(ether, GAS_MONEY))
        patron = self.stage.patron
        for address, amount in ether.items():
            patron.transact(address, value=amount)
        self.bar.start("customers get their money", len(dollars))
        waiting: deque[Pending] = deque()
        for address, amount in dollars.items():
            waiting.append(
                self.dollar.queue("mint(address,uint256)", address, amount, gas=TOKEN_GAS)
            )
            if len(waiting) > UNDER_WAY:
                patron.wait(waiting.popleft())
            self.bar.step()
        while waiting:
            patron.wait(waiting.popleft())

    # ---- the steps of the story

    def _open(self) -> None:
        def job(one: Played) -> Job:
            if one.terms.token == ZERO_ADDRESS:
                pay = self.escrow.using(one.customer)
                return (
                    one,
                    "paid",
                    one.customer,
                    lambda: pay.queue("open", one.terms.abi(), value=one.order.amount),
                )
            deadline = self._soon()
            permit = self._permit(one, one.order.amount, deadline)
            signature = self.messages.open(one.terms, deadline).sign(one.customer.account)
            relay = self.escrow.using(self.cast.relayer)
            arguments = (one.terms.abi(), permit, to_seconds(deadline), signature)
            return one, "paid", self.cast.relayer, lambda: relay.queue("openWithPermit", *arguments)

        self._run("orders are paid into escrow", [job(one) for one in self.played])

    def _deliver(self) -> None:
        scanner = self.desk.using(self.cast.scanner)
        never = {OrderOutcome.MISSED, OrderOutcome.CANCELLED}
        jobs: list[Job] = [
            (
                one,
                "delivery scanned",
                self.cast.scanner,
                self._later(scanner.queue, "scanDelivery", one.terms.order_ref),
            )
            for one in self.played
            if one.order.outcome not in never
        ]
        self._run("parcels are delivered", jobs)

    def _settle_at_once(self) -> None:
        """What ends without a deadline: a happy customer, a return, an agreement, a cancelled order."""
        cast, escrow = self.cast, self.escrow
        clerk, relay, scanner = (
            escrow.using(cast.clerk),
            escrow.using(cast.relayer),
            self.desk.using(cast.scanner),
        )
        jobs: list[Job] = []
        for one in self.played:
            words, deadline = one.terms.abi(), self._soon()
            match one.order.outcome:
                case OrderOutcome.CANCELLED:
                    send = self._later(clerk.queue, "refundPart", words, one.order.amount)
                    jobs.append((one, "seller refunded", cast.clerk, send))
                case OrderOutcome.SATISFIED:
                    signature = self.messages.release(one.id, deadline).sign(one.customer.account)
                    send = self._later(
                        relay.queue, "releaseBySig", words, to_seconds(deadline), signature
                    )
                    jobs.append((one, "customer released", cast.relayer, send))
                case OrderOutcome.RETURNED | OrderOutcome.GRADED:
                    grade = one.order.share_bps or ALL_BPS
                    send = self._later(scanner.queue, "settleReturn", words, grade)
                    jobs.append((one, f"return scanned: {grade / 100:g} %", cast.scanner, send))
                case OrderOutcome.AGREED:
                    send = self._later(
                        escrow.using(cast.keeper).queue,
                        "split",
                        words,
                        self._agreement(one).abi(),
                    )
                    jobs.append((one, "both signed", cast.keeper, send))
                case _:
                    pass
        self._run("customers answer, returns are scanned", jobs)

    def _dispute(self) -> None:
        disputed = self._with(OrderOutcome.DISPUTED, OrderOutcome.SILENT, OrderOutcome.APPEALED)
        if not disputed:
            return
        relay, deadline = self.escrow.using(self.cast.relayer), self._soon()
        jobs: list[Job] = []
        for one in disputed:
            evidence = hmac_sha256(self.key, one.order.evidence.encode())
            signature = self.messages.dispute(one.id, evidence, deadline).sign(one.customer.account)
            arguments = (one.terms.abi(), evidence, to_seconds(deadline), signature)
            jobs.append(
                (
                    one,
                    "disputed",
                    self.cast.relayer,
                    self._later(relay.queue, "disputeBySig", *arguments),
                )
            )
        self._run("customers dispute", jobs)
        self._rule(self._with(OrderOutcome.DISPUTED), lambda one: one.order.share_bps)
        appealed = self._with(OrderOutcome.APPEALED)
        self._rule(appealed, lambda _: 0)
        self._appeal(appealed)
        self._rule(appealed, lambda one: one.order.share_bps)
        self._run(
            "appeals are executed",
            self._each(OrderOutcome.APPEALED, "ruling, by anyone", "execute"),
        )
        over = max(self.escrow.deal(one.id).deadline_at or self._start for one in disputed)
        self._wait_until(over, OrderOutcome.DISPUTED, OrderOutcome.SILENT)
        jobs = self._each(OrderOutcome.DISPUTED, "ruling, by anyone", "execute")
        self._run(
            "disputes end", jobs + self._each(OrderOutcome.SILENT, "default, by anyone", "execute")
        )

    def _rule(self, those: Sequence[Played], share: Callable[[Played], int]) -> None:
        arbiter = self.escrow.using(self.cast.arbiter)
        self._run(
            "the arbiter rules",
            [
                (
                    one,
                    f"ruled: {share(one) / 100:g} % back",
                    self.cast.arbiter,
                    self._later(arbiter.queue, "award", one.terms.abi(), share(one)),
                )
                for one in those
            ],
        )

    def _appeal(self, those: Sequence[Played]) -> None:
        relayer, deadline = self.cast.relayer, self._soon()
        relay, dollar = self.escrow.using(relayer), self.dollar.using(relayer)

        def job(one: Played) -> Job:
            bond, in_dollars = -(-one.order.amount // 10), one.terms.token == self.dollar.address
            evidence = hmac_sha256(self.key, b"appeal: " + one.order.evidence.encode())
            signature = self.messages.appeal(one.id, evidence, deadline).sign(one.customer.account)
            arguments = (one.terms.abi(), evidence, to_seconds(deadline), signature)
            permit = self._permit(one, bond, deadline) if in_dollars else ()

            def send() -> Pending:
                # A permit replaces the one before it, so each goes right in front of what it is
                # for.
                if permit:
                    text = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
                    dollar.queue(
                        text,
                        one.customer.address,
                        self.escrow.address,
                        bond,
                        *permit,
                        gas=TOKEN_GAS,
                    )
                return relay.queue("appealBySig", *arguments, value=0 if in_dollars else bond)

            return one, "appealed with a bond", relayer, send

        self._run("customers appeal", [job(one) for one in those])

    # ---- afterwards

    def check(self) -> None:
        """Make sure that every unit is where the events say, by the balances that the chain tells.

        Raises:
            NotBalanced: a unit is missing, or too many.

        """
        chain, ledger, cast = self.stage.chain, self.ledger, self.cast
        for token in {one.terms.token for one in self.played}:
            account = ledger.accounts[token]
            same("what is still held", account.held, 0)
            to_brand = account.paid + account.bonds_paid - self._bonds_of_customers(token)
            if token == ZERO_ADDRESS:
                now = {
                    address: chain.balance(address) - before
                    for address, before in self._before.items()
                }
                same("the escrow's ether", now[self.escrow.address], account.balance)
                same("the marketplace's ether", now[cast.marketplace.address], account.fees)
                same("the brand's ether", now[cast.brand.address], to_brand)
                continue
            same(
                "the escrow's dollars", self.dollar.balance_of(self.escrow.address), account.balance
            )
            same(
                "the marketplace's dollars",
                self.dollar.balance_of(cast.marketplace.address),
                account.fees,
            )
            brand = self.dollar.balance_of(cast.brand.address)
            customers = sum(self.dollar.balance_of(address) for address in self._minted)
            same("what the customers spent", sum(self._minted.values()), account.came_in)
            same(
                "customers' and brand's dollars",
                customers + brand + account.fees + account.owed,
                account.came_in,
            )
            same("the brand's dollars", brand, to_brand)

    def _bonds_of_customers(self, token: str) -> int:
        """What of the bonds went back: all of an appeal's whose second ruling gave the customer something."""
        won = [
            o
            for o in self._with(OrderOutcome.APPEALED)
            if o.terms.token == token and o.order.share_bps
        ]
        return sum(-(-one.order.amount // 10) for one in won)

    # ---- helpers

    def _with(self, *outcomes: OrderOutcome) -> list[Played]:
        return [one for one in self.played if one.order.outcome in outcomes]

    def _each(self, outcome: OrderOutcome, what: str, function: str) -> list[Job]:
        keeper = self.escrow.using(self.cast.keeper)
        return [
            (one, what, self.cast.keeper, self._later(keeper.queue, function, one.terms.abi()))
            for one in self._with(outcome)
        ]

    @staticmethod
    def _later(
        queue: Callable[..., Pending], *arguments: object, **options: int
    ) -> Callable[[], Pending]:
        return lambda: queue(*arguments, **options)

    def _run(self, what: str, jobs: Iterable[Job]) -> None:
        """Hand all jobs over, a number at a time, and write down what became of them."""
        jobs = list(jobs)
        if not jobs:
            return
        self.bar.start(what, len(jobs))
        waiting: deque[tuple[Job, Pending]] = deque()
        for job in jobs:
            waiting.append((job, job[3]()))
            if len(waiting) > UNDER_WAY:
                self._finish(*waiting.popleft())
        while waiting:
            self._finish(*waiting.popleft())

    def _finish(self, job: Job, pending: Pending) -> None:
        one, what, sender, _ = job
        receipt = sender.wait(pending)
        by = one.order.customer if sender is one.customer else self.stage.name_of(sender.address)
        one.steps.append(Step(what, by, receipt.gas_used, receipt.transaction_hash))
        happened = self.escrow.events(receipt)
        self.ledger.add(one.terms, one.id, happened)
        one.refunded += sum(
            event.refunded for event in happened if isinstance(event, Refunded | Split)
        )
        one.refunded += sum(event.amount for event in happened if isinstance(event, PartRefunded))
        self.bar.step()

    def _permit(self, one: Played, amount: int, deadline: datetime) -> Erc20Permit:
        owner = one.customer.address
        nonce = self._nonces[owner]
        self._nonces[owner] += 1
        return sign_permit(
            one.customer.account,
            self._separator,
            self.escrow.address,
            value=amount,
            nonce=nonce,
            deadline=deadline,
        )

    def _agreement(self, one: Played) -> SplitAgreement:
        back = one.order.amount * one.order.share_bps // ALL_BPS
        forth, deadline, clerk = one.order.amount - back, self._soon(), self.cast.clerk
        message = self.messages.split(one.id, back, forth, deadline)
        both = message.sign(one.customer.account), message.sign(clerk.account)
        return SplitAgreement(back, forth, deadline, clerk.address, *both)

    def _soon(self) -> datetime:
        """Signatures hold for a day."""
        return datetime.fromtimestamp(self.stage.chain.timestamp(), UTC) + timedelta(days=1)

    def _wait_until(self, at: datetime, *outcomes: OrderOutcome) -> None:
        if self._with(*outcomes):
            self.stage.wait_until(at)
