"""One state machine for both back ends: plays acts, compares with the model, and has the properties checked."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from itertools import product
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from careledger.refunds.deal import SplitAgreement
from careledger.refunds.terms import DealTerms
from careledger.values.addresses import ZERO_ADDRESS
from tests.properties.refunds.backends import ASSETS, MOODS, Deep, World, at
from tests.properties.refunds.model import (
    ALL,
    CONTRACTS,
    COURT_FEE,
    PEOPLE,
    REFUSED,
    SELLERS,
    Deal,
    Model,
    Plan,
)
from tests.properties.refunds.properties import HOUR, Properties, Violated

SEED = int(os.environ.get("CARELEDGER_SEED", "20261122"))
EVIDENCE = b"\xe5" * 32
WEIGHTS = {
    "pursue": 6, "collect": 6, "refund": 3, "wait": 3, "shut": 3, "open": 2, "dispute": 2, "dispute_by_sig": 2,
    "refund_due": 2, "persuade": 2,
}  # fmt: skip
"""What is tried more often than the rest."""
SELDOM = ["submit_evidence", "claim_by_sig", "claim_for", "claim", "appeal", "give_ruling", "award"]
"""What is done when nothing of the kind that was drawn can be: it is possible least often."""
ONCE = (
    *(
        "release",
        "release_by_sig",
        "refund_part",
        "split",
        "execute",
        "scan_delivery",
        "scan_return",
        "settle_return",
    ),
    *SELDOM,
)
ACTS = [*ONCE, *(act for act, weight in WEIGHTS.items() for _ in range(weight))]


class EscrowMachine(Properties, RuleBasedStateMachine):
    """Subclasses say on which stage, and may look at one property alone."""

    blind: int = 6
    """One act in so many is played whether it is allowed or not."""
    calls: Counter[str]
    successes: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.stage.reset()
        self.world: World = self.stage.observe([])
        self.model = Model(self.stage.now, defaultdict(int, self.world.purse))
        self.lost = False
        self.settlements: Counter[bytes] = Counter()
        self.sums = {asset: self.sum_of(asset) for asset in ASSETS}
        self.serial = self.number = self.bps = self.turn = 0
        self._newest = ASSETS[0]

    # ---- what is played

    @rule(dice=st.binary(min_size=14, max_size=14))
    def step(self, dice: bytes) -> None:
        """Do one thing; when nothing of the kind can be done, open a deal or let time pass."""
        if self.lost:
            return
        pick, act = (
            int.from_bytes(dice[:4], "big"),
            ACTS[int.from_bytes(dice[4:6], "big") % len(ACTS)],
        )
        apt, self.turn = dice[6] % self.blind != self.blind - 1, dice[7]
        number, share = int.from_bytes(dice[8:10], "big"), int.from_bytes(dice[11:13], "big")
        self.number = (
            (1, 2, 9_999, 10_001, 40_000)[dice[10] % 5] if dice[10] < 64 else number % 20_001
        )
        self.bps = (0, ALL, REFUSED)[dice[13] % 3] if dice[13] < 64 else share % (REFUSED + 2)
        if getattr(self, act)(pick, apt):
            return
        if sum(not deal.over for deal in self.model.deals) < 3:
            self.open(pick, apt)
            return
        first = self.turn % len(SELDOM)
        if not any(getattr(self, other)(pick, apt) for other in SELDOM[first:] + SELDOM[:first]):
            self.wait(pick, apt)

    @initialize(
        picks=st.lists(
            st.tuples(st.integers(0, 2**24), st.integers(1, 20_000)), min_size=2, max_size=4
        ),
        shut=st.sets(st.sampled_from(["shop", "platform", "pub", "home"])),
    )
    def begin(self, picks: list[tuple[int, int]], shut: set[str]) -> None:
        for pick, amount in picks:
            self.number = amount
            self.open(pick, apt=True)
        for who in sorted(shut):
            self.bar(who, on=True)

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
        return self.play("refund_part", apt, pick, [
            {"deal": deal, "caller": caller, "amount": min(self.number, deal.held) if apt else self.number}
            for deal, caller in product(self.deals, callers)
        ])  # fmt: skip

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
        return self.play("appeal", apt, pick, [
            {"deal": deal, "caller": caller, "value": value}
            for deal, caller in product(self.deals, ("alice", "bob", "shop", "refunder", "stranger"))
            for value in {0, COURT_FEE, -(-deal.held // 10), -(-deal.held // 10) + COURT_FEE}
        ])  # fmt: skip

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
        return self.play("claim", apt, pick, [
            how for how in options if how["payee"] in PEOPLE or self.model.refusal("claim", **how) is None
        ])  # fmt: skip

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

    # ---- what would be rare if it were left to chance

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

    # ---- what happens around

    def wait(self, pick: int, apt: bool) -> bool:
        marks = {mark for deal in self.model.deals if not deal.over for mark in self.marks(deal)}
        grain, now, near = self.stage.grain, self.stage.now, self.turn % 3 - 1
        options = sorted(m + near * grain for m in marks if m + near * grain > now) or [
            now + (1 + self.turn % 60) * HOUR
        ]
        # Times to come are many, and the nearest are the most telling.
        to = options[min(pick % len(options), pick // 1000 % len(options))]
        while not self.stage.exact and any(abs(to - mark) < grain for mark in marks):
            to += grain  # too near to tell on a chain whose clock runs
        self.stage.wait(to)
        self.model.now = self.stage.now
        return True

    def shut(self, pick: int, apt: bool) -> bool:
        people = ("alice", "bob", "shop", "platform", "pub", "home", "pub", "home")
        return self.bar(people[pick % len(people)], on=pick >> 8 & 1 == 1)

    def bar(self, who: str, on: bool) -> bool:
        """Have the token refuse somebody, and a contract refuse ether."""
        self.stage.must("stranger", "dollar", "set_blocked", self.stage.address[who], on)
        if who in CONTRACTS:
            self.stage.must("stranger", who, "set_mood", int(on))
        (self.model.shut.add if on else self.model.shut.discard)(who)
        return self.refresh()

    def persuade(self, pick: int, apt: bool) -> bool:
        """Have the oracle answer something else, or in another way."""
        moods = (*MOODS, *["WORD"] * 6)
        mood, word = (
            moods[pick % len(moods)],
            40_000 if self.turn % 5 == 0 else self.bps if apt else 0,
        )
        self.stage.must("stranger", "oracle", "set", MOODS.index(mood), word)
        self.model.mood, self.model.word = ("WORD" if mood == "HEAVY" else mood), word
        return self.refresh()

    def refresh(self) -> bool:
        self.model.now = self.stage.now
        if not self.stage.exact:
            self.world = self.stage.observe([deal.id for deal in self.model.deals])
        return True

    # ---- drafting

    def draft(self, pick: int, amount: int) -> tuple[Plan, bytes]:
        """Make terms up from one number."""

        def one_of(*options: Any) -> Any:
            nonlocal pick
            pick, index = divmod(pick, len(options))
            return options[index]

        self.serial += 1
        asset, payer, seller = (
            one_of("dollar", "ether"),
            one_of("alice", "bob"),
            one_of("shop", "shop", "pub"),
        )
        refundee = one_of(payer, "home")
        criteria, arbiter = (
            one_of("oracle", "desk", None, "desk"),
            one_of("judge", "court", "judge", "court", None),
        )
        now = self.stage.now
        release_at = now + one_of(40, 100, 200) * HOUR
        sla_at = one_of(0, now + 20 * HOUR)
        window, fee_bps = one_of(5, 24) * HOUR, one_of(0, 250, 3_333, ALL)
        default_bps = one_of(0, 4_000, 6_667, ALL)
        named = self.stage.address
        terms = DealTerms(
            payer=named[payer],
            seller=named[seller],
            token=self.stage.asset(asset),
            amount=amount,
            release_at=at(release_at),
            sla_at=at(sla_at) if sla_at else None,
            order_ref=bytes.fromhex(named["carrier"][2:]) + self.serial.to_bytes(12, "big"),
            refund_to=ZERO_ADDRESS if refundee == payer else named[refundee],
            dispute_window=timedelta(seconds=window),
            criteria=named[criteria] if criteria else ZERO_ADDRESS,
            arbiter=named[arbiter] if arbiter else ZERO_ADDRESS,
            fee_bps=fee_bps,
            fee_to=named["platform"] if fee_bps else ZERO_ADDRESS,
            default_bps=default_bps,
            salt=self.serial.to_bytes(32, "big"),
        )
        plan = Plan(
            terms, payer, refundee, seller, asset, amount, release_at, sla_at, window, criteria, arbiter, fee_bps,
            default_bps,
        )  # fmt: skip
        return plan, self.stage.messages.deal_id(terms)

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

    @staticmethod
    def marks(deal: Deal) -> tuple[int, ...]:
        if deal.state == "open":
            plan = deal.plan
            return tuple(
                m for m in (plan.release_at, plan.sla_at, plan.release_at + plan.window) if m
            )
        return (deal.deadline,)

    # ---- playing

    def play(self, act: str, apt: bool, pick: int, options: list[dict[str, Any]]) -> bool:
        """Play one of the options, compare with the model, hold the properties; say whether there was one."""
        if apt:
            options = [how for how in options if self.model.refusal(act, **how) is None]
        if self.lost or not options:
            return False
        how = options[pick % len(options)]
        call = self.transaction(act, how)
        before, expected = self.world, self.model.refusal(act, **how)
        if isinstance(self.stage, Deep) and expected is None and pick % 3 == 0:
            self.compare_callers(act, how, call)
        outcome = self.stage.act(*call[0], value=call[1])
        self.calls[act] += 1
        self.successes[act] += outcome.refusal is None
        self.model.now = self.stage.now
        ids = [deal.id for deal in self.model.deals] + ([how["id"]] if act == "open" else [])
        self.world = self.stage.observe(ids)
        self.check_step(act, how, before, outcome)
        if outcome.refusal != expected:
            self.lost = self.only is not None
            if not self.lost:
                raise Violated(
                    "model",
                    f"{act} was refused by {outcome.refusal}, expected was {expected}: {how}",
                )
            return True
        if expected is None:
            getattr(self.model, act)(**how, dry=False)
        self.check_people()
        return True

    def transaction(self, act: str, how: dict[str, Any]) -> tuple[tuple[Any, ...], int]:
        """Return sender, contract, function and arguments of an act, and the ether that goes with it."""
        deal, sender, value = how.get("deal"), how.get("caller", "stranger"), how.get("value", 0)
        deadline, messages = at(self.stage.now + 30 * 24 * HOUR), self.stage.messages
        terms = deal.plan.terms if deal else how["plan"].terms if "plan" in how else None

        def signed(by: str, message: bytes) -> bytes:
            return message.sign(self.stage.accounts[by])

        if act == "open" and how["signer"]:
            signature = signed(how["signer"], messages.open(terms, deadline))
            call: tuple[Any, ...] = ("escrow", "open_by_sig", terms, deadline, signature)
        elif act == "release_by_sig":
            signature = signed(how["signer"], messages.release(deal.id, deadline))
            call = ("escrow", act, terms, deadline, signature)
        elif act == "dispute_by_sig":
            signature = signed(how["signer"], messages.dispute(deal.id, EVIDENCE, deadline))
            call = ("escrow", act, terms, EVIDENCE, deadline, signature)
        elif act == "split":
            message = messages.split(deal.id, how["to_payer"], how["to_seller"], deadline)
            signatures = [signed(how[by], message) for by in ("by_payer", "by_seller")]
            signer = self.stage.address[how["by_seller"]]
            call = (
                "escrow",
                act,
                terms,
                SplitAgreement(how["to_payer"], how["to_seller"], deadline, signer, *signatures),
            )
        elif act == "refund_due":
            call = ("oracle", "push", self.stage.address["escrow"], terms, how["bps"])
        elif act == "rule":
            call = ("court", "give_ruling", how["case"], how["ruling"])
        elif act in ("claim", "claim_for", "claim_for", "claim_by_sig"):
            return self.claiming(act, how, deadline), 0
        elif act in ("scan_delivery", "scan_return"):
            call = ("desk", act, terms.order_ref, *([how["grade"]] if "grade" in how else []))
        else:
            evidence = [EVIDENCE] if act in ("dispute", "appeal", "submit_evidence") else []
            rest = [how[name] for name in ("amount", "bps", "grade") if name in how]
            call = ("desk" if act == "settle_return" else "escrow", act, terms, *evidence, *rest)
        return (sender, *call), value

    def claiming(self, act: str, how: dict[str, Any], deadline: Any) -> tuple[Any, ...]:
        asset, payee = self.stage.asset(how["asset"]), self.stage.address[how["payee"]]
        if act == "claim_for":
            return (how["caller"], "escrow", act, payee, asset)
        to = self.stage.address[how["to"]]
        if act == "claim_by_sig":
            message = self.stage.messages.claim(payee, asset, to, how["nonce"], deadline)
            signature = message.sign(self.stage.accounts[how["signer"]])
            return (how["caller"], "escrow", act, payee, asset, to, deadline, signature)
        if how["payee"] in CONTRACTS:
            data = bytes.fromhex("21c0b342") + b"".join(
                bytes(12) + bytes.fromhex(a[2:]) for a in (asset, to)
            )
            return ("stranger", how["payee"], "execute", self.stage.address["escrow"], 0, data)
        return (how["payee"], "escrow", act, asset, to)


__all__ = ["SEED", "EscrowMachine", "Violated"]
