"""PointMarket: signed offers, cancelling, and the brands' policies."""

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from tests.support.evm import START, Evm, actor
from tests.worlds.loyalty.contracts import (
    CANCEL_WORD,
    DAY,
    FOREVER,
    NOBODY,
    PERMIT,
    Market,
    Points,
    error_data,
    high_s,
    refuses,
    sign,
    vrs,
)
from tests.worlds.loyalty.market import NO_PERMIT, fill, state, token_of


class TestFillWithPermits:
    @pytest.fixture(autouse=True)
    def _without_allowances(self, market, offer, points, others, ana, ben):
        points.approve(ana, market, 0)
        others.approve(ben, market, 0)

    def permit(self, points, owner, market, value=1000, deadline=START + DAY, nonce=0):
        signed = points.sign(owner, PERMIT, owner.address, market.address, value, nonce, deadline)
        return value, deadline, *vrs(signed)

    def send(
        self, market, offer, by, amount, makers=NO_PERMIT, takers=NO_PERMIT, most=FOREVER, least=0
    ):
        signed = market.sign(actor("Ana"), offer)
        arguments = (offer.members, signed, amount, most, least, makers, takers)
        return market.contract.transact("fillWithPermits", *arguments, sender=by)

    def test_without_permits_allowances_are_missing(self, market, offer, points, others, ana, ben):
        with refuses("PointMarket_NoAllowance", points.address, ana.address, 0, 100):
            self.send(market, offer, ben, 100)
        makers = self.permit(points, ana, market)
        with refuses("PointMarket_NoAllowance", others.address, ben.address, 0, 31):
            self.send(market, offer, ben, 100, makers)

    def test_permits_that_are_too_small_late_or_somebody_elses(
        self, market, offer, points, ana, ben, eve
    ):
        for bad, allowed in (
            (self.permit(points, ana, market, value=99), 99),
            (self.permit(points, ana, market, deadline=START - 1), 0),
            (self.permit(points, ana, market, nonce=1), 0),
            (self.permit(points, eve, market), 0),
        ):
            with refuses("PointMarket_NoAllowance", points.address, ana.address, allowed, 100):
                self.send(market, offer, ben, 100, bad)

    def test_everything_that_fill_refuses(self, market, offer, points, others, ana, ben, eve):
        makers, takers = self.permit(points, ana, market), self.permit(others, ben, market)
        id_ = market.id_of(offer)
        with refuses("PointMarket_Overfill", id_, 101, 100):
            self.send(market, offer, ben, 101, makers, takers)
        with refuses("PointMarket_PaysTooMuch", id_, 31, 30):
            self.send(market, offer, ben, 100, makers, takers, most=30)
        with refuses("PointMarket_ReceivesTooLittle", id_, 100, 101):
            self.send(market, offer, ben, 100, makers, takers, least=101)
        forged = (offer.members, market.sign(eve, offer), 100, FOREVER, 0, makers, takers)
        with refuses("PointMarket_BadSignature", id_, ana.address):
            market.contract.transact("fillWithPermits", *forged, sender=ben)

    def test_nobody_has_to_approve_before(self, market, offer, points, others, ana, ben):
        done = self.send(
            market,
            offer,
            ben,
            100,
            self.permit(points, ana, market),
            self.permit(others, ben, market),
        )
        assert done.value == (31, 100)
        assert (points.balance(ben), others.balance(ana)) == (100, 31)
        assert points.token.call("allowance", ana.address, market.address) == 900

    def test_permits_that_somebody_sent_before_break_nothing(
        self, market, offer, points, others, ana, ben, eve
    ):
        makers, takers = self.permit(points, ana, market), self.permit(others, ben, market)
        for token, owner, (value, deadline, *tail) in (
            (points, ana, makers),
            (others, ben, takers),
        ):
            name = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
            token.token.transact(
                name, owner.address, market.address, value, deadline, *tail, sender=eve
            )
        self.send(market, offer, ben, 100, makers, takers)
        assert points.balance(ben) == 100

    def test_allowances_that_are_there_do_without(self, market, offer, points, others, ana, ben):
        points.approve(ana, market)
        others.approve(ben, market, 31)
        self.send(market, offer, ben, 100)
        assert points.balance(ben) == 100

    def test_the_fee_has_to_be_allowed_too(self, market, offer, points, others, ana, ben):
        market.policy(others, fee=1000)
        makers = self.permit(points, ana, market)
        with refuses("PointMarket_NoAllowance", others.address, ben.address, 33, 34):
            self.send(market, offer, ben, 100, makers, self.permit(others, ben, market, value=33))
        self.send(market, offer, ben, 100, makers, self.permit(others, ben, market, value=34))

    def test_a_token_without_permits_is_passed_over(
        self, evm, registry, market, offer, points, ana, ben
    ):
        brand = actor("silent brand")
        silent = token_of(evm, registry, brand, "SilentToken")
        market.contract.transact(
            "setPolicy", silent.address, (NOBODY, 0, 0, True, True), sender=brand
        )
        silent.transact("mint", ben.address, 31)
        wanted = replace(offer, want=silent.address)
        makers, takers = self.permit(points, ana, market), (5, FOREVER, 27, bytes(32), bytes(32))
        with refuses("PointMarket_NoAllowance", silent.address, ben.address, 0, 31):
            self.send(market, wanted, ben, 100, makers, takers)
        silent.transact("approve", market.address, FOREVER, sender=ben)
        self.send(market, wanted, ben, 100, makers, takers)
        assert silent.call("balanceOf", ana.address) == 31


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


