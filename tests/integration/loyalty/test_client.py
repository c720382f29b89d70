"""Every method of the three clients against the real contracts, with the events they leave and the refusals."""

from datetime import UTC, datetime, timedelta

import pytest

from careledger.chain.send import Sender
from careledger.crypto.typed_data import sign_digest, split_signature
from careledger.errors import (
    Conflict,
    InputError,
    NodeError,
    SettingsError,
    SignatureError,
    WrongChain,
)
from careledger.loyalty import errors
from careledger.loyalty.client import LoyaltyToken, PointMarket
from careledger.loyalty.events import (
    AuthorizationCanceled,
    AuthorizationUsed,
    Cancelled,
    Issued,
    IssuedBatch,
    IssuerLimitSet,
    OfferFeeCharged,
    OfferFilled,
    PausedSet,
    PolicySet,
    ProgrammeOpened,
    Redeemed,
    TokenApproval,
    Transfer,
    WindDownAnnounced,
    WindDownCalledOff,
)
from careledger.loyalty.market import Fill
from careledger.loyalty.messages import Authorization, Redemption, random_nonce
from careledger.loyalty.points import MAX_UINT, POINT
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.signed_offers import Permit, SignedOffer
from careledger.loyalty.token import Issuance, IssuerLimit

ZERO = "0x" + "00" * 20
REF = b"\x22" * 32
DAY = timedelta(days=1)


def only(client, receipt, kind):
    (event,) = (event for event in client.events(receipt) if isinstance(event, kind))
    return event


class TestDeploy:
    def test_the_programme_is_the_brands_whoever_deploys(self, world):
        token = LoyaltyToken.deploy(
            world.stranger, world.suite["IdentityRegistry"], world.cafe.address,
            name="More Beans", symbol="MORE", cap=5 * POINT, notice=timedelta(days=30),
        )  # fmt: skip
        programme = token.programme()
        assert (programme.brand, programme.outstanding, programme.cap) == (
            world.cafe.address,
            0,
            5 * POINT,
        )
        assert (programme.notice, programme.closes_at, programme.paused) == (
            timedelta(days=30),
            None,
            False,
        )
        (opened,) = token.history(ProgrammeOpened, brand=world.cafe.address)
        assert (opened.cap, opened.notice) == (5 * POINT, 30 * 86_400)
        with pytest.raises(errors.NotBrandController):
            token.announce_wind_down()

    def test_a_programme_that_cannot_be_is_refused(self, world):
        with pytest.raises(errors.BadProgramme) as refusal:
            LoyaltyToken.deploy(
                world.cafe, world.suite["IdentityRegistry"], world.cafe.address,
                name="x", symbol="X", cap=1, notice=timedelta(days=29),
            )  # fmt: skip
        assert refusal.value.notice == 29 * 86_400

    def test_a_node_that_made_no_contract_is_not_believed(self, world, monkeypatch):
        monkeypatch.setattr(Sender, "transact", lambda self, *_: self.wait(self.send(self.address)))
        with pytest.raises(NodeError, match="made no contract"):
            LoyaltyToken.deploy(
                world.cafe, world.suite["IdentityRegistry"], world.cafe.address,
                name="x", symbol="X", cap=1, notice=timedelta(days=30),
            )  # fmt: skip


class TestTokenViews:
    def test_what_a_token_says_of_itself(self, world):
        miles = world.miles
        assert (miles.token_name(), miles.symbol(), miles.decimals()) == ("Alba Miles", "MILES", 18)
        assert (miles.registry(), miles.brand()) == (
            world.suite["IdentityRegistry"],
            world.airline.address,
        )
        assert (miles.cap(), miles.notice(), miles.shortest_notice()) == (
            10**27,
            90 * DAY,
            30 * DAY,
        )
        assert miles.total_supply() == miles.programme().outstanding == 51_000 * POINT
        assert miles.total_supply(0 if False else world.chain.block_number()) == 51_000 * POINT
        assert miles.supports_interface(bytes.fromhex("01ffc9a7"))
        assert not miles.supports_interface(b"\xff" * 4)

    def test_the_signing_domain_is_ours(self, world):
        assert world.miles.domain_separator() == world.miles.messages.domain.separator
        fields, name, version, chain_id, contract, _, _ = world.miles.eip712_domain()
        assert (fields, name, version) == (b"\x0f", "Alba Miles", "1")
        assert (chain_id, contract) == (world.chain.chain_id, world.miles.address)


