"""Every method of the pools' client against the real contract: its events, its refusals."""

from datetime import timedelta

import pytest

from careledger.crypto.typed_data import sign_digest
from careledger.loyalty import errors
from careledger.loyalty.client import LoyaltyToken
from careledger.loyalty.events import (
    FeesCollected,
    LiquidityAdded,
    LiquidityRemoved,
    OperatorSet,
    PoolClaimed,
    PoolCredited,
    PoolFeeCharged,
    PoolSwapped,
    ShareApproval,
    ShareTransfer,
    Synced,
)
from careledger.loyalty.points import POINT
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.pools import Funding, Removal, SwapOrder

ZERO = "0x" + "00" * 20


REF = b"\x22" * 32


DAY = timedelta(days=1)


def only(client, receipt, kind):
    (event,) = (event for event in client.events(receipt) if isinstance(event, kind))
    return event


class TestPoolViews:
    def test_before_and_after_the_funding(self, world):
        pools, pair = world.pools, world.pools.pair_of(world.miles.address, world.beans.address)
        assert (pair.shares, pair.reserve0, pair.reserve1, pair.open) == (0, 0, 0, False)
        with pytest.raises(errors.PoolNotOpen):
            pools.quote(world.miles.address, world.beans.address, POINT)
        receipt = world.fund()
        added = only(pools, receipt, LiquidityAdded)
        pair = pools.pair_of(world.beans.address, world.miles.address)
        assert (added.id, added.provider, added.to) == (
            pair.id,
            world.nadia.address,
            world.nadia.address,
        )
        assert {added.amount0, added.amount1} == {10_000 * POINT, 400 * POINT}
        assert (
            added.shares
            == 2_000 * POINT - 1000
            == pools.balance_of(world.nadia.address, pair.number)
        )
        assert only(pools, receipt, Synced).open is True
        assert pair.open
        assert (pair.reserve(world.miles.address), pair.reserve(world.beans.address)) == (
            10_000 * POINT,
            400 * POINT,
        )
        assert (pools.lp_fee_bps(), pools.locked_shares()) == (30, 1000)
        assert pools.policies() == world.market.address
        assert pools.token_name(pair.number)
        assert pools.symbol(pair.number)
        assert pools.decimals(pair.number) == 18
        assert pools.token_uri(pair.number) == ""
        assert pools.supports_interface(bytes.fromhex("0f632fb3"))

    def test_a_pair_is_of_two(self, world):
        miles, at = world.miles.address, world.soon()
        with pytest.raises(errors.SameToken):
            world.pools.using(world.nadia).add_liquidity(
                Funding(miles, miles, 1, 1, world.nadia.address, at)
            )


class TestSwapping:
    def test_a_swap_gives_what_was_quoted(self, world):
        world.fund()
        miles, beans, pools = (
            world.miles.address,
            world.beans.address,
            world.pools.using(world.lena),
        )
        quote = pools.quote(miles, beans, 100 * POINT)
        assert quote.fee_in == POINT
        world.miles.using(world.lena).approve(pools.address, 100 * POINT)
        with pytest.raises(errors.TooLittleOut) as refusal:
            pools.swap(miles, beans, 100 * POINT, quote.received + 1, world.soon())
        assert (refusal.value.received, refusal.value.min_out) == (
            quote.received,
            quote.received + 1,
        )
        with pytest.raises(errors.DeadlinePassed):
            pools.swap(miles, beans, 100 * POINT, 0, world.soon(-DAY))
        receipt = pools.swap(miles, beans, 100 * POINT, quote.received, world.soon())
        done = pools.swapped(receipt)
        assert isinstance(done, PoolSwapped)
        assert (done.paid_amount, done.received_amount) == (100 * POINT, quote.received)
        assert (done.taker, done.maker) == (world.lena.address, pools.address)
        fees = {
            event.token: event.amount
            for event in pools.events(receipt)
            if isinstance(event, PoolFeeCharged)
        }
        assert fees == {miles: quote.fee_in, beans: quote.fee_out}
        assert pools.fees_of(miles) == POINT
        collected = only(pools, pools.collect_fees(miles), FeesCollected)
        assert (collected.token, collected.to, collected.amount) == (
            miles,
            world.airline.address,
            POINT,
        )
        with pytest.raises(errors.NothingToCollect):
            pools.collect_fees(miles)

    def test_a_signed_order_is_sent_by_somebody_else(self, world):
        world.fund()
        pools = world.pools.using(world.stranger)
        order = SwapOrder(
            world.lena.address,
            world.miles.address,
            world.beans.address,
            10 * POINT,
            1,
            world.tomas.address,
            world.soon(),
        )
        before = world.beans.balance_of(world.tomas.address)
        signature = world.miles.messages.receive(pools.authorization(order)).sign(
            world.lena.account
        )
        with pytest.raises(errors.BadHolderSignature):
            pools.swap_with_authorization(order, sign_digest(world.tomas.account, bytes(32)))
        done = pools.swapped(pools.swap_with_authorization(order, signature))
        assert done.taker == world.lena.address
        assert world.beans.balance_of(world.tomas.address) == before + done.received_amount

    def test_no_policy_no_swap(self, world):
        world.fund()
        world.market.using(world.cafe).set_policy(world.beans.address, SwapPolicy(pools=False))
        receipt = world.pools.using(world.stranger).sync(world.miles.address, world.beans.address)
        assert only(world.pools, receipt, Synced).open is False
        with pytest.raises(errors.PoolNotOpen):
            world.pools.using(world.lena).swap(
                world.miles.address, world.beans.address, POINT, 0, world.soon()
            )


