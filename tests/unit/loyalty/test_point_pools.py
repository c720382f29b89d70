"""PointPools: swaps, orders by signature, liquidity, policies, fees. For misbehaving tokens see tests/integration."""

from math import isqrt

import pytest
from eth_abi import encode
from eth_utils.crypto import keccak

from tests.support.evm import START
from tests.support.loyalty import CANCEL, DAY, FOREVER, NOBODY, POINT, RECEIVE, high_s, refuses

LATER = START + DAY
RESERVE_MAX = 2**104 - 1
SALT = b"\7" * 32


def priced(reserve_in, reserve_out, amount, fee_in=0, fee_out=0):
    """Return (received, fee in, fee out) as the interface's words have it."""
    first = amount * fee_in // 10_000
    net = amount - first
    out = net * 9970 * reserve_out // (reserve_in * 10_000 + net * 9970)
    last = out * fee_out // 10_000
    return out - last, first, last


class Pools:
    """The contract, and the pair of Aurora's and Borealis' points."""

    def __init__(self, evm, market, one, other):
        self.evm, self.market, self.one, self.other = evm, market, one, other
        self.contract = evm.deploy("PointPools", market.address)
        self.address = self.contract.address
        self.pair = (one.address, other.address)
        self.sorted = tuple(sorted(self.pair, key=lambda at: int(at, 16)))
        self.id = keccak(encode(["address", "address"], self.sorted))

    def fund(self, by, amount, amount_other, least=0, least_other=0, to=None, deadline=LATER, pair=None):
        funding = (*(pair or self.pair), amount, amount_other, least, least_other, (to or by).address, deadline)
        return self.contract.transact("addLiquidity", funding, sender=by)

    def leave(self, by, shares, least=0, least_other=0, to=None, deadline=LATER, pair=None):
        removal = (*(pair or self.pair), shares, least, least_other, (to or by).address, deadline)
        return self.contract.transact("removeLiquidity", removal, sender=by)

    def swap(self, by, amount, least=0, deadline=LATER, back=False):
        pair = self.pair[::-1] if back else self.pair
        return self.contract.transact("swap", *pair, amount, least, deadline, sender=by)

    def state(self):
        """Return (reserve of one, reserve of other, shares, fee of one, fee of other, open)."""
        _, first, _, reserve0, reserve1, shares, fee0, fee1, open_ = self.contract.call("pairOf", *self.pair)
        if first == self.one.address:
            return reserve0, reserve1, shares, fee0, fee1, open_
        return reserve1, reserve0, shares, fee1, fee0, open_

    def shares(self, who):
        return self.contract.call("balanceOf", who.address, int.from_bytes(self.id, "big"))

    def sync(self):
        return self.contract.transact("sync", *self.pair)

    def order(self, who, amount, least=0, to=None, deadline=LATER, salt=SALT):
        return (who.address, *self.pair, amount, least, (to or who).address, deadline, salt)

    def sign(self, who, order, **domain):
        nonce = self.contract.call("orderNonce", order)
        values = (order[0], self.address, order[3], 0, order[6] + 1, nonce)
        return self.one.sign(who, RECEIVE, *values, **domain)


@pytest.fixture
def pools(evm, points, others, market, ana, ben):
    """Ana and Ben have 100,000 of each and let the pools spend; both brands let pools be, without a fee."""
    found = Pools(evm, market, points, others)
    for brand in (points, others):
        market.policy(brand)
        for holder in (ana, ben):
            brand.give(holder, 100_000 * POINT)
            brand.approve(holder, found)
    return found


@pytest.fixture
def funded(pools, ana):
    """1,000 of Aurora's to 2,500 of Borealis'."""
    pools.fund(ana, 1000 * POINT, 2500 * POINT)
    return pools


