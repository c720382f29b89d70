"""What docs/protocol/refunds.md says, byte by byte, is what the code does."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from careledger.chain.toolchain import ROOT
from careledger.crypto.hashing import keccak256
from careledger.refunds import messages
from careledger.refunds.messages import DeskMessages, EscrowMessages
from careledger.refunds.orders import DECIMALS, FORMAT, OrderOutcome
from careledger.refunds.terms import TERMS_TYPE, DealTerms
from tests.worlds.refunds import FIELDS

PAGE = (ROOT / "docs" / "protocol" / "refunds.md").read_text()
DEADLINE = datetime.fromtimestamp(1_800_003_600, UTC)


def address(byte):
    return "0x" + byte * 20


TERMS = DealTerms(
    payer=address("11"),
    seller=address("22"),
    token=address("33"),
    amount=129_990_000,
    release_at=datetime.fromtimestamp(1_802_592_000, UTC),
    sla_at=datetime.fromtimestamp(1_800_604_800, UTC),
    dispute_window=timedelta(seconds=259_200),
    criteria=address("44"),
    arbiter=address("55"),
    fee_bps=100,
    fee_to=address("66"),
    default_bps=5_000,
    order_ref=b"\x77" * 20 + b"\x88" * 12,
    salt=b"\x99" * 32,
)
ESCROW, DESK = EscrowMessages(31337, address("aa")), DeskMessages(31337, address("44"))
ID = ESCROW.deal_id(TERMS)


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("separator", ESCROW.separator),
        ("struct hash of the terms", TERMS.struct_hash()),
        ("id", ID),
        ("digest of Open", ESCROW.open(TERMS, DEADLINE).digest),
        ("digest of Release", ESCROW.release(ID, DEADLINE).digest),
        (
            "digest of ReturnScan",
            DESK.return_scan(TERMS.order_ref, 7_500, address("bb"), DEADLINE).digest,
        ),
    ],
)
def test_the_vector_is_right(what, value):
    assert f"| {what} | 0x{value.hex()} |" in PAGE


@pytest.mark.parametrize(
    "name", ["RELEASE", "SPLIT", "DISPUTE", "APPEAL", "CLAIM", "DELIVERY", "RETURN"]
)
def test_the_type_hashes_are_right(name):
    text = getattr(messages, f"{name}_TYPE")
    assert re.search(
        rf"\| `{re.escape(text)}` \| [a-z; ']+ \| 0x{keccak256(text.encode()).hex()} \|", PAGE
    )


def test_the_type_hashes_of_terms_are_right():
    assert keccak256(TERMS_TYPE.encode()).hex() in PAGE
    assert keccak256(messages.OPEN_TYPE.encode()).hex() in PAGE
    assert "".join(TERMS_TYPE.split()) in "".join(PAGE.split())


def test_the_fields_are_in_their_order():
    rows = re.findall(r"^\| (\d+) \| (\w+) \| \w+ \|", PAGE, re.MULTILINE)
    assert [(int(index), name) for index, name in rows if name in FIELDS] == list(enumerate(FIELDS))


def test_the_file_of_terms_has_these_members():
    example = json.loads(re.search(r"\n    (\{\"payer\".*?\})\n", PAGE, re.DOTALL)[1])
    ours = TERMS.to_json()
    assert list(example) == list(ours)
    for name in ("amount", "releaseAt", "slaAt", "disputeWindow", "feeBps", "defaultBps"):
        assert example[name] == ours[name]


def test_every_outcome_and_currency_is_described():
    for outcome in OrderOutcome:
        assert re.search(rf"^\| {outcome} \| \w", PAGE, re.MULTILINE)
    for currency, decimals in DECIMALS.items():
        assert f"{currency}" in PAGE
        assert str(decimals) in PAGE
    assert FORMAT in PAGE


def test_a_wallet_that_shows_typed_data_signs_the_same():
    """The nested form that wallets display, hashed by another library."""
    names = [member.split() for member in TERMS_TYPE[6:-1].split(",")]
    document = {
        "domain": {
            "name": "CareLedger RefundEscrow",
            "version": "1",
            "chainId": 31337,
            "verifyingContract": address("aa"),
        },
        "primaryType": "Open",
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Open": [{"name": "terms", "type": "Terms"}, {"name": "deadline", "type": "uint256"}],
            "Terms": [{"name": name, "type": kind} for kind, name in names],
        },
        "message": {
            "terms": dict(zip(FIELDS, TERMS.abi(), strict=True)),
            "deadline": 1_800_003_600,
        },
    }
    account = Account.from_key(b"\x01" * 32)
    theirs = account.sign_message(encode_typed_data(full_message=document)).signature
    assert bytes(theirs) == ESCROW.open(TERMS, DEADLINE).sign(account)
