"""LoyaltyToken against a plain model: a dictionary of balances, a list of what was issued."""

from collections import defaultdict
from typing import Any

from eth_utils.crypto import keccak
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tests.properties.loyalty.machine import PointsMachine
from tests.support.evm import START
from tests.worlds.loyalty.contracts import CANCEL, DAY, PERMIT, REDEEM, TRANSFER
from tests.worlds.loyalty.swaps import ADDRESSES, CAP, PEOPLE, SMALL_START

people = st.integers(0, len(PEOPLE) - 1)
tenths = st.integers(0, 12)
"""A part of what there is, in tenths, and sometimes more than there is."""
nonces = st.integers(0, 40)
rarely = st.sampled_from([False] * 4 + [True])
times = st.sampled_from(["good"] * 6 + ["early", "late"])
LATER = START + 20 * 365 * DAY
REF = bytes(32)


class TokenMachine(PointsMachine):
    """One brand's points under a small cap, two issuers, four customers."""

    def __init__(self) -> None:
        super().__init__()
        points = self.points = self.world.points["small"]
        self.issuers = [points.issuer, points.brand]
        self.holders = [*ADDRESSES, points.brand.address]
        self.balances = dict.fromkeys(ADDRESSES, SMALL_START) | {points.brand.address: 0}
        self.allowances: dict[tuple[int, int], int] = defaultdict(int)
        self.issued, self.redeemed = SMALL_START * len(PEOPLE), 0
        self.limits: dict[int, tuple[int, int]] = {}
        self.buckets: dict[int, tuple[int, int]] = {}  # issuer -> what it had, when
        self.history: dict[int, list[tuple[int, int]]] = defaultdict(
            list
        )  # issuer -> (when, how much)
        self.spent: set[tuple[int, bytes]] = set()
        self.permits: list[tuple[Any, ...]] = []
        self.permit_nonces = dict.fromkeys(range(len(PEOPLE)), 0)
        self.paused, self.closes_at = False, 0
        for who, issuer in enumerate(self.issuers):
            self.world.send("small", "setIssuerLimit", issuer.address, 500, 50, by=points.manager)
            self.limits[who], self.buckets[who] = (500, 50), (self._had(who), self.sent_at())

    # ---- the model

    def _had(self, who: int) -> int:
        return int(self.read("small", "issuerLimit", self.issuers[who].address)[2])

    def _at(self, who: int, now: int) -> int:
        (capacity, period), (had, at) = self.limits[who], self.buckets[who]
        return min(capacity, had + (now - at) * capacity // period)

    def _available(self, who: int) -> int:
        return self._at(who, self.world.now())

    def sent_at(self) -> int:
        """Return the time of the transaction just sent."""
        return self.world.sent_at()

    def closed(self) -> bool:
        return self.closes_at != 0 and self.world.now() >= self.closes_at

    def balance(self, who: int) -> int:
        return self.balances[ADDRESSES[who]]

    def rich(self, who: int) -> int:
        """Return the customer, or one who has something where this one has not."""
        return max(
            (n % len(PEOPLE) for n in range(who, who + len(PEOPLE))),
            key=lambda n: self.balance(n) > 0,
        )

    def outstanding(self) -> int:
        return self.issued - self.redeemed

    def may_issue(self, who: int, amount: int) -> bool:
        fits = 0 < amount <= min(self._available(who), CAP - self.outstanding())
        return fits and not self.paused and not self.closed()

    def note_issue(self, who: int, items: list[tuple[int, int]]) -> None:
        amount, now = sum(part for _, part in items), self.sent_at()
        self.holds(
            "LOY-07",
            not self.paused and not (self.closes_at and now >= self.closes_at),
            "issued",
            now,
        )
        self.buckets[who] = (self._at(who, now) - amount, now)
        self.history[who].append((now, amount))
        self.issued += amount
        for to, part in items:
            self.balances[ADDRESSES[to]] += part
        capacity, period = self.limits[who]
        total = 0
        for at, part in reversed(self.history[who]):
            total += part
            self.holds(
                "LOY-04",
                (total - capacity) * period <= capacity * (now - at),
                total,
                capacity,
                period,
                now - at,
            )

    def note_redeem(self, who: int, amount: int) -> None:
        self.holds(
            "LOY-07",
            not (self.closes_at and self.sent_at() >= self.closes_at),
            "redeemed",
            self.sent_at(),
        )
        self.redeemed += amount
        self.move(who, None, amount)

    def move(self, from_: int, to: int | None, amount: int) -> None:
        self.balances[ADDRESSES[from_]] -= amount
        if to is not None:
            self.balances[ADDRESSES[to]] += amount

    def consented(self, before: dict[str, int], who: int | None = None, most: int = 0) -> None:
        """Insist that no balance fell but one, by no more than its holder ordered or allowed."""
        if not self.looks_at("LOY-02"):
            return
        for holder, now in self.observed().items():
            allowed = most if who is not None and holder == ADDRESSES[who] else 0
            self.holds(
                "LOY-02", before[holder] - now <= allowed, holder, before[holder], now, allowed
            )

    def observed(self) -> dict[str, int]:
        return {holder: self.read("small", "balanceOf", holder) for holder in self.holders}

    def window(self, kind: str) -> tuple[int, int]:
        return {"good": (0, LATER), "early": (LATER, LATER + 1), "late": (0, START - 1)}[kind]

    # ---- what can happen

    @rule(who=st.integers(0, 1), to=people, amount=st.integers(0, 250), most=rarely)
    def issue(self, who: int, to: int, amount: int, most: bool) -> None:
        before = self.observed()
        if most:
            amount = min(self._available(who), CAP - self.outstanding()) + amount // 200
        expected = self.may_issue(who, amount)
        if self.attempt(
            "issue", expected, "small", "issue", ADDRESSES[to], amount, REF, by=self.issuers[who]
        ):
            self.note_issue(who, [(to, amount)])
        self.consented(before)

    @rule(who=st.integers(0, 1), items=st.lists(st.tuples(people, st.integers(1, 120)), max_size=4))
    def issue_batch(self, who: int, items: list[tuple[int, int]]) -> None:
        before = self.observed()
        amount = sum(part for _, part in items)
        expected = self.may_issue(who, amount) or (
            not items and not self.paused and not self.closed()
        )
        batch = [(ADDRESSES[to], part, REF) for to, part in items]
        if self.attempt(
            "issue_batch", expected, "small", "issueBatch", batch, by=self.issuers[who]
        ):
            self.note_issue(who, items)
        self.consented(before)

    @rule(who=people, part=tenths)
    def redeem(self, who: int, part: int) -> None:
        who = self.rich(who)
        before, amount = self.observed(), self.balance(who) * part // 10
        expected = 0 < amount <= self.balance(who) and not self.closed()
        if self.attempt("redeem", expected, "small", "redeem", amount, REF, by=PEOPLE[who]):
            self.note_redeem(who, amount)
        self.consented(before, who, amount)

    @rule(who=people, part=tenths, nonce=nonces, when=times)
    def redeem_by_signature(self, who: int, part: int, nonce: int, when: str) -> None:
        who = self.rich(who)
        before, amount = self.observed(), self.balance(who) * part // 10
        key, (after, until) = keccak(bytes([nonce])), self.window(when)
        expected = 0 < amount <= self.balance(who) and not self.closed()
        expected &= when == "good" and (who, key) not in self.spent
        order = (ADDRESSES[who], amount, REF, after, until, key)
        signed = self.points.sign(PEOPLE[who], REDEEM, *order)
        action = "redeem_by_signature"
        if self.attempt(
            action,
            expected,
            "small",
            "redeemWithAuthorization",
            *order,
            signed,
            by=self.points.manager,
        ):
            self.use_nonce(who, key)
            self.note_redeem(who, amount)
        self.consented(before, who, amount)

    def use_nonce(self, who: int, key: bytes) -> None:
        self.holds("LOY-06", (who, key) not in self.spent, who, key)
        self.spent.add((who, key))

    @rule(who=people, to=people, part=tenths)
    def transfer(self, who: int, to: int, part: int) -> None:
        who = self.rich(who)
        before, amount = self.observed(), self.balance(who) * part // 10
        expected = amount <= self.balance(who)
        done = self.attempt(
            "transfer", expected, "small", "transfer", ADDRESSES[to], amount, by=PEOPLE[who]
        )
        self.holds(
            "LOY-07", done or not expected, "points must always move", self.paused, self.closes_at
        )
        if done:
            self.move(who, to, amount)
        self.consented(before, who, amount)

    @rule(who=people, spender=people, amount=st.integers(0, 1500))
    def approve(self, who: int, spender: int, amount: int) -> None:
        if self.attempt(
            "approve", True, "small", "approve", ADDRESSES[spender], amount, by=PEOPLE[who]
        ):
            self.allowances[who, spender] = amount

    @rule(who=people, to=people, spender=people, part=tenths, any_spender=rarely)
    def transfer_from(self, who: int, to: int, spender: int, part: int, any_spender: bool) -> None:
        live = sorted(
            pair for pair, left in self.allowances.items() if left and self.balance(pair[0])
        )
        if not live and not any_spender:
            return
        if not any_spender:
            who, spender = live[(who * len(PEOPLE) + spender) % len(live)]
        before, allowed = self.observed(), self.allowances[who, spender]
        amount = min(self.balance(who), allowed or self.balance(who)) * part // 10
        expected = amount <= min(self.balance(who), allowed)
        arguments = (ADDRESSES[who], ADDRESSES[to], amount)
        if self.attempt(
            "transfer_from", expected, "small", "transferFrom", *arguments, by=PEOPLE[spender]
        ):
            self.move(who, to, amount)
            self.allowances[who, spender] = max(0, allowed - amount)
        self.consented(before, who, allowed)

    @rule(
        who=people,
        spender=people,
        amount=st.integers(0, 1500),
        again=st.sampled_from([False, False, True]),
    )
    def permit(self, who: int, spender: int, amount: int, again: bool) -> None:
        if again and self.permits:
            order = self.permits[amount % len(self.permits)]
        else:
            nonce = self.permit_nonces[who]
            values = (ADDRESSES[who], ADDRESSES[spender], amount, LATER)
            signed = self.points.sign(PEOPLE[who], PERMIT, *values[:3], nonce, LATER)
            order = (who, spender, nonce, values, signed)
            self.permits.append(order)
        who, spender, nonce, values, signed = order
        expected = nonce == self.permit_nonces[who]
        name = "permit(address,address,uint256,uint256,bytes)"
        if self.attempt("permit", expected, "small", name, *values, signed, by=self.points.manager):
            self.holds(
                "LOY-08",
                nonce == self.permit_nonces[who],
                "a permit was used twice or out of turn",
                nonce,
            )
            self.permit_nonces[who] += 1
            self.allowances[who, spender] = values[2]

    @rule(who=people, to=people, part=tenths, nonce=nonces, when=times)
    def transfer_by_signature(self, who: int, to: int, part: int, nonce: int, when: str) -> None:
        who = self.rich(who)
        before, amount = self.observed(), self.balance(who) * part // 10
        key, (after, until) = keccak(bytes([nonce])), self.window(when)
        expected = amount <= self.balance(who) and when == "good" and (who, key) not in self.spent
        order = (ADDRESSES[who], ADDRESSES[to], amount, after, until, key)
        signed = self.points.sign(PEOPLE[who], TRANSFER, *order)
        name = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
        if self.attempt(
            "transfer_by_signature", expected, "small", name, *order, signed, by=self.points.manager
        ):
            self.use_nonce(who, key)
            self.move(who, to, amount)
        self.consented(before, who, amount)

    @rule(who=people, nonce=nonces)
    def cancel_authorization(self, who: int, nonce: int) -> None:
        key = keccak(bytes([nonce]))
        signed = self.points.sign(PEOPLE[who], CANCEL, ADDRESSES[who], key)
        expected, name = (who, key) not in self.spent, "cancelAuthorization(address,bytes32,bytes)"
        arguments = (ADDRESSES[who], key, signed)
        if self.attempt(
            "cancel_authorization", expected, "small", name, *arguments, by=self.points.manager
        ):
            self.use_nonce(who, key)

    @rule(who=st.integers(0, 1), capacity=st.integers(50, 600), period=st.integers(1, 200))
    def set_limit(self, who: int, capacity: int, period: int) -> None:
        issuer, by = self.issuers[who].address, self.points.manager
        if self.attempt(
            "set_limit", True, "small", "setIssuerLimit", issuer, capacity, period, by=by
        ):
            left = min(capacity, self._at(who, self.sent_at()))
            self.limits[who], self.history[who] = (capacity, period), []
            self.buckets[who] = (left, self.sent_at())

    @rule(paused=st.sampled_from([True] + [False] * 5))
    def pause(self, paused: bool) -> None:
        if self.attempt("pause", True, "small", "setPaused", paused, by=self.points.manager):
            self.paused = paused

    @rule(anyway=rarely)
    def announce(self, anyway: bool) -> None:
        expected = self.closes_at == 0
        if not expected and not anyway:
            return
        if self.attempt("announce", expected, "small", "announceWindDown", by=self.points.brand):
            self.closes_at = self.read("small", "programme")[4]
            self.holds(
                "LOY-07", self.closes_at - self.sent_at() == 30 * DAY, "notice", self.closes_at
            )

    @rule(anyway=rarely)
    def call_off(self, anyway: bool) -> None:
        if not self.closes_at and not anyway:
            self.announce(anyway=True)
        expected = self.closes_at != 0 and not self.closed()
        if self.attempt("call_off", expected, "small", "callOffWindDown", by=self.points.brand):
            self.closes_at = 0

    @rule(seconds=st.sampled_from([0, 1, 7, 50, 100, 300] * 6 + [31 * DAY]))
    def wait(self, seconds: int) -> None:
        self.world.sleep(seconds)
        self.forget()

    # ---- what must hold

    @invariant()
    def balances_and_supply(self) -> None:
        if not self.looks_at("LOY-01", "LOY-03", "LOY-05"):
            return
        observed, supply = self.observed(), self.read("small", "totalSupply")
        programme = self.read("small", "programme")
        own = self.read("small", "balanceOf", self.points.address)
        self.holds("LOY-01", supply == sum(observed.values()) + own, supply, observed)
        self.holds("LOY-03", supply <= CAP, supply)
        self.holds(
            "LOY-05", programme[1] == self.outstanding(), programme, self.issued, self.redeemed
        )
        if not self.only:
            self.holds("model", observed == self.balances, observed, self.balances)
            self.holds("model", programme[4:] == (self.closes_at, self.paused), programme)

    @invariant()
    def allowances_are_what_their_owner_said(self) -> None:
        if not self.looks_at("LOY-08"):
            return
        for (who, spender), amount in self.allowances.items():
            actual = self.read("small", "allowance", ADDRESSES[who], ADDRESSES[spender])
            self.holds("LOY-08", actual == amount, who, spender, actual, amount)
