"""One state machine for both back ends: plays acts, compares with the model, checks properties."""

import os
from collections import Counter, defaultdict
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.properties.refunds.acts import Acts
from tests.properties.refunds.backends import ASSETS, MOODS, Deep, World
from tests.properties.refunds.books import ALL, CONTRACTS, REFUSED, Deal
from tests.properties.refunds.model import Model
from tests.properties.refunds.properties import HOUR, Violated

SEED = int(os.environ.get("CARELEDGER_SEED", "20261122"))
WEIGHTS = {
    "pursue": 6,
    "collect": 6,
    "refund": 3,
    "wait": 3,
    "shut": 3,
    "open": 2,
    "dispute": 2,
    "dispute_by_sig": 2,
    "refund_due": 2,
    "persuade": 2,
}
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


class EscrowMachine(Acts, RuleBasedStateMachine):
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
        pick = int.from_bytes(dice[:4], "big")
        act = ACTS[int.from_bytes(dice[4:6], "big") % len(ACTS)]
        apt = dice[6] % self.blind != self.blind - 1
        self.turn = dice[7]

        number = int.from_bytes(dice[8:10], "big") % 20_001
        edges = (1, 2, 9_999, 10_001, 40_000)
        self.number = edges[dice[10] % 5] if dice[10] < 64 else number

        share = int.from_bytes(dice[11:13], "big") % (REFUSED + 2)
        self.bps = (0, ALL, REFUSED)[dice[13] % 3] if dice[13] < 64 else share

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
        """Play one of the options, compare with the model, and check the properties.

        Returns whether there was an option to play.
        """
        if apt:
            options = [how for how in options if self.model.refusal(act, **how) is None]
        if self.lost or not options:
            return False

        how = options[pick % len(options)]
        call = self.transaction(act, how)
        before = self.world
        expected = self.model.refusal(act, **how)
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
                reason = f"{act} was refused by {outcome.refusal}, expected was {expected}: {how}"
                raise Violated("model", reason)
            return True

        if expected is None:
            getattr(self.model, act)(**how, dry=False)
        self.check_people()
        return True


__all__ = ["SEED", "EscrowMachine", "Violated"]
