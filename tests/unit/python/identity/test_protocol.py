"""The numbers on docs/protocol/identity.md are what the contract and standard libraries say."""

import re

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from careledger.chain import artifacts
from careledger.chain.toolchain import ROOT
from careledger.crypto.merkle import MerkleTree
from careledger.identity.did.messages import IdentityMessages, erc1056_digest
from careledger.identity.did.model import name32
from tests.worlds.identity.registry import at

PAGE = (ROOT / "docs" / "protocol" / "identity.md").read_text()
TEXT = re.sub(r"\s+", " ", PAGE)
REGISTRY, DELEGATE = "0x" + "11" * 20, "0x" + "22" * 20
KEY = Account.from_key(keccak(text="careledger example"))


def in_page(value):
    return (value.hex() if isinstance(value, bytes) else value) in TEXT


def test_every_type_hash_fits_its_type():
    rows = re.findall(r"\| `(\w+\([^`]+\))` \| `0x([0-9a-f]{64})` \|", PAGE)
    typed = [(kind, found) for kind, found in rows if "indexed" not in kind]
    assert len(typed) == 10
    assert all(keccak(text=kind).hex() == found for kind, found in typed)


def test_every_event_has_the_topic_that_it_says():
    topics = {
        entry["name"]: topic for topic, entry in artifacts.load("IdentityRegistry").events.items()
    }
    rows = re.findall(r"\| `(DID\w+)\([^`]*indexed[^`]+\)` \| `0x([0-9a-f]{64})` \|", PAGE)
    assert len(rows) == 3
    assert all(topics[name].hex() == found for name, found in rows)


def test_the_slots_are_those_of_the_contract():
    layout = artifacts.load("IdentityRegistry").raw["storageLayout"]["storage"]
    names = ["_records", "_delegates", "_nonces", "_guardianships", "_recoveries"]
    assert [(entry["label"], entry["slot"]) for entry in layout] == [
        (n, str(k)) for k, n in enumerate(names)
    ]


def test_the_signed_delegate_of_the_example():
    typed = IdentityMessages(31337, REGISTRY).add_delegate(
        KEY.address,
        "careledger.agent",
        DELEGATE,
        at(1_900_000_000),
        nonce=3,
        deadline=at(1_850_000_000),
    )
    encoded = encode_typed_data(full_message=typed.to_json())
    assert in_page(KEY.address)
    assert in_page(encoded.header)
    assert in_page(encoded.body)
    assert in_page(typed.digest)
    assert in_page(typed.sign(KEY))


def test_the_digest_of_the_example():
    packed = (name32("careledger.agent"), bytes.fromhex(DELEGATE[2:]), (86_400).to_bytes(32, "big"))
    assert in_page(erc1056_digest(REGISTRY, 3, KEY.address, "addDelegate", *packed))
    assert in_page(keccak(name32("careledger.agent")))


def test_the_root_of_the_example():
    people = [("0x" + byte * 20, bytes([n]) * 32) for n, byte in enumerate(("33", "44", "55"), 1)]
    assert in_page(MerkleTree([encode(["address", "bytes32"], person) for person in people]).root)