class TestIssuing:
    def test_an_issuer_gives_points_for_a_reference(self, world):
        receipt = world.miles.using(world.airline).issue(world.tomas.address, 5 * POINT, REF)
        transfer = only(world.miles, receipt, Transfer)
        assert (transfer.from_, transfer.to, transfer.amount) == (
            ZERO,
            world.tomas.address,
            5 * POINT,
        )
        issued = only(world.miles, receipt, Issued)
        assert (issued.ref, issued.issuer) == (REF, world.airline.address)
        assert world.miles.balance_of(world.tomas.address) == 5 * POINT

    def test_a_batch_says_all_its_references(self, world):
        items = [Issuance(world.tomas.address, POINT, bytes([n]) * 32) for n in (1, 2)]
        receipt = world.miles.using(world.airline).issue_batch(items)
        batch = only(world.miles, receipt, IssuedBatch)
        assert (batch.issuer, batch.refs) == (world.airline.address, [b"\1" * 32, b"\2" * 32])

    def test_what_was_given_for_a_reference_is_found(self, world):
        airline = world.miles.using(world.airline)
        one = airline.issue(world.tomas.address, POINT, REF)
        other = airline.issue_batch(
            [Issuance(world.tomas.address, 1, b"\1" * 32), Issuance(world.tomas.address, 1, REF)]
        )
        third = airline.issue(world.tomas.address, POINT, REF)
        assert world.miles.issuances(REF) == [
            one.transaction_hash,
            other.transaction_hash,
            third.transaction_hash,
        ]
        assert world.miles.issuances(b"\7" * 32) == []

    def test_a_stranger_issues_nothing(self, world):
        with pytest.raises(errors.NotAllowed) as refusal:
            world.miles.using(world.stranger).issue(world.stranger.address, 1, REF)
        assert refusal.value.actor == world.stranger.address
        assert refusal.value.role.rstrip(b"\0") == b"careledger.issuer"
        assert "careledger.issuer" in str(refusal.value)

    def test_reading_needs_no_key_and_writing_says_so(self, world):
        with pytest.raises(SettingsError, match="needs a key"):
            world.miles.issue(world.stranger.address, 1, REF)

    def test_limits_refuse_and_are_told_in_points(self, world):
        receipt = world.miles.using(world.airline).set_issuer_limit(
            world.airline.address, 3 * POINT, 2 * DAY
        )
        event = only(world.miles, receipt, IssuerLimitSet)
        assert (event.issuer, event.capacity, event.period) == (
            world.airline.address,
            3 * POINT,
            2 * 86_400,
        )
        assert world.miles.issuer_limit(world.airline.address) == IssuerLimit(
            3 * POINT, 2 * DAY, 3 * POINT
        )
        with pytest.raises(errors.AboveLimit, match=r"amount 4, available 3"):
            world.miles.using(world.airline).issue(world.lena.address, 4 * POINT, REF)
        with pytest.raises(errors.BadLimit):
            world.miles.using(world.airline).set_issuer_limit(
                world.airline.address, 1, timedelta(0)
            )

    def test_more_than_the_cap_is_refused(self, world):
        with pytest.raises(errors.AboveCap) as refusal:
            world.miles.using(world.airline).issue(world.lena.address, 10**27, REF)
        assert (refusal.value.amount, refusal.value.room) == (10**27, 10**27 - 51_000 * POINT)

    def test_nothing_and_nobody_are_refused(self, world):
        airline = world.miles.using(world.airline)
        with pytest.raises(errors.ZeroAmount):
            airline.issue(world.lena.address, 0, REF)
        with pytest.raises(errors.BadRecipient) as refusal:
            airline.issue(world.miles.address, 1, REF)
        assert refusal.value.to == world.miles.address

    def test_a_pause_stops_issuing(self, world):
        airline = world.miles.using(world.airline)
        assert only(world.miles, airline.set_paused(True), PausedSet).paused is True
        assert world.miles.programme().paused
        with pytest.raises(errors.IssuingPaused):
            airline.issue(world.lena.address, 1, REF)
        assert only(world.miles, airline.set_paused(False), PausedSet).paused is False

    def test_many_can_be_under_way(self, world):
        airline = world.miles.using(world.airline)
        pending = [
            airline.queue("issue", world.tomas.address, POINT, REF, gas=200_000) for _ in range(3)
        ]
        for one in pending:
            world.airline.wait(one)
        assert world.miles.balance_of(world.tomas.address) == 3 * POINT


