"""The numbered properties that hold for every act: REF-01 to REF-13."""

from collections import Counter
from typing import Any

from tests.properties.refunds.backends import ASSETS, Deep, Outcome, Stage, World
from tests.properties.refunds.books import ALL, ARBITERS, CONTRACTS, ENDS, PEOPLE, SELLERS, Deal
from tests.properties.refunds.model import Model

HOUR = 3600
SETTLED = {"Released": "released", "Refunded": "refunded", "Split": "split"}


class Violated(AssertionError):
    """A property does not hold."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


class Properties:
    """What the machine has checked after every act, and at the end."""

    stage: Stage
    only: str | None = None
    """One property, to look at it alone."""
    model: Model
    world: World
    settlements: Counter[bytes]
    sums: dict[str, int]
    _newest: str
    """What a deal that the model does not know yet is in: the one that is being opened."""

    def hold(self, name: str, condition: bool, why: str) -> None:
        if not condition and self.only in (None, name):
            raise Violated(name, why)

    def sum_of(self, asset: str) -> int:
        return sum(amount for (kind, _), amount in self.world.purse.items() if kind == asset)

    def had(self, world: World, asset: str, who: str) -> int:
        return world.purse[asset, who] + world.credit.get((asset, who), 0)

    def check_step(self, act: str, how: dict[str, Any], before: World, outcome: Outcome) -> None:
        self.check_solvency()
        self.check_ends(before, outcome)
        for disputed in outcome.named("Disputed"):
            self.check_disputed(disputed, how)
        if outcome.refusal is not None:
            return

        if act == "open":
            self.check_opened(how, before)
        if act in ("award", "rule"):
            self.check_ruled(act, how, before, outcome)
        if act.startswith("claim"):
            self.check_claim(act, how, before)
        for settled in outcome.named(*SETTLED):
            found = next(deal for deal in self.model.deals if deal.id == settled["id"])
            self.check_settled(act, how, found, before, outcome)

    def check_opened(self, how: dict[str, Any], before: World) -> None:
        """Hold REF-12: a deal is opened once, by the payer's will, with exactly its amount."""
        plan = how["plan"]
        was = before.deals.get(how["id"])

        escrow = (plan.asset, "escrow")
        rise = self.world.purse[escrow] - before.purse[escrow]
        self.hold("REF-12", rise == plan.amount, f"{rise} arrived for a deal of {plan.amount}")

        willing = plan.payer in (how["signer"], how["caller"] if how["signer"] is None else None)
        self.hold("REF-12", willing, f"the payer {plan.payer} did not want {how}")
        new = was is None or was.state == "none"
        self.hold("REF-12", new, f"a deal that was {was} was opened again")

    def check_ruled(self, act: str, how: dict[str, Any], before: World, outcome: Outcome) -> None:
        """Hold REF-08: only the arbiter rules, and only in its time."""
        now = self.model.now
        (ruled,) = outcome.named("Ruled")
        was = before.deals[ruled["id"]]

        in_time = was.state in ("disputed", "appealed") and now < was.deadline
        self.hold("REF-08", in_time, f"ruled at {now} on a deal that was {was}")
        if act == "award":
            arbiter = how["deal"].plan.arbiter
            right = how["caller"] in ARBITERS[arbiter]
            self.hold("REF-08", right, f"{how['caller']} ruled instead of {arbiter}")

    def check_solvency(self) -> None:
        for asset in ASSETS:
            held = sum(seen.held + seen.bond for seen in self.deals_in(asset))
            owed = sum(amount for (kind, _), amount in self.world.credit.items() if kind == asset)
            has = self.world.purse[asset, "escrow"]
            self.hold(
                "REF-01", has == held + owed, f"{has} {asset} for {held} held and {owed} owed"
            )

    def deals_in(self, asset: str) -> list[Any]:
        known = {deal.id: deal.plan.asset for deal in self.model.deals}
        return [
            seen for id, seen in self.world.deals.items() if known.get(id, self._newest) == asset
        ]

    def check_ends(self, before: World, outcome: Outcome) -> None:
        for id, was in before.deals.items():
            if was.state in ENDS:
                self.hold(
                    "REF-03",
                    self.world.deals[id] == was,
                    f"an end changed: {was}, {self.world.deals[id]}",
                )
        for name, state in SETTLED.items():
            for settled in outcome.named(name):
                self.settlements[settled["id"]] += 1
                seen = self.world.deals[settled["id"]]
                self.hold(
                    "REF-03",
                    seen.state == state and seen.held == 0,
                    f"{name}, and the deal is {seen}",
                )
        self.hold(
            "REF-03", max(self.settlements.values(), default=0) < 2, "a deal was settled twice"
        )

    def check_disputed(self, disputed: dict[str, Any], how: dict[str, Any]) -> None:
        plan = how["deal"].plan
        now = self.model.now
        who = how.get("signer", how["caller"])
        by_payer = who == plan.payer and now < plan.release_at
        by_seller = (
            who in SELLERS[plan.seller] and plan.release_at <= now < plan.release_at + plan.window
        )
        self.hold("REF-09", by_payer or by_seller, f"{who} brought a dispute at {now}: {plan}")
        self.hold("REF-09", disputed["by"] == (1 if by_payer else 2), "the wrong party is told")

    def check_claim(self, act: str, how: dict[str, Any], before: World) -> None:
        asset = how["asset"]
        payee = how["payee"]
        to = how.get("to", payee)

        owed = before.credit[asset, payee]
        got = self.world.purse.get((asset, to), 0) - before.purse.get((asset, to), 0)
        told = self.stage.exact or asset == "dollar" or to in CONTRACTS
        self.hold(
            "REF-10",
            owed > 0 and (not told or got == owed),
            f"{payee} was owed {owed}, {to} got {got}",
        )
        self.hold("REF-10", self.world.credit[asset, payee] == 0, "the credit is still there")

    def check_settled(
        self, act: str, how: dict[str, Any], deal: Deal, before: World, outcome: Outcome
    ) -> None:
        held = before.deals[deal.id].held
        ((name, told),) = [event for event in outcome.events if event[0] in SETTLED]
        back = {"Released": 0, "Refunded": held}.get(name, told.get("refunded"))

        self.check_payments(deal, before, outcome, back, held, told.get("fee", 0))
        self.check_share(act, how, deal, back, held)

        if act in ("refund", "refund_due", "settle_return"):
            broken = self.model.broken(deal) and act == "refund"
            criteria = f"{self.model.mood} {self.model.word}"
            self.hold("REF-11", not broken, f"broken criteria ({criteria}) moved money")
        elif before.deals[deal.id].state == "open" and back < held:
            self.check_payer_agreed(act, how, deal)

    def check_payments(
        self, deal: Deal, before: World, outcome: Outcome, back: int, held: int, told_fee: int
    ) -> None:
        """Hold REF-06: the fee is the seller's, and both sides get what the event tells."""
        plan = deal.plan
        fee = (held - back) * plan.fee_bps // ALL
        self.hold("REF-06", told_fee == fee, f"a fee of {told_fee} on {held - back}")

        if not self.stage.exact and plan.asset == "ether":
            return
        got = {
            who: self.had(self.world, plan.asset, who) - self.had(before, plan.asset, who)
            for who in (plan.refundee, "platform")
        }
        refundee = self.stage.address[plan.refundee]
        bonds = [paid["bond"] for paid in outcome.named("BondPaid") if paid["to"] == refundee]

        paid_fee = got["platform"]
        self.hold("REF-06", paid_fee == fee, f"the platform got {paid_fee} of a fee of {fee}")
        refunded = got[plan.refundee] - sum(bonds)
        self.hold("REF-06", refunded == back, f"of {back} the customer got {refunded}")

    def check_share(self, act: str, how: dict[str, Any], deal: Deal, back: int, held: int) -> None:
        """Hold REF-07: as documented, a fraction of a unit is the customer's."""
        bps = self.documented_share(act, how, deal)
        if bps is not None:
            right = (back - 1) * ALL < held * bps <= back * ALL
            self.hold("REF-07", right, f"{bps} bps of {held} came to {back}")

    def check_payer_agreed(self, act: str, how: dict[str, Any], deal: Deal) -> None:
        """Hold REF-13: the seller is paid by the payer's will, or when its time has come."""
        plan, now = deal.plan, self.model.now
        by_payer = act == "release" and how["caller"] == plan.payer
        if by_payer or act in ("release_by_sig", "split"):
            return

        in_time = act == "release" and now >= plan.release_at
        self.hold("REF-13", in_time, f"{act} paid the seller at {now}: {plan}")
        nothing_due = self.model.due(deal) == 0
        self.hold("REF-13", nothing_due, "the seller was paid though the criteria were due")

    def documented_share(self, act: str, how: dict[str, Any], deal: Deal) -> int | None:
        """Return the payer's basis points where a share decides; None where an amount does."""
        if act == "refund":
            return self.model.due(deal)
        if act == "refund_due":
            return int(how["bps"])
        if act == "execute":
            if deal.state == "disputed":
                return deal.plan.default_bps
            return self.model.share(deal, deal.ruling if deal.second is None else deal.second)
        return None

    def check_people(self) -> None:
        """Hold REF-02: all have and are owed what the model says, and no unit came or went."""
        world = self.world
        model = self.model
        for (asset, who), amount in world.purse.items():
            if asset == "ether" and not self.stage.exact and who in PEOPLE:
                continue
            should = model.purse[asset, who] + model.credit.get((asset, who), 0)
            has = amount + world.credit.get((asset, who), 0)
            self.hold("REF-02", has == should, f"{who} has {has} {asset}, {should} is right")
            owed = model.credit.get((asset, who), 0)
            self.hold(
                "REF-02",
                world.credit.get((asset, who), 0) == owed,
                f"{who} is not owed {owed} {asset}",
            )
        for asset in ASSETS if self.stage.exact else ("dollar",):
            self.hold("REF-02", self.sum_of(asset) == self.sums[asset], f"{asset} came or went")

    def compare_callers(
        self, act: str, how: dict[str, Any], call: tuple[tuple[Any, ...], int]
    ) -> None:
        """Hold REF-05: where anybody may act, it does not matter who does."""
        anybody = act in (
            "refund",
            "execute",
            "claim_for",
            "claim_by_sig",
            "release_by_sig",
            "dispute_by_sig",
        )
        if act == "release":
            anybody = how["caller"] != how["deal"].plan.payer
        if not anybody or not isinstance(self.stage, Deep):
            return
        self.stage.observe([deal.id for deal in self.model.deals])
        results = []
        for caller in ("stranger", "judge", "shop"):
            outcome, world = self.stage.fork(caller, *call[0][1:], value=call[1])
            charge = {("ether", caller): world.purse["ether", caller] + call[1]} if call[1] else {}
            results.append((outcome, World(world.purse | charge, world.credit, world.deals)))
        same = all(result == results[0] for result in results)
        self.hold("REF-05", same, f"{act} has another outcome for another caller: {how}")

    def teardown(self) -> None:
        """Hold REF-04: once the deadlines have passed, a stranger can end every deal."""
        if getattr(self, "finished", False):
            return
        self.finished = True
        ids = [deal.id for deal in self.model.deals]
        for _ in range(4):
            self.stage.wait(self.stage.now + 5_000 * HOUR)
            for deal in self.model.deals:
                state = self.stage.view(deal.id).state
                acts = (
                    ("release", "refund")
                    if state == "open"
                    else ("execute",)
                    if state not in ENDS
                    else ()
                )
                for act in acts:
                    self.stage.act("stranger", "escrow", act, deal.plan.terms)
        for deal in self.model.deals:
            seen = self.stage.view(deal.id)
            self.hold("REF-04", seen.state in ENDS, f"nobody can end {seen}: {deal.plan}")
        self.world = self.stage.observe(ids)
        self.check_solvency()
