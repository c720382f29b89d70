"""The acts of the machine: for each, the ways in which it can be done."""

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

from tests.properties.refunds.backends import ASSETS
from tests.properties.refunds.books import COURT_FEE, PEOPLE, SELLERS, Deal
from tests.properties.refunds.transactions import Transactions


class Acts(Transactions):
    """Each act offers its options to `play`, which does one of them.

    Every act takes a number to choose by, and whether only what is allowed is tried.
    """

    number: int
    """An amount."""
    bps: int
    """A share."""
    turn: int
    """A number from 0 to 255 for small choices."""

    play: Callable[[str, bool, int, list[dict[str, Any]]], bool]
    """Plays one of the options of an act (name, apt, pick, options); says whether there was one."""
    bar: Callable[[str, bool], bool]
    """Has the token refuse somebody, or no longer."""

    def open(self, pick: int, apt: bool) -> bool:
        if sum(not deal.over for deal in self.model.deals) > 5:
            return False
        plan, id = self.draft(pick, max(self.number, 1))
        self._newest = plan.asset
        right = plan.amount if plan.asset == "ether" else 0
        how = {"plan": plan, "id": id, "caller": plan.payer, "value": right, "signer": None}
        by_relay = how | {"caller": "stranger", "signer": plan.payer}
        if apt:
            options = [how, by_relay, how]
        else:
            options = [
                *[how | {"value": value} for value in (max(right - 1, 0), right + 1)],
                *[by_relay | {"signer": other} for other in ("alice", "bob")],
                *[how | {"caller": other} for other in ("alice", "bob", "stranger")],
                *[self.again(deal) for deal in self.model.deals[-1:]],
            ]
        return self.play("open", apt, pick >> 8, options)

    @staticmethod
    def again(deal: Deal) -> dict[str, Any]:
        """Return how one would open a deal a second time."""
        plan = deal.plan
        value = plan.amount if plan.asset == "ether" else 0
        return {"plan": plan, "id": deal.id, "caller": plan.payer, "value": value, "signer": None}

    def release(self, pick: int, apt: bool) -> bool:
        return self.play("release", apt, pick, self.by(PEOPLE))

    def release_by_sig(self, pick: int, apt: bool) -> bool:
        return self.play(
            "release_by_sig",
            apt,
            pick,
            self.by(("stranger", "bob"), signer=("alice", "bob", "shop")),
        )

    def refund(self, pick: int, apt: bool) -> bool:
        return self.play("refund", apt, pick, self.by(PEOPLE))

    def refund_due(self, pick: int, apt: bool) -> bool:
        return self.play(
            "refund_due", apt, pick, [{"deal": deal, "bps": self.bps} for deal in self.deals]
        )

    def refund_part(self, pick: int, apt: bool) -> bool:
        callers = PEOPLE if not apt else SELLERS["shop"]
        return self.play(
            "refund_part",
            apt,
            pick,
            [
                {
                    "deal": deal,
                    "caller": caller,
                    "amount": min(self.number, deal.held) if apt else self.number,
                }
                for deal, caller in product(self.deals, callers)
            ],
        )

    def split(self, pick: int, apt: bool) -> bool:
        part, more = self.number, self.turn % 3 - 1
        return self.play("split", apt, pick, [
            {
                "deal": deal, "caller": caller, "to_payer": min(part, deal.held),
                "to_seller": max(0, deal.held - min(part, deal.held) + (0 if apt else more)),
                "by_payer": by_payer, "by_seller": by_seller,
            }
            for deal, caller, by_payer, by_seller in product(
                self.deals, ("alice", "stranger"), ("alice", "bob"), ("shop", "refunder", "bob")
            )
        ])  # fmt: skip

    def dispute(self, pick: int, apt: bool) -> bool:
        callers = PEOPLE if not apt else ("alice", "bob", "shop", "refunder")
        return self.play("dispute", apt, pick, self.by(callers, value=(0, COURT_FEE)))

    def dispute_by_sig(self, pick: int, apt: bool) -> bool:
        return self.play(
            "dispute_by_sig",
            apt,
            pick,
            self.by(("stranger",), value=(0, COURT_FEE), signer=("alice", "bob")),
        )

    def submit_evidence(self, pick: int, apt: bool) -> bool:
        return self.play("submit_evidence", apt, pick, self.by(PEOPLE))

    def award(self, pick: int, apt: bool) -> bool:
        if not apt and self.turn % 2:
            self.be_late()
        options = self.by(("judge", "juror", "alice"), bps=(self.bps,))
        waiting = [how for how in options if how["deal"].state in ("disputed", "appealed")]
        return self.play("award", apt, pick, waiting or options)

    def be_late(self) -> None:
        """Let the time of whoever has to rule first run out."""
        running = [
            deal.deadline for deal in self.model.deals if deal.state in ("disputed", "appealed")
        ]
        if running and min(running) > self.stage.now:
            self.stage.wait(min(running) + (0 if self.stage.exact else self.stage.grain))
            self.model.now = self.stage.now

    def give_ruling(self, pick: int, apt: bool) -> bool:
        running = [
            number for number, deal in enumerate(self.model.cases, 1) if deal and not deal.over
        ]
        cases = running if self.turn % 8 and running else range(1, len(self.model.cases) + 1)
        return self.play(
            "rule", apt, pick, [{"case": case, "ruling": self.turn % 4} for case in cases]
        )

    def appeal(self, pick: int, apt: bool) -> bool:
        return self.play(
            "appeal",
            apt,
            pick,
            [
                {"deal": deal, "caller": caller, "value": value}
                for deal, caller in product(
                    self.deals, ("alice", "bob", "shop", "refunder", "stranger")
                )
                for value in {0, COURT_FEE, -(-deal.held // 10), -(-deal.held // 10) + COURT_FEE}
            ],
        )

    def execute(self, pick: int, apt: bool) -> bool:
        return self.play("execute", apt, pick, self.by(PEOPLE))

    def claim(self, pick: int, apt: bool) -> bool:
        owed = [key for key, amount in self.model.credit.items() if amount] if apt else []
        keys = owed or [
            (asset, who) for asset in ASSETS for who in ("alice", "bob", "shop", "pub", "home")
        ]
        options = [
            {"asset": asset, "payee": payee, "to": to}
            for (asset, payee), to in product(keys, ("platform", "alice", "home", "escrow"))
        ]
        # What a contract is refused with is lost on the way through it.
        return self.play(
            "claim",
            apt,
            pick,
            [
                how
                for how in options
                if how["payee"] in PEOPLE or self.model.refusal("claim", **how) is None
            ],
        )

    def claim_for(self, pick: int, apt: bool) -> bool:
        payees = ("alice", "bob", "shop", "platform", "pub", "home")
        return self.play("claim_for", apt, pick, [
            {"asset": asset, "payee": payee, "caller": caller}
            for asset, payee, caller in product(ASSETS, payees, ("stranger", "judge"))
        ])  # fmt: skip

    def claim_by_sig(self, pick: int, apt: bool) -> bool:
        return self.play("claim_by_sig", apt, pick, [
            {
                "asset": asset, "payee": payee, "to": to, "caller": "stranger", "signer": signer,
                "nonce": self.model.nonces.get(payee, 0) + (0 if apt else self.turn % 2),
            }
            for asset, payee, to, signer in product(
                ASSETS, ("alice", "bob", "shop", "platform"), ("judge", "home", "escrow"),
                ("alice", "bob", "shop", "platform"),
            )
        ])  # fmt: skip

    def scan_delivery(self, pick: int, apt: bool) -> bool:
        return self.play("scan_delivery", apt, pick, self.by(("scanner", "carrier", "shop")))

    def scan_return(self, pick: int, apt: bool) -> bool:
        return self.play(
            "scan_return", apt, pick, self.by(("scanner", "carrier", "alice"), grade=(self.bps,))
        )

    def settle_return(self, pick: int, apt: bool) -> bool:
        return self.play(
            "settle_return", apt, pick, self.by(("scanner", "carrier", "alice"), grade=(self.bps,))
        )

    # ---- what is rare when it is left to chance

    def pursue(self, pick: int, apt: bool) -> bool:
        """Go on with a dispute."""
        steps = [self.appeal, self.award, self.give_ruling, self.execute]
        first = self.turn % 3 if self.turn < 200 else 3
        return any(step(pick, apt) for step in steps[first:] + steps[:first])

    def collect(self, pick: int, apt: bool) -> bool:
        """Take a credit, once the payee can be paid again."""
        owed = [
            who
            for (_, who), amount in self.model.credit.items()
            if amount and who in self.model.shut
        ]
        if owed and apt:
            self.bar(owed[pick % len(owed)], on=False)
            if self.turn % 2 and self.claim_for(pick, apt=True):
                return True
        steps = [self.claim_by_sig, self.claim, self.claim_for]
        first = self.turn % len(steps)
        return any(step(pick, apt=True) for step in steps[first:] + steps[:first])

    # ---- options

    def by(self, callers: Iterable[str], **more: Iterable[Any]) -> list[dict[str, Any]]:
        names = ("deal", "caller", *more)
        return [
            dict(zip(names, values, strict=True))
            for values in product(self.deals, callers, *more.values())
        ]

    @property
    def deals(self) -> list[Deal]:
        """The deals that live, and now and then those that are over too."""
        living = [deal for deal in self.model.deals if not deal.over]
        return living if self.turn % 4 and living else self.model.deals
