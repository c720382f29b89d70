"""PointMarket: makers cancel the nonces of their offers."""

from dataclasses import replace

from tests.support.evm import START
from tests.worlds.loyalty.contracts import (
    CANCEL_WORD,
    FOREVER,
    high_s,
    refuses,
    sign,
)
from tests.worlds.loyalty.market import fill


class TestCancel:
    def test_it_is_told_and_kept(self, market, ana):
        (event,) = market.contract.transact("cancel", 257, sender=ana).events
        assert (event.name, event.arguments) == (
            "Cancelled",
            {"maker": ana.address, "word": 1, "mask": 2},
        )
        assert market.contract.call("noncesOf", ana.address, 1) == (2, 2)

    def test_the_last_nonce_of_all(self, market, ana):
        market.contract.transact("cancel", FOREVER, sender=ana)
        assert market.contract.call("noncesOf", ana.address, FOREVER >> 8) == (1 << 255, 1 << 255)

    def test_only_ones_own(self, market, offer, ana, ben, eve):
        market.contract.transact("cancel", offer.nonce, sender=eve)
        assert market.contract.call("noncesOf", ana.address, 1) == (0, 0)
        fill(market, offer, ben, 1)

    def test_twice_does_no_more_than_once(self, market, ana):
        for _ in range(2):
            market.contract.transact("cancel", 257, sender=ana)
        assert market.contract.call("noncesOf", ana.address, 1) == (2, 2)


class TestCancelWord:
    def test_a_set_of_nonces_at_once_beside_what_was(self, market, offer, ana, ben):
        fill(market, offer, ben, 40)
        market.contract.transact("cancel", 256, sender=ana)
        (event,) = market.contract.transact("cancelWord", 1, 0b1100, sender=ana).events
        assert event.arguments == {"maker": ana.address, "word": 1, "mask": 0b1100}
        assert market.contract.call("noncesOf", ana.address, 1) == (0b1111, 0b1101)
        fill(market, offer, ben, 60)

    def test_a_whole_word(self, market, offer, ana, ben):
        market.contract.transact("cancelWord", 1, FOREVER, sender=ana)
        for nonce in (256, 300, 511):
            with refuses(
                "PointMarket_NonceSpent",
                market.id_of(replace(offer, nonce=nonce)),
                ana.address,
                nonce,
            ):
                fill(market, replace(offer, nonce=nonce), ben, 1)
        fill(market, replace(offer, nonce=512), ben, 1)


class TestCancelWordWithSignature:
    def send(self, market, who, word, mask, deadline, signed):
        return market.contract.transact("cancelWordBySig", who, word, mask, deadline, signed)

    def message(self, market, who, word=1, mask=2, deadline=START, **domain):
        return market.digest(CANCEL_WORD, who.address, word, mask, deadline, **domain)

    def test_after_the_deadline(self, market, ana):
        signed = sign(ana, self.message(market, ana, deadline=START - 1))
        with refuses("PointMarket_CancellationExpired", START, START - 1):
            self.send(market, ana.address, 1, 2, START - 1, signed)

    def test_any_other_value_key_chain_or_contract_than_signed(self, market, points, ana, eve):
        good = sign(ana, self.message(market, ana))
        for values, signed in (
            ((ana.address, 0, 2, START), good),
            ((ana.address, 1, 3, START), good),
            ((ana.address, 1, 2, START + 1), good),
            ((eve.address, 1, 2, START), good),
            ((ana.address, 1, 2, START), sign(eve, self.message(market, ana))),
            ((ana.address, 1, 2, START), high_s(good)),
            ((ana.address, 1, 2, START), sign(ana, self.message(market, ana, chain_id=1))),
            (
                (ana.address, 1, 2, START),
                sign(ana, self.message(market, ana, contract=points.address)),
            ),
        ):
            with refuses(
                "PointMarket_BadSignature", market.digest(CANCEL_WORD, *values), values[0]
            ):
                self.send(market, *values, signed)

    def test_anyone_sends_it_and_twice_does_no_more(self, market, ana):
        signed = sign(ana, self.message(market, ana))
        for _ in range(2):
            (event,) = self.send(market, ana.address, 1, 2, START, signed).events
            assert event.arguments == {"maker": ana.address, "word": 1, "mask": 2}
            assert market.contract.call("noncesOf", ana.address, 1) == (2, 2)

    def test_a_contract_wallet_cancels(self, evm, market, ana):
        wallet = evm.deploy("Wallet1271", ana.address)
        self.send(market, wallet.address, 1, 2, START, sign(ana, self.message(market, wallet)))
        assert market.contract.call("noncesOf", wallet.address, 1) == (2, 2)