class TestLiquidity:
    def test_funding_is_refused_below_its_minima_and_to_nobody(self, world):
        world.fund()
        nadia = world.pools.using(world.nadia)
        much = Funding(
            world.miles.address,
            world.beans.address,
            100 * POINT,
            POINT,
            world.nadia.address,
            world.soon(),
            min_a=100 * POINT,
        )
        with pytest.raises(errors.BelowProviderMinimum):
            nadia.add_liquidity(much)
        with pytest.raises(errors.BadPoolRecipient):
            nadia.add_liquidity(
                Funding(world.miles.address, world.beans.address, 1, 1, ZERO, world.soon())
            )
        with pytest.raises(errors.NoShares):
            nadia.add_liquidity(
                Funding(
                    world.miles.address,
                    world.beans.address,
                    0,
                    0,
                    world.nadia.address,
                    world.soon(),
                )
            )
        with pytest.raises(errors.TooMuch):
            nadia.add_liquidity(
                Funding(
                    world.miles.address,
                    world.beans.address,
                    2**104,
                    1,
                    world.nadia.address,
                    world.soon(),
                )
            )

    def test_leaving_needs_nobody(self, world):
        world.fund()
        nadia = world.pools.using(world.nadia)
        removal = Removal(
            world.beans.address,
            world.miles.address,
            200 * POINT,
            world.tomas.address,
            world.soon(),
            1,
            1,
        )
        pending = nadia.queue("sync", world.miles.address, world.beans.address)
        world.nadia.wait(pending)
        event = only(nadia, nadia.remove_liquidity(removal), LiquidityRemoved)
        assert event.to == world.tomas.address
        assert {event.amount0, event.amount1} == {1_000 * POINT, 40 * POINT}

    def test_what_could_not_be_paid_out_is_claimed(self, world):
        hostile = world.deploy("BlockingToken", "Blocking", "BLOCK", 18)
        token = LoyaltyToken(
            world.chain, hostile
        )  # the same ERC-20 functions, and nothing else of ours
        call = token.chain.w3.codec.encode
        mint = bytes.fromhex("40c10f19") + call(
            ["address", "uint256"], [world.nadia.address, 1_000 * POINT]
        )
        belong = world.chain.w3.keccak(text="belongTo(address,address)")[:4] + call(
            ["address", "address"], [world.suite["IdentityRegistry"], world.stranger.address]
        )
        for data in (mint, bytes(belong)):
            world.stranger.transact(hostile, data)
        world.market.using(world.stranger).set_policy(hostile, SwapPolicy())
        token.using(world.nadia).approve(world.pools.address, 100 * POINT)
        world.miles.using(world.nadia).approve(world.pools.address, 100 * POINT)
        nadia = world.pools.using(world.nadia)
        nadia.add_liquidity(
            Funding(
                hostile,
                world.miles.address,
                100 * POINT,
                100 * POINT,
                world.nadia.address,
                world.soon(),
            )
        )
        block = world.chain.w3.keccak(text="setBlocked(address,bool)")[:4]
        for blocked in (True, False):
            data = bytes(block) + call(["address", "bool"], [world.tomas.address, blocked])
            world.stranger.transact(hostile, data)
            if blocked:
                receipt = nadia.remove_liquidity(
                    Removal(hostile, world.miles.address, POINT, world.tomas.address, world.soon())
                )  # fmt: skip
                credited = only(nadia, receipt, PoolCredited)
                assert (credited.token, credited.provider, credited.amount) == (
                    hostile,
                    world.nadia.address,
                    POINT,
                )
        assert nadia.credit_of(hostile, world.nadia.address) == POINT
        claimed = only(nadia, nadia.claim(hostile, world.tomas.address), PoolClaimed)
        assert (claimed.provider, claimed.to, claimed.amount) == (
            world.nadia.address,
            world.tomas.address,
            POINT,
        )
        with pytest.raises(errors.NothingToClaim):
            nadia.claim(hostile, world.tomas.address)


class TestShares:
    def test_shares_move_as_erc_6909_says(self, world):
        world.fund()
        number = world.pools.pair_of(world.miles.address, world.beans.address).number
        nadia, tomas = world.pools.using(world.nadia), world.pools.using(world.tomas)
        moved = only(nadia, nadia.transfer(world.tomas.address, number, 5), ShareTransfer)
        assert (moved.from_, moved.to, moved.id, moved.amount) == (
            world.nadia.address,
            world.tomas.address,
            number,
            5,
        )
        assert moved.by == world.nadia.address
        allowed = only(nadia, nadia.approve(world.tomas.address, number, 7), ShareApproval)
        assert (allowed.owner, allowed.spender, allowed.id, allowed.amount) == (
            world.nadia.address, world.tomas.address, number, 7,
        )  # fmt: skip
        assert nadia.allowance(world.nadia.address, world.tomas.address, number) == 7
        tomas.transfer_from(world.nadia.address, world.lena.address, number, 7)
        with pytest.raises(errors.InsufficientPermission):
            tomas.transfer_from(world.nadia.address, world.lena.address, number, 1)
        named = only(nadia, nadia.set_operator(world.tomas.address, True), OperatorSet)
        assert (named.operator, named.approved) == (world.tomas.address, True)
        assert nadia.is_operator(world.nadia.address, world.tomas.address)
        tomas.transfer_from(world.nadia.address, world.lena.address, number, 1)
        assert nadia.balance_of(world.lena.address, number) == 8
        with pytest.raises(errors.InsufficientBalance):
            tomas.transfer(world.lena.address, number, 6)
