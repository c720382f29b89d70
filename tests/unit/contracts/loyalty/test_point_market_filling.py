"""PointMarket: filling offers, in whole and in part, with permits, and by contracts."""

from dataclasses import replace

import pytest

from tests.support.evm import actor
from tests.worlds.loyalty.contracts import (
    FOREVER,
    NOBODY,
    Points,
    high_s,
    refuses,
)
from tests.worlds.loyalty.market import fill, state, token_of
from tests.worlds.loyalty.signed_erc20 import MOODS


class TestFillRefusals:
    def test_an_offer_of_a_token_for_itself(self, market, offer, ben):
        same = replace(offer, want=offer.give)
        with refuses("PointMarket_BadOffer", market.id_of(same)):
            fill(market, same, ben, 1)

    def test_an_offer_of_nothing_or_for_nothing(self, market, offer, ben):
        for bad in (replace(offer, give_amount=0), replace(offer, want_amount=0)):
            with refuses("PointMarket_BadOffer", market.id_of(bad)):
                fill(market, bad, ben, 0)

    def test_after_the_expiry_and_at_it_not(self, evm, market, offer, ben):
        evm.warp(offer.expiry)
        fill(market, offer, ben, 1)
        evm.warp(offer.expiry + 1)
        with refuses("PointMarket_Expired", market.id_of(offer), offer.expiry + 1, offer.expiry):
            fill(market, offer, ben, 1)

    def test_another_taker_than_the_offer_names(self, market, offer, others, ben, eve):
        private = replace(offer, taker=ben.address)
        with refuses("PointMarket_NotTaker", market.id_of(private), eve.address, ben.address):
            fill(market, private, eve, 1)
        fill(market, private, ben, 1)

    def test_the_makers_own(self, market, offer, ana):
        with refuses("PointMarket_NotTaker", market.id_of(offer), ana.address, NOBODY):
            fill(market, offer, ana, 1)
        own = replace(offer, taker=ana.address)
        with refuses("PointMarket_NotTaker", market.id_of(own), ana.address, ana.address):
            fill(market, own, ana, 1)

    def test_a_cancelled_nonce(self, market, offer, ana, ben):
        market.contract.transact("cancel", offer.nonce, sender=ana)
        with refuses("PointMarket_NonceSpent", market.id_of(offer), ana.address, offer.nonce):
            fill(market, offer, ben, 1)

    def test_a_cancelled_nonce_of_a_part_filled_offer(self, market, offer, ana, ben):
        fill(market, offer, ben, 40)
        market.contract.transact("cancel", offer.nonce, sender=ana)
        with refuses("PointMarket_NonceSpent", market.id_of(offer), ana.address, offer.nonce):
            fill(market, offer, ben, 1)

    @pytest.mark.parametrize("first", [1, 100])
    def test_the_nonce_of_another_offer_that_was_taken(self, market, offer, ana, ben, first):
        fill(market, offer, ben, first)
        other = replace(offer, want_amount=30)
        with refuses("PointMarket_NonceSpent", market.id_of(other), ana.address, offer.nonce):
            fill(market, other, ben, 1)

    def test_an_offer_that_was_taken_whole(self, market, offer, ana, ben):
        fill(market, offer, ben, 100)
        with refuses("PointMarket_NonceSpent", market.id_of(offer), ana.address, offer.nonce):
            fill(market, offer, ben, 100)
        with refuses("PointMarket_NonceSpent", market.id_of(offer), ana.address, offer.nonce):
            fill(market, offer, ben, 1)

    def test_more_than_is_left(self, market, offer, ben):
        for amount in (101, FOREVER):
            with refuses("PointMarket_Overfill", market.id_of(offer), amount, 100):
                fill(market, offer, ben, amount)
        fill(market, offer, ben, 60)
        with refuses("PointMarket_Overfill", market.id_of(offer), 41, 40):
            fill(market, offer, ben, 41)
        with refuses("PointMarket_Overfill", market.id_of(offer), 100, 40):
            fill(market, offer, ben, 100)
        fill(market, offer, ben, 40)
        with refuses("PointMarket_Overfill", market.id_of(offer), 1, 0):
            fill(market, offer, ben, 1)

    def test_nothing(self, market, offer, ben):
        with refuses("PointMarket_BelowMinimum", market.id_of(offer), 0, 0):
            fill(market, offer, ben, 0)
        fill(market, offer, ben, 60)
        fill(market, offer, ben, 40)
        with refuses("PointMarket_BelowMinimum", market.id_of(offer), 0, 0):
            fill(market, offer, ben, 0)

    def test_less_than_the_least_part_unless_it_is_the_rest(self, market, offer, ben):
        parts = replace(offer, min_fill=40)
        with refuses("PointMarket_BelowMinimum", market.id_of(parts), 39, 40):
            fill(market, parts, ben, 39)
        fill(market, parts, ben, 40)
        fill(market, parts, ben, 40)
        with refuses("PointMarket_BelowMinimum", market.id_of(parts), 19, 40):
            fill(market, parts, ben, 19)
        fill(market, parts, ben, 20)

    @pytest.mark.parametrize("least", [100, 101, FOREVER])
    def test_all_or_nothing(self, market, offer, ben, least):
        whole = replace(offer, min_fill=least)
        with refuses("PointMarket_BelowMinimum", market.id_of(whole), 99, least):
            fill(market, whole, ben, 99)
        fill(market, whole, ben, 100)

    def test_any_other_member_than_was_signed(self, market, offer, points, ben, eve):
        signed = market.sign(actor("Ana"), offer)
        for changed in (
            replace(offer, taker=ben.address),
            replace(offer, give_amount=101),
            replace(offer, want_amount=30),
            replace(offer, min_fill=1),
            replace(offer, expiry=offer.expiry + 1),
            replace(offer, nonce=258),
            replace(offer, ref=bytes(32)),
            replace(offer, maker=eve.address),
            replace(offer, give=offer.want, want=offer.give),
        ):
            with refuses("PointMarket_BadSignature", market.id_of(changed), changed.maker):
                fill(market, changed, ben, 1, signature=signed)

    def test_a_signature_of_another_key_chain_or_contract(self, market, offer, points, ben, eve):
        ana = actor("Ana")
        for signed in (
            market.sign(eve, offer),
            market.sign(ana, offer, chain_id=1),
            market.sign(ana, offer, contract=points.address),
            high_s(market.sign(ana, offer)),
            market.sign(ana, offer)[:64],
            market.sign(ana, offer) + b"\0",
            b"",
            bytes(65),
        ):
            with refuses("PointMarket_BadSignature", market.id_of(offer), offer.maker):
                fill(market, offer, ben, 1, signature=signed)

    def test_nobody_is_no_maker(self, market, offer, ben):
        ghost = replace(offer, maker=NOBODY)
        for signed in (b"", bytes(65), bytes(64) + b"\x1b"):
            with refuses("PointMarket_BadSignature", market.id_of(ghost), NOBODY):
                fill(market, ghost, ben, 1, signature=signed)

    def test_points_whose_brand_does_not_let_them_be_offered(
        self, market, offer, points, others, ben
    ):
        market.policy(others, offers=False)
        with refuses("PointMarket_NotOffered", others.address):
            fill(market, offer, ben, 1)
        market.policy(others)
        market.policy(points, offers=False)
        with refuses("PointMarket_NotOffered", points.address):
            fill(market, offer, ben, 1)

    def test_points_whose_brand_said_nothing(self, evm, registry, market, offer, ben):
        silent = Points(evm, registry, "Silent")
        with refuses("PointMarket_NotOffered", silent.address):
            fill(market, replace(offer, want=silent.address), ben, 1)
        with refuses("PointMarket_NotOffered", silent.address):
            fill(market, replace(offer, give=silent.address), ben, 1)

    def test_a_price_above_the_takers_limit_fee_included(self, market, offer, others, ben):
        with refuses("PointMarket_PaysTooMuch", market.id_of(offer), 31, 30):
            fill(market, offer, ben, 100, most=30)
        market.policy(others, fee=1000)
        with refuses("PointMarket_PaysTooMuch", market.id_of(offer), 34, 33):
            fill(market, offer, ben, 100, most=33)
        fill(market, offer, ben, 100, most=34)

    def test_less_than_the_taker_asked_for_fee_deducted(self, market, offer, points, ben):
        with refuses("PointMarket_ReceivesTooLittle", market.id_of(offer), 100, 101):
            fill(market, offer, ben, 100, least=101)
        market.policy(points, fee=150)
        with refuses("PointMarket_ReceivesTooLittle", market.id_of(offer), 99, 100):
            fill(market, offer, ben, 100, least=100)
        fill(market, offer, ben, 100, least=99)

    def test_a_side_without_points_or_allowance(self, market, offer, points, others, ana, ben, eve):
        with refuses("TransferFromFailed()"):
            fill(market, offer, eve, 1)
        others.approve(ben, market, 0)
        with refuses("TransferFromFailed()"):
            fill(market, offer, ben, 1)
        others.approve(ben, market)
        points.approve(ana, market, 0)
        with refuses("TransferFromFailed()"):
            fill(market, offer, ben, 1)
        assert state(market, offer)["remaining"] == 100

    def test_addresses_that_are_not_clean(self, evm, market, offer, ben):
        data = bytearray(market.contract.encode("fill", offer.members, b"", 1, FOREVER, 0))
        for word in range(4):
            dirty = bytearray(data)
            dirty[4 + 32 * word] = 1
            with refuses(""):
                evm.raw_transact(market.address, bytes(dirty), ben)


