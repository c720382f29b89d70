"""RefundEscrow: payments that do not go through are credited, whatever gas they get."""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState
from careledger.values.addresses import ZERO_ADDRESS
from tests.support.evm import ETHER
from tests.worlds.refunds import BOMB, BURN, REVERT


class TestCredit:
    def test_a_blocked_payee_is_credited_and_the_others_are_paid(self, world, blocking):
        terms = world.open(token=blocking.address)
        blocking.transact("setBlocked", world.seller.address, True)
        done = world.do("release", terms, sender=world.payer)
        assert done.named("Credited")[0].arguments == {
            "id": world.id(terms),
            "token": blocking.address,
            "payee": world.seller.address,
            "amount": 97_500_000,
        }
        assert world.credit(world.seller, blocking.address) == 97_500_000
        assert world.balance(world.fee_to, blocking.address) == 2_500_000
        assert world.balance(world.escrow, blocking.address) == 97_500_000
        assert world.state(terms) == DealState.RELEASED

    def test_credits_add_up(self, world, blocking, owed):
        world.do("release", world.open(token=blocking.address), sender=world.payer)
        assert world.credit(world.seller, blocking.address) == 195_000_000

    @pytest.mark.parametrize("mood", [REVERT, BURN, BOMB])
    @pytest.mark.parametrize("role", ["seller", "refund_to", "fee_to"])
    def test_a_receiver_that_refuses_ether_is_credited(self, world, mood, role):
        receiver = world.evm.deploy("HostileReceiver")
        receiver.transact("setMood", mood)
        terms = world.open(world.ether(**{role: receiver.address}))
        world.desk.transact("scanReturn", terms.order_ref, 5_000, sender=world.scanner)
        world.do("refund", terms, gas=3_000_000)
        share = {"seller": 975, "refund_to": 1_000, "fee_to": 25}[role] * ETHER // 1_000
        assert world.credit(receiver, ZERO_ADDRESS) == share
        assert world.evm.balance(world.escrow) == share
        assert world.state(terms) == DealState.SPLIT

    @pytest.mark.parametrize("mood", [1, 2])  # eats gas, answers too much
    def test_a_token_that_turns_hostile_blocks_nobody(self, world, mood):
        token = world.evm.deploy("CallingToken", "Odd", "ODD", 6)
        token.transact("setFee", 0)
        terms = world.open(token=token.address)
        token.transact("setMood", mood)
        world.do("release", terms, sender=world.payer, gas=3_000_000)
        assert world.credit(world.seller, token.address) == 97_500_000
        assert world.credit(world.fee_to, token.address) == 2_500_000
        token.transact("setMood", 0)
        world.escrow.transact("claimFor", world.seller.address, token.address)
        assert world.balance(world.seller, token.address) == 97_500_000

    def test_a_token_that_answers_less_than_a_word_has_not_paid(self, world):
        token = world.evm.deploy("ShortToken")
        terms = world.open(token=token.address, fee_bps=0)
        world.do("release", terms, sender=world.payer)
        assert world.credit(world.seller, token.address) == terms.amount
        with pytest.raises(errors.NotPaid):
            world.escrow.transact("claimFor", world.seller.address, token.address)
        token.transact("mend")
        world.escrow.transact("claimFor", world.seller.address, token.address)
        assert world.balance(world.seller, token.address) == terms.amount

    def test_a_token_that_answers_false_blocks_nobody(self, world):
        token = world.evm.deploy("FalseToken", "False", "FLS", 6)
        terms = world.open(token=token.address)
        token.transact("setRefusing", True)
        world.do("release", terms, sender=world.payer)
        assert world.credit(world.seller, token.address) == 97_500_000
        assert world.balance(world.escrow, token.address) == terms.amount

    def test_a_token_that_moves_and_answers_false_has_failed_by_its_own_word(self, world):
        """In ERC-20 false is failure. Such a token's books are its own: no other token's deals are
        touched.
        """
        token = world.evm.deploy("CallingToken", "Grudging", "GRD", 6)
        token.transact("setFee", 0)
        terms, other = world.open(token=token.address), world.open()
        token.transact("setMood", 3)
        world.do("release", terms, sender=world.payer)
        assert world.credit(world.seller, token.address) == 97_500_000
        assert world.balance(world.escrow) == other.amount

    def test_a_token_that_answers_nothing_is_paid(self, world):
        token = world.evm.deploy("SilentToken", "Silent", "SLT", 6)
        terms = world.open(token=token.address)
        world.do("release", terms, sender=world.payer)
        assert world.balance(world.seller, token.address) == 97_500_000
        assert world.credit(world.seller, token.address) == 0

    def test_nothing_is_paid_where_nothing_is_due(self, world):
        token = world.evm.deploy("ZeroRevertToken", "Zero", "ZRO", 6)
        terms = world.open(token=token.address, fee_bps=10_000)
        done = world.do("release", terms, sender=world.payer)
        assert done.named("Credited") == []
        assert world.balance(world.fee_to, token.address) == terms.amount

    def test_a_fee_that_a_token_takes_up_later_is_the_payees(self, world):
        token = world.evm.deploy("FeeToken", "Fee", "FEE", 6)
        token.transact("setFee", 0)
        terms, other = world.open(token=token.address), world.open(token=token.address)
        token.transact("setFee", 100)
        world.do("release", terms, sender=world.payer)
        assert world.balance(world.seller, token.address) == 97_500_000 - 975_000
        assert world.balance(world.escrow, token.address) == other.amount


class TestGas:
    """A caller who is mean with gas changes nothing."""

    @pytest.mark.parametrize("ether", [False, True])
    def test_a_payment_gets_its_gas_or_is_not_tried(self, world, ether):
        terms = world.open(world.ether() if ether else None)
        refused = []
        for gas in range(60_000, 420_000, 10_000):
            snapshot = world.evm.snapshot()
            try:
                world.do("release", terms, sender=world.payer, gas=gas)
            except errors.TooLittleGas as refusal:
                refused.append(refusal)
            else:
                assert (
                    world.credit(world.seller, terms.token)
                    == world.credit(world.fee_to, terms.token)
                    == 0
                )
            world.evm.revert(snapshot)
        assert len(refused) > 20
        assert all(refusal.actual < refusal.expected == 320_000 for refusal in refused)

    def test_a_receiver_gets_what_was_promised_it(self, world):
        receiver = world.evm.deploy("HostileReceiver")
        # needs about 200,000 gas to take its money: more than many senders give, less than promised
        # here
        receiver.transact(
            "arm", world.token.address, world.token.encode("mint", world.other.address, 1)
        )
        terms = world.open(world.ether(seller=receiver.address, fee_bps=0))
        for gas in range(330_000, 460_000, 5_000):
            snapshot = world.evm.snapshot()
            try:
                world.do("release", terms, sender=world.payer, gas=gas)
            except errors.TooLittleGas:
                pass
            else:
                assert world.evm.balance(receiver) == terms.amount
                assert receiver.call("lastSuccess")
            world.evm.revert(snapshot)


def test_the_escrow_takes_no_ether_out_of_turn(world):
    with pytest.raises(Exception, match="gave no reason"):
        world.evm.raw_transact(world.escrow.address, b"", world.payer, 1)
