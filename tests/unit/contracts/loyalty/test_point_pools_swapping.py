"""PointPools: swaps, directly and by authorisation, quotes, and the brands' fees."""

import pytest
from eth_abi import encode
from eth_utils.crypto import keccak

from tests.support.evm import START, actor
from tests.worlds.loyalty.contracts import FOREVER, NOBODY, TRANSFER, high_s, refuses
from tests.worlds.loyalty.pools import MOST, out


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
        reserves, fees = (
            ((40_000, 10_000), (250, 1000)) if flip else ((10_000, 40_000), (1000, 250))
        )
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
        for token, reserve, fee in zip(
            tokens, funded.pair(tokens)[:2], (fee_in, fee_out), strict=True
        ):
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
        return pools.contract.transact(
            "swapWithAuthorization", order, signed, sender=actor("relayer")
        )

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
        values = (
            ben.address,
            funded.address,
            100,
            0,
            order[6] + 1,
            funded.contract.call("orderNonce", order),
        )
        with refuses("SignedERC20_NotPayee", eve.address, funded.address):
            funded.a.token.transact(name, *values, funded.signed(ben, order), sender=eve)

    def test_an_order_is_good_once_and_not_after_its_cancellation(self, funded, ben):
        order, other = funded.order(ben), funded.order(ben, salt=b"\2" * 32)
        self.send(funded, order, funded.signed(ben, order))
        nonce = funded.contract.call("orderNonce", order)
        with refuses("SignedERC20_AuthorizationSpent", ben.address, nonce):
            self.send(funded, order, funded.signed(ben, order))
        nonce = funded.contract.call("orderNonce", other)
        cancel = funded.a.sign(
            ben, "CancelAuthorization(address authorizer,bytes32 nonce)", ben.address, nonce
        )
        funded.a.token.transact(
            "cancelAuthorization(address,bytes32,bytes)", ben.address, nonce, cancel
        )
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
        order = (
            ben.address,
            token.address,
            pools.a.address,
            100,
            1,
            ben.address,
            FOREVER - 1,
            bytes(32),
        )
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
        assert funded.contract.call("orderNonce", order) == keccak(
            encode(kinds, [token_out, least, to, salt])
        )


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
        assert (synced.id, synced.fee_bps0, synced.fee_bps1, synced.open) == (
            funded.id,
            *low,
            False,
        )
        assert funded.contract.call("pairOf", funded.a.address, funded.b.address)[6:] == (
            *low,
            False,
        )
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
        assert (collected.token, collected.to, collected.amount) == (
            earned.a.address,
            earned.a.brand.address,
            100,
        )
        with refuses("PointPools_NothingToCollect", earned.a.address, 0, earned.a.brand.address):
            earned.contract.transact("collectFees", earned.a.address)
        assert earned.a.balance(earned) == earned.pair()[0]
