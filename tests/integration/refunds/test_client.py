"""The typed clients on a node: every method, against the real contracts."""

from datetime import timedelta

import pytest
from eth_abi.abi import encode

from careledger.crypto.hashing import keccak256
from careledger.errors import NodeError, NotFound, SettingsError
from careledger.refunds import errors, events
from careledger.refunds.deal import DealState, Party, SplitAgreement
from careledger.refunds.erc20 import Erc20Token, sign_permit
from careledger.refunds.terms import KINDS
from careledger.values.addresses import ZERO_ADDRESS

EVIDENCE = b"\xee" * 32


def later(shop):
    return shop.now() + timedelta(hours=1)


class TestOpening:
    def test_the_payer_opens(self, shop):
        terms = shop.terms()
        shop.token.using(shop.payer).approve(shop.escrow.address, terms.amount)
        receipt = shop.by(shop.payer).open(terms)
        (opened,) = shop.escrow.events(receipt)
        assert isinstance(opened, events.Opened)
        assert (opened.id, opened.payer, opened.amount) == (
            shop.id(terms),
            terms.payer,
            terms.amount,
        )
        assert shop.escrow.id_of(terms) == shop.id(terms) == shop.escrow.messages.deal_id(terms)
        deal = shop.escrow.deal(shop.id(terms))
        assert (deal.state, deal.held, deal.deadline_at, deal.appellant) == (
            DealState.OPEN, terms.amount, None, Party.NONE,
        )  # fmt: skip
        assert not deal.state.final

    def test_a_relayer_opens_with_the_payers_word(self, shop):
        terms, deadline = shop.terms(), later(shop)
        shop.token.using(shop.payer).approve(shop.escrow.address, terms.amount)
        signature = shop.escrow.messages.open(terms, deadline).sign(shop.payer.account)
        shop.by(shop.relayer).open_by_sig(terms, deadline, signature)
        assert shop.escrow.deal(shop.id(terms)).state is DealState.OPEN

    def test_a_relayer_opens_with_a_permit(self, shop):
        terms, deadline = shop.terms(), later(shop)
        permit = sign_permit(
            shop.payer.account,
            shop.token.domain_separator(),
            shop.escrow.address,
            value=terms.amount,
            nonce=shop.token.nonces(terms.payer),
            deadline=deadline,
        )
        signature = shop.escrow.messages.open(terms, deadline).sign(shop.payer.account)
        shop.by(shop.relayer).open_with_permit(terms, permit, deadline, signature)
        assert shop.escrow.deal(shop.id(terms)).state is DealState.OPEN

    def test_what_only_others_may_call_is_refused_as_such(self, shop):
        terms = shop.terms()
        with pytest.raises(errors.NotPermitted):
            shop.by(shop.payer).on_transfer_received(
                terms.payer, terms.payer, terms.amount, encode(KINDS, terms.abi())
            )
        with pytest.raises(errors.OnlySelf):
            shop.by(shop.payer).open_received(
                terms, terms.token, terms.payer, terms.payer, terms.amount
            )
        with pytest.raises(errors.NotPermitted):
            shop.by(shop.payer).refund_due(shop.open(), 10_000)
        with pytest.raises(errors.UnknownDispute):
            shop.by(shop.arbiter).rule(1, 1)


