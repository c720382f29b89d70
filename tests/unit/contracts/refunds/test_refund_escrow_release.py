"""RefundEscrow: the seller is paid."""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState
from careledger.values.addresses import ZERO_ADDRESS
from tests.worlds.refunds import high_s


class TestRelease:
    def test_a_deal_that_is_not_open_is_refused(self, world):
        terms = world.terms()
        with pytest.raises(errors.WrongState) as refusal:
            world.do("release", terms, sender=world.payer)
        assert (refusal.value.id, refusal.value.actual, refusal.value.expected) == (
            world.id(terms),
            0,
            DealState.OPEN,
        )

    @pytest.mark.parametrize("who", ["stranger", "seller", "arbiter", "carrier"])
    def test_nobody_else_releases_early(self, world, who):
        terms = world.open(sla_at=None)
        world.evm.warp(int(terms.release_at.timestamp()) - 1)
        with pytest.raises(errors.TooEarly) as refusal:
            world.do("release", terms, sender=getattr(world, who))
        assert (
            refusal.value.expected == refusal.value.actual + 1 == int(terms.release_at.timestamp())
        )

    def test_nobody_else_releases_what_is_due_back(self, world):
        terms = world.open()  # nobody scans a delivery
        world.evm.warp(int(terms.release_at.timestamp()))
        with pytest.raises(errors.CriteriaDue) as refusal:
            world.do("release", terms)
        assert refusal.value.actual == 10_000

    def test_the_payer_releases_at_once_and_the_fee_is_the_sellers(self, world):
        terms = world.open(amount=1_000_003)
        done = world.do("release", terms, sender=world.payer)
        fee = 1_000_003 * 250 // 10_000
        assert done.value == world.id(terms)
        assert done.named("Released")[0].arguments == {
            "id": world.id(terms),
            "paid": 1_000_003 - fee,
            "fee": fee,
        }
        assert world.balance(world.seller) == 1_000_003 - fee
        assert world.balance(world.fee_to) == fee
        assert world.balance(world.escrow) == world.balance(world.payer) == 0
        assert world.deal(terms) | {"state": 0} == dict.fromkeys(world.deal(terms), 0)
        assert world.state(terms) == DealState.RELEASED

    def test_the_payer_releases_even_what_is_due_back(self, world):
        terms = world.open()
        world.evm.warp(int(terms.release_at.timestamp()))
        world.do("release", terms, sender=world.payer)
        assert world.state(terms) == DealState.RELEASED

    def test_a_stranger_releases_after_the_time(self, world):
        terms = world.open(sla_at=None)
        world.evm.warp(int(terms.release_at.timestamp()))
        world.do("release", terms)
        assert world.balance(world.seller) == 97_500_000

    def test_without_criteria_there_is_nothing_to_ask(self, world):
        terms = world.open(criteria=ZERO_ADDRESS)
        world.evm.warp(int(terms.release_at.timestamp()))
        world.do("release", terms)
        assert world.state(terms) == DealState.RELEASED

    def test_without_a_fee_all_is_the_sellers(self, world):
        terms = world.open(fee_bps=0, fee_to=ZERO_ADDRESS)
        world.do("release", terms, sender=world.payer)
        assert world.balance(world.seller) == terms.amount

    def test_a_fee_of_everything_leaves_the_seller_nothing(self, world):
        terms = world.open(fee_bps=10_000)
        world.do("release", terms, sender=world.payer)
        assert (world.balance(world.seller), world.balance(world.fee_to)) == (0, terms.amount)

    def test_ether_is_paid(self, world):
        terms = world.open(world.ether(fee_to=world.evm.deploy("HostileReceiver").address))
        before = world.evm.balance(world.seller)
        world.do("release", terms, sender=world.payer)
        assert world.evm.balance(world.seller) == before + terms.amount * 9750 // 10_000
        assert world.evm.balance(terms.fee_to) == terms.amount * 250 // 10_000
        assert world.evm.balance(world.escrow) == 0

    def test_a_deal_ends_once(self, world):
        terms = world.open()
        world.do("release", terms, sender=world.payer)
        for function in ("release", "refund", "dispute"):
            arguments = [b"\1" * 32] if function == "dispute" else []
            with pytest.raises(errors.WrongState):
                world.do(function, terms, *arguments, sender=world.payer)


class TestReleaseSigned:
    def test_the_payers_signature_is_needed(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.seller, "release", world.id(terms))
        with pytest.raises(errors.BadDealSignature):
            world.do("releaseBySig", terms, deadline, signature)

    def test_a_signature_for_another_deal_is_refused(self, world):
        terms, other = world.open(), world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(other))
        with pytest.raises(errors.BadDealSignature):
            world.do("releaseBySig", terms, deadline, signature)

    def test_an_expired_one_is_refused(self, world):
        terms = world.open()
        deadline, signature = world.signed(
            world.payer, "release", world.id(terms), deadline=world.evm.now - 1
        )
        with pytest.raises(errors.DealSignatureExpired):
            world.do("releaseBySig", terms, deadline, signature)

    def test_a_high_s_is_refused(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(terms))
        with pytest.raises(errors.BadDealSignature):
            world.do("releaseBySig", terms, deadline, high_s(signature))

    def test_a_deal_that_is_over_is_refused(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(terms))
        world.do("releaseBySig", terms, deadline, signature)
        with pytest.raises(errors.WrongState):
            world.do("releaseBySig", terms, deadline, signature)

    def test_anyone_brings_it(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(terms))
        world.do("releaseBySig", terms, deadline, signature, sender=world.relayer)
        assert world.balance(world.seller) == 97_500_000