class TestSetPolicy:
    def test_what_is_no_token_of_a_brand_is_refused(self, evm, registry, market, ana):
        wrong_registry, no_brand = (token_of(evm, registry, ana) for _ in range(2))
        wrong_registry.transact("belongTo", ana.address, ana.address)
        no_brand.transact("belongTo", registry.address, NOBODY)
        accepting = evm.deploy("PointReceiver")  # answers everything with its selector
        for token in (ana, registry, market, wrong_registry, no_brand, accepting):
            with refuses("PointMarket_NotPoints", token.address):
                market.contract.transact(
                    "setPolicy", token.address, (NOBODY, 0, 0, True, True), sender=ana
                )

    def test_a_token_under_another_registry_is_refused(self, evm, market):
        foreign = Points(evm, evm.deploy("IdentityRegistry"), "Foreign")
        with refuses("PointMarket_NotPoints", foreign.address):
            market.policy(foreign)

    def test_only_the_brands_managers_set_it(self, market, points, others, eve):
        for who in (eve, points.issuer, others.brand, others.manager):
            with refuses(
                "PointMarket_NotAllowed", points.address, who.address, points.brand.address
            ):
                market.contract.transact(
                    "setPolicy", points.address, (NOBODY, 0, 0, True, True), sender=who
                )
        market.contract.transact(
            "setPolicy", points.address, (NOBODY, 0, 0, True, True), sender=points.manager
        )

    def test_a_cap_of_the_fee_above_the_highest_is_refused(self, market, points):
        with refuses("PointMarket_FeeCapRaised", points.address, 1001, 1000):
            market.policy(points, most=1001)
        assert market.contract.call("HIGHEST_FEE_BPS") == 1000

    def test_the_cap_can_only_be_lowered(self, market, points):
        market.policy(points, most=500)
        with refuses("PointMarket_FeeCapRaised", points.address, 501, 500):
            market.policy(points, most=501)
        market.policy(points, most=0)
        with refuses("PointMarket_FeeCapRaised", points.address, 1, 0):
            market.policy(points, most=1)

    def test_a_fee_above_its_cap_or_for_nobody_is_refused(self, market, points):
        for fee, most, to in ((6, 5, points.brand.address), (1, 5, NOBODY), (1, 5, points.address)):
            with refuses("PointMarket_BadPolicy", points.address, fee, most, to):
                terms = (to, fee, most, True, True)
                market.contract.transact("setPolicy", points.address, terms, sender=points.brand)

    def test_it_is_told_and_kept(self, market, points):
        assert market.contract.call("policyOf", points.address) == (NOBODY, 0, 0, False, False)
        assert market.contract.call("brandOf", points.address) == NOBODY
        for terms in (
            (points.brand.address, 1000, 1000, True, False),
            (actor("till").address, 0, 999, False, True),
            (NOBODY, 0, 3, False, False),
            (actor("till").address, 3, 3, True, True),
        ):
            done = market.contract.transact(
                "setPolicy", points.address, terms, sender=points.manager
            )
            (event,) = done.events
            assert (event.name, event.token, event.brand) == (
                "PolicySet",
                points.address,
                points.brand.address,
            )
            assert tuple(event.policy) == terms == market.contract.call("policyOf", points.address)
        assert market.contract.call("brandOf", points.address) == points.brand.address

    def test_the_brand_is_kept_whatever_the_token_says_later(self, evm, registry, market, ana, eve):
        token = token_of(evm, registry, ana)
        market.contract.transact("setPolicy", token.address, (NOBODY, 0, 9, True, True), sender=ana)
        token.transact("belongTo", eve.address, eve.address)
        with refuses("PointMarket_NotAllowed", token.address, eve.address, ana.address):
            market.contract.transact(
                "setPolicy", token.address, (NOBODY, 0, 9, True, True), sender=eve
            )
        market.contract.transact(
            "setPolicy", token.address, (NOBODY, 0, 9, False, True), sender=ana
        )

    def test_a_handed_over_brand_has_a_new_master(self, registry, market, points, ana):
        market.policy(points)
        registry.transact("changeOwner", points.brand.address, ana.address, sender=points.brand)
        with refuses(
            "PointMarket_NotAllowed", points.address, points.brand.address, points.brand.address
        ):
            market.policy(points)
        market.contract.transact(
            "setPolicy", points.address, (NOBODY, 0, 9, True, True), sender=ana
        )


class TestHostileTokens:
    """What a token does badly must not make a maker get less than the offer says, nor a fill happen twice."""

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
        """The maker is a wallet that cancels, in the middle of a part fill, what is being filled."""
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
