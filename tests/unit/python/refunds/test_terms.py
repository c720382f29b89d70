"""Terms of deals: what can be, how they are hashed, and how strangers find them."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from eth_abi import encode

from careledger.crypto.documents import JsonNode, MalformedDocument
from careledger.errors import InputError
from careledger.refunds.calldata import find_terms
from careledger.refunds.errors import TermsError, TermsNotFound
from careledger.refunds.terms import KINDS, TERMS_TYPE, WORDS, DealTerms
from careledger.values.addresses import ZERO_ADDRESS
from tests.support.evm import actor

NOW = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
ESCROW = actor("escrow").address


def terms(**fields):
    values = {
        "payer": actor("payer").address,
        "seller": actor("seller").address,
        "token": actor("token").address,
        "amount": 100,
        "release_at": NOW + timedelta(days=30),
        "order_ref": b"\x07" * 32,
        "sla_at": NOW + timedelta(days=7),
        "dispute_window": timedelta(days=3),
        "arbiter": actor("arbiter").address,
        "fee_bps": 250,
        "fee_to": actor("fees").address,
        "default_bps": 5_000,
        "salt": b"\x01" * 32,
    }
    return DealTerms(**values | fields)


class TestTerms:
    @pytest.mark.parametrize(
        ("fields", "field", "says"),
        [
            ({"payer": ZERO_ADDRESS}, "payer", "payer is missing"),
            ({"seller": ZERO_ADDRESS}, "seller", "seller is missing"),
            ({"payer": "0x12"}, "payer", "is not an address"),
            ({"token": None}, "token", "is not an address"),
            ({"arbiter": "f" * 40}, "arbiter", "is not an address"),
            ({"seller": "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046"}, "seller", "wrong checksum"),
            ({"amount": 0}, "amount", "above 0"),
            ({"amount": -1}, "amount", "above 0"),
            ({"amount": 1 << 128}, "amount", "above 0"),
            ({"amount": 1.5}, "amount", "not a whole number"),
            ({"amount": True}, "amount", "not a whole number"),
            ({"order_ref": b"short"}, "order_ref", "32 bytes"),
            ({"order_ref": "text"}, "order_ref", "32 bytes"),
            ({"salt": b"\x01"}, "salt", "32 bytes"),
            ({"fee_bps": 10_001}, "fee_bps", "from 0 to 10,000"),
            ({"fee_bps": -1}, "fee_bps", "from 0 to 10,000"),
            ({"default_bps": 0.5}, "default_bps", "from 0 to 10,000"),
            ({"fee_to": ZERO_ADDRESS}, "fee_to", "somebody has to get the fee"),
            ({"release_at": datetime(2027, 2, 1)}, "release_at", "time zone"),  # noqa: DTZ001
            ({"release_at": 5}, "release_at", "time zone"),
            ({"release_at": NOW + timedelta(microseconds=1)}, "release_at", "whole seconds"),
            ({"release_at": datetime(1960, 1, 1, tzinfo=UTC)}, "release_at", "before 1970"),
            ({"sla_at": NOW + timedelta(days=30)}, "sla_at", "before release_at"),
            ({"dispute_window": 5}, "dispute_window", "whole seconds"),
            ({"dispute_window": timedelta(seconds=3600.5)}, "dispute_window", "whole seconds"),
            (
                {"dispute_window": timedelta(minutes=59)},
                "dispute_window",
                "from one hour to 365 days",
            ),
            (
                {"dispute_window": timedelta(days=366)},
                "dispute_window",
                "from one hour to 365 days",
            ),
            (
                {"dispute_window": timedelta(days=-1), "arbiter": ZERO_ADDRESS},
                "dispute_window",
                "negative",
            ),
        ],
    )
    def test_bad_ones_are_refused_in_one_sentence(self, fields, field, says):
        with pytest.raises(TermsError, match=says) as refusal:
            terms(**fields)
        assert refusal.value.field == field
        assert isinstance(refusal.value, InputError)
        assert "\n" not in str(refusal.value)

    def test_what_may_be_left_out(self):
        least = DealTerms(
            payer=actor("payer").address,
            seller=actor("seller").address,
            token=ZERO_ADDRESS,
            amount=1,
            release_at=NOW,
            order_ref=bytes(32),
        )
        assert (least.refund_to, least.criteria, least.arbiter, least.fee_to) == (ZERO_ADDRESS,) * 4
        assert (least.sla_at, least.fee_bps, least.default_bps) == (None, 0, 0)
        assert least.refundee == least.payer
        assert replace(least, refund_to=actor("x").address).refundee == actor("x").address

    def test_each_gets_a_salt_of_its_own(self):
        assert len({terms(salt=b"").salt for _ in range(10)}) == 10
        assert terms().renewed().salt != terms().salt

    def test_they_do_not_change(self):
        with pytest.raises(FrozenInstanceError):
            terms().amount = 5

    def test_addresses_get_their_checksum(self):
        assert terms(payer=actor("payer").address.lower()).payer == actor("payer").address

    @pytest.mark.parametrize(
        ("now", "field"),
        [
            (NOW + timedelta(days=30), "release_at"),
            (NOW - timedelta(days=3621), "release_at"),
            (NOW + timedelta(days=7), "sla_at"),
        ],
    )
    def test_times_are_checked_against_the_clock(self, now, field):
        with pytest.raises(TermsError) as refusal:
            terms().check(now)
        assert refusal.value.field == field

    def test_terms_in_time_pass(self):
        terms().check(NOW)
        terms(sla_at=None).check(NOW)


class TestWords:
    def test_words_and_back(self):
        for one in (terms(), terms(sla_at=None), terms(token=ZERO_ADDRESS)):
            assert DealTerms.from_abi(one.abi()) == one

    def test_other_time_zones_are_the_same_instant(self):
        there = terms().release_at.astimezone(timezone(timedelta(hours=-3)))
        assert terms(release_at=there).abi() == terms().abi()

    def test_a_time_beyond_every_calendar_is_refused(self):
        words = list(terms().abi())
        words[5] = 2**255
        with pytest.raises(TermsError, match="after the year 9999"):
            DealTerms.from_abi(words)

    def test_the_id_names_chain_and_contract(self):
        ids = {terms().id(1, ESCROW), terms().id(2, ESCROW), terms().id(1, actor("other").address)}
        assert len(ids) == 3
        assert all(len(one) == 32 for one in ids)


def read(document):
    return DealTerms.from_json(JsonNode(document, "terms"))


class TestJson:
    def test_json_and_back(self):
        for one in (terms(), terms(sla_at=None, arbiter=ZERO_ADDRESS, dispute_window=timedelta(0))):
            assert read(one.to_json()) == one

    def test_the_names_are_the_contracts(self):
        names = [member.split()[1] for member in TERMS_TYPE[6:-1].split(",")]
        assert list(terms().to_json()) == names

    def test_what_may_be_left_out_may_be_null(self):
        least = dict.fromkeys(terms().to_json()) | {
            "payer": actor("payer").address,
            "seller": actor("seller").address,
            "token": ZERO_ADDRESS,
            "amount": "1",
            "releaseAt": "2027-02-14T08:00:00Z",
            "orderRef": "0x" + "00" * 32,
        }
        assert read(least).sla_at is None
        assert len(read(least).salt) == 32

    @pytest.mark.parametrize(
        ("change", "path", "says"),
        [
            ({"colour": "red"}, "$.colour", "unknown"),
            ({"payer": None}, "$.payer", "not an address"),
            ({"amount": "1.5"}, "$.amount", "not a whole number"),
            ({"amount": "-5"}, "$.amount", "not a whole number"),
            ({"amount": "٣"}, "$.amount", "not a whole number"),
            ({"amount": 100}, "$.amount", "not a whole number as decimal text"),
            ({"releaseAt": "soon"}, "$.releaseAt", "not a time such as"),
            ({"releaseAt": 5}, "$.releaseAt", "not a time such as"),
            ({"slaAt": "x"}, "$.slaAt", "not a time such as"),
            ({"orderRef": "zz"}, "$.orderRef", "hexadecimal"),
            ({"salt": 5}, "$.salt", "hexadecimal"),
            ({"salt": "0x01"}, "$.salt", "1 bytes, not 32"),
            ({"disputeWindow": "3d"}, "$.disputeWindow", "not an integer"),
            ({"disputeWindow": -1}, "$.disputeWindow", "not an integer"),
        ],
    )
    def test_another_form_is_refused_by_its_member(self, change, path, says):
        with pytest.raises(MalformedDocument, match=says) as refusal:
            read(terms().to_json() | change)
        assert refusal.value.path == path

    @pytest.mark.parametrize(
        "name", ["payer", "seller", "token", "amount", "releaseAt", "orderRef"]
    )
    def test_a_missing_member_is_named(self, name):
        document = terms().to_json()
        del document[name]
        with pytest.raises(MalformedDocument) as refusal:
            read(document)
        assert refusal.value.path == f"$.{name}"

    @pytest.mark.parametrize("document", [None, [], "text", 5])
    def test_another_value_than_an_object_is_refused(self, document):
        with pytest.raises(MalformedDocument, match="not a JSON object"):
            read(document)

    def test_terms_that_are_not_possible_are_refused(self):
        with pytest.raises(TermsError) as refusal:
            read(terms().to_json() | {"amount": "0"})
        assert refusal.value.field == "amount"

    def test_a_file_and_back(self, tmp_path):
        file = tmp_path / "deal.json"
        terms().write(file)
        assert DealTerms.read(file) == terms()
        with pytest.raises(InputError, match="there already"):
            terms().write(file)


class TestFindTerms:
    def packed(self, one):
        return encode(KINDS, one.abi())

    @pytest.mark.parametrize("before", [4, 36, 68, 132])
    @pytest.mark.parametrize("after", [0, 7, 96])
    def test_they_are_found_whatever_they_are_wrapped_in(self, before, after):
        data = b"\x11" * before + self.packed(terms()) + b"\x22" * after
        assert find_terms(data, terms().id(1, ESCROW), 1, ESCROW) == terms()

    def test_others_are_not_taken_for_them(self):
        data = b"\x11" * 4 + self.packed(terms().renewed()) + self.packed(terms())
        assert find_terms(data, terms().id(1, ESCROW), 1, ESCROW) == terms()

    @pytest.mark.parametrize(
        "data",
        [b"", b"\0" * 1000, b"\xff" * 1000, b"\0" * 479],
        ids=["nothing", "zeros", "ones", "too short"],
    )
    def test_calldata_without_terms_is_said_to_be(self, data):
        with pytest.raises(TermsNotFound, match="ask who opened the deal"):
            find_terms(data, terms().id(1, ESCROW), 1, ESCROW)

    def test_another_chains_are_not_found(self):
        with pytest.raises(TermsNotFound):
            find_terms(b"\0" * 4 + self.packed(terms()), terms().id(2, ESCROW), 1, ESCROW)

    def test_dirty_bits_are_no_terms(self):
        data = bytearray(self.packed(terms()))
        for index in (0, 32, 64, 96, 256, 288, 352):
            dirty = data.copy()
            dirty[index] = 1
            with pytest.raises(TermsNotFound):
                find_terms(b"\0" * 4 + bytes(dirty), terms().id(1, ESCROW), 1, ESCROW)


def test_there_are_fifteen_words():
    assert WORDS == len(terms().abi()) == 15