class TestFill:
    def test_what_happened_is_told(self, market, offer, points, others, ana, ben):
        done = fill(market, offer, ben, 100)
        assert done.value == (31, 100)
        (swapped,) = [e for e in done.events if e.address == market.address]
        assert (swapped.name, swapped.arguments) == (
            "Swapped",
            {
                "paid": others.address,
                "received": points.address,
                "taker": ben.address,
                "maker": ana.address,
                "paid_amount": 31,
                "received_amount": 100,
                "id": market.id_of(offer),
            },
        )

    def test_each_side_gets_what_the_offer_says(self, market, offer, points, others, ana, ben):
        fill(market, offer, ben, 100)
        assert (points.balance(ana), points.balance(ben)) == (900, 100)
        assert (others.balance(ana), others.balance(ben)) == (31, 969)
        assert points.balance(market) == others.balance(market) == 0

    def test_parts_add_up_and_each_is_rounded_for_the_maker(self, market, offer, others, ana, ben):
        paid = [fill(market, offer, ben, part).value[0] for part in (1, 3, 33, 50, 13)]
        assert paid == [1, 1, 11, 16, 5]
        assert others.balance(ana) == sum(paid) == 34

    def test_the_state_follows(self, market, offer, ana, ben):
        id_ = market.id_of(offer)
        assert state(market, offer) == {
            "id": id_,
            "filled": 0,
            "remaining": 100,
            "cancelled": False,
        }
        fill(market, offer, ben, 40)
        assert state(market, offer) == {
            "id": id_,
            "filled": 40,
            "remaining": 60,
            "cancelled": False,
        }
        assert market.contract.call("noncesOf", ana.address, 1) == (2, 0)
        market.contract.transact("cancel", offer.nonce, sender=ana)
        assert state(market, offer) == {"id": id_, "filled": 40, "remaining": 0, "cancelled": True}

    def test_the_rest_is_taken_by_somebody_else(self, market, offer, points, others, ben, eve):
        others.give(eve, 100)
        others.approve(eve, market)
        fill(market, offer, ben, 40)
        fill(market, offer, eve, 60)
        assert (points.balance(ben), points.balance(eve)) == (40, 60)
        assert state(market, offer)["remaining"] == 0

    def test_nonces_of_one_word_do_not_disturb_one_another(self, market, offer, ana, ben):
        for nonce in (256, 511, 0, FOREVER):
            fill(market, replace(offer, nonce=nonce), ben, 10)
        assert market.contract.call("noncesOf", ana.address, 1) == (1 | 1 << 255, 0)
        assert market.contract.call("noncesOf", ana.address, 0) == (1, 0)
        assert market.contract.call("noncesOf", ana.address, FOREVER >> 8) == (1 << 255, 0)

    def test_nonces_are_each_makers_own(self, market, offer, points, eve, ben):
        points.give(eve, 100)
        points.approve(eve, market)
        fill(market, offer, ben, 100)
        fill(market, replace(offer, maker=eve.address), ben, 100, maker=eve)

    def test_fees_are_the_takers_matter_and_go_to_the_brands(
        self, market, offer, points, others, ana, ben
    ):
        market.policy(points, fee=250)
        market.policy(others, fee=1000)
        done = fill(market, offer, ben, 100)
        assert done.value == (31 + 3, 100 - 2)
        charged = [(e.token, e.id, e.amount) for e in done.named("FeeCharged")]
        assert charged == [
            (others.address, market.id_of(offer), 3),
            (points.address, market.id_of(offer), 2),
        ]
        assert (points.balance(ana), points.balance(ben), points.balance(points.brand)) == (
            900,
            98,
            2,
        )
        assert (others.balance(ana), others.balance(ben), others.balance(others.brand)) == (
            31,
            966,
            3,
        )

    def test_a_fee_below_one_unit_is_none(self, market, offer, points, others, ben):
        market.policy(points, fee=1)
        market.policy(others, fee=1)
        done = fill(market, offer, ben, 100)
        assert done.value == (31, 100)
        assert not done.named("FeeCharged")

    def test_amounts_near_the_top_do_not_overflow(self, evm, registry, market, offer, ana, ben):
        tokens = [token_of(evm, registry, actor(f"rich {n}")) for n in range(2)]
        for n, (token, owner) in enumerate(zip(tokens, (ana, ben), strict=True)):
            brand = actor(f"rich {n}")
            market.contract.transact(
                "setPolicy", token.address, (NOBODY, 0, 1000, True, False), sender=brand
            )
            token.transact("mint", owner.address, FOREVER)
            token.transact("approve", market.address, FOREVER, sender=owner)
        give, want = tokens
        top = replace(
            offer, give=give.address, want=want.address, give_amount=FOREVER, want_amount=FOREVER
        )
        assert fill(market, top, ben, 1).value == (1, 1)
        assert fill(market, top, ben, FOREVER - 1).value == (FOREVER - 1, FOREVER - 1)

    def test_a_price_beyond_all_numbers_is_refused(self, market, offer, others, ben):
        market.policy(others, fee=1000)
        with refuses("Panic(uint256)", 0x11):
            fill(market, replace(offer, want_amount=FOREVER), ben, 100)

    def test_a_new_policy_holds_at_once_for_old_offers(self, market, offer, points, ben):
        fill(market, offer, ben, 10)
        market.policy(points, fee=1000)
        assert fill(market, offer, ben, 10).value[1] == 9


