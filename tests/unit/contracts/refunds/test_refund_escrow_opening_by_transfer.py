"""RefundEscrow: deals opened by the token itself, in one transfer (ERC-1363)."""

import pytest

from careledger.chain.reverts import RevertedSilently
from careledger.refunds import errors
from careledger.refunds.deal import DealState
from tests.support.evm import ETHER
from tests.worlds.refunds import hostile, loyalty, packed


class TestOnTransferReceived:
    @pytest.fixture
    def token(self, world):
        return hostile(world)

    @pytest.fixture
    def terms(self, world, token):
        token.transact("mint", world.payer.address, 10**12)
        return world.terms(token=token.address)

    def give(self, world, terms, token, sender=None, value=None):
        value = terms.amount if value is None else value
        return token.transact(
            "transferAndCall",
            world.escrow.address,
            value,
            packed(terms),
            sender=sender or world.payer,
        )

    def test_another_token_is_refused(self, world, terms):
        other = hostile(world)
        other.transact("mint", world.payer.address, terms.amount)
        with pytest.raises(errors.NotPermitted) as refusal:
            self.give(world, terms, other)
        assert refusal.value.actual == other.address
        assert refusal.value.expected == terms.token

    def test_an_account_is_no_token(self, world, terms):
        with pytest.raises(errors.NotPermitted):
            world.escrow.transact(
                "onTransferReceived",
                terms.payer,
                terms.payer,
                terms.amount,
                packed(terms),
                sender=world.stranger,
            )

    def test_somebody_elses_transfer_is_refused(self, world, terms, token):
        token.transact("mint", world.stranger.address, terms.amount)
        with pytest.raises(errors.NotPermitted) as refusal:
            self.give(world, terms, token, sender=world.stranger)
        assert refusal.value.actual == world.stranger.address

    def test_a_spender_cannot_make_up_terms_for_the_payer(self, world, terms, token):
        token.transact("approve", world.stranger.address, terms.amount, sender=world.payer)
        with pytest.raises(errors.NotPermitted):
            token.transact(
                "transferFromAndCall",
                terms.payer,
                world.escrow.address,
                terms.amount,
                packed(terms),
                sender=world.stranger,
            )

    def test_a_payer_cannot_spend_another_accounts_tokens_as_its_own(self, world, terms, token):
        token.transact("mint", world.other.address, terms.amount)
        token.transact("approve", world.payer.address, terms.amount, sender=world.other)
        with pytest.raises(errors.NotPermitted) as refusal:
            token.transact(
                "transferFromAndCall",
                world.other.address,
                world.escrow.address,
                terms.amount,
                packed(terms),
                sender=world.payer,
            )
        assert refusal.value.actual == world.other.address

    @pytest.mark.parametrize("more", [-1, 1])
    def test_the_amount_has_to_fit(self, world, terms, token, more):
        with pytest.raises(errors.WrongDeposit) as refusal:
            self.give(world, terms, token, value=terms.amount + more)
        assert (refusal.value.actual, refusal.value.expected) == (terms.amount + more, terms.amount)

    def test_data_that_is_no_terms_is_refused(self, world, terms, token):
        with pytest.raises(RevertedSilently):
            token.transact(
                "transferAndCall", world.escrow.address, 1, b"\0" * 479, sender=world.payer
            )

    def test_a_token_that_takes_a_fee_is_found_out(self, world, terms, token):
        token.transact("setFee", 100)
        with pytest.raises(errors.WrongDeposit) as refusal:
            self.give(world, terms, token)
        assert refusal.value.expected == terms.amount

    def test_a_token_that_tells_of_nothing_is_found_out(self, world, terms, token):
        with pytest.raises(errors.WrongDeposit):
            token.transact("lie", world.escrow.address, terms.payer, terms.amount, packed(terms))

    def test_ether_deals_are_not_opened_by_whoever_claims_to_be_ether(self, world):
        with pytest.raises(errors.WrongValue):
            world.escrow.transact(
                "onTransferReceived",
                world.payer.address,
                world.payer.address,
                2 * ETHER,
                packed(world.ether()),
                sender=world.payer,
            )

    def test_one_transfer_opens(self, world, terms, token):
        done = self.give(world, terms, token)
        (opened,) = done.named("Opened")
        assert (opened.id, opened.payer) == (world.id(terms), world.payer.address)
        assert world.balance(world.escrow, token.address) == terms.amount
        assert world.state(terms) == DealState.OPEN

    def test_points_are_taken_as_they_are(self, world):
        points = loyalty(world)
        terms = world.terms(token=points.address, amount=10**18)
        points.transact(
            "transferAndCall(address,uint256,bytes)",
            world.escrow.address,
            terms.amount,
            packed(terms),
            sender=world.payer,
        )
        assert world.state(terms) == DealState.OPEN

    def test_the_second_half_is_the_escrows_own(self, world, terms, token):
        with pytest.raises(errors.OnlySelf) as refusal:
            world.do(
                "openReceived",
                terms,
                token.address,
                terms.payer,
                terms.payer,
                terms.amount,
                sender=world.payer,
            )
        assert refusal.value.actual == world.payer.address