class TestSwapRefusals:
    def test_after_the_deadline_and_at_it_not(self, evm, funded, ben):
        evm.warp(LATER)
        funded.swap(ben, POINT)
        evm.warp(LATER + 1)
        with refuses("PointPools_Expired", LATER + 1, LATER):
            funded.swap(ben, POINT)

    def test_a_pair_that_was_never_funded(self, pools, ben):
        with refuses("PointPools_NotOpen", pools.id):
            pools.swap(ben, POINT)

    def test_a_synced_pair_without_reserves(self, pools, ben):
        pools.sync()
        with refuses("PointPools_TooLittleOut", pools.id, 0, 0):
            pools.swap(ben, POINT)

    def test_a_token_with_itself(self, funded, points, ben):
        same = (points.address, points.address)
        nothing = keccak(encode(["address", "address"], same))
        with refuses("PointPools_NotOpen", nothing):
            funded.contract.transact("swap", *same, POINT, 0, LATER, sender=ben)
        funded.contract.transact("sync", *same)
        with refuses("PointPools_TooLittleOut", nothing, 0, 0):
            funded.contract.transact("swap", *same, POINT, 0, LATER, sender=ben)

    @pytest.mark.parametrize("closing", [0, 1])
    def test_after_either_brand_closed_and_the_pair_was_synced(self, funded, market, points, others, ben, closing):
        market.policy((points, others)[closing], pools=False)
        funded.swap(ben, POINT)  # until then it goes by the copy
        funded.sync()
        with refuses("PointPools_NotOpen", funded.id):
            funded.swap(ben, POINT)
        with refuses("PointPools_NotOpen", funded.id):
            funded.contract.call("quote", *funded.pair, POINT)

    def test_less_than_asked_for(self, funded, ben):
        received, *_ = priced(1000 * POINT, 2500 * POINT, POINT)
        with refuses("PointPools_TooLittleOut", funded.id, received, received + 1):
            funded.swap(ben, POINT, least=received + 1)
        assert funded.swap(ben, POINT, least=received).value == received

    @pytest.mark.parametrize("back", [False, True])
    def test_nothing_for_nothing(self, funded, ben, back):
        with refuses("PointPools_TooLittleOut", funded.id, 0, 0):
            funded.swap(ben, 0, back=back)
        with refuses("PointPools_TooLittleOut", funded.id, 0, 1):
            funded.contract.call("quote", *funded.pair, 0)

    @pytest.mark.parametrize("amount", [RESERVE_MAX - 1000 * POINT + 1, FOREVER])
    def test_more_than_a_reserve_can_hold(self, funded, ben, amount):
        with refuses("PointPools_TooMuch", funded.id, amount):
            funded.swap(ben, amount)

    def test_without_an_allowance_or_a_balance(self, funded, points, ben, eve):
        with refuses("TransferFromFailed()"):
            funded.swap(eve, POINT)
        points.approve(eve, funded)
        with refuses("TransferFromFailed()"):
            funded.swap(eve, POINT)


class TestSwap:
    @pytest.mark.parametrize("back", [False, True])
    @pytest.mark.parametrize("amount", [7, 10 * POINT, 90_000 * POINT])
    def test_it_pays_by_the_constant_product_less_the_funders_part(self, funded, points, others, ben, amount, back):
        give, get = (others, points) if back else (points, others)
        reserves = (2500 * POINT, 1000 * POINT) if back else (1000 * POINT, 2500 * POINT)
        received, *_ = priced(*reserves, amount)
        before = give.balance(ben), get.balance(ben)
        done = funded.swap(ben, amount, back=back)
        assert done.value == received
        assert (give.balance(ben), get.balance(ben)) == (before[0] - amount, before[1] + received)
        after = funded.state()[1::-1] if back else funded.state()[:2]
        assert after == (reserves[0] + amount, reserves[1] - received)
        assert after[0] * after[1] >= reserves[0] * reserves[1]

    def test_it_tells_the_event_that_offers_tell(self, funded, points, others, ben):
        done = funded.swap(ben, POINT)
        assert done.named("FeeCharged") == []
        (event,) = done.named("Swapped")
        assert event.arguments == {
            "paid": points.address,
            "received": others.address,
            "taker": ben.address,
            "maker": funded.address,
            "paid_amount": POINT,
            "received_amount": done.value,
            "id": funded.id,
        }

    @pytest.mark.parametrize("fees", [(50, 0), (0, 100), (1000, 1000)])
    @pytest.mark.parametrize("back", [False, True])
    def test_each_brands_fee_is_set_aside(self, funded, market, points, others, ben, fees, back):
        market.policy(points, fees[0])
        market.policy(others, fees[1])
        funded.sync()
        rates = fees[::-1] if back else fees
        reserves = funded.state()[1::-1] if back else funded.state()[:2]
        received, fee_in, fee_out = priced(*reserves, 10 * POINT + 1, *rates)
        pair = funded.pair[::-1] if back else funded.pair
        assert funded.contract.call("quote", *pair, 10 * POINT + 1) == (received, fee_in, fee_out)
        done = funded.swap(ben, 10 * POINT + 1, back=back)
        assert done.value == received
        charged = [(event.token, event.id, event.amount) for event in done.named("FeeCharged")]
        assert charged == [(t, funded.id, f) for t, f in zip(pair, (fee_in, fee_out), strict=True) if f]
        assert [funded.contract.call("feesOf", token) for token in pair] == [fee_in, fee_out]
        after = funded.state()[1::-1] if back else funded.state()[:2]
        assert after == (reserves[0] + 10 * POINT + 1 - fee_in, reserves[1] - received - fee_out)

    def test_tokens_that_were_merely_sent_change_nothing(self, funded, others, ana, ben):
        expected = funded.contract.call("quote", *funded.pair, POINT)
        others.token.transact("transfer", funded.address, 500 * POINT, sender=ana)
        assert funded.contract.call("quote", *funded.pair, POINT) == expected
        assert funded.swap(ben, POINT).value == expected[0]

    def test_there_and_back_loses(self, funded, points, ben):
        before = points.balance(ben)
        got = funded.swap(ben, 10 * POINT).value
        funded.swap(ben, got, back=True)
        assert points.balance(ben) < before

    def test_a_dusty_pool_always_keeps_a_grain(self, pools, ana, ben):
        pools.fund(ana, 2000, 2000)
        pools.swap(ben, 10**6 * 10**10)
        assert pools.state()[1] >= 1


