"""The example of docs/protocol/interactions.md, computed from that page and our Keccak alone."""

import hashlib
import hmac
import json
import re
from datetime import datetime

import pytest

from careledger.chain.toolchain import ROOT
from careledger.crypto.hashing import keccak256
from careledger.interactions import formats, messages
from careledger.interactions.formats import KINDS, LogAddress
from careledger.interactions.record import InteractionRecord
from careledger.interactions.verdict import Verdict
from tests.support import logs

PAGE = (ROOT / "docs" / "protocol" / "interactions.md").read_text()
EXAMPLE = PAGE[PAGE.index("## Example") :]
ROWS = re.findall(r"^\| (.+?) \| `0x([0-9a-f]+)` \|$", EXAMPLE, re.MULTILINE)
VALUES = {name: bytes.fromhex(value) for name, value in ROWS}
RECORDS = [
    line.encode() for line in re.search(r"```json\n(.*?)\n```", EXAMPLE, re.DOTALL)[1].split("\n")
]
KEY = bytes.fromhex(re.search(r"key is `0x([0-9a-f]{64})`", EXAMPLE)[1])
CONTRACT, BRAND, CUSTOMER = re.findall(r"`(0x[0-9a-fA-F]{40})`", EXAMPLE)[:3]
NUMBERS = {"agreement-1": 0, "call-1": 1, "chat-1": 2, "email-1": 3}
VERSION = b"careledger.interactions.v1"
LOG = LogAddress(31337, CONTRACT, BRAND)


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def hkdf(info):
    return mac(mac(VERSION, KEY), info + b"\x01")


def sized(text):
    return len(text.encode()).to_bytes(4, "big") + text.encode()


def pair(one, other):
    return keccak256(min(one, other) + max(one, other))


@pytest.mark.parametrize("raw", RECORDS, ids=lambda raw: json.loads(raw)["id"])
def test_every_leaf(raw):
    record = json.loads(raw)
    name = record["id"]
    assert InteractionRecord.parse(raw).raw == raw

    def documented(what):
        return VALUES[f"{name}: {what}"]

    assert documented("content salt") == hkdf(b"content\0" + name.encode())
    assert documented("parties salt") == hkdf(b"parties\0" + name.encode())
    assert documented("content") == mac(documented("content salt"), raw)
    assert documented("parties") == mac(
        documented("parties salt"), sized(record["agent"]) + sized(record["customer"])
    )
    started = int(datetime.fromisoformat(record["startedAt"]).timestamp())
    meta = KINDS[record["kind"]] << 128 | started << 64 | NUMBERS[name]
    assert documented("meta") == meta.to_bytes(32, "big")
    value = VALUES["DOMAIN"] + documented("content") + documented("parties") + documented("meta")
    assert documented("leaf") == keccak256(keccak256(value))


def test_domain_batches_and_log():
    contract, brand = bytes.fromhex(CONTRACT[2:]), bytes.fromhex(BRAND[2:])
    assert VALUES["DOMAIN"] == keccak256(
        VERSION.ljust(32, b"\0") + (31337).to_bytes(32, "big") + bytes(12) + contract
    )
    assert VALUES["batch 0: root"] == VALUES["agreement-1: leaf"]
    low, middle, high = sorted(VALUES[f"{name}: leaf"] for name in ("call-1", "chat-1", "email-1"))
    assert VALUES["batch 1: root"] == pair(pair(low, middle), high)
    for name in ("call-1", "chat-1", "email-1"):
        node, step = VALUES[f"{name}: leaf"], 0
        while sibling := VALUES.get(f"{name}: proof[{step}]"):
            node, step = pair(node, sibling), step + 1
        assert node == VALUES["batch 1: root"]
    rows = [(0, 0, 1, 1772700000), (1, 1, 3, 1772703600)]
    records = [
        VALUES["DOMAIN"] + brand + number.to_bytes(8, "big") + first.to_bytes(8, "big")
        + count.to_bytes(4, "big")
        + at.to_bytes(8, "big") + VALUES[f"batch {number}: root"]
        for number, first, count, at in rows
    ]  # fmt: skip
    for number, record in enumerate(records):
        assert VALUES[f"batch {number}: record"] == record
        assert VALUES[f"batch {number}: log leaf"] == logs.leaf(record)
        assert VALUES[f"head of {number + 1}"] == logs.root(records[: number + 1])