class TestContractMakers:
    def test_a_wallet_makes_offers_by_its_owners_key(
        self, evm, market, offer, points, others, ana, ben, eve
    ):
        wallet = evm.deploy("Wallet1271", ana.address)
        points.give(wallet, 100)
        wallet.transact(
            "execute",
            points.address,
            0,
            points.token.encode("approve", market.address, FOREVER),
            sender=ana,
        )
        theirs = replace(offer, maker=wallet.address)
        with refuses("PointMarket_BadSignature", market.id_of(theirs), wallet.address):
            fill(market, theirs, ben, 1, maker=eve)
        fill(market, theirs, ben, 100, maker=ana)
        assert others.balance(wallet) == 31
        with refuses("PointMarket_NonceSpent", market.id_of(theirs), wallet.address, offer.nonce):
            fill(market, theirs, ben, 100, maker=ana)

    @pytest.mark.parametrize("mood", MOODS[1:])
    def test_a_wallet_that_says_anything_but_yes_makes_none(self, evm, market, offer, ben, mood):
        wallet = evm.deploy("LyingWallet")
        wallet.transact("setMood", MOODS.index(mood))
        theirs = replace(offer, maker=wallet.address)
        with refuses("PointMarket_BadSignature", market.id_of(theirs), wallet.address):
            fill(market, theirs, ben, 1)

    def test_a_wallet_takes_offers(self, evm, market, offer, points, others, ana):
        wallet = evm.deploy("LyingWallet")
        others.give(wallet, 31)
        calls = [
            (others.address, others.token.encode("approve", market.address, FOREVER)),
            (
                market.address,
                market.contract.encode(
                    "fill", offer.members, market.sign(ana, offer), 100, FOREVER, 0
                ),
            ),
        ]
        for to, data in calls:
            wallet.transact("execute", to, 0, data)
        assert points.balance(wallet) == 100