class TestSwapWithAuthorization:
    def test_somebody_else_sends_and_the_holder_pays_and_gets(self, funded, points, others, ana, ben, eve):
        order = funded.order(ben, 10 * POINT, to=eve)
        points.approve(ben, funded, 0)
        before = points.balance(ben)
        received, *_ = priced(1000 * POINT, 2500 * POINT, 10 * POINT)
        done = funded.contract.transact("swapWithAuthorization", order, funded.sign(ben, order), sender=ana)
        assert done.value == received == others.balance(eve)
        assert points.balance(ben) == before - 10 * POINT
        (event,) = done.named("Swapped")
        assert (event.taker, event.maker, event.id) == (ben.address, funded.address, funded.id)
        assert event.paid_amount == 10 * POINT

    def test_once_only(self, funded, ben):
        order = funded.order(ben, POINT)
        signature = funded.sign(ben, order)
        funded.contract.transact("swapWithAuthorization", order, signature)
        nonce = funded.contract.call("orderNonce", order)
        with refuses("SignedERC20_AuthorizationSpent(address,bytes32)", ben.address, nonce):
            funded.contract.transact("swapWithAuthorization", order, signature)
        other = funded.order(ben, POINT, salt=bytes(32))
        funded.contract.transact("swapWithAuthorization", other, funded.sign(ben, other))

    @pytest.mark.parametrize("part", ["from", "amount", "least", "to", "deadline", "salt"])
    def test_every_part_is_bound(self, funded, ana, ben, eve, part):
        order = funded.order(ben, POINT, least=1)
        changed = {
            "from": funded.order(ana, POINT, least=1, to=ben),
            "amount": funded.order(ben, POINT + 1, least=1),
            "least": funded.order(ben, POINT, least=0),
            "to": funded.order(ben, POINT, least=1, to=eve),
            "deadline": funded.order(ben, POINT, least=1, deadline=LATER + 1),
            "salt": funded.order(ben, POINT, least=1, salt=bytes(32)),
        }[part]
        with refuses("SignedERC20_BadSignature(address)", changed[0]):
            funded.contract.transact("swapWithAuthorization", changed, funded.sign(ben, order))

    def test_the_token_that_comes_out_is_bound(self, evm, registry, funded, market, points, ana, ben):
        third = evm.deploy("TestToken", "third", "T", 18)
        third.transact("belongTo", registry.address, points.brand.address)
        third.transact("mint", ana.address, 10**6 * POINT)
        third.transact("approve", funded.address, FOREVER, sender=ana)
        terms = (points.brand.address, 0, 0, True, True)
        market.contract.transact("setPolicy", third.address, terms, sender=points.brand)
        funded.fund(ana, 1000 * POINT, 1000 * POINT, pair=(points.address, third.address))
        order = funded.order(ben, POINT)
        turned = (*order[:2], third.address, *order[3:])
        with refuses("SignedERC20_BadSignature(address)", ben.address):
            funded.contract.transact("swapWithAuthorization", turned, funded.sign(ben, order))

    def test_another_chain_another_token_a_high_s(self, funded, others, ben):
        order = funded.order(ben, POINT)
        good = funded.sign(ben, order)
        bad = [funded.sign(ben, order, chain_id=1), funded.sign(ben, order, contract=others.address), high_s(good)]
        for signature in bad:
            with refuses("SignedERC20_BadSignature(address)", ben.address):
                funded.contract.transact("swapWithAuthorization", order, signature)

    def test_a_cancelled_order(self, funded, points, ben):
        order = funded.order(ben, POINT)
        nonce = funded.contract.call("orderNonce", order)
        signature = points.sign(ben, CANCEL, ben.address, nonce)
        points.token.transact("cancelAuthorization(address,bytes32,bytes)", ben.address, nonce, signature)
        with refuses("SignedERC20_AuthorizationSpent(address,bytes32)", ben.address, nonce):
            funded.contract.transact("swapWithAuthorization", order, funded.sign(ben, order))

    def test_nobody_but_the_pools_can_use_it(self, funded, points, ben, eve):
        order = funded.order(ben, POINT)
        nonce = funded.contract.call("orderNonce", order)
        function = "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
        values = (ben.address, funded.address, POINT, 0, LATER + 1, nonce)
        with refuses("SignedERC20_NotPayee(address,address)", eve.address, funded.address):
            points.token.transact(function, *values, funded.sign(ben, order), sender=eve)

    def test_at_the_deadline_and_not_after_it(self, evm, funded, ben):
        first, second = funded.order(ben, POINT), funded.order(ben, POINT, salt=bytes(32))
        evm.warp(LATER)
        funded.contract.transact("swapWithAuthorization", first, funded.sign(ben, first))
        evm.warp(LATER + 1)
        with refuses("PointPools_Expired", LATER + 1, LATER):
            funded.contract.transact("swapWithAuthorization", second, funded.sign(ben, second))

    def test_to_nobody_or_to_the_pools(self, funded, ben):
        for to in (NOBODY, funded.address):
            order = (*funded.order(ben, POINT)[:5], to, LATER, SALT)
            with refuses("PointPools_BadRecipient", to):
                funded.contract.transact("swapWithAuthorization", order, funded.sign(ben, order))

    def test_less_than_signed_for(self, funded, ana, ben):
        received, *_ = priced(1000 * POINT, 2500 * POINT, 10 * POINT)
        order = funded.order(ben, 10 * POINT, least=received)
        funded.swap(ana, POINT)
        after, *_ = priced(*funded.state()[:2], 10 * POINT)
        with refuses("PointPools_TooLittleOut", funded.id, after, received):
            funded.contract.transact("swapWithAuthorization", order, funded.sign(ben, order))


