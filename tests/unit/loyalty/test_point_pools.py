"""PointPools: swaps, liquidity, fees, credits and shares. Hostile tokens on a node: tests/integration/loyalty."""

from math import isqrt

import pytest
from eth_abi import encode
from eth_utils.crypto import keccak

from tests.support.evm import START, actor
from tests.support.loyalty import DAY, FOREVER, NOBODY, RECEIVE, TRANSFER, error_data, high_s, refuses

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
        return self.contract.transact("swap", one.address, two.address, amount, least, deadline, sender=by)

    def quote(self, amount, tokens=None):
        one, two = tokens or (self.a, self.b)
        return self.contract.call("quote", one.address, two.address, amount)

    def pair(self, tokens=None):
        """What there is of the first token and the second, all shares, and whether the pair is open."""
        one, two = tokens or (self.a, self.b)
        words = self.contract.call("pairOf", one.address, two.address)
        low, high = (3, 4) if int(one.address, 16) < int(two.address, 16) else (4, 3)
        return words[low], words[high], words[5], words[8]

    def shares(self, who, id_=None):
        return self.contract.call("balanceOf", who.address, int.from_bytes(id_ or self.id, "big"))

    def order(self, by, amount=100, least=1, to=None, deadline=START + DAY, salt=b"\1" * 32):
        return by.address, self.a.address, self.b.address, amount, least, (to or by).address, deadline, salt

    def signed(self, by, order, kind=RECEIVE, value=None, **domain):
        values = (order[0], self.address, value or order[3], 0, order[6] + 1, self.contract.call("orderNonce", order))
        return self.a.sign(by, kind, *values, **domain)


@pytest.fixture
def pools(evm, market, points, others, ana, ben):
    """Both brands let the pools be; Ana and Ben have plenty, and let the pools spend it."""
    pools = Pools(evm, market, points, others)
    for brand in (points, others):
        market.policy(brand)
        for who in (ana, ben):
            brand.give(who, 10**20)
            brand.approve(who, pools)
    return pools


@pytest.fixture
def funded(pools, ana):
    pools.fund(ana, 10_000, 40_000)
    return pools


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


@pytest.fixture
def foreign(evm, registry, market, pools, ana, ben):
    return lambda kind: Foreign(evm, registry, market, kind, ana, ben, spender=pools.address)


def out(amount, reserve_in, reserve_out, fee_in=0, fee_out=0):
    """What a swap gives, by the whitepaper's formula with brands' fees around it."""
    net = amount - amount * fee_in // 10_000
    gross = net * 9970 * reserve_out // (reserve_in * 10_000 + net * 9970)
    return gross - gross * fee_out // 10_000


