"""Every method of the market's client against the real contract: its events, its refusals."""

from datetime import timedelta

import pytest

from careledger.crypto.typed_data import sign_digest
from careledger.errors import (
    Conflict,
    SignatureError,
    WrongChain,
)
from careledger.loyalty import errors
from careledger.loyalty.client import PointMarket
from careledger.loyalty.events import (
    Cancelled,
    OfferFeeCharged,
    OfferFilled,
    PolicySet,
)
from careledger.loyalty.market import Fill
from careledger.loyalty.points import MAX_UINT, POINT
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.signed_offers import Permit, SignedOffer
from careledger.values.addresses import ZERO_ADDRESS

REF = b"\x22" * 32
DAY = timedelta(days=1)


class TestMarketViews:
    def test_what_the_market_says(self, world):
        market = world.market
        assert market.highest_fee_bps() == 1000
        assert market.registry() == world.suite["IdentityRegistry"]
        assert market.eip712_domain()[1:5] == (
            "CareLedger PointMarket",
            "1",
            world.chain.chain_id,
            market.address,
        )
        assert market.brand_of(world.miles.address) == world.airline.address
        assert market.policy_of(world.miles.address) == SwapPolicy(
            world.airline.address, 100, 200, True, True
        )
        assert market.policy_of(world.stranger.address) == SwapPolicy(
            ZERO_ADDRESS, 0, 0, False, False
        )
        offer = world.offer()
        state = market.state_of(offer)
        assert state.id == offer.id(world.chain.chain_id, market.address)
        assert (state.filled, state.remaining, state.cancelled) == (0, 400 * POINT, False)


class TestPolicies:
    def test_a_brand_sets_its_own(self, world):
        new = SwapPolicy(world.airline.address, 10, 50, offers=False, pools=True)
        receipt = world.market.using(world.airline).set_policy(world.miles.address, new)
        event = world.market.event(receipt, PolicySet)
        assert (event.token, event.brand, event.policy) == (
            world.miles.address,
            world.airline.address,
            new,
        )

    def test_nobody_else_does(self, world):
        with pytest.raises(errors.NotBrand):
            world.market.using(world.stranger).set_policy(world.miles.address, SwapPolicy())

    def test_what_is_not_possible(self, world):
        airline = world.market.using(world.airline)
        with pytest.raises(errors.FeeCapRaised, match=r"actual 2\.01 %, highest 2 %"):
            airline.set_policy(world.miles.address, SwapPolicy(world.airline.address, 1, 201))
        with pytest.raises(errors.BadPolicy):
            airline.set_policy(world.miles.address, SwapPolicy(ZERO_ADDRESS, 1, 2))
        with pytest.raises(errors.NotPoints):
            airline.set_policy(world.airline.address, SwapPolicy())


