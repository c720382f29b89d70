"""Offers: what can be one, what is signed, and the file, which is read to the letter."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from careledger.errors import SignatureError
from careledger.loyalty.errors import OfferError
from careledger.loyalty.messages import TokenMessages
from careledger.loyalty.offers import Offer, Permit, SignedOffer, cancellation, sign_offer
from tests.support.evm import actor

LENA, TOMAS = actor("Lena"), actor("Tomas")
MILES, BEANS, MARKET = (actor(name).address for name in ("miles", "beans", "market"))
AT = datetime(2027, 2, 1, 12, tzinfo=UTC)
ZERO = "0x" + "00" * 20


def offer(**other):
    members = {
        "maker": LENA.address, "give": MILES, "want": BEANS, "give_amount": 4 * 10**18, "want_amount": 10**18,
        "expires_at": AT, "nonce": 513, "ref": b"\x01" * 32, "min_fill": 7, "taker": TOMAS.address,
    }  # fmt: skip
    return Offer(**(members | other))


@pytest.fixture
def signed():
    return sign_offer(
        LENA,
        offer(),
        31337,
        MARKET,
        token=TokenMessages(31337, MILES, "Alba Miles"),
        permit_nonce=3,
    )


def changed(signed, path, value):
    """Return the file's text with one member replaced, added, or taken out (...)."""
    document = json.loads(signed.dumps())
    inside = document
    *parents, last = path.split(".")
    for name in parents:
        inside = inside[name]
    if value is ...:
        del inside[last]
    else:
        inside[last] = value
    return json.dumps(document)


class TestOffer:
    @pytest.mark.parametrize(
        ("members", "field"),
        [
            ({"maker": "0x12"}, "maker"),
            ({"maker": None}, "maker"),
            ({"maker": ZERO}, "maker"),
            ({"taker": LENA.address}, "maker"),
            ({"give": MILES.swapcase().replace("X", "x", 1)}, "give"),
            ({"want": MILES}, "want"),
            ({"give_amount": 0}, "giveAmount"),
            ({"want_amount": 0}, "wantAmount"),
            ({"want_amount": -1}, "wantAmount"),
            ({"give_amount": 2**256}, "giveAmount"),
            ({"give_amount": 1.5}, "giveAmount"),
            ({"give_amount": True}, "giveAmount"),
            ({"min_fill": 5 * 10**18}, "minFill"),
            ({"nonce": -1}, "nonce"),
            ({"ref": b"short"}, "ref"),
            ({"ref": "0x00"}, "ref"),
            ({"expires_at": datetime(2027, 2, 1)}, "expiry"),  # noqa: DTZ001
            ({"expires_at": AT + timedelta(microseconds=1)}, "expiry"),
        ],
    )
    def test_what_cannot_be_an_offer(self, members, field):
        with pytest.raises(OfferError) as refusal:
            offer(**members)
        assert refusal.value.field == field
        assert str(refusal.value).startswith(field)

    def test_a_price_is_rounded_up(self):
        made = offer(give_amount=3, want_amount=10, min_fill=0)
        assert [made.price(amount) for amount in (1, 2, 3)] == [4, 7, 10]

    def test_two_offers_do_not_share_a_nonce_by_chance(self):
        one, other = (Offer(LENA.address, MILES, BEANS, 1, 1, AT) for _ in range(2))
        assert one.nonce != other.nonce

    def test_the_id_is_what_wallets_sign(self):
        made = offer()
        assert LENA.sign_message(
            encode_typed_data(full_message=made.typed_data(31337, MARKET))
        ).message_hash == made.id(31337, MARKET)  # fmt: skip

    def test_the_id_changes_with_every_member_chain_and_market(self):
        others = [
            offer(maker=actor("else").address), offer(taker=ZERO), offer(give=actor("x").address),
            offer(want=actor("x").address), offer(give_amount=5 * 10**18), offer(want_amount=2), offer(min_fill=8),
            offer(expires_at=AT + timedelta(seconds=1)), offer(nonce=1), offer(ref=bytes(32)),
        ]  # fmt: skip
        ids = {made.id(31337, MARKET) for made in [offer(), *others]}
        ids |= {offer().id(1, MARKET), offer().id(31337, MILES)}
        assert len(ids) == 13

    def test_a_time_is_a_time_in_any_zone(self):
        elsewhere = AT.astimezone(timezone(timedelta(hours=-5)))
        assert offer(expires_at=elsewhere).id(1, MARKET) == offer().id(1, MARKET)


