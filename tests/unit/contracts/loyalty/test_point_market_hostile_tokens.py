"""PointMarket: offers of tokens that misbehave."""

from dataclasses import replace

import pytest

from tests.support.evm import actor
from tests.worlds.loyalty.contracts import (
    FOREVER,
    error_data,
    refuses,
)
from tests.worlds.loyalty.market import fill, state, token_of


class TestHostileTokens:
    """A token that misbehaves must not make a maker get less than the offer says, nor a fill
    happen twice.
    """

    def hostile(self, evm, registry, market, kind, owner):
        brand = actor(f"brand of {kind}")
        token = token_of(evm, registry, brand, kind)
        market.contract.transact(
            "setPolicy", token.address, (brand.address, 0, 1000, True, True), sender=brand
        )
        token.transact("mint", owner.address, 10_000)
        token.transact("approve", market.address, FOREVER, sender=owner)
        return token

    def test_a_part_taken_on_the_way_to_the_maker_is_refused(
        self, evm, registry, market, offer, ana, ben
    ):
        token = self.hostile(evm, registry, market, "FeeToken", ben)
        wanted = replace(offer, want=token.address, want_amount=1000)
        with refuses("PointMarket_Short", token.address, ana.address, 990, 1000):
            fill(market, wanted, ben, 100)
        token.transact("setFee", 0)
        fill(market, wanted, ben, 100)

    @pytest.mark.parametrize("side", ["give", "want"])
    def test_a_token_that_answers_false_moves_nothing(
        self, evm, registry, market, offer, ana, ben, side
    ):
        token = self.hostile(evm, registry, market, "FalseToken", ana if side == "give" else ben)
        token.transact("setRefusing", True)
        with refuses("TransferFromFailed()"):
            fill(market, replace(offer, **{side: token.address}), ben, 100)

    @pytest.mark.parametrize("side", ["give", "want"])
    def test_a_token_that_answers_nothing_works(self, evm, registry, market, offer, ana, ben, side):
        token = self.hostile(evm, registry, market, "SilentToken", ana if side == "give" else ben)
        fill(market, replace(offer, **{side: token.address}), ben, 100)
        assert token.call("balanceOf", (ben if side == "give" else ana).address) == (
            100 if side == "give" else 31
        )

    @pytest.mark.parametrize("side", ["give", "want"])
    def test_a_token_that_refuses_nothing_is_not_sent_nothing(
        self, evm, registry, market, offer, ana, ben, side
    ):
        token = self.hostile(
            evm, registry, market, "ZeroRevertToken", ana if side == "give" else ben
        )
        brand = actor("brand of ZeroRevertToken")
        terms = (brand.address, 1, 1000, True, True)  # a fee that comes to nothing
        market.contract.transact("setPolicy", token.address, terms, sender=brand)
        fill(market, replace(offer, **{side: token.address}), ben, 100)

    @pytest.mark.parametrize("blocked", ["maker", "taker", "brand"])
    def test_a_blocked_party_undoes_the_fill_and_nothing_else(
        self, evm, registry, market, offer, ana, ben, blocked
    ):
        token = self.hostile(evm, registry, market, "BlockingToken", ben)
        brand = actor("brand of BlockingToken")
        terms = (brand.address, 1000, 1000, True, True)
        market.contract.transact("setPolicy", token.address, terms, sender=brand)
        who = {"maker": ana, "taker": ben, "brand": brand}[blocked]
        token.transact("setBlocked", who.address, True)
        wanted = replace(offer, want=token.address)
        with refuses("TransferFromFailed()"):
            fill(market, wanted, ben, 100)
        assert state(market, wanted)["remaining"] == 100
        token.transact("setBlocked", who.address, False)
        fill(market, wanted, ben, 100)

    @pytest.mark.parametrize("early", [True, False])
    @pytest.mark.parametrize("side", ["give", "want"])
    @pytest.mark.parametrize("first", [60, 100])
    def test_a_token_that_calls_back_finds_the_offer_taken(
        self, evm, registry, market, offer, others, ana, ben, side, early, first
    ):
        token = self.hostile(
            evm, registry, market, "ReentrantToken", ana if side == "give" else ben
        )
        aimed = replace(offer, **{side: token.address})
        want = token if side == "want" else others.token  # so that the token itself could pay
        if side == "want":
            token.transact("mint", token.address, 100)
        else:
            others.give(token, 100)
        token.transact("act", want.address, want.encode("approve", market.address, FOREVER))
        data = market.contract.encode(
            "fill", aimed.members, market.sign(ana, aimed), 60, FOREVER, 0
        )
        token.transact("arm", market.address, data, early)
        fill(market, aimed, ben, first)
        assert (token.call("calls"), token.call("lastSuccess")) == (1, False)
        id_ = market.id_of(aimed)
        assert token.call("lastReturn") == (
            error_data("PointMarket_Overfill", id_, 60, 40)
            if first == 60
            else error_data("PointMarket_NonceSpent", id_, ana.address, offer.nonce)
        )

    def test_what_a_call_back_cancels_stays_cancelled(self, evm, registry, market, offer, ana, ben):
        """The maker is a wallet that cancels the offer in the middle of a part fill of it."""
        wallet = evm.deploy("LyingWallet")
        token = self.hostile(evm, registry, market, "ReentrantToken", ben)
        given = self.hostile(evm, registry, market, "TestToken", ana)
        given.transact("mint", wallet.address, 100)
        wallet.transact(
            "execute", given.address, 0, given.encode("approve", market.address, FOREVER)
        )
        wanted = replace(offer, maker=wallet.address, give=given.address, want=token.address)
        cancel = market.contract.encode("cancel", offer.nonce)
        token.transact(
            "arm", wallet.address, wallet.encode("execute", market.address, 0, cancel), False
        )
        fill(market, wanted, ben, 60)
        assert token.call("lastSuccess") is True
        with refuses("PointMarket_NonceSpent", market.id_of(wanted), wallet.address, offer.nonce):
            fill(market, wanted, ben, 1)
