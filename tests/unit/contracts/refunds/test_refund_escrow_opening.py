"""RefundEscrow: the payer opens a deal, with terms and tokens of every kind."""

from datetime import timedelta

import pytest

from careledger.chain.reverts import RevertedSilently
from careledger.refunds import errors
from careledger.refunds.deal import DealState
from careledger.values.addresses import ZERO_ADDRESS
from tests.support.evm import ETHER, Evm
from tests.worlds.refunds import DAY, World, hostile, raw

MAX = 3650 * DAY


class TestOpen:
    @pytest.mark.parametrize("who", ["stranger", "seller", "arbiter", "carrier"])
    def test_only_the_payer_opens(self, world, who):
        terms = world.terms()
        world.fund(terms)
        with pytest.raises(errors.NotPermitted) as refusal:
            world.do("open", terms, sender=getattr(world, who))
        assert refusal.value.id == world.id(terms)
        assert refusal.value.actual == getattr(world, who).address
        assert refusal.value.expected == world.payer.address

    @pytest.mark.parametrize(
        ("field", "value", "limit"),
        [
            ("amount", 0, 2**128 - 1),
            ("amount", 2**128, 2**128 - 1),
            ("amount", 2**256 - 1, 2**128 - 1),
            ("releaseAt", 0, "now+max"),
            ("releaseAt", "now", "now+max"),
            ("releaseAt", "now+max+1", "now+max"),
            ("releaseAt", 2**256 - 1, "now+max"),
            ("slaAt", "now", "releaseAt"),
            ("slaAt", 1, "releaseAt"),
            ("slaAt", "releaseAt", "releaseAt"),
            ("slaAt", 2**256 - 1, "releaseAt"),
            ("disputeWindow", 0, 3600),
            ("disputeWindow", 3599, 3600),
            ("disputeWindow", 365 * DAY + 1, 365 * DAY),
            ("disputeWindow", 2**256 - 1, 365 * DAY),
            ("feeBps", 10_001, 10_000),
            ("feeBps", 2**256 - 1, 10_000),
            ("defaultBps", 10_001, 10_000),
            ("seller", ZERO_ADDRESS, "self"),
            ("seller", "self", "self"),
            ("refundTo", "self", "self"),
            ("feeTo", ZERO_ADDRESS, "self"),
            ("feeTo", "self", "self"),
            ("criteria", "self", 0),
        ],
    )
    def test_bad_terms_are_refused_by_name(self, world, field, value, limit):
        terms = world.terms()
        now = world.evm.now
        known = {
            "now": now,
            "now+max": now + MAX,
            "now+max+1": now + MAX + 1,
            "releaseAt": now + 30 * DAY,
            "self": world.escrow.address,
        }
        value = known.get(value, value)
        bad = raw(terms, **{field: value})
        with pytest.raises(errors.BadTerms) as refusal:
            world.do("open", bad, sender=world.payer)
        assert refusal.value.name == field
        assert refusal.value.actual == (int(value, 16) if isinstance(value, str) else value)
        limit = known.get(limit, limit)
        assert refusal.value.limit == (int(limit, 16) if isinstance(limit, str) else limit)
        assert refusal.value.id == world.escrow.call("idOf", bad)

    @pytest.mark.parametrize(
        "fields",
        [
            {"releaseAt": "now+1", "slaAt": 0},
            {"releaseAt": "now+max"},
            {"slaAt": "now+1"},
            {"slaAt": 0},
            {"disputeWindow": 3600},
            {"disputeWindow": 365 * DAY},
            {"disputeWindow": 0, "arbiter": ZERO_ADDRESS},
            {"disputeWindow": 2**256 - 1, "arbiter": ZERO_ADDRESS},
            {"feeBps": 0, "feeTo": ZERO_ADDRESS},
            {"feeBps": 10_000},
            {"defaultBps": 10_000},
            {"defaultBps": 0},
            {"criteria": ZERO_ADDRESS, "arbiter": ZERO_ADDRESS, "slaAt": 0},
            {"amount": 1},
            {"amount": 2**128 - 1},
            {"refundTo": "payer"},
        ],
    )
    def test_terms_at_their_bounds_are_taken(self, world, fields):
        known = {
            "now+1": world.evm.now + 1,
            "now+max": world.evm.now + MAX,
            "payer": world.payer.address,
        }
        words = raw(world.terms(), **{k: known.get(v, v) for k, v in fields.items()})
        world.token.transact("mint", world.payer.address, words[4])
        world.token.transact("approve", world.escrow.address, words[4], sender=world.payer)
        world.do("open", words, sender=world.payer)
        assert world.escrow.call("deal", world.escrow.call("idOf", words))[5] == DealState.OPEN

    @pytest.mark.parametrize("index", [0, 1, 2, 3, 8, 9, 11])
    def test_bits_beyond_an_address_are_refused(self, world, index):
        terms = world.terms()
        world.fund(terms)
        data = bytearray(world.escrow.encode("open", terms.abi()))
        data[4 + 32 * index] = 1
        with pytest.raises(RevertedSilently):
            world.evm.raw_transact(world.escrow.address, bytes(data), world.payer)

    def test_bits_beyond_an_address_are_refused_even_where_it_goes_unread(self, world):
        terms = world.terms(fee_bps=0, fee_to=ZERO_ADDRESS)
        world.fund(terms)
        data = bytearray(world.escrow.encode("open", terms.abi()))
        data[4 + 32 * 11] = 1
        with pytest.raises(RevertedSilently):
            world.evm.raw_transact(world.escrow.address, bytes(data), world.payer)

    def test_the_same_terms_open_once(self, world):
        terms = world.open()
        world.fund(terms)
        with pytest.raises(errors.AlreadyOpened) as refusal:
            world.do("open", terms, sender=world.payer)
        assert (refusal.value.id, refusal.value.actual) == (world.id(terms), DealState.OPEN)
        world.do("release", terms, sender=world.payer)
        with pytest.raises(errors.AlreadyOpened) as refusal:
            world.do("open", terms, sender=world.payer)
        assert refusal.value.actual == DealState.RELEASED

    def test_another_salt_is_another_deal(self, world):
        terms = world.open()
        other = world.open(terms.renewed())
        assert world.id(terms) != world.id(other)
        assert world.state(other) == DealState.OPEN

    @pytest.mark.parametrize(("allowance", "balance"), [(0, 100), (99, 100), (100, 99)])
    def test_a_payer_who_cannot_pay_opens_nothing(self, world, allowance, balance):
        terms = world.terms(amount=100)
        world.token.transact("mint", world.payer.address, balance)
        world.token.transact("approve", world.escrow.address, allowance, sender=world.payer)
        with pytest.raises(errors.WrongDeposit) as refusal:
            world.do("open", terms, sender=world.payer)
        assert (refusal.value.actual, refusal.value.expected) == (0, 100)
        assert world.state(terms) == DealState.NONE

    def test_a_token_that_takes_a_fee_is_refused(self, world):
        token = hostile(world, "FeeToken", fee=100)
        terms = world.terms(token=token.address)
        with pytest.raises(errors.WrongDeposit) as refusal:
            world.open(terms)
        assert (refusal.value.actual, refusal.value.expected) == (99_000_000, 100_000_000)

    def test_a_token_that_is_no_contract_is_refused(self, world):
        with pytest.raises(errors.WrongDeposit):
            world.do("open", world.terms(token=world.other.address), sender=world.payer)

    def test_a_token_that_answers_false_opens_nothing(self, world):
        token = hostile(world, "FalseToken")
        terms = world.terms(token=token.address)
        token.transact("setRefusing", True)
        with pytest.raises(errors.WrongDeposit):
            world.open(terms)

    def test_a_token_that_answers_nothing_is_taken(self, world):
        token = hostile(world, "SilentToken")
        terms = world.open(token=token.address)
        assert world.balance(world.escrow, token.address) == terms.amount

    @pytest.mark.parametrize("early", [True, False])
    def test_a_token_that_opens_a_second_deal_on_the_way_does_not_get_two_for_one(
        self, world, early
    ):
        token = world.evm.deploy("ReentrantToken", "R", "R", 6)
        first = world.terms(token=token.address)
        inner = world.terms(token=token.address, payer=token.address)
        token.transact("mint", token.address, inner.amount)
        token.transact(
            "act",
            token.address,
            token.encode("approve", world.escrow.address, inner.amount),
            sender=world.other,
        )
        world.fund(first)
        token.transact("arm", world.escrow.address, world.escrow.encode("open", inner.abi()), early)
        with pytest.raises(errors.WrongDeposit) as refusal:
            world.do("open", first, sender=world.payer)
        assert refusal.value.actual == 2 * first.amount
        assert world.state(first) == world.state(inner) == DealState.NONE

    @pytest.mark.parametrize("value", [0, 1, 2 * ETHER - 1, 2 * ETHER + 1])
    def test_ether_has_to_be_exact(self, world, value):
        terms = world.ether()
        with pytest.raises(errors.WrongValue) as refusal:
            world.do("open", terms, sender=world.payer, value=value)
        assert (refusal.value.actual, refusal.value.deposit, refusal.value.charge) == (
            value,
            2 * ETHER,
            0,
        )

    def test_ether_does_not_go_with_tokens(self, world):
        terms = world.terms()
        world.fund(terms)
        with pytest.raises(errors.WrongValue) as refusal:
            world.do("open", terms, sender=world.payer, value=1)
        assert (refusal.value.actual, refusal.value.deposit) == (1, 0)

    def test_tells_and_keeps_the_amount(self, world):
        terms = world.terms()
        world.fund(terms)
        done = world.do("open", terms, sender=world.payer)
        assert done.value == world.id(terms)
        (opened,) = done.named("Opened")
        assert opened.arguments == {
            "id": world.id(terms),
            "payer": terms.payer,
            "seller": terms.seller,
            "token": terms.token,
            "amount": terms.amount,
            "order_ref": terms.order_ref,
        }
        assert world.deal(terms) == {
            "held": terms.amount,
            "deadline": 0,
            "window": 0,
            "ruling_bps": 0,
            "appeal_bps": 0,
            "state": DealState.OPEN,
            "appellant": 0,
        }
        assert world.balance(world.escrow) == terms.amount
        assert world.balance(world.payer) == 0

    def test_ether_is_kept(self, world):
        terms = world.open(world.ether())
        assert world.evm.balance(world.escrow) == terms.amount
        assert world.state(terms) == DealState.OPEN

    def test_the_id_is_the_hash_of_domain_and_terms(self, world):
        terms = world.terms()
        assert (
            world.escrow.call("idOf", terms.abi())
            == world.id(terms)
            == world.messages.deal_id(terms)
        )
        fields, name, version, chain_id, contract, salt, extensions = world.escrow.call(
            "eip712Domain"
        )
        assert (fields, name, version, chain_id) == (b"\x0f", "CareLedger RefundEscrow", "1", 31337)
        assert (contract, salt, list(extensions)) == (world.escrow.address, bytes(32), [])

    def test_the_id_names_chain_and_contract(self, world):
        elsewhere, again = (
            World(Evm(chain_id=1)),
            world.evm.deploy("RefundEscrow", world.registry.address),
        )
        words = world.terms().abi()
        assert len({w.call("idOf", words) for w in (world.escrow, elsewhere.escrow, again)}) == 3


def test_windows_and_bounds_are_told(world):
    limits = world.escrow.call("limits")
    assert limits == (
        100_000,
        300_000,
        MAX,
        3600,
        365 * DAY,
        1_000,
        10_001,
        b"careledger.refunder".ljust(32, b"\0"),
        b"careledger.arbiter".ljust(32, b"\0"),
    )
    assert timedelta(seconds=limits[4]) == timedelta(days=365)