class TestTermsOf:
    def test_a_stranger_finds_the_terms_by_the_id(self, shop):
        terms = shop.open()
        assert shop.escrow.terms_of(shop.id(terms)) == terms

    def test_also_inside_a_transfer_that_calls(self, shop):
        token = shop.deploy("CallingToken", "Calling", "CLL", 6)
        shop.call(shop.patron, token, "setFee(uint256)", 0)
        shop.call(shop.patron, token, "mint(address,uint256)", shop.payer.address, 10**9)
        terms = shop.terms(token=token.address)
        data = keccak256(b"transferAndCall(address,uint256,bytes)")[:4] + encode(
            ["address", "uint256", "bytes"],
            [shop.escrow.address, terms.amount, encode(KINDS, terms.abi())],
        )
        shop.payer.transact(token.address, data)
        assert shop.escrow.terms_of(shop.id(terms)) == terms

    def test_and_inside_a_wallets_call(self, shop):
        wallet = shop.deploy("Wallet1271", shop.payer.address)
        terms = shop.terms(payer=wallet.address, token=ZERO_ADDRESS)
        call = shop.escrow.encode("open", terms.abi())
        data = keccak256(b"execute(address,uint256,bytes)")[:4] + encode(
            ["address", "uint256", "bytes"], [shop.escrow.address, terms.amount, call]
        )
        shop.payer.transact(wallet.address, data, value=terms.amount)
        assert shop.escrow.terms_of(shop.id(terms)) == terms

    def test_a_node_that_has_forgotten_the_transaction_is_said_to_have(self, shop, monkeypatch):
        identifier, ask = shop.id(shop.open()), shop.chain.request
        monkeypatch.setattr(
            shop.chain,
            "request",
            lambda m, *rest: None if m == "eth_getTransactionByHash" else ask(m, *rest),
        )
        with pytest.raises(NodeError, match="any more"):
            shop.escrow.terms_of(identifier)

    def test_a_deal_that_nobody_opened_is_not_found(self, shop):
        with pytest.raises(NotFound, match="no deal 0x00"):
            shop.escrow.terms_of(bytes(32))


class TestEnding:
    def test_release_by_hand_and_by_word(self, shop):
        (released,) = shop.escrow.events(shop.by(shop.payer).release(shop.open()))
        assert (released.paid, released.fee) == (97_500_000, 2_500_000)
        terms, deadline = shop.open(), later(shop)
        signature = shop.escrow.messages.release(shop.id(terms), deadline).sign(shop.payer.account)
        shop.by(shop.relayer).release_by_sig(terms, deadline, signature)
        assert shop.escrow.deal(shop.id(terms)).state.final

    def test_a_stranger_refunds_what_was_not_delivered(self, shop):
        terms = shop.open()
        assert shop.escrow.due_bps(terms) == 0
        shop.sleep(timedelta(days=8))
        assert shop.escrow.due_bps(terms) == shop.desk.due_bps(shop.id(terms), terms) == 10_000
        (refunded,) = shop.escrow.events(shop.by(shop.stranger).refund(terms))
        assert refunded.refunded == terms.amount

    def test_the_seller_gives_a_part_back(self, shop):
        terms = shop.open()
        (part,) = shop.escrow.events(shop.by(shop.seller).refund_part(terms, 1_000_000))
        assert (part.amount, part.held) == (1_000_000, 99_000_000)

    def test_both_agree(self, shop):
        terms, deadline = shop.open(), later(shop)
        message = shop.escrow.messages.split(shop.id(terms), 40_000_000, 60_000_000, deadline)
        agreement = SplitAgreement(
            40_000_000,
            60_000_000,
            deadline,
            shop.seller.address,
            message.sign(shop.payer.account),
            message.sign(shop.seller.account),
        )
        (split,) = shop.escrow.events(shop.by(shop.stranger).split(terms, agreement))
        assert (split.refunded, split.paid, split.fee) == (40_000_000, 58_500_000, 1_500_000)

    def test_several_are_under_way_at_once(self, shop):
        deals = [shop.open() for _ in range(5)]
        payer = shop.by(shop.payer)
        pending = [payer.queue("release", terms.abi()) for terms in deals]
        assert all(shop.payer.wait(one).succeeded for one in pending)
        assert [one.id for one in shop.escrow.history(events.Released)] == [
            shop.id(terms) for terms in deals
        ]

    def test_a_generic_call_goes_by_the_contracts_name(self, shop):
        receipt = shop.by(shop.payer).transact("release", shop.open())
        assert receipt.succeeded

    def test_without_a_key_nothing_is_sent(self, shop):
        with pytest.raises(SettingsError, match="needs a key"):
            shop.escrow.release(shop.open())


