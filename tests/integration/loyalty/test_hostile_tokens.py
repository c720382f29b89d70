"""Tokens that misbehave, each in a pool with an honest one: nobody else's points are ever at risk.

After everything that happens here, for every token: reserves of all pairs + fees + credits <= the
pools' balance.
"""

from dataclasses import dataclass, field
from itertools import combinations

import pytest
from eth_utils.crypto import keccak

from careledger.chain.reverts import Reverted
from tests.support.evm import START, Deployed, Evm, actor

POINT = 10**18
LATER = START + 10**6
FOREVER = 2**256 - 1
NOBODY = "0x" + "00" * 20
BRAND, LENA, EVE = actor("brand"), actor("lena"), actor("eve")


def selector(signature):
    return keccak(text=signature)[:4]


SHORT = selector("PointPools_Short(address,uint256,uint256)")
LOCKED = selector("PointPools_Locked(bytes32)")
NOTHING = selector("PointPools_NothingToClaim(address,address)")
NOT_MOVED = {selector("TransferFromFailed()"), selector("TransferFailed()")}


def refusal(act, *arguments):
    with pytest.raises(Reverted) as caught:
        act(*arguments)
    found = caught.value
    return found.data[:4] or type(found).selector()


def attempt(act):
    """Return how a call was refused; None when it was not."""
    try:
        act()
    except Reverted as error:
        return error.data[:4]
    return None


@dataclass
class World:
    evm: Evm
    registry: Deployed
    market: Deployed
    pools: Deployed
    tokens: list = field(default_factory=list)

    def token(self, kind):
        token = self.evm.deploy(kind, kind, "T", 18)
        token.transact("belongTo", self.registry.address, BRAND.address)
        for holder in (LENA, EVE):
            token.transact("mint", holder.address, 10**6 * POINT)
            for spender in (self.market, self.pools):
                token.transact("approve", spender.address, FOREVER, sender=holder)
        policy = (BRAND.address, 50, 100, True, True)
        self.market.transact("setPolicy", token.address, policy, sender=BRAND)
        self.tokens.append(token)
        return token

    def fund(self, one, other, amount=1000 * POINT):
        funding = (one.address, other.address, amount, amount, 0, 0, LENA.address, LATER)
        return self.pools.transact("addLiquidity", funding, sender=LENA)

    def swap(self, one, other, amount=10 * POINT):
        return self.pools.transact("swap", one.address, other.address, amount, 1, LATER, sender=EVE)

    def shares(self, one, other):
        pair = int.from_bytes(self.pools.call("pairOf", one.address, other.address)[0], "big")
        return self.pools.call("balanceOf", LENA.address, pair)

    def leave(self, one, other, part=2):
        removal = (
            one.address,
            other.address,
            self.shares(one, other) // part,
            0,
            0,
            LENA.address,
            LATER,
        )
        return self.pools.transact("removeLiquidity", removal, sender=LENA)

    def check(self):
        owed = {token.address: self.pools.call("feesOf", token.address) for token in self.tokens}
        for token in self.tokens:
            owed[token.address] += self.pools.call("creditOf", token.address, LENA.address)
        for one, other in combinations(sorted(owed, key=str.lower), 2):
            _, _, _, reserve0, reserve1, *_ = self.pools.call("pairOf", one, other)
            owed[one] += reserve0
            owed[other] += reserve1
        for token in self.tokens:
            assert owed[token.address] <= token.call("balanceOf", self.pools.address)


@pytest.fixture
def world(evm):
    registry = evm.deploy("IdentityRegistry")
    market = evm.deploy("PointMarket", registry.address)
    world = World(evm, registry, market, evm.deploy("PointPools", market.address))
    yield world
    world.check()


@pytest.fixture
def honest(world):
    return world.token("TestToken")


class TestATokenThatTakesAPartOfTransfers:
    def test_does_not_come_in(self, world, honest):
        hostile = world.token("FeeToken")
        assert refusal(world.fund, hostile, honest) == SHORT

    def test_that_begins_later_is_refused_in_a_swap(self, world, honest):
        hostile = world.token("FeeToken")
        hostile.transact("setFee", 0)
        world.fund(hostile, honest)
        hostile.transact("setFee", 1)
        assert refusal(world.swap, hostile, honest) == SHORT

    def test_can_still_be_taken_out_together_with_the_honest_one(self, world, honest):
        hostile = world.token("FeeToken")
        hostile.transact("setFee", 0)
        world.fund(hostile, honest)
        hostile.transact("setFee", 100)
        before = honest.call("balanceOf", LENA.address)
        _, amount = world.leave(hostile, honest).value
        assert honest.call("balanceOf", LENA.address) == before + amount


