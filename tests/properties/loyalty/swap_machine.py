"""PointMarket and PointPools against a model of plain arithmetic."""

from math import isqrt
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from careledger.chain.reverts import Reverted
from tests.properties.loyalty.offer_machine import OfferMachine
from tests.properties.loyalty.swap_model import (
    LATER,
    LOCKED,
    amounts,
    forward,
    people,
    rarely,
    tenths,
)
from tests.worlds.loyalty.contracts import RECEIVE
from tests.worlds.loyalty.swaps import ADDRESSES, PEOPLE


class SwapMachine(OfferMachine):
    """Two brands' points, four customers: offers, one pool, policies that change."""

    # ---- policies

    @initialize(
        who=people,
        a=st.integers(2000, 60_000),
        b=st.integers(2000, 60_000),
        fund=st.sampled_from([True] * 5 + [False]),
    )
    def begin(self, who: int, a: int, b: int, fund: bool) -> None:
        if fund:
            self.add_liquidity(who, a, b, small=False)

    @rule(
        name=st.sampled_from(["a", "b"]),
        part=tenths,
        most=st.sampled_from([None, None, None, 1000, 700, 300]),
        offers=rarely,
        pools=rarely,
    )
    def set_policy(self, name: str, part: int, most: int | None, offers: bool, pools: bool) -> None:
        highest = self.policy[name][1]
        cap = highest if most is None else most
        terms = (cap * part // 10, cap, not offers, not pools)
        expected = part <= 10 and cap <= highest
        brand = self.world.points[name].brand
        words = (self.token[name], (brand.address, *terms))
        if self.attempt("set_policy", expected, "market", "setPolicy", *words, by=brand):
            self.holds("LOY-22", cap <= highest and terms[0] <= cap <= 1000, terms, highest)
            self.policy[name] = terms

    @rule()
    def sync(self) -> None:
        if self.attempt(
            "sync", True, "pools", "sync", self.token["a"], self.token["b"], by=PEOPLE[0]
        ):
            self.copy_policies()

    @rule(name=st.sampled_from(["a", "b"]), anyway=rarely)
    def collect_fees(self, name: str, anyway: bool) -> None:
        if not self.fees[name] and not anyway:
            self.swap(0, name == "a", 5000, slack=0)
        before, brand = self.both(), self.world.points[name].brand.address
        expected = self.fees[name] > 0
        if self.attempt(
            "collect_fees", expected, "pools", "collectFees", self.token[name], by=PEOPLE[0]
        ):
            gained = self.both()[name][brand] - before[name][brand]
            self.holds("LOY-13", gained <= self.fees[name], gained, self.fees)
            self.fees[name] = 0
        self.consented(before)

    # ---- pools

    @rule(who=people, a=st.integers(1, 60_000), b=st.integers(1, 60_000), small=rarely)
    def add_liquidity(self, who: int, a: int, b: int, small: bool) -> None:
        if small:
            a, b = a % 40 + 1, b % 40 + 1  # often too little for a share
        before, old = self.both(), self.pair()
        pools_open = self.policy["a"][3] and self.policy["b"][3]
        taken, shares = self.funding(a, b)
        affordable = all(taken[name] <= before[name][ADDRESSES[who]] for name in ("a", "b"))
        words = (self.token["a"], self.token["b"], a, b, 0, 0, ADDRESSES[who], LATER)
        expected = pools_open and shares > 0 and affordable
        if self.attempt("add_liquidity", expected, "pools", "addLiquidity", words, by=PEOPLE[who]):
            self.copy_policies()
            self.note_shares(who, old)
        self.consented(before, ("a", ADDRESSES[who], a), ("b", ADDRESSES[who], b))

    def funding(self, a: int, b: int) -> tuple[dict[str, int], int]:
        if not self.shares:
            return {"a": a, "b": b}, max(0, isqrt(a * b) - LOCKED)
        shares = min(a * self.shares // self.reserves["a"], b * self.shares // self.reserves["b"])
        return {
            name: -(-shares * self.reserves[name] // self.shares) for name in ("a", "b")
        }, shares

    def note_shares(self, who: int, old: dict[str, int]) -> None:
        """Take over what a change of liquidity came to, having looked at it."""
        new, mine = self.pair(), self.read("pools", "balanceOf", ADDRESSES[who], self.pair_id)
        for name in ("a", "b"):
            fair = new[name] * old["shares"] >= old[name] * new["shares"]
            self.holds("LOY-21", fair, "a share became worth less", name, old, new)
        self.held[who] = mine
        self.shares = new["shares"]
        self.reserves = {name: new[name] for name in ("a", "b")}

    @rule(who=people, part=tenths)
    def remove_liquidity(self, who: int, part: int) -> None:
        who = max(
            (n % len(PEOPLE) for n in range(who, who + len(PEOPLE))), key=lambda n: self.held[n] > 0
        )
        if not self.shares:
            return
        before, old = self.both(), self.pair()
        shares = self.held[who] * part // 10
        expected = 0 < shares <= self.held[who]
        words = (self.token["a"], self.token["b"], shares, 0, 0, ADDRESSES[who], LATER)
        if self.attempt(
            "remove_liquidity", expected, "pools", "removeLiquidity", words, by=PEOPLE[who]
        ):
            self.note_shares(who, old)
        self.consented(before)

    @rule(who=people, to=people, part=tenths)
    def move_shares(self, who: int, to: int, part: int) -> None:
        shares = self.held[who] * part // 10
        expected = shares <= self.held[who]
        arguments = ("pools", "transfer", ADDRESSES[to], self.pair_id, shares)
        if self.attempt("move_shares", expected, *arguments, by=PEOPLE[who]):
            self.held[who] -= shares
            self.held[to] += shares

    def quoted(self, paid: str, got: str, amount: int) -> int | None:
        try:
            return int(self.read("pools", "quote", self.token[paid], self.token[got], amount)[0])
        except Reverted:
            return None

    def try_swap(
        self, action: str, who: int, paid: str, amount: int, slack: int, signed: bool = False
    ) -> tuple[bool, int]:
        """Swap, in one of two ways, for at least the expected amount less `slack`.

        Returns whether it succeeded, and what arrived.
        """
        got = "b" if paid == "a" else "a"
        received, _, _ = self.swap_of(paid, amount)
        least = max(0, received - slack)
        before, old, quote = self.both(), self.pair(), self.quoted(paid, got, amount)
        affordable = amount <= before[paid][ADDRESSES[who]]
        expected = (
            bool(self.copied["open"])
            and self.shares > 0
            and received >= max(1, least)
            and affordable
        )
        if signed:
            done = self.attempt(
                action, expected, *self.order(who, paid, got, amount, least), by=PEOPLE[who - 1]
            )
        else:
            arguments = (self.token[paid], self.token[got], amount, least, LATER)
            done = self.attempt(action, expected, "pools", "swap", *arguments, by=PEOPLE[who])
        self.consented(before, (paid, ADDRESSES[who], amount))
        if not done:
            return False, 0
        arrived = self.both()[got][ADDRESSES[who]] - before[got][ADDRESSES[who]]
        new = self.pair()
        self.holds("LOY-15", new["a"] * new["b"] >= old["a"] * old["b"], old, new)
        self.holds("LOY-20", arrived == quote and arrived >= least, arrived, quote, least)
        self.note_swap(paid, amount)
        return True, arrived

    def order(self, who: int, paid: str, got: str, amount: int, least: int) -> tuple[Any, ...]:
        self.salt += 1
        salt = self.salt.to_bytes(32, "big")
        order = (
            ADDRESSES[who],
            self.token[paid],
            self.token[got],
            amount,
            least,
            ADDRESSES[who],
            LATER,
            salt,
        )
        nonce = self.read("pools", "orderNonce", order)
        values = (ADDRESSES[who], self.pools, amount, 0, LATER + 1, nonce)
        return (
            "pools",
            "swapWithAuthorization",
            order,
            self.world.points[paid].sign(PEOPLE[who], RECEIVE, *values),
        )

    slacks = st.sampled_from([0, 0, 1, 10, -1])

    @rule(who=people, ahead=forward, amount=amounts, slack=slacks)
    def swap(self, who: int, ahead: bool, amount: int, slack: int) -> None:
        self.try_swap("swap", who, "a" if ahead else "b", amount, slack)

    @rule(who=people, ahead=forward, amount=amounts, slack=slacks)
    def swap_by_signature(self, who: int, ahead: bool, amount: int, slack: int) -> None:
        self.try_swap("swap_by_signature", who, "a" if ahead else "b", amount, slack, signed=True)

    @rule(who=people, ahead=forward, amount=amounts)
    def round_trip(self, who: int, ahead: bool, amount: int) -> None:
        there, back = ("a", "b") if ahead else ("b", "a")
        before = self.both()[there][ADDRESSES[who]]
        done, arrived = self.try_swap("round_trip", who, there, amount, 10**9)
        if done and arrived:
            self.try_swap("round_trip", who, back, arrived, 10**9)
        after = self.both()[there][ADDRESSES[who]]
        self.holds("LOY-16", after <= before, "a round trip gained", before, after)

    @rule(who=people, name=st.sampled_from(["a", "b"]), amount=st.integers(1, 500))
    def donate(self, who: int, name: str, amount: int) -> None:
        before = self.observed(name)[ADDRESSES[who]]
        self.attempt(
            "donate", amount <= before, name, "transfer", self.pools, amount, by=PEOPLE[who]
        )

    # ---- what must hold

    @invariant()
    def nothing_is_lost_and_all_is_covered(self) -> None:
        if not self.looks_at("LOY-14", "LOY-17", "LOY-19"):
            return
        balances, pair = self.both(), self.pair()
        for name in ("a", "b"):
            held = balances[name]
            self.holds("LOY-14", held[self.world.address["market"]] == 0, "the market holds", name)
            self.holds("LOY-14", sum(held.values()) == self.total[name], "points went astray", name)
            fees = self.read("pools", "feesOf", self.token[name])
            self.holds(
                "LOY-17", pair[name] + fees <= held[self.pools], name, pair, fees, held[self.pools]
            )
            if not self.only:
                self.holds("model", fees == self.fees[name], fees, self.fees)
                self.holds("model", pair[name] == self.reserves[name], pair, self.reserves)
        shares = sum(self.read("pools", "balanceOf", who, self.pair_id) for who in ADDRESSES)
        locked = pair["shares"] - shares
        self.holds("LOY-19", locked == (LOCKED if pair["shares"] else 0), pair, shares)

    @invariant()
    def every_share_can_be_taken_out(self) -> None:
        pair = self.pair() if self.looks_at("LOY-18") else {}
        for who, shares in enumerate(self.held):
            if shares and pair:
                words = (self.token["a"], self.token["b"], shares, 0, 0, ADDRESSES[who], LATER)
                try:
                    got = self.world.simulate("pools", "removeLiquidity", words, by=PEOPLE[who])
                except Reverted as refused:
                    got = (-1, refused)
                worth = tuple(shares * pair[name] // pair["shares"] for name in ("a", "b"))
                self.holds("LOY-18", got == worth, who, got, worth)

    def teardown(self) -> None:
        try:
            self.everybody_leaves()
        finally:
            super().teardown()

    def everybody_leaves(self) -> None:
        for who, shares in enumerate(self.held):
            if shares:
                words = (self.token["a"], self.token["b"], shares, 0, 0, ADDRESSES[who], LATER)
                try:
                    self.world.send("pools", "removeLiquidity", words, by=PEOPLE[who])
                except Reverted as refused:
                    self.holds("LOY-18", False, who, refused)
        self.forget()
        if self.shares:
            self.holds("LOY-19", self.pair()["shares"] == LOCKED, self.pair())
