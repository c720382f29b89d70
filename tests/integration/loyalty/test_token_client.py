"""Every method of the client of points against the real contract: its events, its refusals."""

from datetime import UTC, datetime, timedelta

import pytest

from careledger.chain.send import Sender
from careledger.crypto.typed_data import split_signature
from careledger.errors import (
    InputError,
    NodeError,
    SettingsError,
)
from careledger.loyalty import errors
from careledger.loyalty.client import LoyaltyToken
from careledger.loyalty.events import (
    AuthorizationCanceled,
    AuthorizationUsed,
    Issued,
    IssuedBatch,
    IssuerLimitSet,
    PausedSet,
    ProgrammeOpened,
    Redeemed,
    TokenApproval,
    Transfer,
    WindDownAnnounced,
    WindDownCalledOff,
)
from careledger.loyalty.messages import Authorization, Redemption, random_nonce
from careledger.loyalty.points import POINT
from careledger.loyalty.token import Issuance, IssuerLimit
from careledger.values.addresses import ZERO_ADDRESS

REF = b"\x22" * 32
DAY = timedelta(days=1)


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
        transfer = world.miles.event(receipt, Transfer)
        assert (transfer.from_, transfer.to, transfer.amount) == (
            ZERO_ADDRESS,
            world.tomas.address,
            5 * POINT,
        )
        issued = world.miles.event(receipt, Issued)
        assert (issued.ref, issued.issuer) == (REF, world.airline.address)
        assert world.miles.balance_of(world.tomas.address) == 5 * POINT

    def test_a_batch_says_all_its_references(self, world):
        items = [Issuance(world.tomas.address, POINT, bytes([n]) * 32) for n in (1, 2)]
        receipt = world.miles.using(world.airline).issue_batch(items)
        batch = world.miles.event(receipt, IssuedBatch)
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
        event = world.miles.event(receipt, IssuerLimitSet)
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
        assert world.miles.event(airline.set_paused(True), PausedSet).paused is True
        assert world.miles.programme().paused
        with pytest.raises(errors.IssuingPaused):
            airline.issue(world.lena.address, 1, REF)
        assert world.miles.event(airline.set_paused(False), PausedSet).paused is False

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
        event = world.miles.event(receipt, Redeemed)
        assert (event.from_, event.ref, event.amount) == (world.lena.address, REF, 2 * POINT)
        with pytest.raises(errors.InsufficientBalance):
            world.miles.using(world.stranger).redeem(1, REF)

    def test_a_signed_order_is_sent_by_somebody_else_once(self, world):
        order = Redemption(world.lena.address, 2 * POINT, REF, world.soon())
        signature = world.miles.messages.redeem(order).sign(world.lena.account)
        stranger = world.miles.using(world.stranger)
        receipt = stranger.redeem_with_authorization(order, signature)
        assert world.miles.event(receipt, AuthorizationUsed).nonce == order.nonce
        assert world.miles.balance_of(world.lena.address) == 998 * POINT
        with pytest.raises(errors.AuthorizationSpent):
            stranger.redeem_with_authorization(order, signature)

    def test_an_end_needs_its_notice_and_can_be_called_off(self, world):
        airline = world.miles.using(world.airline)
        with pytest.raises(errors.NotClosing):
            airline.call_off_wind_down()
        announced = world.miles.event(airline.announce_wind_down(), WindDownAnnounced)
        closes_at = world.miles.programme().closes_at
        assert closes_at == datetime.fromtimestamp(announced.closes_at, UTC)
        with pytest.raises(errors.ClosingAlready):
            airline.announce_wind_down()
        called_off = world.miles.event(airline.call_off_wind_down(), WindDownCalledOff)
        assert called_off.closes_at == announced.closes_at
        airline.announce_wind_down()
        world.warp(91 * DAY)
        with pytest.raises(errors.ProgrammeClosed):
            world.miles.using(world.lena).redeem(1, REF)
        world.miles.using(world.lena).transfer(world.tomas.address, 1)


class TestMoving:
    def test_transfer_approve_and_transfer_from(self, world):
        lena, tomas = world.miles.using(world.lena), world.miles.using(world.tomas)
        assert world.miles.event(lena.transfer(world.tomas.address, 5), Transfer).amount == 5
        event = world.miles.event(lena.approve(world.tomas.address, 9), TokenApproval)
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
        event = world.miles.event(receipt, AuthorizationCanceled)
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
