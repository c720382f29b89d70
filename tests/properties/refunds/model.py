"""The escrow as one would keep it on paper: dictionaries, whole numbers, one method an act.

Every method first says why the act is refused, by the name of the exception class, and then does
it. It is written from the interface's words, as plainly as they allow, and shares no line with the
contracts.
"""

from typing import Any

from tests.properties.refunds.books import (
    ALL,
    ARBITERS,
    COURT_FEE,
    REFUSED,
    SCANNERS,
    SELLERS,
    Books,
    Deal,
    Plan,
    Refused,
)


class Model(Books):
    """What every act does to the books, and why it is refused."""

    def refusal(self, act: str, **how: Any) -> str | None:
        """Return the name of the class that an act is refused with; None when it is allowed."""
        try:
            getattr(self, act)(**how, dry=True)
        except Refused as refused:
            return str(refused)
        return None

    # ---- opening

    def open(
        self, plan: Plan, id: bytes, caller: str, value: int, signer: str | None, dry: bool
    ) -> None:
        if signer is None and caller != plan.payer:
            raise Refused("NotPermitted")
        if signer is not None and signer != plan.payer:
            raise Refused("BadDealSignature")
        if any(deal.id == id for deal in self.deals):
            raise Refused("AlreadyOpened")
        if value != (plan.amount if plan.asset == "ether" else 0):
            raise Refused("WrongValue")
        self._take(plan.asset, plan.payer, plan.amount)
        if dry:
            return
        self._move(
            plan.asset, caller if plan.asset == "ether" else plan.payer, "escrow", plan.amount
        )
        self.deals.append(Deal(plan, id, held=plan.amount))

    # ---- ending

    def _open(self, deal: Deal) -> None:
        if deal.state != "open":
            raise Refused("WrongState")

    def release(self, deal: Deal, caller: str, dry: bool) -> None:
        self._open(deal)
        if caller != deal.plan.payer:
            if self.now < deal.plan.release_at:
                raise Refused("TooEarly")
            if self.due(deal):
                raise Refused("CriteriaDue")
        if not dry:
            self._end(deal, 0)

    def release_by_sig(self, deal: Deal, caller: str, signer: str, dry: bool) -> None:
        self._open(deal)
        if signer != deal.plan.payer:
            raise Refused("BadDealSignature")
        if not dry:
            self._end(deal, 0)

    def refund(self, deal: Deal, caller: str, dry: bool) -> None:
        self._open(deal)
        if self.due(deal) == 0:
            raise Refused("CriteriaNotDue")
        if not dry:
            self._end_at(deal, self.due(deal))

    def refund_due(self, deal: Deal, bps: int, dry: bool) -> None:
        """Let the oracle settle by itself."""
        self._open(deal)
        if deal.plan.criteria != "oracle":
            raise Refused("NotPermitted")
        if not 0 < bps <= ALL:
            raise Refused("BadShare")
        if not dry:
            self._end_at(deal, bps)

    def refund_part(self, deal: Deal, caller: str, amount: int, dry: bool) -> None:
        self._open(deal)
        if caller not in SELLERS[deal.plan.seller]:
            raise Refused("NotPermitted")
        if not 0 < amount <= deal.held:
            raise Refused("BadShare")
        if dry:
            return
        if amount == deal.held:
            self._end(deal, amount)
        else:
            deal.held -= amount
            self._pay(deal.plan.asset, deal.plan.refundee, amount)

    def split(
        self,
        deal: Deal,
        caller: str,
        to_payer: int,
        to_seller: int,
        by_payer: str,
        by_seller: str,
        dry: bool,
    ) -> None:
        self._open(deal)
        if to_payer + to_seller != deal.held:
            raise Refused("BadSplit")
        if deal.plan.payer not in (caller, by_payer):
            raise Refused("BadDealSignature")
        if by_seller not in SELLERS[deal.plan.seller]:
            raise Refused("NotPermitted")
        if not dry:
            self._end(deal, to_payer)

    # ---- disputes

    def _dispute(self, deal: Deal, value: int, dry: bool) -> None:
        if deal.plan.arbiter is None:
            raise Refused("NoArbiter")
        self._bring(deal, value, 0, "", dry=True)
        if dry:
            return
        deal.state = "disputed"
        deal.deadline = self.now + deal.plan.window

    def _bring(self, deal: Deal, value: int, kept: int, caller: str, dry: bool) -> None:
        court = deal.plan.arbiter == "court"
        if value != kept + (COURT_FEE if court else 0):
            raise Refused("WrongValue")
        if dry:
            return
        self._move("ether", caller, "escrow", kept)
        if court:
            self._move("ether", caller, "court", COURT_FEE)
            self.cases.append(deal)

    def dispute(self, deal: Deal, caller: str, value: int, dry: bool) -> None:
        self._open(deal)
        plan = deal.plan
        if self.now < plan.release_at:
            if caller != plan.payer:
                raise Refused("NotPermitted")
        elif plan.arbiter is None:
            raise Refused("NoArbiter")
        elif self.now >= plan.release_at + plan.window:
            raise Refused("TooLate")
        elif caller not in SELLERS[plan.seller]:
            raise Refused("NotPermitted")
        self._dispute(deal, value, dry)
        if not dry:
            self._bring(deal, value, 0, caller, dry=False)

    def dispute_by_sig(self, deal: Deal, caller: str, value: int, signer: str, dry: bool) -> None:
        self._open(deal)
        if self.now >= deal.plan.release_at:
            raise Refused("TooLate")
        if signer != deal.plan.payer:
            raise Refused("BadDealSignature")
        self._dispute(deal, value, dry)
        if not dry:
            self._bring(deal, value, 0, caller, dry=False)

    def submit_evidence(self, deal: Deal, caller: str, dry: bool) -> None:
        if deal.state not in ("disputed", "appealed"):
            raise Refused("WrongState")
        self.party(deal, caller)

    def party(self, deal: Deal, caller: str) -> str:
        if caller == deal.plan.payer:
            return "payer"
        if caller in SELLERS[deal.plan.seller]:
            return "seller"
        raise Refused("NotPermitted")

    def award(self, deal: Deal, caller: str, bps: int, dry: bool) -> None:
        if caller not in ARBITERS[deal.plan.arbiter]:
            raise Refused("NotPermitted")
        if bps > REFUSED:
            raise Refused("BadShare")
        self._rule(deal, bps, dry)

    def rule(self, case: int, ruling: int, dry: bool) -> None:
        deal = self.cases[case - 1]
        if deal is None:
            raise Refused("UnknownDispute")
        if ruling > 2:
            raise Refused("BadShare")
        self._rule(deal, (REFUSED, ALL, 0)[ruling], dry)
        if not dry:
            self.cases[case - 1] = None

    def _rule(self, deal: Deal, bps: int, dry: bool) -> None:
        if deal.state not in ("disputed", "appealed"):
            raise Refused("WrongState")
        if self.now >= deal.deadline:
            raise Refused("TooLate")
        if dry:
            return

        if deal.state == "disputed":
            deal.ruling = bps
            deal.deadline = self.now + deal.plan.window
        else:
            deal.second = bps
            deal.deadline = self.now
        deal.state = "ruled"

    def share(self, deal: Deal, bps: int) -> int:
        return deal.plan.default_bps if bps == REFUSED else bps

    def appeal(self, deal: Deal, caller: str, value: int, dry: bool) -> None:
        party = self.party(deal, caller)
        if deal.state != "ruled":
            raise Refused("WrongState")
        if deal.appellant:
            raise Refused("AlreadyAppealed")
        if self.now >= deal.deadline:
            raise Refused("TooLate")
        if self.share(deal, deal.ruling) == (ALL if party == "payer" else 0):
            raise Refused("NothingToAppeal")

        bond = -(-deal.held // 10)
        ether = deal.plan.asset == "ether"
        if not ether:
            self._take("dollar", caller, bond)
        self._bring(deal, value, bond if ether else 0, caller, dry)
        if dry:
            return
        if not ether:
            self._move("dollar", caller, "escrow", bond)

        deal.state = "appealed"
        deal.deadline = self.now + deal.plan.window
        deal.appellant = party
        deal.bond = bond

    def execute(self, deal: Deal, caller: str, dry: bool) -> None:
        if deal.state not in ("disputed", "ruled", "appealed"):
            raise Refused("WrongState")
        if self.now < deal.deadline:
            raise Refused("TooEarly")
        if dry:
            return

        plan = deal.plan
        if deal.state == "disputed":
            self._end_at(deal, plan.default_bps)
            return

        first = self.share(deal, deal.ruling)
        last = first if deal.second is None else self.share(deal, deal.second)
        self._end_at(deal, last)

        if deal.appellant:
            more = last - first if deal.appellant == "payer" else first - last
            back = deal.second is None or more > 0
            to_payer = back == (deal.appellant == "payer")
            self._pay(plan.asset, plan.refundee if to_payer else plan.seller, deal.bond)
            deal.bond = 0

    # ---- credits

    def _claim(self, asset: str, payee: str, to: str, dry: bool) -> None:
        amount = self.credit.get((asset, payee), 0)
        if not amount:
            raise Refused("NothingOwed")
        if to == "escrow":
            raise Refused("BadDestination")
        if not self._accepts(asset, to):
            raise Refused("NotPaid")
        if dry:
            return

        self.credit[asset, payee] = 0
        self._move(asset, "escrow", to, amount)

    def claim(self, asset: str, payee: str, to: str, dry: bool) -> None:
        self._claim(asset, payee, to, dry)

    def claim_for(self, asset: str, payee: str, caller: str, dry: bool) -> None:
        self._claim(asset, payee, payee, dry)

    def claim_by_sig(
        self, asset: str, payee: str, to: str, caller: str, signer: str, nonce: int, dry: bool
    ) -> None:
        if signer != payee or nonce != self.nonces.get(payee, 0):
            raise Refused("BadDealSignature")
        self._claim(asset, payee, to, dry)
        if not dry:
            self.nonces[payee] = nonce + 1

    # ---- the return desk

    def _scan(self, deal: Deal, caller: str) -> tuple[int, int, int]:
        if caller not in SCANNERS:
            raise Refused("NotScanner")
        delivered, returned, grade = self.scans.get(deal.plan.terms.order_ref, (0, 0, 0))
        if returned:
            raise Refused("AlreadyReturned")
        return delivered, returned, grade

    def scan_delivery(self, deal: Deal, caller: str, dry: bool) -> None:
        if self._scan(deal, caller)[0]:
            raise Refused("AlreadyDelivered")
        if not dry:
            self.scans[deal.plan.terms.order_ref] = (self.now, 0, 0)

    def scan_return(self, deal: Deal, caller: str, grade: int, dry: bool) -> None:
        if grade > ALL:
            raise Refused("BadGrade")
        delivered = self._scan(deal, caller)[0]
        if not dry:
            self.scans[deal.plan.terms.order_ref] = (delivered, self.now, grade)

    def settle_return(self, deal: Deal, caller: str, grade: int, dry: bool) -> None:
        before = dict(self.scans)
        self.scan_return(deal, caller, grade, dry=True)
        self.scan_return(deal, caller, grade, dry=False)

        plan = deal.plan
        seen = self.scans[plan.terms.order_ref][0] or self.now
        late = plan.sla_at and self.now > plan.sla_at and seen > plan.sla_at
        due = ALL if late else grade

        try:
            if due:
                self._open(deal)
                if plan.criteria != "desk":
                    raise Refused("NotPermitted")
                if not dry:
                    self._end_at(deal, due)
        except Refused:
            self.scans = before
            raise
        if dry:
            self.scans = before