class TestATokenThatReturnsFalse:
    def test_is_refused_on_the_way_in_and_on_the_way_out(self, world, honest):
        hostile = world.token("FalseToken")
        world.fund(hostile, honest)
        hostile.transact("setRefusing", True)
        assert refusal(world.swap, hostile, honest) in NOT_MOVED
        assert refusal(world.swap, honest, hostile) in NOT_MOVED

    def test_holds_back_only_itself_and_is_claimed_later(self, world, honest):
        hostile = world.token("FalseToken")
        world.fund(hostile, honest)
        hostile.transact("setRefusing", True)
        before = honest.call("balanceOf", LENA.address)
        done = world.leave(hostile, honest)
        kept, paid = done.value
        assert honest.call("balanceOf", LENA.address) == before + paid
        assert (
            done.named("Credited")[0].amount
            == kept
            == world.pools.call("creditOf", hostile.address, LENA.address)
        )
        world.check()
        assert (
            refusal(world.pools.transact, "claim", hostile.address, EVE.address) == NOTHING
        )  # not for a stranger
        with pytest.raises(Reverted):
            world.pools.transact("claim", hostile.address, LENA.address, sender=LENA)
        hostile.transact("setRefusing", False)
        assert (
            world.pools.transact("claim", hostile.address, EVE.address, sender=LENA).value == kept
        )
        assert world.pools.call("creditOf", hostile.address, LENA.address) == 0


def test_a_token_that_returns_nothing_is_swapped_like_any_other(world, honest):
    silent = world.token("SilentToken")
    world.fund(silent, honest)
    world.swap(silent, honest)
    world.swap(honest, silent)
    world.leave(silent, honest)
    assert world.pools.call("creditOf", silent.address, LENA.address) == 0


def test_a_token_that_reverts_on_nothing_is_never_sent_nothing(world, honest):
    token = world.token("ZeroRevertToken")
    world.fund(token, honest)
    world.swap(token, honest)
    world.leave(token, honest, part=1)
    assert world.pools.call("creditOf", token.address, LENA.address) == 0


def test_a_blocked_provider_names_another_address(world, honest):
    token = world.token("BlockingToken")
    world.fund(token, honest)
    token.transact("setBlocked", LENA.address, True)
    kept, _ = world.leave(token, honest).value
    before = token.call("balanceOf", EVE.address)
    world.pools.transact("claim", token.address, EVE.address, sender=LENA)
    assert token.call("balanceOf", EVE.address) == before + kept


CALLS = (
    "swap the same pair",
    "swap into another",
    "fund the same pair",
    "fund another",
    "sync",
    "collect",
    "quote",
)
LOCKING = {"swap the same pair", "fund the same pair", "sync", "quote"}


def payload(world, call, hostile, honest, other):
    pools, give = world.pools, hostile.address
    fund = (give, 0, POINT, POINT, 0, 0, give, LATER)
    return {
        "swap the same pair": lambda: pools.encode("swap", honest.address, give, POINT, 1, LATER),
        "swap into another": lambda: pools.encode("swap", give, other.address, POINT, 1, LATER),
        "fund the same pair": lambda: pools.encode(
            "addLiquidity", (give, honest.address, *fund[2:])
        ),
        "fund another": lambda: pools.encode("addLiquidity", (give, other.address, *fund[2:])),
        "sync": lambda: pools.encode("sync", give, honest.address),
        "collect": lambda: pools.encode("collectFees", give),
        "quote": lambda: pools.encode("quote", give, honest.address, POINT),
    }[call]()


@pytest.mark.parametrize("early", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_a_token_that_calls_back_finds_its_pair_locked_and_steals_nothing(
    world, honest, call, early
):
    hostile, other = world.token("ReentrantToken"), world.token("TestToken")
    for pair in ((hostile, honest), (hostile, other)):
        world.fund(*pair)
    for token in (hostile, honest, other):  # the token is a party of its own
        token.transact("mint", hostile.address, 10**3 * POINT)
        hostile.transact(
            "act", token.address, token.encode("approve", world.pools.address, FOREVER)
        )
    acts = (
        lambda: world.swap(hostile, honest),
        lambda: world.swap(honest, hostile),
        lambda: world.fund(hostile, honest),
        lambda: world.leave(hostile, honest, part=10),
    )
    for number, act in enumerate(acts):
        hostile.transact(
            "arm", world.pools.address, payload(world, call, hostile, honest, other), early
        )
        refused = attempt(act)
        world.check()
        if refused:  # its own balance fell while it came in: that is measured
            assert (call, number, refused) == ("collect", 0, SHORT)
            hostile.transact("arm", NOBODY, b"", False)
            continue
        assert hostile.call("calls") > number // 4
        if call in LOCKING:
            assert not hostile.call("lastSuccess")
            assert hostile.call("lastReturn")[:4] == LOCKED
