"""RefundEscrow: payments that do not go through, credits, and what hostile tokens and receivers can do."""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState
from careledger.values.addresses import ZERO_ADDRESS
from tests.support.evm import ETHER
from tests.worlds.refunds import DAY, at, high_s

REVERT, BURN, BOMB, REENTER = 1, 2, 3, 4


@pytest.fixture
def blocking(world):
    return world.evm.deploy("BlockingToken", "Blocking", "BLK", 6)


@pytest.fixture
def owed(world, blocking):
    """A seller who was blocked and is owed 97.5 tokens."""
    terms = world.open(token=blocking.address)
    blocking.transact("setBlocked", world.seller.address, True)
    world.do("release", terms, sender=world.payer)
    return terms


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
        """ERC-20: false is failure. Such a token's books are its own; no other token's deals are touched."""
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


class TestReentry:
    def entries(self, world, terms, receiver):
        """Return every call that somebody might come back with while being paid."""
        words = terms.abi()
        deadline = world.evm.now + 60
        return {
            "release": world.escrow.encode("release", words),
            "refund": world.escrow.encode("refund", words),
            "refundPart": world.escrow.encode("refundPart", words, 1),
            "execute": world.escrow.encode("execute", words),
            "dispute": world.escrow.encode("dispute", words, bytes(32)),
            "open": world.escrow.encode("open", words),
            "claim": world.escrow.encode("claim", ZERO_ADDRESS, receiver.address),
            "claimFor": world.escrow.encode("claimFor", receiver.address, ZERO_ADDRESS),
            "refundDue": world.escrow.encode("refundDue", words, 10_000),
            "claimBySig": world.escrow.encode(
                "claimBySig", receiver.address, ZERO_ADDRESS, receiver.address, deadline, b""
            ),
        }

    def test_being_paid_ether_is_no_way_to_be_paid_twice(self, world):
        receiver = world.evm.deploy("HostileReceiver")
        terms, other = (
            world.open(world.ether(seller=receiver.address, payer=world.payer.address)),
            world.ether(),
        )
        world.open(other)
        for name, payload in self.entries(world, terms, receiver).items():
            snapshot = world.evm.snapshot()
            receiver.transact("arm", world.escrow.address, payload)
            world.do("release", terms, sender=world.payer)
            assert receiver.call("calls") == 1, name
            assert not receiver.call("lastSuccess"), name
            assert world.evm.balance(receiver) == terms.amount * 9_750 // 10_000
            assert world.evm.balance(world.escrow) == other.amount
            world.evm.revert(snapshot)

    @pytest.mark.parametrize("early", [True, False])
    def test_a_token_that_comes_back_gets_nothing_more(self, world, early):
        token = world.evm.deploy("ReentrantToken", "R", "R", 6)
        terms = world.open(token=token.address, seller=token.address, fee_bps=0)
        other = world.open(token=token.address)
        for name, payload in self.entries(world, terms, token).items():
            snapshot = world.evm.snapshot()
            token.transact("arm", world.escrow.address, payload, early)
            world.do("release", terms, sender=world.payer)
            assert (token.call("calls"), token.call("lastSuccess")) == (1, False), name
            assert world.balance(world.escrow, token.address) == other.amount
            world.evm.revert(snapshot)

    def test_a_claim_cannot_be_made_twice_at_once(self, world):
        receiver = world.evm.deploy("HostileReceiver")
        receiver.transact("setMood", REVERT)
        terms, other = (
            world.open(world.ether(seller=receiver.address, fee_bps=0)),
            world.open(world.ether()),
        )
        world.do("release", terms, sender=world.payer)
        receiver.transact(
            "arm",
            world.escrow.address,
            world.escrow.encode("claimFor", receiver.address, ZERO_ADDRESS),
        )
        world.escrow.transact("claimFor", receiver.address, ZERO_ADDRESS)
        assert (receiver.call("calls"), receiver.call("lastSuccess")) == (1, False)
        assert world.evm.balance(receiver) == terms.amount
        assert world.evm.balance(world.escrow) == other.amount

    def test_another_deal_is_not_settled_from_within_a_payment(self, world):
        """A payment's gas does not suffice for another payment's: so nothing can be nested."""
        receiver = world.evm.deploy("HostileReceiver")
        terms = world.open(world.ether(seller=receiver.address, fee_bps=0))
        other = world.open(world.ether(fee_bps=0))
        world.evm.warp(int(other.sla_at.timestamp()) + 1)
        receiver.transact("arm", world.escrow.address, world.escrow.encode("refund", other.abi()))
        world.do("release", terms, sender=world.payer)
        assert not receiver.call("lastSuccess")
        assert receiver.call("lastReturn")[:4] == errors.TooLittleGas.selector()
        assert world.state(other) == DealState.OPEN
        assert world.evm.balance(world.escrow) == other.amount

    def test_a_deposit_does_not_count_what_a_claim_took_out_meanwhile(self, world):
        token = world.evm.deploy("ReentrantToken", "R", "R", 6)
        blocker = world.open(token=token.address, seller=token.address, fee_bps=0)
        token.transact("arm", token.address, b"\xff\xff\xff\xff", False)  # uses the one strike up
        world.do("release", blocker, sender=world.payer)
        second = world.open(token=token.address, seller=world.other.address, fee_bps=0)
        third = world.terms(token=token.address)
        world.fund(third)
        world.evm.warp(int(second.sla_at.timestamp()) - 1)
        release = world.signed(world.payer, "release", world.id(second))
        token.transact(
            "arm",
            world.escrow.address,
            world.escrow.encode("releaseBySig", second.abi(), *release),
            True,
        )
        with pytest.raises(errors.WrongDeposit):
            world.do("open", third, sender=world.payer)


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


def test_the_escrow_takes_no_ether_out_of_turn(world):
    with pytest.raises(Exception, match="gave no reason"):
        world.evm.raw_transact(world.escrow.address, b"", world.payer, 1)
