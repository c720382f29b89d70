"""Pools of two brands' points, tokens of others, and what a swap gives by the whitepaper."""

from eth_abi import encode
from eth_utils.crypto import keccak

from tests.support.evm import START, actor
from tests.worlds.loyalty.contracts import DAY, FOREVER, RECEIVE

LOCKED, MOST = 1000, 2**104 - 1
RICH = 10**40


class Pools:
    """The pools, one pair of two brands' points, and short ways to say what tests say often."""

    def __init__(self, evm, market, points, others):
        self.evm, self.market = evm, market
        self.contract = evm.deploy("PointPools", market.address)
        self.address = self.contract.address
        self.a, self.b = points, others
        first, second = sorted((points.address, others.address), key=lambda a: int(a, 16))
        self.id = keccak(encode(["address", "address"], [first, second]))

    def fund(self, by, a, b, tokens=None, to=None, minimum=(0, 0), deadline=FOREVER):
        one, two = tokens or (self.a, self.b)
        terms = (one.address, two.address, a, b, *minimum, to or by.address, deadline)
        return self.contract.transact("addLiquidity", terms, sender=by)

    def leave(self, by, shares, tokens=None, to=None, minimum=(0, 0), deadline=FOREVER):
        one, two = tokens or (self.a, self.b)
        terms = (one.address, two.address, shares, *minimum, to or by.address, deadline)
        return self.contract.transact("removeLiquidity", terms, sender=by)

    def swap(self, by, amount, least=0, deadline=FOREVER, tokens=None):
        one, two = tokens or (self.a, self.b)
        return self.contract.transact(
            "swap", one.address, two.address, amount, least, deadline, sender=by
        )

    def quote(self, amount, tokens=None):
        one, two = tokens or (self.a, self.b)
        return self.contract.call("quote", one.address, two.address, amount)

    def pair(self, tokens=None):
        """Return the reserves of both tokens, all shares, and whether the pair is open."""
        one, two = tokens or (self.a, self.b)
        words = self.contract.call("pairOf", one.address, two.address)
        low, high = (3, 4) if int(one.address, 16) < int(two.address, 16) else (4, 3)
        return words[low], words[high], words[5], words[8]

    def shares(self, who, id_=None):
        return self.contract.call("balanceOf", who.address, int.from_bytes(id_ or self.id, "big"))

    def order(self, by, amount=100, least=1, to=None, deadline=START + DAY, salt=b"\1" * 32):
        return (
            by.address,
            self.a.address,
            self.b.address,
            amount,
            least,
            (to or by).address,
            deadline,
            salt,
        )

    def signed(self, by, order, kind=RECEIVE, value=None, **domain):
        values = (
            order[0],
            self.address,
            value or order[3],
            0,
            order[6] + 1,
            self.contract.call("orderNonce", order),
        )
        return self.a.sign(by, kind, *values, **domain)


class Foreign:
    """A token that is not ours, of a brand of its own, in the shape of `Points`."""

    def __init__(self, evm, registry, market, kind, *holders, spender):
        self.brand = actor(f"brand of {kind}")
        self.token = evm.deploy(kind, kind, "T", 18)
        self.address = self.token.address
        self.token.transact("belongTo", registry.address, self.brand.address)
        market.policy(self)
        for who in holders:
            self.token.transact("mint", who.address, RICH)
            self.token.transact("approve", spender, FOREVER, sender=who)

    def balance(self, who):
        return self.token.call("balanceOf", who.address)


def out(amount, reserve_in, reserve_out, fee_in=0, fee_out=0):
    """What a swap gives, by the whitepaper's formula with brands' fees around it."""
    net = amount - amount * fee_in // 10_000
    gross = net * 9970 * reserve_out // (reserve_in * 10_000 + net * 9970)
    return gross - gross * fee_out // 10_000
