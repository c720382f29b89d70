"""RefundEscrow: payees claim what was credited to them."""

import pytest

from careledger.refunds import errors
from careledger.values.addresses import ZERO_ADDRESS
from tests.worlds.refunds import DAY, REVERT, at, high_s


class TestClaim:
    def test_who_is_owed_nothing_gets_nothing(self, world):
        with pytest.raises(errors.NothingOwed) as refusal:
            world.escrow.transact("claim", ZERO_ADDRESS, world.payer.address, sender=world.payer)
        assert (refusal.value.token, refusal.value.payee) == (
            ZERO_ADDRESS,
            world.payer.address,
        )

    def test_a_credit_goes_neither_nowhere_nor_back(self, world, blocking, owed):
        for to in (ZERO_ADDRESS, world.escrow.address):
            with pytest.raises(errors.BadDestination) as refusal:
                world.escrow.transact("claim", blocking.address, to, sender=world.seller)
            assert refusal.value.actual == to

    def test_a_claim_that_fails_keeps_the_credit(self, world, blocking, owed):
        with pytest.raises(errors.NotPaid) as refusal:
            world.escrow.transact(
                "claim", blocking.address, world.seller.address, sender=world.seller
            )
        assert refusal.value.amount == 97_500_000
        assert world.credit(world.seller, blocking.address) == 97_500_000

    def test_the_payee_names_where_to(self, world, blocking, owed):
        done = world.escrow.transact(
            "claim", blocking.address, world.other.address, sender=world.seller
        )
        assert done.named("Claimed")[0].arguments == {
            "token": blocking.address,
            "payee": world.seller.address,
            "to": world.other.address,
            "amount": 97_500_000,
        }
        assert world.balance(world.other, blocking.address) == 97_500_000
        assert world.credit(world.seller, blocking.address) == 0
        with pytest.raises(errors.NothingOwed):
            world.escrow.transact(
                "claim", blocking.address, world.other.address, sender=world.seller
            )

    def test_ether_is_claimed_elsewhere(self, world):
        receiver = world.evm.deploy("HostileReceiver")
        receiver.transact("setMood", REVERT)
        terms = world.open(world.ether(seller=receiver.address, fee_bps=0))
        world.do("release", terms, sender=world.payer)
        with pytest.raises(errors.NotPaid):
            world.escrow.transact("claimFor", receiver.address, ZERO_ADDRESS)
        before = world.evm.balance(world.other)
        receiver.transact(
            "execute",
            world.escrow.address,
            0,
            world.escrow.encode("claim", ZERO_ADDRESS, world.other.address),
        )
        assert world.evm.balance(world.other) == before + terms.amount


class TestClaimFor:
    def test_a_stranger_cannot_name_where_to(self, world, blocking, owed):
        with pytest.raises(errors.NotPaid) as refusal:
            world.escrow.transact(
                "claimFor", world.seller.address, blocking.address, sender=world.stranger
            )
        assert refusal.value.payee == world.seller.address

    def test_a_stranger_tries_again_for_the_payee(self, world, blocking, owed):
        blocking.transact("setBlocked", world.seller.address, False)
        world.escrow.transact(
            "claimFor", world.seller.address, blocking.address, sender=world.stranger
        )
        assert world.balance(world.seller, blocking.address) == 97_500_000


class TestClaimSigned:
    def claim(self, world, token, account=None, to=None, nonce=0, deadline=None):
        to = to or world.other.address
        deadline = world.evm.now + DAY if deadline is None else deadline
        message = world.messages.claim(world.seller.address, token.address, to, nonce, at(deadline))
        return (
            world.seller.address,
            token.address,
            to,
            deadline,
            message.sign(account or world.seller),
        )

    def test_only_the_payees_signature(self, world, blocking, owed):
        with pytest.raises(errors.BadDealSignature):
            world.escrow.transact("claimBySig", *self.claim(world, blocking, world.stranger))

    def test_the_destination_is_signed(self, world, blocking, owed):
        payee, token, _, deadline, signature = self.claim(world, blocking)
        with pytest.raises(errors.BadDealSignature):
            world.escrow.transact(
                "claimBySig", payee, token, world.stranger.address, deadline, signature
            )

    def test_a_high_s_is_refused(self, world, blocking, owed):
        *rest, signature = self.claim(world, blocking)
        with pytest.raises(errors.BadDealSignature):
            world.escrow.transact("claimBySig", *rest, high_s(signature))

    def test_an_expired_one_is_refused(self, world, blocking, owed):
        with pytest.raises(errors.DealSignatureExpired):
            world.escrow.transact(
                "claimBySig", *self.claim(world, blocking, deadline=world.evm.now - 1)
            )

    def test_another_nonce_is_refused(self, world, blocking, owed):
        with pytest.raises(errors.BadDealSignature):
            world.escrow.transact("claimBySig", *self.claim(world, blocking, nonce=1))

    def test_it_works_once(self, world, blocking, owed):
        claim = self.claim(world, blocking)
        world.escrow.transact("claimBySig", *claim, sender=world.relayer)
        assert world.balance(world.other, blocking.address) == 97_500_000
        assert world.escrow.call("nonce", world.seller.address) == 1
        world.do("release", world.open(token=blocking.address), sender=world.payer)
        with pytest.raises(errors.BadDealSignature):
            world.escrow.transact("claimBySig", *claim, sender=world.relayer)

    def test_a_failed_one_does_not_use_the_nonce_up(self, world, blocking, owed):
        claim = self.claim(world, blocking)
        blocking.transact("setBlocked", world.other.address, True)
        with pytest.raises(errors.NotPaid):
            world.escrow.transact("claimBySig", *claim)
        assert world.escrow.call("nonce", world.seller.address) == 0