class TestDisputing:
    def test_from_the_dispute_to_the_appeal(self, shop):
        terms = shop.open()
        assert shop.escrow.costs(terms) == (0, 10_000_000)
        shop.by(shop.payer).dispute(terms, EVIDENCE)
        shop.by(shop.seller).submit_evidence(terms, EVIDENCE)
        (ruled,) = shop.escrow.events(shop.by(shop.arbiter).award(terms, 2_000))
        deal = shop.escrow.deal(shop.id(terms))
        assert (deal.state, deal.ruling_bps) == (DealState.RULED, ruled.refund_bps)
        assert int(deal.deadline_at.timestamp()) == ruled.deadline
        shop.token.using(shop.payer).approve(shop.escrow.address, 10_000_000)
        (appealed,) = shop.escrow.events(shop.by(shop.payer).appeal(terms, EVIDENCE))
        assert (appealed.bond, appealed.by) == (10_000_000, Party.PAYER)
        shop.by(shop.arbiter).award(terms, 3_000)
        happened = shop.escrow.events(shop.by(shop.stranger).execute(terms))
        assert [type(event) for event in happened] == [events.Split, events.BondPaid]

    def test_a_relayer_brings_the_customers_word(self, shop):
        terms, deadline = shop.open(token=ZERO_ADDRESS, amount=10**18), later(shop)
        messages, relay = shop.escrow.messages, shop.by(shop.relayer)
        dispute = messages.dispute(shop.id(terms), EVIDENCE, deadline).sign(shop.payer.account)
        relay.dispute_by_sig(terms, EVIDENCE, deadline, dispute)
        shop.by(shop.arbiter).award(terms, 0)
        appeal = messages.appeal(shop.id(terms), EVIDENCE, deadline).sign(shop.payer.account)
        relay.appeal_by_sig(terms, EVIDENCE, deadline, appeal, value=10**17)
        assert shop.escrow.deal(shop.id(terms)).appellant is Party.PAYER

    def test_an_arbitrator_has_the_dispute_under_its_number(self, shop):
        court = shop.deploy("TestArbitrator", 5)
        terms = shop.open(arbiter=court.address)
        charge, _ = shop.escrow.costs(terms)
        happened = shop.escrow.events(shop.by(shop.payer).dispute(terms, EVIDENCE, value=charge))
        assert isinstance(happened[-1], events.ArbitrationRequested)
        assert shop.escrow.dispute_of(court.address, happened[-1].dispute_id) == shop.id(terms)
        receipt = shop.call(shop.stranger, court, "giveRuling(uint256,uint256)", 1, 1)
        assert [type(event) for event in shop.escrow.events(receipt)] == [
            events.Ruling,
            events.Ruled,
        ]


class TestCredits:
    @pytest.fixture
    def owed(self, shop):
        """A contract that takes no ether is owed some."""
        receiver = shop.deploy("HostileReceiver")
        shop.call(shop.patron, receiver, "setMood(uint8)", 1)
        terms = shop.open(token=ZERO_ADDRESS, amount=1_000, seller=receiver.address, fee_bps=0)
        happened = shop.escrow.events(shop.by(shop.payer).release(terms))
        assert isinstance(happened[-1], events.Credited)
        return receiver

    def test_a_stranger_tries_again(self, shop, owed):
        assert shop.escrow.credit(ZERO_ADDRESS, owed.address) == 1_000
        with pytest.raises(errors.NotPaid):
            shop.by(shop.stranger).claim_for(owed.address, ZERO_ADDRESS)
        shop.call(shop.patron, owed, "setMood(uint8)", 0)
        (claimed,) = shop.escrow.events(
            shop.by(shop.stranger).claim_for(owed.address, ZERO_ADDRESS)
        )
        assert (claimed.amount, claimed.to) == (1_000, owed.address)

    def test_who_is_owed_nothing_claims_nothing(self, shop):
        with pytest.raises(errors.NothingOwed):
            shop.by(shop.payer).claim(ZERO_ADDRESS, shop.other.address)
        deadline = later(shop)
        message = shop.escrow.messages.claim(
            shop.payer.address,
            ZERO_ADDRESS,
            shop.other.address,
            shop.escrow.nonce(shop.payer.address),
            deadline,
        )
        with pytest.raises(errors.NothingOwed):
            shop.by(shop.relayer).claim_by_sig(
                shop.payer.address,
                ZERO_ADDRESS,
                shop.other.address,
                deadline,
                message.sign(shop.payer.account),
            )