class TestAddLiquidity:
    def test_after_the_deadline(self, evm, pools, ana):
        evm.warp(START + 10)
        with refuses("PointPools_Expired", START + 10, START + 9):
            pools.fund(ana, 2000, 2000, deadline=START + 9)
        pools.fund(ana, 2000, 2000, deadline=START + 10)

    def test_for_nobody_or_the_pools_themselves(self, pools, ana):
        for to in (NOBODY, pools.address):
            with refuses("PointPools_BadRecipient", to):
                pools.fund(ana, 2000, 2000, to=to)

    def test_of_a_token_with_itself(self, pools, ana):
        with refuses("PointPools_SameToken", pools.a.address):
            pools.fund(ana, 2000, 2000, tokens=(pools.a, pools.a))

    @pytest.mark.parametrize("closed", ["a", "b"])
    def test_of_points_whose_brand_does_not_let_it_be(self, pools, market, ana, closed):
        market.policy(getattr(pools, closed), pools=False)
        with refuses("PointPools_NotOpen", pools.id):
            pools.fund(ana, 2000, 2000)

    def test_of_a_token_that_has_no_policy(self, evm, pools, ana):
        stranger = Foreign.__new__(Foreign)
        stranger.address = evm.deploy("TestToken", "T", "T", 18).address
        first, second = sorted((pools.a.address, stranger.address), key=lambda a: int(a, 16))
        with refuses("PointPools_NotOpen", keccak(encode(["address", "address"], [first, second]))):
            pools.fund(ana, 2000, 2000, tokens=(pools.a, stranger))

    def test_too_little_to_begin_with(self, pools, ana):
        for a, b in ((1000, 1000), (0, 10**9), (10**9, 0), (1, 1_000_000), (0, 0)):
            with refuses("PointPools_NoShares", pools.id):
                pools.fund(ana, a, b)
        pools.fund(ana, 1, 1_002_001)
        assert pools.shares(ana) == 1

    def test_too_little_for_a_share(self, funded, ben):
        for a, b in ((0, 100), (100, 0), (0, 0), (100, 1)):
            with refuses("PointPools_NoShares", funded.id):
                funded.fund(ben, a, b)

    def test_more_than_a_reserve_holds(self, pools, foreign, ana):
        token = foreign("TestToken")
        first, second = sorted((pools.a.address, token.address), key=lambda a: int(a, 16))
        id_ = keccak(encode(["address", "address"], [first, second]))
        for amount in (MOST + 1, FOREVER):
            with refuses("PointPools_TooMuch", id_, amount):
                pools.fund(ana, 2000, amount, tokens=(pools.a, token))
            with refuses("PointPools_TooMuch", id_, amount):
                pools.fund(ana, amount, 2000, tokens=(token, pools.a))
        pools.fund(ana, MOST, 2000, tokens=(token, pools.a))
        with refuses("PointPools_TooMuch", id_, MOST * 2):
            pools.fund(ana, MOST, 2000, tokens=(token, pools.a))

    def test_less_than_the_provider_wants_to_pay_in(self, funded, ben):
        with refuses("PointPools_BelowMinimum", funded.a.address, 100, 101):
            funded.fund(ben, 1000, 400, minimum=(101, 0))
        with refuses("PointPools_BelowMinimum", funded.b.address, 400, 401):
            funded.fund(ben, 100, 1000, minimum=(0, 401))
        funded.fund(ben, 1000, 400, minimum=(100, 400))

    def test_without_allowance_or_points(self, funded, ben, eve):
        with refuses("TransferFromFailed()"):
            funded.fund(eve, 100, 400)
        funded.b.approve(ben, funded, 399)
        with refuses("TransferFromFailed()"):
            funded.fund(ben, 100, 400)

    def test_of_a_token_that_takes_a_part_of_transfers(self, pools, foreign, ana):
        token = foreign("FeeToken")
        with refuses("PointPools_Short", token.address, 9900, 10_000):
            pools.fund(ana, 10_000, 10_000, tokens=(token, pools.a))

    def test_the_first_sets_the_price_and_leaves_1000_shares_to_nobody(self, pools, ana, ben):
        done = pools.fund(ana, 10_000, 40_000, to=ben.address)
        root = isqrt(10_000 * 40_000)
        assert done.value == root - LOCKED == pools.shares(ben)
        assert pools.pair() == (10_000, 40_000, root, True)
        assert (pools.shares(ana), pools.a.balance(pools), pools.b.balance(pools)) == (0, 10_000, 40_000)
        added = done.named("LiquidityAdded")[0]
        low = (10_000, 40_000) if int(pools.a.address, 16) < int(pools.b.address, 16) else (40_000, 10_000)
        assert added.arguments == {
            "id": pools.id,
            "provider": ana.address,
            "to": ben.address,
            "amount0": low[0],
            "amount1": low[1],
            "shares": root - LOCKED,
        }
        assert pools.contract.call("LOCKED_SHARES") == LOCKED

    @pytest.mark.parametrize("flip", [False, True])
    def test_later_ones_pay_at_the_pools_price_in_either_order(self, funded, ben, flip):
        tokens, amounts = ((funded.b, funded.a), (999, 100)) if flip else ((funded.a, funded.b), (100, 999))
        before = funded.a.balance(ben), funded.b.balance(ben)
        done = funded.fund(ben, *amounts, tokens=tokens)
        assert done.value == 200 == funded.shares(ben)
        assert (before[0] - funded.a.balance(ben), before[1] - funded.b.balance(ben)) == (100, 400)
        assert funded.pair() == (10_100, 40_400, 20_200, True)

    def test_what_it_takes_is_rounded_up(self, pools, ana, ben):
        pools.fund(ana, 3001, 7003)
        before = pools.a.balance(ben), pools.b.balance(ben)
        shares = pools.fund(ben, 10, 10**6).value
        total = isqrt(3001 * 7003)
        assert shares == 10 * total // 3001
        taken = before[0] - pools.a.balance(ben), before[1] - pools.b.balance(ben)
        assert taken == (-(-shares * 3001 // total), -(-shares * 7003 // total))

    def test_a_donation_changes_no_price_and_no_share(self, funded, ana, ben):
        funded.a.token.transact("transfer", funded.address, 10**6, sender=ana)
        assert funded.pair() == (10_000, 40_000, 20_000, True)
        assert funded.fund(ben, 100, 400).value == 200

    def test_it_copies_the_policies_and_says_so(self, pools, market, ana):
        done = pools.fund(ana, 2000, 2000)
        assert [(e.id, e.fee_bps0, e.fee_bps1, e.open) for e in done.named("Synced")] == [(pools.id, 0, 0, True)]
        assert not pools.fund(ana, 2000, 2000).named("Synced")
        market.policy(pools.a, fee=7)
        assert len(pools.fund(ana, 2000, 2000).named("Synced")) == 1


class TestRemoveLiquidity:
    def test_after_the_deadline_for_nobody_or_the_pools(self, evm, funded, ana):
        with refuses("PointPools_Expired", START, START - 1):
            funded.leave(ana, 1, deadline=START - 1)
        for to in (NOBODY, funded.address):
            with refuses("PointPools_BadRecipient", to):
                funded.leave(ana, 1, to=to)

    def test_no_shares_or_more_than_there_are(self, funded, pools, ana):
        for shares in (0, 20_001, FOREVER):
            with refuses("PointPools_NoShares", funded.id):
                funded.leave(ana, shares)
        same = keccak(encode(["address", "address"], [pools.a.address] * 2))
        with refuses("PointPools_NoShares", same):
            pools.leave(ana, 1, tokens=(pools.a, pools.a))

    def test_more_than_one_has_not_even_the_locked_ones(self, funded, ana, eve):
        for who, shares in ((ana, 19_001), (ana, 20_000), (eve, 1)):
            with refuses("InsufficientBalance()"):
                funded.leave(who, shares)

    def test_less_than_the_provider_wants_back(self, funded, ana):
        with refuses("PointPools_BelowMinimum", funded.a.address, 500, 501):
            funded.leave(ana, 1000, minimum=(501, 0))
        with refuses("PointPools_BelowMinimum", funded.b.address, 2000, 2001):
            funded.leave(ana, 1000, minimum=(0, 2001))
        funded.leave(ana, 1000, minimum=(500, 2000))

    @pytest.mark.parametrize("flip", [False, True])
    def test_a_part_of_both_reserves_goes_to_whom_the_provider_names(self, funded, ana, eve, flip):
        tokens = (funded.b, funded.a) if flip else (funded.a, funded.b)
        done = funded.leave(ana, 5000, tokens=tokens, to=eve.address)
        assert done.value == ((10_000, 2500) if flip else (2500, 10_000))
        assert (funded.a.balance(eve), funded.b.balance(eve)) == (2500, 10_000)
        assert funded.pair() == (7500, 30_000, 15_000, True)
        removed = done.named("LiquidityRemoved")[0]
        assert (removed.id, removed.provider, removed.to, removed.shares) == (
            funded.id,
            ana.address,
            eve.address,
            5000,
        )
        low = (2500, 10_000) if int(funded.a.address, 16) < int(funded.b.address, 16) else (10_000, 2500)
        assert (removed.amount0, removed.amount1) == low

    def test_it_is_rounded_down(self, pools, ana):
        pools.fund(ana, 3001, 7003)
        total = isqrt(3001 * 7003)
        assert pools.leave(ana, 7).value == (7 * 3001 // total, 7 * 7003 // total)

    def test_no_brand_can_lock_it_in(self, funded, market, ana):
        for brand in (funded.a, funded.b):
            market.policy(brand, pools=False, offers=False)
        funded.contract.transact("sync", funded.a.address, funded.b.address)
        funded.leave(ana, 19_000)
        assert funded.pair() == (500, 2000, 1000, False)

    def test_after_everybody_has_left_the_pool_begins_anew_from_the_locked_shares(self, funded, ana, ben):
        funded.leave(ana, 19_000)
        assert funded.fund(ben, 500, 2000).value == 1000
        assert funded.pair() == (1000, 4000, 2000, True)

    def test_a_token_that_refuses_is_credited_and_the_other_paid_out(self, evm, pools, foreign, ana, ben, eve):
        token = foreign("BlockingToken")
        pools.fund(ana, 10_000, 40_000, tokens=(token, pools.a))
        token.token.transact("setBlocked", ana.address, True)
        before = pools.a.balance(ana)
        done = pools.leave(ana, 2000, tokens=(token, pools.a))
        (credited,) = done.named("Credited")
        assert (credited.token, credited.provider, credited.amount) == (token.address, ana.address, 1000)
        assert pools.a.balance(ana) - before == 4000
        assert pools.contract.call("creditOf", token.address, ana.address) == 1000
        pools.leave(ana, 2000, tokens=(token, pools.a), to=eve.address)
        assert token.balance(eve) == 1000

    def test_shares_worth_nothing_of_a_token_send_nothing_of_it(self, pools, foreign, ana):
        token = foreign("ZeroRevertToken")
        pools.fund(ana, 2, 10**9, tokens=(token, pools.a))
        done = pools.leave(ana, 1000, tokens=(token, pools.a))
        assert done.value == (0, 1000 * 10**9 // isqrt(2 * 10**9))
        assert not done.named("Credited")


class TestClaim:
    @pytest.fixture
    def token(self, pools, foreign, ana):
        token = foreign("BlockingToken")
        pools.fund(ana, 10_000, 40_000, tokens=(token, pools.a))
        token.token.transact("setBlocked", ana.address, True)
        pools.leave(ana, 2000, tokens=(token, pools.a))
        return token

    def test_nothing_for_those_without_credit(self, pools, token, ana, eve):
        for who, what in ((eve, token), (ana, pools.a)):
            with refuses("PointPools_NothingToClaim", what.address, who.address):
                pools.contract.transact("claim", what.address, eve.address, sender=who)

    def test_not_for_nobody_nor_the_pools(self, pools, token, ana):
        for to in (NOBODY, pools.address):
            with refuses("PointPools_BadRecipient", to):
                pools.contract.transact("claim", token.address, to, sender=ana)

    def test_while_the_token_still_refuses_the_credit_stays(self, pools, token, ana):
        with refuses("TransferFailed()"):
            pools.contract.transact("claim", token.address, ana.address, sender=ana)
        assert pools.contract.call("creditOf", token.address, ana.address) == 1000

    def test_once_at_an_address_of_the_providers_choice(self, pools, token, ana, eve):
        done = pools.contract.transact("claim", token.address, eve.address, sender=ana)
        (claimed,) = done.named("Claimed")
        assert done.value == 1000 == token.balance(eve)
        assert claimed.arguments == {
            "token": token.address,
            "provider": ana.address,
            "to": eve.address,
            "amount": 1000,
        }
        with refuses("PointPools_NothingToClaim", token.address, ana.address):
            pools.contract.transact("claim", token.address, eve.address, sender=ana)


class TestSwap:
    def test_after_the_deadline(self, evm, funded, ben):
        with refuses("PointPools_Expired", START, START - 1):
            funded.swap(ben, 100, deadline=START - 1)
        funded.swap(ben, 100, deadline=START)

    def test_in_a_pair_that_was_never_funded(self, pools, ben):
        with refuses("PointPools_NotOpen", pools.id):
            pools.swap(ben, 100)
        same = keccak(encode(["address", "address"], [pools.a.address] * 2))
        with refuses("PointPools_NotOpen", same):
            pools.swap(ben, 100, tokens=(pools.a, pools.a))

    def test_in_a_pair_that_was_only_synced_gives_nothing(self, pools, ben):
        pools.contract.transact("sync", pools.a.address, pools.b.address)
        with refuses("PointPools_TooLittleOut", pools.id, 0, 0):
            pools.swap(ben, 100)

    def test_once_a_brand_has_closed_it_and_anyone_told_the_pool(self, funded, market, ben, eve):
        market.policy(funded.a, pools=False)
        funded.swap(ben, 100)
        funded.contract.transact("sync", funded.a.address, funded.b.address, sender=eve)
        for tokens in ((funded.a, funded.b), (funded.b, funded.a)):
            with refuses("PointPools_NotOpen", funded.id):
                funded.swap(ben, 100, tokens=tokens)

    def test_nothing_or_too_little_to_get_anything(self, funded, ben):
        with refuses("PointPools_TooLittleOut", funded.id, 0, 0):
            funded.swap(ben, 0)
        with refuses("PointPools_TooLittleOut", funded.id, 0, 0):
            funded.swap(ben, 4, tokens=(funded.b, funded.a))

    def test_less_than_asked_for(self, funded, ben):
        expected = out(100, 10_000, 40_000)
        with refuses("PointPools_TooLittleOut", funded.id, expected, expected + 1):
            funded.swap(ben, 100, least=expected + 1)
        assert funded.swap(ben, 100, least=expected).value == expected

    def test_more_than_the_reserve_holds(self, funded, foreign, ana, ben):
        token = foreign("TestToken")
        funded.fund(ana, 2000, 2000, tokens=(token, funded.a))
        first, second = sorted((funded.a.address, token.address), key=lambda a: int(a, 16))
        id_ = keccak(encode(["address", "address"], [first, second]))
        with refuses("PointPools_TooMuch", id_, MOST - 1999):
            funded.swap(ben, MOST - 1999, tokens=(token, funded.a))
        with refuses("PointPools_TooMuch", id_, FOREVER):
            funded.swap(ben, FOREVER, tokens=(token, funded.a))
        funded.swap(ben, MOST - 2000, tokens=(token, funded.a))
        assert funded.pair((token, funded.a))[0] == MOST

    def test_without_points_or_allowance(self, funded, ben, eve):
        with refuses("TransferFromFailed()"):
            funded.swap(eve, 100)
        funded.a.approve(ben, funded, 99)
        with refuses("TransferFromFailed()"):
            funded.swap(ben, 100)

    @pytest.mark.parametrize("flip", [False, True])
    def test_points_change_hands_at_the_constant_product(self, funded, ben, flip):
        one, two = tokens = (funded.b, funded.a) if flip else (funded.a, funded.b)
        reserves = (40_000, 10_000) if flip else (10_000, 40_000)
        before = one.balance(ben), two.balance(ben)
        done = funded.swap(ben, 777, tokens=tokens)
        got = out(777, *reserves)
        assert done.value == got == two.balance(ben) - before[1]
        assert before[0] - one.balance(ben) == 777
        assert funded.pair(tokens)[:2] == (reserves[0] + 777, reserves[1] - got)
        (swapped,) = done.named("Swapped")
        assert swapped.arguments == {
            "paid": one.address,
            "received": two.address,
            "taker": ben.address,
            "maker": funded.address,
            "paid_amount": 777,
            "received_amount": got,
            "id": funded.id,
        }
        assert not done.named("FeeCharged")
        assert funded.contract.call("LP_FEE_BPS") == 30

    @pytest.mark.parametrize("flip", [False, True])
    def test_each_brand_takes_its_fee_of_its_own_points(self, funded, market, ben, flip):
        market.policy(funded.a, fee=1000)
        market.policy(funded.b, fee=250)
        funded.contract.transact("sync", funded.a.address, funded.b.address)
        one, two = tokens = (funded.b, funded.a) if flip else (funded.a, funded.b)
        reserves, fees = ((40_000, 10_000), (250, 1000)) if flip else ((10_000, 40_000), (1000, 250))
        quote = funded.quote(777, tokens)
        done = funded.swap(ben, 777, tokens=tokens)
        fee_in = 777 * fees[0] // 10_000
        gross = out(777 - fee_in, *reserves)
        fee_out = gross * fees[1] // 10_000
        assert done.value == gross - fee_out == out(777, *reserves, *fees)
        assert quote == (gross - fee_out, fee_in, fee_out)
        charged = [(e.token, e.id, e.amount) for e in done.named("FeeCharged")]
        assert charged == [(one.address, funded.id, fee_in), (two.address, funded.id, fee_out)]
        assert funded.contract.call("feesOf", one.address) == fee_in
        assert funded.contract.call("feesOf", two.address) == fee_out
        assert funded.pair(tokens)[:2] == (reserves[0] + 777 - fee_in, reserves[1] - gross)
        for token, reserve, fee in zip(tokens, funded.pair(tokens)[:2], (fee_in, fee_out), strict=True):
            assert token.balance(funded) == reserve + fee

    def test_a_fee_that_comes_to_nothing_is_not_told(self, funded, market, ben):
        market.policy(funded.a, fee=1)
        funded.contract.transact("sync", funded.a.address, funded.b.address)
        assert not funded.swap(ben, 777).named("FeeCharged")

    def test_a_new_fee_counts_from_the_next_copy_on(self, funded, market, ben):
        market.policy(funded.a, fee=1000)
        assert funded.swap(ben, 777).value == out(777, 10_000, 40_000)
        funded.contract.transact("sync", funded.b.address, funded.a.address)
        assert funded.quote(777)[1] == 77

    def test_neither_there_and_back_nor_in_slices_gains(self, funded, ben):
        before = funded.a.balance(ben)
        got = funded.swap(ben, 5000).value
        funded.swap(ben, got, tokens=(funded.b, funded.a))
        assert funded.a.balance(ben) < before

    def test_the_largest_reserves_do_not_overflow(self, pools, foreign, ana, ben):
        one, two = foreign("TestToken"), foreign("SilentToken")
        tokens = (one, two)
        pools.fund(ana, MOST // 2, MOST, tokens=tokens)
        amount = MOST - MOST // 2
        assert pools.swap(ben, amount, tokens=tokens).value == out(amount, MOST // 2, MOST)

    def test_of_a_token_that_takes_a_part_of_transfers(self, pools, foreign, ana, ben):
        token = foreign("FeeToken")
        token.token.transact("setFee", 0)
        pools.fund(ana, 10_000, 10_000, tokens=(token, pools.a))
        token.token.transact("setFee", 100)
        with refuses("PointPools_Short", token.address, 990, 1000):
            pools.swap(ben, 1000, tokens=(token, pools.a))

    def test_of_a_token_that_answers_false(self, pools, foreign, ana, ben):
        token = foreign("FalseToken")
        pools.fund(ana, 10_000, 10_000, tokens=(token, pools.a))
        token.token.transact("setRefusing", True)
        with refuses("TransferFromFailed()"):
            pools.swap(ben, 1000, tokens=(token, pools.a))
        with refuses("TransferFailed()"):
            pools.swap(ben, 1000, tokens=(pools.a, token))


class TestSwapWithAuthorization:
    def send(self, pools, order, signed):
        return pools.contract.transact("swapWithAuthorization", order, signed, sender=actor("relayer"))

    def test_after_the_deadline_for_nobody_or_the_pools(self, funded, ben):
        order = funded.order(ben, deadline=START - 1)
        with refuses("PointPools_Expired", START, START - 1):
            self.send(funded, order, funded.signed(ben, order))
        for to in (NOBODY, funded.address):
            with refuses("PointPools_BadRecipient", to):
                self.send(funded, (*funded.order(ben)[:5], to, FOREVER - 1, bytes(32)), b"")

    def test_a_deadline_beyond_all_numbers(self, funded, ben):
        order = funded.order(ben, deadline=FOREVER)
        with refuses("Panic(uint256)", 0x11):
            self.send(funded, order, bytes(65))

    def test_any_other_value_than_was_signed(self, funded, ana, ben, eve):
        order = funded.order(ben)
        signed = funded.signed(ben, order)
        changes = {0: eve.address, 3: 101, 4: 0, 5: eve.address, 6: order[6] + 1, 7: b"\2" * 32}
        for place, other in changes.items():
            changed = tuple(other if n == place else member for n, member in enumerate(order))
            with refuses("SignedERC20_BadSignature", changed[0]):
                self.send(funded, changed, signed)

    def test_another_pair_than_was_signed(self, funded, foreign, ana, ben):
        token = foreign("TestToken")
        funded.fund(ana, 10_000, 10_000, tokens=(funded.a, token))
        order = funded.order(ben)
        changed = (*order[:2], token.address, *order[3:])
        with refuses("SignedERC20_BadSignature", ben.address):
            self.send(funded, changed, funded.signed(ben, order))

    def test_another_key_kind_chain_or_a_high_s(self, funded, ben, eve):
        order = funded.order(ben)
        for signed in (
            funded.signed(eve, order),
            funded.signed(ben, order, kind=TRANSFER),
            funded.signed(ben, order, chain_id=1),
            funded.signed(ben, order, contract=funded.b.address),
            high_s(funded.signed(ben, order)),
            b"",
        ):
            with refuses("SignedERC20_BadSignature", ben.address):
                self.send(funded, order, signed)

    def test_nobody_takes_the_points_without_the_swap(self, funded, ben, eve):
        order = funded.order(ben)
        name = "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
        values = (ben.address, funded.address, 100, 0, order[6] + 1, funded.contract.call("orderNonce", order))
        with refuses("SignedERC20_NotPayee", eve.address, funded.address):
            funded.a.token.transact(name, *values, funded.signed(ben, order), sender=eve)

    def test_an_order_is_good_once_and_not_after_its_cancellation(self, funded, ben):
        order, other = funded.order(ben), funded.order(ben, salt=b"\2" * 32)
        self.send(funded, order, funded.signed(ben, order))
        nonce = funded.contract.call("orderNonce", order)
        with refuses("SignedERC20_AuthorizationSpent", ben.address, nonce):
            self.send(funded, order, funded.signed(ben, order))
        nonce = funded.contract.call("orderNonce", other)
        cancel = funded.a.sign(ben, "CancelAuthorization(address authorizer,bytes32 nonce)", ben.address, nonce)
        funded.a.token.transact("cancelAuthorization(address,bytes32,bytes)", ben.address, nonce, cancel)
        with refuses("SignedERC20_AuthorizationSpent", ben.address, nonce):
            self.send(funded, other, funded.signed(ben, other))

    def test_everything_that_swap_refuses(self, funded, market, ben):
        order = funded.order(ben, least=10**6)
        with refuses("PointPools_TooLittleOut", funded.id, out(100, 10_000, 40_000), 10**6):
            self.send(funded, order, funded.signed(ben, order))
        market.policy(funded.a, pools=False)
        funded.contract.transact("sync", funded.a.address, funded.b.address)
        order = funded.order(ben)
        with refuses("PointPools_NotOpen", funded.id):
            self.send(funded, order, funded.signed(ben, order))

    def test_a_token_that_knows_no_authorisations(self, pools, foreign, ana, ben):
        token = foreign("TestToken")
        pools.fund(ana, 10_000, 10_000, tokens=(token, pools.a))
        order = (ben.address, token.address, pools.a.address, 100, 1, ben.address, FOREVER - 1, bytes(32))
        with refuses(""):
            self.send(pools, order, b"")

    def test_anyone_sends_it_and_it_needs_no_allowance(self, funded, ben, eve):
        funded.a.approve(ben, funded, 0)
        order = funded.order(ben, to=eve)
        done = self.send(funded, order, funded.signed(ben, order))
        got = out(100, 10_000, 40_000)
        assert done.value == got == funded.b.balance(eve)
        (swapped,) = done.named("Swapped")
        assert (swapped.taker, swapped.maker, swapped.paid_amount, swapped.received_amount) == (
            ben.address,
            funded.address,
            100,
            got,
        )

    def test_a_contract_wallet_orders_too(self, evm, funded, ana, eve):
        wallet = evm.deploy("Wallet1271", ana.address)
        funded.a.give(wallet, 100)
        order = funded.order(wallet, to=eve)
        with refuses("SignedERC20_BadSignature", wallet.address):
            self.send(funded, order, funded.signed(eve, order))
        self.send(funded, order, funded.signed(ana, order))
        assert funded.b.balance(eve) == out(100, 10_000, 40_000)

    def test_the_nonce_binds_what_the_authorisation_does_not(self, funded, ben):
        _, _, token_out, _, least, to, _, salt = order = funded.order(ben)
        kinds = ["address", "uint256", "address", "bytes32"]
        assert funded.contract.call("orderNonce", order) == keccak(encode(kinds, [token_out, least, to, salt]))


class TestQuote:
    def test_it_refuses_as_a_swap_does(self, pools, ana):
        with refuses("PointPools_NotOpen", pools.id):
            pools.quote(100)
        pools.fund(ana, 10_000, 40_000)
        with refuses("PointPools_TooLittleOut", pools.id, 0, 1):
            pools.quote(0)
        with refuses("PointPools_TooMuch", pools.id, MOST):
            pools.quote(MOST)

    @pytest.mark.parametrize("amount", [1, 99, 10_000, 10**12])
    def test_it_is_what_the_swap_gives(self, funded, ben, amount):
        quote = funded.quote(amount)
        assert quote == (out(amount, 10_000, 40_000), 0, 0)
        assert funded.swap(ben, amount).value == quote[0]


class TestSync:
    def test_it_copies_fees_and_consent_in_either_order(self, funded, market, eve):
        market.policy(funded.a, fee=11)
        market.policy(funded.b, fee=22, pools=False)
        done = funded.contract.transact("sync", funded.b.address, funded.a.address, sender=eve)
        (synced,) = done.named("Synced")
        low = (11, 22) if int(funded.a.address, 16) < int(funded.b.address, 16) else (22, 11)
        assert (synced.id, synced.fee_bps0, synced.fee_bps1, synced.open) == (funded.id, *low, False)
        assert funded.contract.call("pairOf", funded.a.address, funded.b.address)[6:] == (*low, False)
        assert funded.pair()[:3] == (10_000, 40_000, 20_000)

    def test_twice_says_nothing_more(self, funded):
        assert not funded.contract.transact("sync", funded.a.address, funded.b.address).events

    def test_reopening_opens(self, funded, market, ben):
        for pools in (False, True):
            market.policy(funded.a, pools=pools)
            funded.contract.transact("sync", funded.a.address, funded.b.address)
            assert funded.pair()[3] is pools
        funded.swap(ben, 100)


class TestCollectFees:
    @pytest.fixture
    def earned(self, funded, market, ben):
        market.policy(funded.a, fee=1000)
        funded.contract.transact("sync", funded.a.address, funded.b.address)
        funded.swap(ben, 1000)
        return funded

    def test_no_fees_are_not_collected(self, earned):
        with refuses("PointPools_NothingToCollect", earned.b.address, 0, earned.b.brand.address):
            earned.contract.transact("collectFees", earned.b.address)

    def test_fees_without_an_account_wait(self, earned, market):
        terms = (NOBODY, 0, 1000, True, True)
        market.contract.transact("setPolicy", earned.a.address, terms, sender=earned.a.brand)
        with refuses("PointPools_NothingToCollect", earned.a.address, 100, NOBODY):
            earned.contract.transact("collectFees", earned.a.address)

    def test_anyone_sends_them_to_the_brand_once(self, earned, eve):
        assert earned.contract.call("feesOf", earned.a.address) == 100
        done = earned.contract.transact("collectFees", earned.a.address, sender=eve)
        (collected,) = done.named("FeesCollected")
        assert done.value == 100 == earned.a.balance(earned.a.brand)
        assert (collected.token, collected.to, collected.amount) == (earned.a.address, earned.a.brand.address, 100)
        with refuses("PointPools_NothingToCollect", earned.a.address, 0, earned.a.brand.address):
            earned.contract.transact("collectFees", earned.a.address)
        assert earned.a.balance(earned) == earned.pair()[0]


class TestShares:
    """ERC-6909: the pair's id as a number."""

    @pytest.fixture
    def number(self, funded):
        return int.from_bytes(funded.id, "big")

    def test_not_to_nobody_nor_the_pools(self, funded, number, ana, ben):
        funded.contract.transact("approve", ben.address, number, FOREVER, sender=ana)
        for to in (NOBODY, funded.address):
            with refuses("PointPools_BadRecipient", to):
                funded.contract.transact("transfer", to, number, 1, sender=ana)
            with refuses("PointPools_BadRecipient", to):
                funded.contract.transact("transferFrom", ana.address, to, number, 1, sender=ben)

    def test_more_than_one_has_or_was_allowed(self, funded, number, ana, ben, eve):
        with refuses("InsufficientBalance()"):
            funded.contract.transact("transfer", ben.address, number, 19_001, sender=ana)
        with refuses("InsufficientPermission()"):
            funded.contract.transact("transferFrom", ana.address, eve.address, number, 1, sender=eve)
        funded.contract.transact("approve", eve.address, number, 5, sender=ana)
        with refuses("InsufficientPermission()"):
            funded.contract.transact("transferFrom", ana.address, eve.address, number, 6, sender=eve)

    def test_they_move_and_whoever_has_them_leaves_with_the_points(self, funded, number, ana, ben, eve):
        funded.contract.transact("transfer", ben.address, number, 9000, sender=ana)
        funded.contract.transact("approve", eve.address, number, 4000, sender=ana)
        funded.contract.transact("transferFrom", ana.address, eve.address, number, 4000, sender=eve)
        assert [funded.shares(who) for who in (ana, ben, eve)] == [6000, 9000, 4000]
        assert funded.leave(eve, 4000).value == (2000, 8000)

    def test_an_operator_moves_all(self, funded, number, ana, eve):
        funded.contract.transact("setOperator", eve.address, True, sender=ana)
        funded.contract.transact("transferFrom", ana.address, eve.address, number, 19_000, sender=eve)
        assert funded.shares(eve) == 19_000

    def test_shares_of_another_pair_are_worth_nothing_here(self, funded, foreign, ana, ben):
        token = foreign("TestToken")
        funded.fund(ben, 10**9, 10**9, tokens=(token, funded.a))
        with refuses("InsufficientBalance()"):
            funded.leave(ben, 1)

    def test_what_wallets_show(self, funded, number):
        views = [funded.contract.call(view, number) for view in ("name", "symbol", "decimals", "tokenURI")]
        assert views == ["CareLedger pool share", "SHARE", 18, ""]
        assert funded.contract.call("supportsInterface", bytes.fromhex("0f632fb3")) is True


class TestViews:
    def test_a_pair_that_was_never_funded_is_empty(self, pools):
        low, high = sorted((pools.a.address, pools.b.address), key=lambda a: int(a, 16))
        for pair in ((low, high), (high, low)):
            assert pools.contract.call("pairOf", *pair) == (pools.id, low, high, 0, 0, 0, 0, 0, False)

    def test_it_knows_where_policies_are(self, pools, market):
        assert pools.contract.call("POLICIES") == market.address


class TestReentrancy:
    """A brand's own token calls back in the middle of everything it can be in the middle of."""

    @pytest.fixture
    def token(self, pools, foreign, ana):
        token = foreign("ReentrantToken")
        pools.fund(ana, 10_000, 10_000, tokens=(token, pools.a))
        token.token.transact("mint", token.address, RICH)
        approve = token.token.encode("approve", pools.address, FOREVER)
        token.token.transact("act", token.address, approve)
        return token

    def calls(self, pools, token):
        a, t, forever = pools.a.address, token.address, FOREVER
        return [
            pools.contract.encode("swap", t, a, 100, 0, forever),
            pools.contract.encode("swap", a, t, 100, 0, forever),
            pools.contract.encode("addLiquidity", (t, a, 100, 100, 0, 0, t, forever)),
            pools.contract.encode("removeLiquidity", (t, a, 1, 0, 0, t, forever)),
            pools.contract.encode("sync", t, a),
            pools.contract.encode("quote", t, a, 100),
            pools.contract.encode("swapWithAuthorization", (t, t, a, 1, 0, t, forever - 1, bytes(32)), b""),
        ]

    @pytest.mark.parametrize("early", [True, False])
    @pytest.mark.parametrize("number", range(7))
    def test_the_pair_is_locked_whatever_is_under_way(self, pools, token, ana, ben, number, early):
        first, second = sorted((pools.a.address, token.address), key=lambda a: int(a, 16))
        id_ = keccak(encode(["address", "address"], [first, second]))
        tokens, data = (token, pools.a), self.calls(pools, token)[number]
        for act in (
            lambda: pools.swap(ben, 100, tokens=tokens),
            lambda: pools.swap(ben, 100, tokens=tokens[::-1]),
            lambda: pools.fund(ben, 100, 100, tokens=tokens),
            lambda: pools.leave(ana, 100, tokens=tokens),
        ):
            before = token.token.call("calls")
            token.token.transact("arm", pools.address, data, early)
            act()
            assert token.token.call("calls") == before + 1
            assert token.token.call("lastReturn") == error_data("PointPools_Locked", id_)
        one, two = pools.pair(tokens)[:2]
        assert (token.balance(pools), pools.a.balance(pools)) == (one, two)

    def test_another_pair_is_not_locked_and_not_robbed(self, pools, token, ana, ben):
        pools.fund(ana, 10_000, 40_000)
        data = pools.contract.encode("collectFees", pools.a.address)
        token.token.transact("arm", pools.address, data, True)
        pools.swap(ben, 100, tokens=(token, pools.a))
        reserves = pools.pair((token, pools.a))[1] + pools.pair()[0]
        assert pools.a.balance(pools) == reserves