class TestRedeeming:
    def test_a_holder_redeems(self, world):
        receipt = world.miles.using(world.lena).redeem(2 * POINT, REF)
        event = only(world.miles, receipt, Redeemed)
        assert (event.from_, event.ref, event.amount) == (world.lena.address, REF, 2 * POINT)
        with pytest.raises(errors.InsufficientBalance):
            world.miles.using(world.stranger).redeem(1, REF)

    def test_a_signed_order_is_sent_by_somebody_else_once(self, world):
        order = Redemption(world.lena.address, 2 * POINT, REF, world.soon())
        signature = world.miles.messages.redeem(order).sign(world.lena.account)
        stranger = world.miles.using(world.stranger)
        receipt = stranger.redeem_with_authorization(order, signature)
        assert only(world.miles, receipt, AuthorizationUsed).nonce == order.nonce
        assert world.miles.balance_of(world.lena.address) == 998 * POINT
        with pytest.raises(errors.AuthorizationSpent):
            stranger.redeem_with_authorization(order, signature)

    def test_an_end_needs_its_notice_and_can_be_called_off(self, world):
        airline = world.miles.using(world.airline)
        with pytest.raises(errors.NotClosing):
            airline.call_off_wind_down()
        announced = only(world.miles, airline.announce_wind_down(), WindDownAnnounced)
        closes_at = world.miles.programme().closes_at
        assert closes_at == datetime.fromtimestamp(announced.closes_at, UTC)
        with pytest.raises(errors.ClosingAlready):
            airline.announce_wind_down()
        called_off = only(world.miles, airline.call_off_wind_down(), WindDownCalledOff)
        assert called_off.closes_at == announced.closes_at
        airline.announce_wind_down()
        world.warp(91 * DAY)
        with pytest.raises(errors.ProgrammeClosed):
            world.miles.using(world.lena).redeem(1, REF)
        world.miles.using(world.lena).transfer(world.tomas.address, 1)


