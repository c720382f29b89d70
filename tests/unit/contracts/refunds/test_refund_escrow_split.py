"""RefundEscrow: payer and seller sign how they share."""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState


class TestSplit:
    def agreed(
        self, world, terms, to_payer, to_seller, deadline=None, payer=None, seller=None, signer=None
    ):
        """Return an agreement; both sign unless somebody else is named."""
        seller = seller or world.seller
        deadline, by_payer = world.signed(
            payer or world.payer, "split", world.id(terms), to_payer, to_seller, deadline=deadline
        )
        _, by_seller = world.signed(
            seller, "split", world.id(terms), to_payer, to_seller, deadline=deadline
        )
        return to_payer, to_seller, deadline, (signer or seller).address, by_payer, by_seller

    @pytest.mark.parametrize(
        ("to_payer", "to_seller"), [(0, 0), (1, 10**8), (10**8 + 1, 0), (10**8, 1), (0, 10**8 - 1)]
    )
    def test_the_parts_have_to_sum_up(self, world, to_payer, to_seller):
        terms = world.open()
        with pytest.raises(errors.BadSplit) as refusal:
            world.do("split", terms, self.agreed(world, terms, to_payer, to_seller))
        assert (refusal.value.to_payer, refusal.value.to_seller, refusal.value.held) == (
            to_payer,
            to_seller,
            10**8,
        )

    def test_an_overflowing_sum_is_refused(self, world):
        terms = world.open()
        with pytest.raises(errors.BadSplit):
            world.do("split", terms, self.agreed(world, terms, 2**256 - 1, 10**8 + 1))

    def test_an_agreement_from_before_a_part_refund_is_void(self, world):
        terms = world.open()
        agreement = self.agreed(world, terms, 10**7, 9 * 10**7)
        world.do("refundPart", terms, 1, sender=world.seller)
        with pytest.raises(errors.BadSplit):
            world.do("split", terms, agreement)

    def test_the_payer_has_to_sign(self, world):
        terms = world.open()
        with pytest.raises(errors.BadDealSignature) as refusal:
            world.do("split", terms, self.agreed(world, terms, 1, 10**8 - 1, payer=world.stranger))
        assert refusal.value.signer == world.payer.address

    def test_the_seller_has_to_sign(self, world):
        terms = world.open()
        with pytest.raises(errors.BadDealSignature) as refusal:
            world.do(
                "split",
                terms,
                self.agreed(world, terms, 1, 10**8 - 1, seller=world.stranger, signer=world.seller),
            )
        assert refusal.value.signer == world.seller.address

    def test_a_signer_without_the_sellers_role_does_not_count(self, world):
        terms = world.open()
        with pytest.raises(errors.NotPermitted) as refusal:
            world.do("split", terms, self.agreed(world, terms, 1, 10**8 - 1, seller=world.stranger))
        assert refusal.value.actual == world.stranger.address

    def test_the_payer_is_not_the_seller(self, world):
        terms = world.open()
        with pytest.raises(errors.NotPermitted):
            world.do(
                "split",
                terms,
                self.agreed(world, terms, 10**8, 0, seller=world.payer),
                sender=world.payer,
            )

    def test_an_expired_agreement_is_refused(self, world):
        terms = world.open()
        with pytest.raises(errors.DealSignatureExpired):
            world.do(
                "split", terms, self.agreed(world, terms, 1, 10**8 - 1, deadline=world.evm.now - 1)
            )

    def test_a_deal_that_is_not_open_is_refused(self, world):
        terms = world.open()
        world.dispute(terms)
        with pytest.raises(errors.WrongState):
            world.do("split", terms, self.agreed(world, terms, 1, 10**8 - 1))

    @pytest.mark.parametrize(
        ("to_payer", "state"),
        [(0, DealState.RELEASED), (40_000_000, DealState.SPLIT), (10**8, DealState.REFUNDED)],
    )
    def test_anyone_brings_what_both_signed(self, world, to_payer, state):
        terms = world.open()
        world.do(
            "split",
            terms,
            self.agreed(world, terms, to_payer, 10**8 - to_payer, seller=world.refunder),
        )
        fee = (10**8 - to_payer) * 250 // 10_000
        assert world.balance(world.payer) == to_payer
        assert world.balance(world.seller) == 10**8 - to_payer - fee
        assert world.balance(world.fee_to) == fee
        assert world.state(terms) == state

    @pytest.mark.parametrize("who", ["payer", "seller", "refunder"])
    def test_who_brings_it_need_not_sign(self, world, who):
        terms = world.open()
        sender = getattr(world, who)
        seller = world.seller if who == "payer" else sender
        agreement = list(self.agreed(world, terms, 1, 10**8 - 1, seller=seller))
        agreement[4 if who == "payer" else 5] = b""
        world.do("split", terms, tuple(agreement), sender=sender)
        assert world.state(terms) == DealState.SPLIT
