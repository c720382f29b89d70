"""RefundEscrow: tokens and receivers that call back while they are paid."""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState
from careledger.values.addresses import ZERO_ADDRESS
from tests.worlds.refunds import REVERT


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