class TestAddLiquidity:
    def test_a_token_with_itself(self, pools, points, ana):
        with refuses("PointPools_SameToken", points.address):
            pools.fund(ana, POINT, POINT, pair=(points.address, points.address))

    def test_after_the_deadline(self, pools, ana):
        with refuses("PointPools_Expired", START, START - 1):
            pools.fund(ana, POINT, POINT, deadline=START - 1)

    def test_shares_for_nobody_or_for_the_pools(self, pools, ana):
        for to in (NOBODY, pools.address):
            funding = (*pools.pair, POINT, POINT, 0, 0, to, LATER)
            with refuses("PointPools_BadRecipient", to):
                pools.contract.transact("addLiquidity", funding, sender=ana)

    @pytest.mark.parametrize("closing", [0, 1])
    def test_without_either_brands_leave(self, pools, market, points, others, ana, closing):
        market.policy((points, others)[closing], pools=False)
        with refuses("PointPools_NotOpen", pools.id):
            pools.fund(ana, POINT, POINT)

    def test_a_token_without_a_policy(self, evm, pools, points, ana):
        stray = evm.deploy("TestToken", "stray", "S", 18)
        with refuses("PointPools_NotOpen", pools.contract.call("pairOf", points.address, stray.address)[0]):
            pools.fund(ana, POINT, POINT, pair=(points.address, stray.address))

    @pytest.mark.parametrize("amounts", [(0, POINT), (1, 10**6), (1000, 1000)])
    def test_a_beginning_that_makes_no_share(self, pools, ana, amounts):
        with refuses("PointPools_NoShares", pools.id):
            pools.fund(ana, *amounts)

    def test_more_that_makes_no_share(self, funded, ana):
        for amounts in ((0, POINT), (POINT, 0)):
            with refuses("PointPools_NoShares", funded.id):
                funded.fund(ana, *amounts)

    def test_amounts_or_reserves_above_the_most(self, pools, ana):
        for amounts in ((RESERVE_MAX + 1, 1), (1, RESERVE_MAX + 1)):
            with refuses("PointPools_TooMuch", pools.id, RESERVE_MAX + 1):
                pools.fund(ana, *amounts)

    def test_below_what_the_provider_allows(self, funded, points, others, ana):
        reserve, reserve_other, total, *_ = funded.state()
        taken = -(-(250 * POINT * total // reserve_other) * reserve // total)
        with refuses("PointPools_BelowMinimum", points.address, taken, taken + 1):
            funded.fund(ana, 200 * POINT, 250 * POINT, least=taken + 1)
        taken = -(-(100 * POINT * total // reserve) * reserve_other // total)
        with refuses("PointPools_BelowMinimum", others.address, taken, taken + 1):
            funded.fund(ana, 100 * POINT, 900 * POINT, least_other=taken + 1)

    @pytest.mark.parametrize("turned", [False, True])
    def test_the_first_sets_the_price_and_leaves_a_thousand_shares_to_nobody(self, pools, ana, ben, turned):
        amounts = (1000 * POINT, 2500 * POINT)
        if turned:
            done = pools.fund(ana, *amounts[::-1], to=ben, pair=pools.pair[::-1])
        else:
            done = pools.fund(ana, *amounts, to=ben)
        root = isqrt(amounts[0] * amounts[1])
        assert done.value == root - 1000 == pools.shares(ben)
        assert pools.state() == (*amounts, root, 0, 0, True)
        assert pools.contract.call("LOCKED_SHARES") == 1000
        (event,) = done.named("LiquidityAdded")
        named = {pools.pair[0]: amounts[0], pools.pair[1]: amounts[1]}
        assert (event.id, event.provider, event.to) == (pools.id, ana.address, ben.address)
        assert (event.amount0, event.amount1) == tuple(named[token] for token in pools.sorted)
        assert event.shares == root - 1000
        (synced,) = done.named("Synced")
        assert (synced.id, synced.fee_bps0, synced.fee_bps1, synced.open) == (pools.id, 0, 0, True)

    def test_later_ones_pay_at_the_pools_price_rounded_up(self, funded, points, others, ana, ben):
        funded.swap(ana, 7)
        reserve, reserve_other, total, *_ = funded.state()
        before = points.balance(ben), others.balance(ben)
        shares = funded.fund(ben, 13 * POINT + 3, 10**4 * POINT).value
        assert shares == min((13 * POINT + 3) * total // reserve, 10**4 * POINT * total // reserve_other)
        taken = -(-shares * reserve // total), -(-shares * reserve_other // total)
        assert (points.balance(ben), others.balance(ben)) == (before[0] - taken[0], before[1] - taken[1])
        assert funded.state()[:3] == (reserve + taken[0], reserve_other + taken[1], total + shares)

    def test_it_copies_the_policies_of_now(self, funded, market, points, others, ana):
        market.policy(points, 30)
        market.policy(others, 40)
        funded.fund(ana, POINT, 3 * POINT)
        assert funded.state()[3:] == (30, 40, True)

    def test_without_points_it_leaves_nothing_behind(self, funded, eve):
        before = funded.state()
        with refuses("TransferFromFailed()"):
            funded.fund(eve, POINT, 3 * POINT)
        assert (funded.state(), funded.shares(eve)) == (before, 0)


class TestRemoveLiquidity:
    def test_after_the_deadline(self, funded, ana):
        with refuses("PointPools_Expired", START, START - 1):
            funded.leave(ana, 1, deadline=START - 1)

    def test_to_nobody_or_to_the_pools(self, funded, ana):
        for to in (NOBODY, funded.address):
            with refuses("PointPools_BadRecipient", to):
                funded.contract.transact("removeLiquidity", (*funded.pair, 1, 0, 0, to, LATER), sender=ana)

    def test_no_shares_or_more_than_there_are(self, funded, ana):
        for shares in (0, funded.state()[2] + 1):
            with refuses("PointPools_NoShares", funded.id):
                funded.leave(ana, shares)

    def test_shares_of_somebody_else_or_of_nobody(self, funded, ana, eve):
        with refuses("InsufficientBalance()"):
            funded.leave(eve, 1)
        with refuses("InsufficientBalance()"):
            funded.leave(ana, funded.shares(ana) + 1)

    def test_below_what_the_provider_allows(self, funded, points, others, ana):
        reserve, reserve_other, total, *_ = funded.state()
        one, other = 10**18 * reserve // total, 10**18 * reserve_other // total
        with refuses("PointPools_BelowMinimum", points.address, one, one + 1):
            funded.leave(ana, 10**18, least=one + 1)
        with refuses("PointPools_BelowMinimum", others.address, other, other + 1):
            funded.leave(ana, 10**18, least_other=other + 1)

    @pytest.mark.parametrize("turned", [False, True])
    def test_it_pays_the_part_of_both_rounded_down(self, funded, points, others, ana, eve, turned):
        reserve, reserve_other, total, *_ = funded.state()
        part = 12345 * 10**15 + 1
        expected = part * reserve // total, part * reserve_other // total
        pair = funded.pair[::-1] if turned else funded.pair
        done = funded.leave(ana, part, to=eve, pair=pair)
        assert done.value == (expected[::-1] if turned else expected)
        assert (points.balance(eve), others.balance(eve)) == expected
        assert funded.state()[:3] == (reserve - expected[0], reserve_other - expected[1], total - part)
        assert funded.shares(ana) == total - 1000 - part
        (event,) = done.named("LiquidityRemoved")
        assert (event.id, event.provider, event.to, event.shares) == (funded.id, ana.address, eve.address, part)

    def test_no_brand_can_lock_it_in(self, funded, market, points, others, ana):
        market.policy(points, pools=False)
        market.policy(others, pools=False)
        funded.sync()
        points.token.transact("setPaused", True, sender=points.manager)
        funded.leave(ana, funded.shares(ana))
        reserve, reserve_other, shares, *_ = funded.state()
        assert shares == 1000
        assert 0 < reserve < 1000
        assert 0 < reserve_other < 2000

    def test_after_everybody_left_it_can_be_funded_anew(self, funded, ana, ben):
        funded.leave(ana, funded.shares(ana))
        funded.fund(ben, 1000 * POINT, 2500 * POINT)
        assert funded.state()[5]
        funded.swap(ana, POINT)


class TestClaim:
    def test_nothing(self, pools, points, ana):
        with refuses("PointPools_NothingToClaim", points.address, ana.address):
            pools.contract.transact("claim", points.address, ana.address, sender=ana)

    def test_to_nobody_or_to_the_pools(self, pools, points, ana):
        for to in (NOBODY, pools.address):
            with refuses("PointPools_BadRecipient", to):
                pools.contract.transact("claim", points.address, to, sender=ana)

    def test_what_a_token_did_not_take_goes_elsewhere_once(self, funded, points, ana, eve):
        part = funded.shares(ana) // 2
        amount = part * funded.state()[0] // funded.state()[2]
        removal = (*funded.pair, part, 0, 0, points.address, LATER)  # points cannot go to their own contract
        done = funded.contract.transact("removeLiquidity", removal, sender=ana)
        (credited,) = done.named("Credited")
        assert (credited.token, credited.provider, credited.amount) == (points.address, ana.address, amount)
        assert funded.contract.call("creditOf", points.address, ana.address) == amount
        with refuses("PointPools_NothingToClaim", points.address, eve.address):
            funded.contract.transact("claim", points.address, eve.address, sender=eve)
        claimed = funded.contract.transact("claim", points.address, eve.address, sender=ana)
        (event,) = claimed.named("Claimed")
        assert (event.token, event.provider, event.to) == (points.address, ana.address, eve.address)
        assert claimed.value == event.amount == amount == points.balance(eve)
        with refuses("PointPools_NothingToClaim", points.address, ana.address):
            funded.contract.transact("claim", points.address, eve.address, sender=ana)


class TestSyncAndCollectFees:
    def test_sync_tells_only_what_changed(self, funded, market, points):
        assert funded.sync().events == []
        market.policy(points, 25, pools=False)
        (event,) = funded.sync().named("Synced")
        fees = (25, 0) if funded.sorted[0] == points.address else (0, 25)
        assert (event.id, event.fee_bps0, event.fee_bps1, event.open) == (funded.id, *fees, False)
        assert funded.state()[3:] == (25, 0, False)
        market.policy(points, 25)
        funded.contract.transact("sync", *funded.pair[::-1])
        assert funded.state()[5]

    def test_sync_keeps_the_reserves(self, funded, market, points):
        before = funded.state()[:3]
        market.policy(points, 1000)
        funded.sync()
        assert funded.state()[:3] == before

    def test_there_are_no_fees(self, funded, points):
        with refuses("PointPools_NothingToCollect", points.address, 0, points.brand.address):
            funded.contract.transact("collectFees", points.address)

    def test_there_is_nobody_to_get_them(self, funded, market, points, ben):
        market.policy(points, 100)
        funded.sync()
        funded.swap(ben, POINT)
        terms = (NOBODY, 0, 1000, True, True)
        market.contract.transact("setPolicy", points.address, terms, sender=points.brand)
        with refuses("PointPools_NothingToCollect", points.address, POINT // 100, NOBODY):
            funded.contract.transact("collectFees", points.address)

    def test_anyone_sends_them_to_the_brand(self, funded, market, points, ben, eve):
        market.policy(points, 100)
        funded.sync()
        funded.swap(ben, POINT)
        done = funded.contract.transact("collectFees", points.address, sender=eve)
        (event,) = done.named("FeesCollected")
        assert (event.token, event.to, event.amount) == (points.address, points.brand.address, POINT // 100)
        assert done.value == POINT // 100 == points.balance(points.brand)
        assert funded.contract.call("feesOf", points.address) == 0


class TestShares:
    def test_they_move_like_any_token_of_erc_6909(self, funded, ana, ben, eve):
        pair = int.from_bytes(funded.id, "big")
        funded.contract.transact("transfer", ben.address, pair, 500, sender=ana)
        funded.contract.transact("approve", eve.address, pair, 200, sender=ben)
        funded.contract.transact("transferFrom", ben.address, eve.address, pair, 200, sender=eve)
        assert (funded.shares(ben), funded.shares(eve)) == (300, 200)
        with refuses("InsufficientPermission()"):
            funded.contract.transact("transferFrom", ben.address, eve.address, pair, 1, sender=eve)

    def test_not_to_nobody_or_to_the_pools(self, funded, ana):
        pair = int.from_bytes(funded.id, "big")
        for to in (NOBODY, funded.address):
            with refuses("PointPools_BadRecipient", to):
                funded.contract.transact("transfer", to, pair, 1, sender=ana)
            with refuses("PointPools_BadRecipient", to):
                funded.contract.transact("transferFrom", ana.address, to, pair, 1, sender=ana)

    def test_they_have_a_name_and_no_picture(self, funded):
        calls = [funded.contract.call(view, 1) for view in ("name", "symbol", "decimals", "tokenURI")]
        assert calls == ["CareLedger pool share", "SHARE", 18, ""]
        assert funded.contract.call("supportsInterface", bytes.fromhex("0f632fb3"))


class TestViews:
    def test_an_unknown_pair_is_empty(self, pools):
        assert pools.state() == (0, 0, 0, 0, 0, False)
        assert pools.contract.call("pairOf", *pools.pair)[:3] == (pools.id, *pools.sorted)

    def test_a_quote_is_what_the_swap_then_gives(self, funded, ben):
        for back in (False, True):
            pair = funded.pair[::-1] if back else funded.pair
            quoted = funded.contract.call("quote", *pair, 3 * POINT)[0]
            assert funded.swap(ben, 3 * POINT, least=quoted, back=back).value == quoted

    def test_the_constants(self, pools, market):
        assert pools.contract.call("LP_FEE_BPS") == 30
        assert pools.contract.call("POLICIES") == market.address

    def test_the_orders_nonce_binds_what_the_authorisation_does_not(self, pools, ben, eve):
        order = pools.order(ben, POINT, least=3, to=eve)
        kinds = ["address", "uint256", "address", "bytes32"]
        expected = keccak(encode(kinds, [pools.pair[1], 3, eve.address, SALT]))
        assert pools.contract.call("orderNonce", order) == expected
