"""PointPools: liquidity is added and removed, and credits are claimed."""

from math import isqrt

import pytest
from eth_abi import encode
from eth_utils.crypto import keccak

from tests.support.evm import START
from tests.worlds.loyalty.contracts import FOREVER, NOBODY, refuses
from tests.worlds.loyalty.pools import LOCKED, MOST, Foreign


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
        assert (pools.shares(ana), pools.a.balance(pools), pools.b.balance(pools)) == (
            0,
            10_000,
            40_000,
        )
        added = done.named("LiquidityAdded")[0]
        low = (
            (10_000, 40_000)
            if int(pools.a.address, 16) < int(pools.b.address, 16)
            else (40_000, 10_000)
        )
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
        tokens, amounts = (
            ((funded.b, funded.a), (999, 100)) if flip else ((funded.a, funded.b), (100, 999))
        )
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
        assert [(e.id, e.fee_bps0, e.fee_bps1, e.open) for e in done.named("Synced")] == [
            (pools.id, 0, 0, True)
        ]
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
        low = (
            (2500, 10_000)
            if int(funded.a.address, 16) < int(funded.b.address, 16)
            else (10_000, 2500)
        )
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

    def test_after_everybody_has_left_the_pool_begins_anew_from_the_locked_shares(
        self, funded, ana, ben
    ):
        funded.leave(ana, 19_000)
        assert funded.fund(ben, 500, 2000).value == 1000
        assert funded.pair() == (1000, 4000, 2000, True)

    def test_a_token_that_refuses_is_credited_and_the_other_paid_out(
        self, evm, pools, foreign, ana, ben, eve
    ):
        token = foreign("BlockingToken")
        pools.fund(ana, 10_000, 40_000, tokens=(token, pools.a))
        token.token.transact("setBlocked", ana.address, True)
        before = pools.a.balance(ana)
        done = pools.leave(ana, 2000, tokens=(token, pools.a))
        (credited,) = done.named("Credited")
        assert (credited.token, credited.provider, credited.amount) == (
            token.address,
            ana.address,
            1000,
        )
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
