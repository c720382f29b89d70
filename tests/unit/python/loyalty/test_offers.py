"""Offers: what can be one, what is signed, and the file, which is read to the letter."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from careledger.crypto.documents import JsonNode, MalformedDocument
from careledger.errors import InputError, SignatureError
from careledger.loyalty.errors import OfferError
from careledger.loyalty.messages import TokenMessages
from careledger.loyalty.offers import Offer, cancellation
from careledger.loyalty.signed_offers import Permit, SignedOffer, sign_offer
from tests.support.evm import actor

LENA, TOMAS = actor("Lena"), actor("Tomas")
MILES, BEANS, MARKET = (actor(name).address for name in ("miles", "beans", "market"))
AT = datetime(2027, 2, 1, 12, tzinfo=UTC)
ZERO = "0x" + "00" * 20


def offer(**other):
    members = {
        "maker": LENA.address,
        "give": MILES,
        "want": BEANS,
        "give_amount": 4 * 10**18,
        "want_amount": 10**18,
        "expires_at": AT,
        "nonce": 513,
        "ref": b"\x01" * 32,
        "min_fill": 7,
        "taker": TOMAS.address,
    }
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


def read(text):
    """Read the text of a file."""
    return SignedOffer.from_json(JsonNode.read(text, "offer"))


def changed(signed, path, value):
    """Return the file's text with one member replaced, added, or taken out (...)."""
    document = signed.to_json()
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
            encode_typed_data(full_message=made.message(31337, MARKET).to_json())
        ).message_hash == made.id(31337, MARKET)  # fmt: skip

    def test_the_id_changes_with_every_member_chain_and_market(self):
        others = [
            offer(maker=actor("else").address),
            offer(taker=ZERO),
            offer(give=actor("x").address),
            offer(want=actor("x").address),
            offer(give_amount=5 * 10**18),
            offer(want_amount=2),
            offer(min_fill=8),
            offer(expires_at=AT + timedelta(seconds=1)),
            offer(nonce=1),
            offer(ref=bytes(32)),
        ]
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
            "owner": LENA.address,
            "spender": MARKET,
            "value": 4 * 10**18,
            "nonce": 3,
            "deadline": int(AT.timestamp()),
        }
        typed = encode_typed_data(
            {"name": "Alba Miles", "version": "1", "chainId": 31337, "verifyingContract": MILES},
            {
                "Permit": [
                    {"name": name, "type": kind}
                    for name, kind in (
                        ("owner", "address"),
                        ("spender", "address"),
                        ("value", "uint256"),
                        ("nonce", "uint256"),
                        ("deadline", "uint256"),
                    )
                ]
            },
            message,
        )
        assert Account.recover_message(typed, signature=signed.permit.signature) == LENA.address
        value, deadline, v, r, s = signed.permit.abi()
        assert (value, deadline) == (4 * 10**18, int(AT.timestamp()))
        assert r + s + bytes([v]) == signed.permit.signature

    def test_a_cancellation_is_bound_to_all_of_it(self):
        one = cancellation(1, MARKET, LENA.address, word=0, mask=1, deadline=AT).digest
        others = [
            cancellation(2, MARKET, LENA.address, word=0, mask=1, deadline=AT).digest,
            cancellation(1, MILES, LENA.address, word=0, mask=1, deadline=AT).digest,
            cancellation(1, MARKET, TOMAS.address, word=0, mask=1, deadline=AT).digest,
            cancellation(1, MARKET, LENA.address, word=1, mask=1, deadline=AT).digest,
            cancellation(1, MARKET, LENA.address, word=0, mask=2, deadline=AT).digest,
        ]
        assert len({one, *others}) == 6


class TestFile:
    def test_there_and_back(self, signed, tmp_path):
        file = tmp_path / "offer.json"
        signed.write(file)
        again = SignedOffer.read(file)
        assert again == signed
        assert again.to_json() == signed.to_json() == json.loads(file.read_text())

    def test_without_a_permit(self):
        signed = sign_offer(LENA, offer(), 31337, MARKET)
        assert read(json.dumps(signed.to_json())).permit is None

    @pytest.mark.parametrize(
        ("path", "value", "where"),
        [
            ("format", "careledger.offer.v2", "$.format"),
            ("format", ..., "$.format"),
            ("extra", 1, "$.extra"),
            ("chainId", "31337", "$.chainId"),
            ("chainId", -1, "$.chainId"),
            ("chainId", True, "$.chainId"),
            ("market", "0x", "$.market"),
            ("signature", "00", "$.signature"),
            ("signature", "0x0", "$.signature"),
            ("signature", "0xAB", "$.signature"),
            ("signature", 5, "$.signature"),
            ("offer", [], "$.offer"),
            ("offer.extra", 1, "$.offer.extra"),
            ("offer.maker", ..., "$.offer.maker"),
            ("offer.maker", 7, "$.offer.maker"),
            ("offer.giveAmount", 4, "$.offer.giveAmount"),
            ("offer.giveAmount", "04", "$.offer.giveAmount"),
            ("offer.giveAmount", "4.0", "$.offer.giveAmount"),
            ("offer.giveAmount", "-4", "$.offer.giveAmount"),
            ("offer.giveAmount", "٤", "$.offer.giveAmount"),
            ("offer.giveAmount", "9" * 78, "$.offer.giveAmount"),
            ("offer.giveAmount", "9" * 5000, "$.offer.giveAmount"),
            ("offer.nonce", 513, "$.offer.nonce"),
            ("offer.expiry", "1800000000", "$.offer.expiry"),
            ("offer.expiry", 1.5, "$.offer.expiry"),
            ("offer.expiry", 2**53 - 1, "$.offer.expiry"),
            ("offer.expiry", 2**200, "$"),
            ("offer.ref", "0x01", "$.offer.ref"),
            ("permit", {}, "$.permit.value"),
            ("permit", ..., "$.permit"),
            ("permit.more", 1, "$.permit.more"),
            ("permit.signature", "0x01", "$.permit.signature"),
            ("permit.value", 1, "$.permit.value"),
            ("permit.deadline", None, "$.permit.deadline"),
        ],
    )
    def test_a_file_that_is_not_to_the_letter_is_refused(self, signed, path, value, where):
        with pytest.raises(MalformedDocument) as refusal:
            read(changed(signed, path, value))
        assert refusal.value.path == where

    def test_an_offer_that_is_not_possible_is_refused_by_its_member(self, signed):
        with pytest.raises(OfferError) as refusal:
            read(changed(signed, "offer.giveAmount", "0"))
        assert refusal.value.field == "giveAmount"

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
    def test_a_text_that_is_not_such_json_is_refused(self, text):
        with pytest.raises(MalformedDocument) as refusal:
            read(text)
        assert refusal.value.path == "$"

    @pytest.mark.parametrize("member", ['"format"', '"giveAmount"', '"deadline"'])
    def test_a_member_that_is_given_twice_is_refused(self, signed, member):
        text = json.dumps(signed.to_json(), indent=2)
        line = next(line for line in text.splitlines() if member in line).rstrip(",")
        with pytest.raises(MalformedDocument, match="given twice"):
            read(text.replace(line, f"{line},{line}", 1))

    def test_one_changed_digit_breaks_the_signature(self, signed):
        text = changed(signed, "offer.wantAmount", "1")
        with pytest.raises(SignatureError):
            read(text).verify()

    def test_a_permit_with_a_signature_of_another_length_has_no_struct(self):
        with pytest.raises(InputError, match="65 bytes"):
            Permit(1, AT, b"12").abi()