def test_slots():
    def at(slot, key):
        return keccak256(key.rjust(32, b"\0") + slot)

    def after(slot, steps):
        return (int.from_bytes(slot, "big") + steps).to_bytes(32, "big")

    tip = at(bytes(32), bytes.fromhex(BRAND[2:]))
    assert VALUES["slot of the tip"] == tip
    assert VALUES["slot of the root of batch 1"] == at(after(tip, 1), b"\x01")
    assert VALUES["slot of the pair of batches 0 and 1"] == at(after(tip, 2), b"\x00")


def test_signed_messages():
    kind, name, version = (
        keccak256(text)
        for text in (
            b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
            b"CareLedger InteractionLog",
            b"1",
        )
    )
    domain = keccak256(
        kind
        + name
        + version
        + (31337).to_bytes(32, "big")
        + bytes(12)
        + bytes.fromhex(CONTRACT[2:])
    )
    assert VALUES["domain separator"] == domain
    types = dict(
        re.findall(r"`((Promise|Acknowledgement)\([^`]*\))`", PAGE)[i][::-1] for i in range(2)
    )
    leaf = [VALUES["call-1: content"], VALUES["call-1: parties"]]
    meta = int.from_bytes(VALUES["call-1: meta"], "big")
    numbers = [number.to_bytes(32, "big") for number in (meta >> 128, meta >> 64 & 2**64 - 1)]
    brand, customer = (bytes(12) + bytes.fromhex(address[2:]) for address in (BRAND, CUSTOMER))
    end = (1772800000).to_bytes(32, "big")
    signed = {
        "Promise": [brand, *leaf, *numbers, end],
        "Acknowledgement": [customer, brand, *leaf, *numbers, (1).to_bytes(32, "big"), end],
    }
    for message, words in signed.items():
        struct = keccak256(keccak256(types[message].encode()) + b"".join(words))
        assert VALUES[f"{message.lower()} digest"] == keccak256(b"\x19\x01" + domain + struct)
    assert types == {
        "Promise": messages.PROMISE_TYPE,
        "Acknowledgement": messages.ACKNOWLEDGEMENT_TYPE,
    }


def test_the_product_says_the_same():
    assert VALUES["DOMAIN"] == LOG.domain
    for raw in RECORDS:
        record = InteractionRecord.parse(raw)
        fields = record.fields(formats.salts(KEY, record.id), NUMBERS[record.id])
        assert VALUES[f"{record.id}: leaf"] == keccak256(keccak256(formats.leaf_value(LOG, fields)))
        if record.id == "call-1":
            promise = messages.promise_message(LOG, fields, 1772800000)
            given = messages.acknowledgement_message(LOG, CUSTOMER, fields, 1772800000)
            assert promise.digest == VALUES["promise digest"]
            assert given.digest == VALUES["acknowledgement digest"]
    assert formats.slot_tip(BRAND).to_bytes(32, "big") == VALUES["slot of the tip"]
    assert formats.slot_root(BRAND, 1).to_bytes(32, "big") == VALUES["slot of the root of batch 1"]


def test_the_tables_of_kinds_and_verdicts_are_complete():
    rows = [
        line.strip("| ").split(" | ")
        for line in PAGE.splitlines()
        if line.startswith("| 0 | 1 |") or "| call |" in line
    ]
    assert dict(zip(rows[1], map(int, rows[0]), strict=True)) == KINDS
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE)) == set(Verdict)
