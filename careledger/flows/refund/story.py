"""Many orders in escrow, from the payment to the last cent, on any chain.

Customers of stablecoin orders have no ether: they sign, and a relayer pays the gas. Transactions of
one sender are handed over without waiting for each other.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from careledger.chain.send import Sender
from careledger.chain.transactions import Pending
from careledger.console import ProgressBar
from careledger.flows.refund.actors import RefundActors
from careledger.flows.refund.audit import BalanceAudit
from careledger.flows.refund.deals import (
    DealCall,
    DealRules,
    DealSignatures,
    OrderDeal,
    run_pipelined,
)
from careledger.flows.stage import ETHER, Stage
from careledger.refunds.client import RefundEscrow
from careledger.refunds.erc20 import Erc20Token
from careledger.refunds.events import PartRefunded, Refunded, Split
from careledger.refunds.ledger import Ledger
from careledger.refunds.orders import Order, OrderOutcome
from careledger.refunds.return_desk import ReturnDesk, order_ref
from careledger.refunds.terms import ALL_BPS, DealTerms
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.amounts import WAD
from careledger.values.times import from_seconds, to_seconds

GAS_MONEY = ETHER // 20
"""What a customer who pays in ether gets for its own transactions."""
TOKEN_GAS = 150_000
SIGNED_FOR = timedelta(days=1)


class RefundStory:
    """One run of many orders: `play`, then `check`."""

    def __init__(
        self,
        stage: Stage,
        actors: RefundActors,
        dollar: Erc20Token,
        bar: ProgressBar,
        rules: DealRules | None = None,
    ) -> None:
        """Prepare a run; nothing is sent yet.

        Args:
            dollar: the stablecoin, whose sender may mint it.
            bar: shows the progress.

        """
        self.stage = stage
        self.actors = actors
        self.dollar = dollar
        self.bar = bar
        self.rules = rules or DealRules()

        self.escrow = RefundEscrow(stage.chain, stage.addresses["RefundEscrow"])
        self.desk = ReturnDesk(stage.chain, stage.addresses["ReturnDesk"])
        self.messages = self.escrow.messages
        self.signatures = DealSignatures(self.escrow, dollar)
        self.audit = BalanceAudit(stage.chain, self.escrow.address, actors, dollar)

        self.ledger = Ledger()
        self.deals: list[OrderDeal] = []
        self._started_at = from_seconds(stage.chain.timestamp())
        self._minted: Counter[str] = Counter()

    def play(self, orders: Sequence[Order]) -> list[OrderDeal]:
        """Play all orders to their ends."""
        self.deals = [self._deal(order) for order in orders]
        self._fund()
        self._open()
        self._deliver()
        self._settle_at_once()
        self._dispute()
        self._refund_missed()
        self._release_lapsed()
        return self.deals

    def check(self) -> None:
        """Make sure that every unit is where the events say, by the balances on the chain.

        Raises:
            NotBalanced: a unit is missing, or there is one too many.

        """
        self.audit.check(self.ledger, self.deals, self._minted)

    def to_json(self) -> dict[str, Any]:
        """Return what happened as it is written under `--json`."""
        accounts = {
            token: account.to_json() | {"decimals": self._decimals(token)}
            for token, account in self.ledger.accounts.items()
        }
        return {
            "orders": [deal.to_json() for deal in self.deals],
            "accounts": accounts,
            "balanced": True,
        }

    def _decimals(self, token: str) -> int:
        return WAD if token == ZERO_ADDRESS else self.dollar.decimals()

    # ---- before

    def _deal(self, order: Order) -> OrderDeal:
        rules = self.rules
        carrier = self.actors.carrier.address
        customer = self.stage.actor(order.customer, ether=0)

        terms = DealTerms(
            payer=customer.address,
            seller=self.actors.brand.address,
            token=self.dollar.address if order.currency == "USD" else ZERO_ADDRESS,
            amount=order.amount,
            release_at=self._started_at + rules.release_after,
            sla_at=self._started_at + rules.deliver_within,
            dispute_window=rules.dispute_window,
            criteria=self.desk.address,
            arbiter=self.actors.arbiter.address,
            fee_bps=rules.fee_bps,
            fee_to=self.actors.marketplace.address,
            default_bps=rules.default_bps,
            order_ref=order_ref(carrier, order.number, self.signatures.key),
        )
        return OrderDeal(order, terms, self.messages.deal_id(terms), customer)

    def _fund(self) -> None:
        """Give the customers what they are about to spend."""
        ether: Counter[str] = Counter()
        for deal in self.deals:
            if self._in_dollars(deal):
                appeals = deal.order.outcome is OrderOutcome.APPEALED
                bond = deal.bond if appeals else 0
                self._minted[deal.customer.address] += deal.order.amount + bond
            else:
                ether[deal.customer.address] += deal.order.amount

        patron = self.stage.patron
        for address, amount in ether.items():
            patron.transact(address, value=amount + GAS_MONEY)

        def mint(item: tuple[str, int]) -> Pending:
            return self.dollar.queue("mint(address,uint256)", *item, gas=TOKEN_GAS)

        def finish(_: tuple[str, int], pending: Pending) -> None:
            patron.wait(pending)
            self.bar.step()

        self.bar.start("customers get their money", len(self._minted))
        run_pipelined(self._minted.items(), mint, finish)

    # ---- opening and delivery

    def _open(self) -> None:
        calls = [
            self._relayed_opening(deal) if self._in_dollars(deal) else self._own_opening(deal)
            for deal in self.deals
        ]
        self._run("orders are paid into escrow", calls)

    def _own_opening(self, deal: OrderDeal) -> DealCall:
        escrow = self.escrow.using(deal.customer)
        words = deal.terms.abi()
        return DealCall(
            deal,
            "paid",
            deal.customer,
            lambda: escrow.queue("open", words, value=deal.order.amount),
        )

    def _relayed_opening(self, deal: OrderDeal) -> DealCall:
        deadline = self._deadline()
        permit = self.signatures.permit(deal, deal.order.amount, deadline)
        signature = self.messages.open(deal.terms, deadline).sign(deal.customer.account)

        arguments = (permit, to_seconds(deadline), signature)
        return self._call(deal, "paid", self.actors.relayer, "openWithPermit", *arguments)

    def _deliver(self) -> None:
        desk = self.desk.using(self.actors.scanner)

        def scan(deal: OrderDeal) -> Callable[[], Pending]:
            return lambda: desk.queue("scanDelivery", deal.terms.order_ref)

        never = {OrderOutcome.MISSED, OrderOutcome.CANCELLED}
        calls = [
            DealCall(deal, "delivery scanned", self.actors.scanner, scan(deal))
            for deal in self.deals
            if deal.order.outcome not in never
        ]
        self._run("parcels are delivered", calls)

    # ---- ends without a dispute

    def _settle_at_once(self) -> None:
        """End what needs no deadline: cancelled, released, returned and agreed orders."""
        calls = [self._settlement(deal) for deal in self.deals]
        self._run(
            "customers answer, returns are scanned", [call for call in calls if call is not None]
        )

    def _settlement(self, deal: OrderDeal) -> DealCall | None:
        actors = self.actors
        deadline = self._deadline()

        match deal.order.outcome:
            case OrderOutcome.CANCELLED:
                amount = deal.order.amount
                return self._call(deal, "seller refunded", actors.clerk, "refundPart", amount)

            case OrderOutcome.SATISFIED:
                signature = self.messages.release(deal.id, deadline).sign(deal.customer.account)
                arguments = (to_seconds(deadline), signature)
                return self._call(
                    deal, "customer released", actors.relayer, "releaseBySig", *arguments
                )

            case OrderOutcome.RETURNED | OrderOutcome.GRADED:
                return self._return_scan(deal)

            case OrderOutcome.AGREED:
                agreement = self.signatures.agreement(deal, actors.clerk, deadline)
                return self._call(deal, "both signed", actors.keeper, "split", agreement.abi())

            case _:
                return None

    def _return_scan(self, deal: OrderDeal) -> DealCall:
        desk = self.desk.using(self.actors.scanner)
        words = deal.terms.abi()
        grade = deal.order.share_bps or ALL_BPS
        return DealCall(
            deal,
            f"return scanned: {grade / 100:g} %",
            self.actors.scanner,
            lambda: desk.queue("settleReturn", words, grade),
        )

    def _refund_missed(self) -> None:
        late = self._started_at + self.rules.deliver_within + timedelta(seconds=1)
        self._wait_until(late, OrderOutcome.MISSED)
        self._run(
            "missed deliveries are refunded",
            self._calls_by_anyone(OrderOutcome.MISSED, "refund, by anyone", "refund"),
        )

    def _release_lapsed(self) -> None:
        self._wait_until(self._started_at + self.rules.release_after, OrderOutcome.LAPSED)
        self._run(
            "the other deals are released",
            self._calls_by_anyone(OrderOutcome.LAPSED, "release, by anyone", "release"),
        )

    # ---- disputes

    def _dispute(self) -> None:
        disputed = self._with(OrderOutcome.DISPUTED, OrderOutcome.SILENT, OrderOutcome.APPEALED)
        if not disputed:
            return
        self._run("customers dispute", [self._dispute_call(deal) for deal in disputed])
        self._rule(self._with(OrderOutcome.DISPUTED))

        appealed = self._with(OrderOutcome.APPEALED)
        self._rule(appealed, share_bps=0)
        self._run("customers appeal", [self._appeal_call(deal) for deal in appealed])
        self._rule(appealed)
        self._run(
            "appeals are executed",
            self._calls_by_anyone(OrderOutcome.APPEALED, "ruling, by anyone", "execute"),
        )

        deadlines = [self.escrow.deal(deal.id).deadline_at for deal in disputed]
        over = max(deadline or self._started_at for deadline in deadlines)
        self._wait_until(over, OrderOutcome.DISPUTED, OrderOutcome.SILENT)
        self._run(
            "disputes end",
            [
                *self._calls_by_anyone(OrderOutcome.DISPUTED, "ruling, by anyone", "execute"),
                *self._calls_by_anyone(OrderOutcome.SILENT, "default, by anyone", "execute"),
            ],
        )

    def _dispute_call(self, deal: OrderDeal) -> DealCall:
        deadline = self._deadline()
        evidence = self.signatures.evidence(deal)
        message = self.messages.dispute(deal.id, evidence, deadline)

        arguments = (evidence, to_seconds(deadline), message.sign(deal.customer.account))
        return self._call(deal, "disputed", self.actors.relayer, "disputeBySig", *arguments)

    def _rule(self, deals: Sequence[OrderDeal], share_bps: int | None = None) -> None:
        """Let the arbiter give the customers a share; that of their orders when none is given."""
        calls = []
        for deal in deals:
            share = deal.order.share_bps if share_bps is None else share_bps
            what = f"ruled: {share / 100:g} % back"
            calls.append(self._call(deal, what, self.actors.arbiter, "award", share))
        self._run("the arbiter rules", calls)

    def _appeal_call(self, deal: OrderDeal) -> DealCall:
        relayer = self.actors.relayer
        deadline = self._deadline()
        evidence = self.signatures.evidence(deal, "appeal: ")
        message = self.messages.appeal(deal.id, evidence, deadline)
        arguments = (evidence, to_seconds(deadline), message.sign(deal.customer.account))

        what = "appealed with a bond"
        if not self._in_dollars(deal):
            return self._call(deal, what, relayer, "appealBySig", *arguments, value=deal.bond)

        permit = self.signatures.permit(deal, deal.bond, deadline)
        appeal = self._call(deal, what, relayer, "appealBySig", *arguments)

        def send() -> Pending:
            # A permit replaces the one before it: each goes right in front of its appeal.
            self.dollar.using(relayer).queue(
                "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
                deal.customer.address,
                self.escrow.address,
                deal.bond,
                *permit,
                gas=TOKEN_GAS,
            )
            return appeal.send()

        return DealCall(deal, what, relayer, send)

    # ---- transactions

    def _call(
        self,
        deal: OrderDeal,
        what: str,
        sender: Sender,
        function: str,
        *arguments: object,
        value: int = 0,
    ) -> DealCall:
        """Return a call of the escrow about a deal, to be sent later."""
        escrow = self.escrow.using(sender)
        words = deal.terms.abi()

        return DealCall(
            deal, what, sender, lambda: escrow.queue(function, words, *arguments, value=value)
        )

    def _calls_by_anyone(self, outcome: OrderOutcome, what: str, function: str) -> list[DealCall]:
        keeper = self.actors.keeper
        return [self._call(deal, what, keeper, function) for deal in self._with(outcome)]

    def _run(self, what: str, calls: Iterable[DealCall]) -> None:
        """Send calls, and write down what became of them."""
        calls = list(calls)
        if calls:
            self.bar.start(what, len(calls))
            run_pipelined(calls, lambda call: call.send(), self._finish)

    def _finish(self, call: DealCall, pending: Pending) -> None:
        deal = call.deal
        receipt = call.sender.wait(pending)

        own = call.sender is deal.customer
        who = deal.order.customer if own else self.stage.name_of(call.sender.address)
        deal.steps.add(who, call.what, receipt)

        events = self.escrow.events(receipt)
        self.ledger.add(deal.terms, deal.id, events)
        for event in events:
            match event:
                case Refunded() | Split():
                    deal.refunded += event.refunded
                case PartRefunded():
                    deal.refunded += event.amount
        self.bar.step()

    # ---- small questions

    def _with(self, *outcomes: OrderOutcome) -> list[OrderDeal]:
        return [deal for deal in self.deals if deal.order.outcome in outcomes]

    def _in_dollars(self, deal: OrderDeal) -> bool:
        return deal.terms.token == self.dollar.address

    def _deadline(self) -> datetime:
        return from_seconds(self.stage.chain.timestamp()) + SIGNED_FOR

    def _wait_until(self, at: datetime, *outcomes: OrderOutcome) -> None:
        if self._with(*outcomes):
            self.stage.wait_until(at)
