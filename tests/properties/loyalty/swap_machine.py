"""PointMarket and PointPools against a model of plain arithmetic."""

from collections import defaultdict
from math import isqrt
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from careledger.chain.reverts import Reverted
from tests.properties.loyalty.machine import PointsMachine
from tests.support.evm import START
from tests.worlds.loyalty.contracts import CANCEL_WORD, DAY, NOBODY, RECEIVE, Offer, sign
from tests.worlds.loyalty.swaps import ADDRESSES, PEOPLE, START_FEE

LATER = START + 20 * 365 * DAY
BPS, LP_FEE, LOCKED = 10_000, 30, 1000
people = st.integers(0, len(PEOPLE) - 1)
tenths = st.integers(0, 12)
"""A part of what there is, in tenths, and sometimes more than there is."""
forward = st.booleans()
amounts = st.one_of(st.integers(1, 60), st.integers(1, 40_000))
NONCES = range(252, 260)
"""Across two words; few, so that offers get in each other's way."""
nonces = st.sampled_from(NONCES)
rarely = st.sampled_from([False] * 5 + [True])


def fee(amount: int, bps: int) -> int:
    return amount * bps // BPS


class SwapMachine(PointsMachine):
    """Two brands' points, four customers: offers with few nonces, one pool, policies that change."""

    def __init__(self) -> None:
        super().__init__()
        self.token = {name: self.world.address[name] for name in ("a", "b")}
        self.pools = self.world.address["pools"]
        self.low, self.high = sorted(("a", "b"), key=lambda name: int(self.token[name], 16))
        self.pair_id = int.from_bytes(
            self.read("pools", "pairOf", self.token["a"], self.token["b"])[0], "big"
        )
        brands = [self.world.points[name].brand.address for name in ("a", "b")]
        self.accounts = [*ADDRESSES, *brands, self.pools, self.world.address["market"]]
        self.offers: list[tuple[int, Offer, bytes]] = []
        self.taken: dict[bytes, int] = defaultdict(int)
        self.whole: set[bytes] = set()
        self.nonce_of: dict[tuple[int, int], bytes] = {}
        self.cancelled: set[tuple[int, int]] = set()
        self.policy = dict.fromkeys(
            ("a", "b"), (START_FEE, 1000, True, True)
        )  # fee, its cap, offers, pools
        self.copied = {"a": 0, "b": 0, "open": False}
        self.reserves, self.shares, self.fees = {"a": 0, "b": 0}, 0, {"a": 0, "b": 0}
        self.held = [0] * len(PEOPLE)
        self.salt = 0
        self.total = {name: sum(self.observed(name).values()) for name in ("a", "b")}

    # ---- the model

    def observed(self, name: str) -> dict[str, int]:
        return {account: self.read(name, "balanceOf", account) for account in self.accounts}

    def both(self) -> dict[str, dict[str, int]]:
        return {name: self.observed(name) for name in ("a", "b")}

    def consented(self, before: dict[str, dict[str, int]], *may: tuple[str, str, int]) -> None:
        """Insist that no customer's balance fell but by what its holder ordered: (token, holder, at most)."""
        if not self.looks_at("LOY-02"):
            return
        limits = {(name, holder): most for name, holder, most in may}
        for name, balances in self.both().items():
            for holder in ADDRESSES:
                lost = before[name][holder] - balances[holder]
                self.holds(
                    "LOY-02", lost <= limits.get((name, holder), 0), name, holder, lost, limits
                )

    def swap_of(self, paid: str, amount: int) -> tuple[int, int, int]:
        """What a swap gives, the fee on what is paid and the one on what comes out."""
        got = "b" if paid == "a" else "a"
        fee_in = fee(amount, self.copied[paid])
        priced = (amount - fee_in) * (BPS - LP_FEE)
        below = self.reserves[paid] * BPS + priced
        out = priced * self.reserves[got] // below if below else 0
        fee_out = fee(out, self.copied[got])
        return out - fee_out, fee_in, fee_out

    def note_swap(self, paid: str, amount: int) -> None:
        got = "b" if paid == "a" else "a"
        received, fee_in, fee_out = self.swap_of(paid, amount)
        self.reserves[paid] += amount - fee_in
        self.reserves[got] -= received + fee_out
        self.fees[paid] += fee_in
        self.fees[got] += fee_out

    def copy_policies(self) -> None:
        self.copied = {name: self.policy[name][0] for name in ("a", "b")}
        self.copied["open"] = all(self.policy[name][3] for name in ("a", "b"))

    def pair(self) -> dict[str, int]:
        words = self.read("pools", "pairOf", self.token["a"], self.token["b"])
        return {self.low: words[3], self.high: words[4], "shares": words[5]}

    # ---- offers

    @rule(
        maker=people,
        ahead=forward,
        give=amounts,
        want=amounts,
        least=tenths,
        nonce=nonces,
        private=rarely,
    )
    def offer(
        self, maker: int, ahead: bool, give: int, want: int, least: int, nonce: int, private: bool
    ) -> None:
        give_name, want_name = ("a", "b") if ahead else ("b", "a")
        taker = ADDRESSES[(maker + 1) % len(PEOPLE)] if private else NOBODY
        minimum = give * max(0, least - 6) // 10
        tokens = self.token[give_name], self.token[want_name]
        made = Offer(ADDRESSES[maker], taker, *tokens, give, want, minimum, LATER, nonce, bytes(32))
        self.offers.append((maker, made, self.world.market.sign(PEOPLE[maker], made)))

    @rule(
        number=st.integers(0, 999),
        taker=people,
        part=st.sampled_from([1, 3, 5, 9, 10, 11, 13, 16]),
        whole=st.booleans(),
        dead=st.booleans(),
        forge=rarely,
        own=rarely,
    )
    def fill(
        self, number: int, taker: int, part: int, whole: bool, dead: bool, forge: bool, own: bool
    ) -> None:
        candidates = [entry for entry in self.offers if self.alive(*entry[:2]) != dead]
        if not candidates:
            self.offer(
                number % 4,
                taker % 2 == 0,
                number + 1,
                number % 77 + 1,
                part,
                NONCES[number % len(NONCES)],
                own,
            )
            candidates = self.offers[-1:]
        maker, offer, signed = candidates[number % len(candidates)]
        if taker == maker and not own:
            taker = (maker + 1) % len(PEOPLE)
        id_ = self.world.market.id_of(offer)
        left = offer.give_amount - self.taken[id_]
        amount = left if whole else left * part // 10 or 1
        forge &= taker != maker
        if forge:
            signed = self.world.market.sign(PEOPLE[taker], offer)
        before = self.both()
        expected = not forge and self.may_fill(maker, taker, offer, amount, before)
        arguments = (offer.members, signed, amount, 2**255, 0)
        if self.attempt("fill", expected, "market", "fill", *arguments, by=PEOPLE[taker]):
            self.note_fill(maker, taker, offer, amount, before)
        else:
            self.consented(before)

    def names(self, offer: Offer) -> tuple[str, str]:
        return ("a", "b") if offer.give == self.token["a"] else ("b", "a")

    def may_fill(
        self, maker: int, taker: int, offer: Offer, amount: int, before: dict[str, dict[str, int]]
    ) -> bool:
        give, want = self.names(offer)
        left = offer.give_amount - self.taken[self.world.market.id_of(offer)]
        net = -(-amount * offer.want_amount // offer.give_amount)
        return (
            self.alive(maker, offer)
            and taker != maker
            and offer.taker in (NOBODY, ADDRESSES[taker])
            and (offer.min_fill <= amount <= left or amount == left)
            and self.policy["a"][2]
            and self.policy["b"][2]
            and net + fee(net, self.policy[want][0]) <= before[want][ADDRESSES[taker]]
            and amount <= before[give][ADDRESSES[maker]]
        )

    def alive(self, maker: int, offer: Offer) -> bool:
        id_, key = self.world.market.id_of(offer), (maker, offer.nonce)
        mine = self.nonce_of.get(key, id_) == id_ and id_ not in self.whole
        return mine and key not in self.cancelled and self.taken[id_] < offer.give_amount

    def note_fill(
        self, maker: int, taker: int, offer: Offer, amount: int, before: dict[str, dict[str, int]]
    ) -> None:
        give, want = self.names(offer)
        id_, key = self.world.market.id_of(offer), (maker, offer.nonce)
        after = self.both()
        given = before[give][ADDRESSES[maker]] - after[give][ADDRESSES[maker]]
        gained = after[want][ADDRESSES[maker]] - before[want][ADDRESSES[maker]]
        paid = before[want][ADDRESSES[taker]] - after[want][ADDRESSES[taker]]
        got = after[give][ADDRESSES[taker]] - before[give][ADDRESSES[taker]]
        self.holds("LOY-11", key not in self.cancelled, "a cancelled offer was filled", offer)
        self.holds(
            "LOY-12",
            self.nonce_of.get(key, id_) == id_ and id_ not in self.whole,
            "nonce used again",
            offer,
        )
        self.holds(
            "LOY-10", gained * offer.give_amount >= given * offer.want_amount, given, gained, offer
        )
        limits = fee(gained, self.policy[want][0]), fee(given, self.policy[give][0])
        self.holds(
            "LOY-13",
            paid - gained <= limits[0] and given - got <= limits[1],
            paid,
            gained,
            given,
            got,
        )
        self.taken[id_] += given
        self.holds("LOY-09", self.taken[id_] <= offer.give_amount, self.taken[id_], offer)
        self.nonce_of[key] = id_
        if amount == offer.give_amount:
            self.whole.add(id_)
        self.consented(before, (give, ADDRESSES[maker], amount), (want, ADDRESSES[taker], paid))

    @rule(number=st.integers(0, 999), taker=people, part=tenths)
    def take_a_part(self, number: int, taker: int, part: int) -> None:
        self.fill(number, taker, min(part, 9), whole=False, dead=False, forge=False, own=False)

    @rule(maker=people, nonce=nonces, aimed=st.booleans())
    def cancel(self, maker: int, nonce: int, aimed: bool) -> None:
        begun = [
            key for key, id_ in self.nonce_of.items() if self.taken[id_] and id_ not in self.whole
        ]
        if aimed and begun:
            maker, nonce = begun[nonce % len(begun)]
        if self.attempt("cancel", True, "market", "cancel", nonce, by=PEOPLE[maker]):
            self.cancelled.add((maker, nonce))

    @rule(maker=people, mask=st.integers(0, 31), forge=rarely)
    def cancel_by_signature(self, maker: int, mask: int, forge: bool) -> None:
        values = (ADDRESSES[maker], 1, mask, LATER)
        signer = PEOPLE[(maker + 1) % len(PEOPLE)] if forge else PEOPLE[maker]
        signed = sign(signer, self.world.market.digest(CANCEL_WORD, *values))
        arguments = ("market", "cancelWordBySig", *values, signed)
        if self.attempt("cancel_by_signature", not forge, *arguments, by=PEOPLE[0]):
            self.cancelled |= {(maker, 256 + bit) for bit in range(5) if mask >> bit & 1}

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
        """Swap, in one of two ways, asking for the expected amount less `slack`; returns also what arrived."""
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