class TestMoving:
    def test_transfer_approve_and_transfer_from(self, world):
        lena, tomas = world.miles.using(world.lena), world.miles.using(world.tomas)
        assert only(world.miles, lena.transfer(world.tomas.address, 5), Transfer).amount == 5
        event = only(world.miles, lena.approve(world.tomas.address, 9), TokenApproval)
        assert (event.owner, event.spender, event.amount) == (
            world.lena.address,
            world.tomas.address,
            9,
        )
        tomas.transfer_from(world.lena.address, world.nadia.address, 4)
        assert world.miles.allowance(world.lena.address, world.tomas.address) == 5
        with pytest.raises(errors.InsufficientAllowance):
            tomas.transfer_from(world.lena.address, world.nadia.address, 6)
        found = list(world.miles.history(Transfer, from_=world.lena.address))
        assert [event.amount for event in found] == [5, 4]

    @pytest.mark.parametrize("form", [bytes, split_signature])
    def test_a_permit_in_both_forms(self, world, form):
        owner, spender = world.lena.address, world.tomas.address
        message = world.miles.messages.permit(
            owner, spender, 7, world.miles.nonces(owner), world.soon()
        )
        signature = message.sign(world.lena.account)
        deadline = world.soon()
        world.miles.using(world.stranger).permit(owner, spender, 7, deadline, form(signature))
        assert world.miles.allowance(owner, spender) == 7
        assert world.miles.nonces(owner) == 1
        refusals = (errors.BadHolderSignature, errors.InvalidPermit)
        with pytest.raises(refusals):
            world.miles.using(world.stranger).permit(owner, spender, 7, deadline, form(signature))

    def test_an_old_permit_is_refused(self, world):
        at = world.soon(-DAY)
        with pytest.raises(errors.PermitExpired):
            world.miles.using(world.stranger).permit(
                world.lena.address, world.tomas.address, 1, at, bytes(65)
            )

    @pytest.mark.parametrize("form", [bytes, split_signature])
    def test_an_authorisation_in_both_forms(self, world, form):
        order = Authorization(
            world.lena.address, world.tomas.address, 3, world.soon(), world.soon(-DAY)
        )
        signature = world.miles.messages.transfer(order).sign(world.lena.account)
        world.miles.using(world.stranger).transfer_with_authorization(order, form(signature))
        assert world.miles.balance_of(world.tomas.address) == 3
        assert world.miles.authorization_state(world.lena.address, order.nonce)

    @pytest.mark.parametrize("form", [bytes, split_signature])
    def test_only_the_payee_pulls(self, world, form):
        order = Authorization(world.lena.address, world.tomas.address, 3, world.soon())
        signature = form(world.miles.messages.receive(order).sign(world.lena.account))
        with pytest.raises(errors.NotPayee):
            world.miles.using(world.stranger).receive_with_authorization(order, signature)
        world.miles.using(world.tomas).receive_with_authorization(order, signature)
        assert world.miles.balance_of(world.tomas.address) == 3

    @pytest.mark.parametrize("form", [bytes, split_signature])
    def test_an_authorisation_is_cancelled(self, world, form):
        nonce = random_nonce()
        signature = form(
            world.miles.messages.cancel(world.lena.address, nonce).sign(world.lena.account)
        )
        receipt = world.miles.using(world.stranger).cancel_authorization(
            world.lena.address, nonce, signature
        )
        event = only(world.miles, receipt, AuthorizationCanceled)
        assert (event.authorizer, event.nonce) == (world.lena.address, nonce)

    def test_times_of_an_authorisation_are_told_as_dates(self, world):
        early = Authorization(
            world.lena.address, world.tomas.address, 3, world.soon(3 * DAY), world.soon(2 * DAY)
        )
        late = Authorization(world.lena.address, world.tomas.address, 3, world.soon(-DAY))
        stranger = world.miles.using(world.stranger)
        with pytest.raises(errors.AuthorizationNotYetValid, match=r"2027-01-1\dT"):
            stranger.transfer_with_authorization(early, bytes(65))
        with pytest.raises(errors.AuthorizationExpired, match=r"2027-01-1\dT"):
            stranger.transfer_with_authorization(late, bytes(65))

    def test_receivers_are_told(self, world):
        receiver = world.deploy("PointReceiver")
        lena = world.miles.using(world.lena)
        lena.transfer_and_call(receiver, 2, b"hello")
        lena.approve_and_call(receiver, 5, b"hello")
        lena.approve(world.tomas.address, 4)
        world.miles.using(world.tomas).transfer_from_and_call(world.lena.address, receiver, 4)
        assert world.miles.balance_of(receiver) == 6
        assert world.miles.allowance(world.lena.address, receiver) == 5
        with pytest.raises(errors.NotAccepted) as refusal:
            lena.transfer_and_call(world.tomas.address, 1)
        assert refusal.value.receiver == world.tomas.address


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
        assert market.policy_of(world.stranger.address) == SwapPolicy(ZERO, 0, 0, False, False)
        offer = world.offer()
        state = market.state_of(offer)
        assert state.id == offer.id(world.chain.chain_id, market.address)
        assert (state.filled, state.remaining, state.cancelled) == (0, 400 * POINT, False)


class TestPolicies:
    def test_a_brand_sets_its_own(self, world):
        new = SwapPolicy(world.airline.address, 10, 50, offers=False, pools=True)
        event = only(
            world.market, world.market.using(world.airline).set_policy(world.miles.address, new), PolicySet
        )  # fmt: skip
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
            airline.set_policy(world.miles.address, SwapPolicy(ZERO, 1, 2))
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
            offer, signed.signature, amount, limits.get("most", price.paid), limits.get("least", price.received),
            maker_permit=signed.permit, taker_permit=permit,
        )  # fmt: skip

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
        event = only(world.market, lena.cancel(7), Cancelled)
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


class TestArguments:
    def test_what_fits_no_type_is_said_before_anything_is_sent(self, world):
        with pytest.raises(InputError, match="cannot take these arguments"):
            world.miles.using(world.airline).issue("nobody", 1, REF)
        with pytest.raises(InputError, match="65 bytes"):
            split_signature(b"short")
        with pytest.raises(InputError, match="time zone"):
            world.miles.messages.permit(
                world.lena.address,
                world.tomas.address,
                1,
                0,
                datetime(2030, 1, 1),  # noqa: DTZ001
            )
