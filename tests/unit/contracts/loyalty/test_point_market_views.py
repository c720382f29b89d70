"""PointMarket: its EIP-712 domain, and what it says about offers."""

from dataclasses import replace

from eth_utils.crypto import keccak

from tests.support.evm import Evm, actor
from tests.worlds.loyalty.contracts import (
    CANCEL_WORD,
    Market,
    refuses,
)
from tests.worlds.loyalty.market import fill, state


class TestDomain:
    def test_the_domain_is_told(self, evm, market):
        fields, name, version, chain, contract, salt, extensions = market.contract.call(
            "eip712Domain"
        )
        assert (fields, name, version) == (b"\x0f", "CareLedger PointMarket", "1")
        assert (chain, contract, salt, extensions) == (evm.chain_id, market.address, bytes(32), [])

    def test_on_a_fork_of_the_chain_the_same_offer_is_refused(self, offer, ben):
        signatures, addresses = [], set()
        for chain_id in (1, 2):
            evm = Evm(chain_id)
            market = Market(evm, evm.deploy("IdentityRegistry"))
            addresses.add(market.address)
            signatures.append(market.sign(actor("Ana"), offer))
        assert len(addresses) == 1
        with refuses("PointMarket_BadSignature", market.id_of(offer), offer.maker):
            fill(market, offer, ben, 1, signature=signatures[0])
        with refuses("PointMarket_NotOffered", offer.want):  # the next thing that is looked at
            fill(market, offer, ben, 1, signature=signatures[1])

    def test_it_knows_its_registry(self, market, registry):
        assert market.contract.call("REGISTRY") == registry.address


class TestViews:
    def test_an_offer_whose_time_is_over_has_nothing_left(self, evm, market, offer, ben):
        evm.warp(offer.expiry)
        assert state(market, offer)["remaining"] == 100
        evm.warp(offer.expiry + 1)
        assert state(market, offer)["remaining"] == 0

    def test_an_offer_beaten_by_another_of_its_nonce_has_nothing_left(self, market, offer, ben):
        fill(market, offer, ben, 1)
        beaten = replace(offer, want_amount=99)
        assert state(market, beaten) == {
            "id": market.id_of(beaten),
            "filled": 0,
            "remaining": 0,
            "cancelled": False,
        }

    def test_an_offer_taken_in_one_go_has_nothing_left(self, market, offer, ben):
        fill(market, offer, ben, 100)
        assert (state(market, offer)["remaining"], state(market, offer)["cancelled"]) == (0, False)

    def test_the_id_is_the_digest(self, market, offer):
        assert market.contract.call("stateOf", offer.members)[0] == market.id_of(offer)
        assert keccak(
            text="Cancel(address maker,uint256 word,uint256 mask,uint256 deadline)"
        ) == keccak(text=CANCEL_WORD)