class TestFilling:
    def taken(self, world, amount, signed=None, **limits):
        """Let Tomás take a part on a permit of his own."""
        signed = signed or world.signed()
        market, offer = world.market.using(world.tomas), signed.offer
        price = market.price(offer, amount)
        nonce = world.beans.nonces(world.tomas.address)
        message = world.beans.messages.permit(
            world.tomas.address, market.address, 10**24, nonce, offer.expires_at
        )
        permit = Permit(10**24, offer.expires_at, message.sign(world.tomas.account))
        return market.fill_with_permits(
            offer,
            signed.signature,
            amount,
            limits.get("most", price.paid),
            limits.get("least", price.received),
            maker_permit=signed.permit,
            taker_permit=permit,
        )

    def test_the_price_is_what_is_paid(self, world):
        signed = world.signed()
        price = world.market.price(signed.offer, 100 * POINT)
        assert price == Fill(100 * POINT, 4 * POINT + POINT // 50, 99 * POINT, POINT // 50, POINT)
        receipt = self.taken(world, 100 * POINT, signed)
        done = world.market.filled(receipt)
        assert isinstance(done, OfferFilled)
        assert (done.paid, done.received) == (world.beans.address, world.miles.address)
        assert (done.taker, done.maker, done.id) == (
            world.tomas.address,
            world.lena.address,
            signed.id,
        )
        assert (done.paid_amount, done.received_amount) == (price.paid, price.received)
        fees = {
            e.token: e.amount
            for e in world.market.events(receipt)
            if isinstance(e, OfferFeeCharged)
        }
        assert fees == {
            world.beans.address: price.fee_paid,
            world.miles.address: price.fee_received,
        }
        assert world.beans.balance_of(world.lena.address) == 4 * POINT
        assert world.market.state_of(signed.offer).remaining == 300 * POINT
        assert world.market.nonces_of(world.lena.address, 0) == (1 << 7, 0)

    def test_allowances_do_without_permits(self, world):
        signed = world.signed()
        world.miles.using(world.lena).approve(world.market.address, MAX_UINT)
        world.beans.using(world.tomas).approve(world.market.address, MAX_UINT)
        market = world.market.using(world.tomas)
        market.fill(signed.offer, signed.signature, 400 * POINT, MAX_UINT, 0)
        assert market.nonces_of(world.lena.address, 0) == (1 << 7, 0)
        pending = market.queue("cancel", 3, gas=100_000)
        assert world.tomas.wait(pending).succeeded

    def test_without_either_it_is_said_whose_is_missing(self, world):
        signed = world.signed()
        market = world.market.using(world.tomas)
        with pytest.raises(errors.NoAllowance) as refusal:
            market.fill_with_permits(
                signed.offer, signed.signature, POINT, MAX_UINT, 0, maker_permit=signed.permit
            )
        assert refusal.value.owner == world.tomas.address
        with pytest.raises(errors.TransferFromFailed):
            market.fill(signed.offer, signed.signature, POINT, MAX_UINT, 0)

    def test_more_than_is_left(self, world):
        signed = world.signed()
        self.taken(world, 300 * POINT, signed)
        with pytest.raises(errors.Overfill, match="amount 101, remaining 100"):
            self.taken(world, 101 * POINT, signed)

    def test_less_than_may_be_taken(self, world):
        with pytest.raises(errors.BelowMinimum):
            self.taken(world, 9 * POINT, world.signed(min_fill=10 * POINT))

    def test_the_takers_limits(self, world):
        signed = world.signed()
        with pytest.raises(errors.PaysTooMuch):
            self.taken(world, POINT, signed, most=POINT // 25)
        with pytest.raises(errors.ReceivesTooLittle):
            self.taken(world, POINT, signed, least=POINT)

    def test_an_offer_for_another(self, world):
        with pytest.raises(errors.NotTaker):
            self.taken(world, POINT, world.signed(taker=world.nadia.address))

    def test_a_changed_offer(self, world):
        signed = world.signed()
        cheaper = world.offer(want_amount=POINT)
        with pytest.raises(errors.BadOfferSignature):
            self.taken(
                world, POINT, SignedOffer(cheaper, signed.chain_id, signed.market, signed.signature)
            )

    def test_points_whose_brand_does_not_let_them(self, world):
        world.market.using(world.cafe).set_policy(world.beans.address, SwapPolicy(offers=False))
        signed = world.signed()
        with pytest.raises(errors.NotOffered) as said:
            world.market.price(signed.offer, POINT)
        assert said.value.token == world.beans.address
        with pytest.raises(errors.NotOffered):
            world.market.using(world.tomas).fill(signed.offer, signed.signature, POINT, MAX_UINT, 0)


class TestCancelling:
    def test_by_nonce_and_by_word(self, world):
        lena = world.market.using(world.lena)
        event = world.market.event(lena.cancel(7), Cancelled)
        assert (event.maker, event.word, event.mask) == (world.lena.address, 0, 1 << 7)
        lena.cancel_word(2, 0b101)
        assert world.market.nonces_of(world.lena.address, 2) == (0b101, 0b101)
        assert world.market.state_of(world.offer()).cancelled

    def test_for_a_maker_that_signed(self, world):
        at = world.soon()
        signature = world.market.cancellation(world.lena.address, 0, 1 << 7, at).sign(
            world.lena.account
        )
        stranger = world.market.using(world.stranger)
        stranger.cancel_word_by_sig(world.lena.address, 0, 1 << 7, deadline=at, signature=signature)
        signed = world.signed()
        with pytest.raises(errors.NonceSpent):
            world.market.using(world.tomas).fill(signed.offer, signed.signature, POINT, MAX_UINT, 0)
        with pytest.raises(errors.CancellationExpired):
            stranger.cancel_word_by_sig(
                world.lena.address, 0, 1, deadline=world.soon(-DAY), signature=signature
            )  # fmt: skip


class TestCheck:
    def test_a_good_offer_is_told_what_is_left(self, world):
        assert world.market.check(world.signed()).remaining == 400 * POINT

    def test_another_market(self, world):
        signed = world.signed()
        elsewhere = PointMarket(
            world.chain, world.deploy("PointMarket", world.suite["IdentityRegistry"])
        )
        with pytest.raises(Conflict, match="is for the market"):
            elsewhere.check(signed)

    def test_another_chain(self, world):
        signed = world.signed()
        with pytest.raises(WrongChain):
            world.market.check(SignedOffer(signed.offer, 5, signed.market, signed.signature))

    def test_another_signer(self, world):
        signed = world.signed()
        forged = sign_digest(world.tomas.account, signed.id)
        for bad in (forged, signed.signature[:64]):
            with pytest.raises(SignatureError, match="not signed by its maker"):
                world.market.check(SignedOffer(signed.offer, signed.chain_id, signed.market, bad))

    def test_cancelled_expired_or_taken(self, world):
        signed = world.signed()
        snapshot = world.development.snapshot()
        world.market.using(world.lena).cancel(7)
        with pytest.raises(Conflict, match="cancelled"):
            world.market.check(signed)
        world.development.revert(snapshot)
        snapshot = world.development.snapshot()
        TestFilling().taken(world, 400 * POINT, signed)
        with pytest.raises(Conflict, match="taken already"):
            world.market.check(signed)
        world.development.revert(snapshot)
        world.warp(2 * DAY)
        with pytest.raises(Conflict, match="expired"):
            world.market.check(signed)
        with pytest.raises(errors.OfferExpired, match=r"2027-01-1\dT"):
            world.market.using(world.tomas).fill(signed.offer, signed.signature, POINT, MAX_UINT, 0)

    def test_a_contract_wallet_is_asked(self, world):
        wallet = world.deploy("Wallet1271", world.lena.address)
        offer = world.offer(maker=wallet)
        identifier = offer.id(world.chain.chain_id, world.market.address)
        good = SignedOffer(
            offer,
            world.chain.chain_id,
            world.market.address,
            sign_digest(world.lena.account, identifier),
        )
        world.market.check(good)
        with pytest.raises(SignatureError):
            good.verify()
        with pytest.raises(SignatureError):
            world.market.check(
                SignedOffer(
                    offer, good.chain_id, good.market, sign_digest(world.tomas.account, identifier)
                )
            )

    def test_a_contract_that_refuses_to_answer(self, world):
        offer = world.offer(maker=world.miles.address)
        bad = SignedOffer(offer, world.chain.chain_id, world.market.address, bytes(65))
        with pytest.raises(SignatureError):
            world.market.check(bad)