class TestDesk:
    def test_scans_are_recorded(self, shop):
        terms, scanner = shop.open(), shop.desk.using(shop.scanner)
        assert shop.desk.record(terms.order_ref).scanner is None
        scanner.scan_delivery(terms.order_ref)
        record = shop.desk.record(terms.order_ref)
        assert (record.scanner, record.returned_at) == (shop.scanner.address, None)
        assert record.delivered_at == shop.now()
        (scanned,) = shop.desk.events(scanner.scan_return(terms.order_ref, 6_000))
        assert scanned.grade_bps == shop.desk.record(terms.order_ref).grade_bps == 6_000

    def test_a_return_is_settled_by_hand_and_by_word(self, shop):
        first, second, deadline = shop.open(), shop.open(), later(shop)
        receipt = shop.desk.using(shop.scanner).settle_return(first, 10_000)
        assert [type(event) for event in shop.escrow.events(receipt)] == [events.Refunded]
        message = shop.desk.messages.return_scan(
            second.order_ref, 10_000, shop.scanner.address, deadline
        )
        signature = message.sign(shop.scanner.account)
        relay = shop.desk.using(shop.relayer)
        relay.settle_return_by_sig(second, 10_000, shop.scanner.address, deadline, signature)
        assert shop.escrow.deal(shop.id(second)).state is DealState.REFUNDED
        with pytest.raises(errors.AlreadyReturned):
            relay.scan_return_by_sig(
                second.order_ref, 10_000, shop.scanner.address, deadline, signature
            )

    def test_a_delivery_is_relayed(self, shop):
        terms, deadline = shop.terms(), later(shop)
        message = shop.desk.messages.delivery_scan(terms.order_ref, shop.scanner.address, deadline)
        shop.desk.using(shop.relayer).scan_delivery_by_sig(
            terms.order_ref, shop.scanner.address, deadline, message.sign(shop.scanner.account)
        )
        pending = shop.desk.using(shop.scanner).queue("scanReturn", terms.order_ref, 1)
        assert shop.scanner.wait(pending).succeeded

    def test_a_desk_knows_its_surroundings(self, shop):
        assert shop.desk.escrow() == shop.escrow.address
        assert shop.desk.registry() == shop.escrow.registry() == shop.suite["IdentityRegistry"]
        assert shop.desk.scanner_role().startswith(b"careledger.scanner")
        assert shop.desk.carrier_of(shop.terms().order_ref) == shop.carrier.address
        assert shop.desk.eip712_domain()[1] == "CareLedger ReturnDesk"
        assert shop.escrow.eip712_domain()[1] == "CareLedger RefundEscrow"
        assert shop.escrow.limits()[0] == 100_000


class TestToken:
    def test_what_is_no_token_is_said_to_be_none(self, shop):
        with pytest.raises(NotFound, match="no ERC-20 token"):
            Erc20Token(shop.chain, shop.other.address).decimals()

    def test_it_tells_what_it_is(self, shop):
        assert (shop.token.symbol(), shop.token.decimals()) == ("TUSD", 6)
        shop.token.using(shop.payer).approve(shop.other.address, 5)
        assert shop.token.allowance(shop.payer.address, shop.other.address) == 5

    def test_without_a_key_nothing_is_approved(self, shop):
        with pytest.raises(SettingsError, match="needs a key"):
            Erc20Token(shop.chain, shop.token.address).approve(shop.other.address, 5)