class TestSigning:
    def test_the_maker_signed_and_nobody_else(self, signed):
        signed.verify()
        for bad in (
            SignedOffer(offer(nonce=1), 31337, MARKET, signed.signature),
            SignedOffer(signed.offer, 1, MARKET, signed.signature),
            SignedOffer(signed.offer, 31337, MARKET, bytes(65)),
            SignedOffer(signed.offer, 31337, MARKET, b""),
        ):
            with pytest.raises(SignatureError, match=LENA.address):
                bad.verify()

    def test_another_key_cannot_sign(self):
        with pytest.raises(OfferError, match="maker"):
            sign_offer(TOMAS, offer(), 31337, MARKET)

    def test_the_permit_is_the_tokens(self, signed):
        message = {
            "owner": LENA.address, "spender": MARKET, "value": 4 * 10**18, "nonce": 3, "deadline": int(AT.timestamp()),
        }  # fmt: skip
        typed = encode_typed_data(
            {"name": "Alba Miles", "version": "1", "chainId": 31337, "verifyingContract": MILES},
            {"Permit": [{"name": name, "type": kind} for name, kind in (
                ("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256"),
                ("deadline", "uint256"),
            )]},
            message,
        )  # fmt: skip
        assert Account.recover_message(typed, signature=signed.permit.signature) == LENA.address
        value, deadline, v, r, s = signed.permit.abi()
        assert (value, deadline) == (4 * 10**18, int(AT.timestamp()))
        assert r + s + bytes([v]) == signed.permit.signature

    def test_a_cancellation_is_bound_to_all_of_it(self):
        one = cancellation(1, MARKET, LENA.address, word=0, mask=1, deadline=AT)
        others = [
            cancellation(2, MARKET, LENA.address, word=0, mask=1, deadline=AT),
            cancellation(1, MILES, LENA.address, word=0, mask=1, deadline=AT),
            cancellation(1, MARKET, TOMAS.address, word=0, mask=1, deadline=AT),
            cancellation(1, MARKET, LENA.address, word=1, mask=1, deadline=AT),
            cancellation(1, MARKET, LENA.address, word=0, mask=2, deadline=AT),
        ]
        assert len({one, *others}) == 6


class TestFile:
    def test_there_and_back(self, signed):
        again = SignedOffer.loads(signed.dumps())
        assert again == signed
        assert again.dumps() == signed.dumps()
        assert SignedOffer.loads(signed.dumps().encode()) == signed

    def test_without_a_permit(self):
        signed = sign_offer(LENA, offer(), 31337, MARKET)
        assert SignedOffer.loads(signed.dumps()).permit is None

    @pytest.mark.parametrize(
        ("path", "value", "field"),
        [
            ("format", "careledger.offer.v2", "format"),
            ("format", ..., "file"),
            ("extra", 1, "file"),
            ("chainId", "31337", "chainId"),
            ("chainId", -1, "chainId"),
            ("chainId", True, "chainId"),
            ("market", "0x", "market"),
            ("signature", "00", "signature"),
            ("signature", "0x0", "signature"),
            ("signature", 5, "signature"),
            ("offer", [], "offer"),
            ("offer.extra", 1, "offer"),
            ("offer.maker", ..., "offer"),
            ("offer.maker", 7, "maker"),
            ("offer.giveAmount", 4, "offer.giveAmount"),
            ("offer.giveAmount", "04", "offer.giveAmount"),
            ("offer.giveAmount", "4.0", "offer.giveAmount"),
            ("offer.giveAmount", "-4", "offer.giveAmount"),
            ("offer.giveAmount", "٤", "offer.giveAmount"),
            ("offer.giveAmount", "9" * 78, "offer.giveAmount"),
            ("offer.giveAmount", "9" * 5000, "offer.giveAmount"),
            ("offer.giveAmount", "0", "giveAmount"),
            ("offer.nonce", 513, "offer.nonce"),
            ("offer.expiry", "1800000000", "offer.expiry"),
            ("offer.expiry", 1.5, "offer.expiry"),
            ("offer.expiry", 2**200, "offer.expiry"),
            ("offer.ref", "0x01", "ref"),
            ("permit", {}, "permit"),
            ("permit.more", 1, "permit"),
            ("permit.signature", "0x01", "permit.signature"),
            ("permit.value", 1, "permit.value"),
            ("permit.deadline", None, "permit.deadline"),
        ],
    )
    def test_a_file_that_is_not_to_the_letter(self, signed, path, value, field):
        with pytest.raises(OfferError) as refusal:
            SignedOffer.loads(changed(signed, path, value))
        assert refusal.value.field == field

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[]",
            "null",
            "7",
            '{"format": 1, "format": 1}',
            '{"chainId": NaN}',
            "[" * 5000,
            b"\xff\xfe",
            "x" * 200_000,
        ],
    )
    def test_a_file_that_is_no_such_json(self, text):
        with pytest.raises(OfferError) as refusal:
            SignedOffer.loads(text)
        assert refusal.value.field == "file"

    @pytest.mark.parametrize("member", ['"format"', '"giveAmount"', '"deadline"'])
    def test_a_member_that_is_said_twice(self, signed, member):
        line = next(line for line in signed.dumps().splitlines() if member in line).rstrip(",")
        with pytest.raises(OfferError, match="said twice"):
            SignedOffer.loads(signed.dumps().replace(line, f"{line},{line}", 1))

    def test_one_changed_digit_breaks_the_signature(self, signed):
        text = changed(signed, "offer.wantAmount", "1")
        with pytest.raises(SignatureError):
            SignedOffer.loads(text).verify()

    def test_a_permit_of_another_length_does_not_become_words(self):
        with pytest.raises(Exception, match="65 bytes"):
            Permit(1, AT, b"12").abi()
