"""What offers, policies and a pool come to, by plain arithmetic: the model of the swap machine."""

from collections import defaultdict

from hypothesis import strategies as st

from tests.properties.loyalty.machine import PointsMachine
from tests.support.evm import START
from tests.worlds.loyalty.contracts import DAY, Offer
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


class SwapModel(PointsMachine):
    """Two brands' points, four customers, one pool, and the state that they should be in."""

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

    def observed(self, name: str) -> dict[str, int]:
        return {account: self.read(name, "balanceOf", account) for account in self.accounts}

    def both(self) -> dict[str, dict[str, int]]:
        return {name: self.observed(name) for name in ("a", "b")}

    def consented(self, before: dict[str, dict[str, int]], *may: tuple[str, str, int]) -> None:
        """Insist that no customer's balance fell by more than its holder ordered.

        Args:
            may: token, holder, and the most that the holder ordered.

        """
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
