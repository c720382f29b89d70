"""The numbers on docs/protocol/identity-consent.md are right.

They are what the contracts, our code and standard libraries say.
"""

import re

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from careledger.chain import artifacts
from careledger.chain.toolchain import ROOT
from careledger.identity.consent.messages import ConsentMessages
from careledger.identity.consent.terms import Consent, ConsentTerms
from tests.worlds.identity.registry import at

PAGE = (ROOT / "docs" / "protocol" / "identity-consent.md").read_text()
TEXT = re.sub(r"\s+", " ", PAGE)
KEY = Account.from_key(keccak(text="careledger example"))
REGISTRY, GRANTEE = "0x" + "11" * 20, "0x" + "22" * 20
EXPIRY, DEADLINE = 1_900_000_000, 1_850_000_000
CONSENT = Consent(
    KEY.address, at(EXPIRY), ConsentTerms(GRANTEE, b"\1" * 32, b"\2" * 32, b"\3" * 32)
)
DOMAIN = ConsentMessages(31337, REGISTRY)
SIGNED = {
    "GrantConsent": DOMAIN.grant(CONSENT, 0, at(DEADLINE)),
    "RevokeConsent": DOMAIN.revoke(CONSENT, at(DEADLINE)),
    "RevokeAll": DOMAIN.revoke_all(KEY.address, 0, at(DEADLINE)),
}


@pytest.mark.parametrize("value", [KEY.address, REGISTRY, GRANTEE, str(EXPIRY), str(DEADLINE)])
def test_the_example_names_what_it_is_made_of(value):
    assert value in TEXT


def test_every_type_hash_fits_its_type():
    rows = re.findall(r"\| `(\w+\([^`]+\))` \| `0x([0-9a-f]{64})` \|", PAGE)
    typed = [(kind, found) for kind, found in rows if "indexed" not in kind]
    assert len(typed) == 5
    assert all(keccak(text=kind).hex() == found for kind, found in typed)
    assert {kind for kind, _ in typed} >= {message.encoded_type for message in SIGNED.values()}


def test_every_event_has_the_topic_that_it_says():
    topics = {
        entry["name"]: topic
        for contract in ("ConsentRegistry", "CredentialStatus")
        for topic, entry in artifacts.load(contract).events.items()
    }
    rows = re.findall(r"\| `(\w+)\([^`]*indexed[^`]+\)` \| `0x([0-9a-f]{64})` \|", PAGE)
    assert len(rows) == 6
    assert all(topics[name].hex() == found for name, found in rows)


def test_the_slots_are_those_of_the_contracts():
    rows = re.findall(r"\| (ConsentRegistry|CredentialStatus) \| (\d) \|", PAGE)
    wanted = [
        (contract, entry["slot"])
        for contract in ("ConsentRegistry", "CredentialStatus")
        for entry in artifacts.load(contract).raw["storageLayout"]["storage"]
    ]
    assert rows == wanted


def test_the_contract_makes_the_ids_of_the_example(evm):
    registry = evm.deploy("ConsentRegistry", evm.deploy("IdentityRegistry").address)
    assert registry.call("termsHash", CONSENT.terms.abi()) == CONSENT.terms.hash
    assert registry.call("idOf", CONSENT.abi()) == CONSENT.id
    assert f"terms 0x{CONSENT.terms.hash.hex()} id 0x{CONSENT.id.hex()}" in TEXT


@pytest.mark.parametrize("kind", SIGNED)
def test_the_digests_of_the_example_are_a_standard_librarys(kind):
    encoded = encode_typed_data(full_message=SIGNED[kind].to_json())
    digest = keccak(b"\x19" + encoded.version + encoded.header + encoded.body)
    assert digest == SIGNED[kind].digest
    assert f"domain separator 0x{encoded.header.hex()}" in TEXT
    signature = KEY.sign_message(encoded).signature.hex()
    shown = (
        f"{kind} struct hash 0x{encoded.body.hex()} digest 0x{digest.hex()} signature 0x{signature}"
    )
    assert shown in TEXT


def test_the_signatures_of_the_example_are_taken(evm):
    registry = evm.deploy("ConsentRegistry", evm.deploy("IdentityRegistry").address)
    for kind, message in SIGNED.items():
        signature = bytes.fromhex(
            re.search(rf"{kind} struct hash \S+ digest \S+ signature 0x(\S+)", TEXT)[1]
        )
        assert registry.call("isSignedBy", KEY.address, message.digest, signature)


def test_the_role_is_hashed_as_the_registry_does():
    assert keccak(b"careledger.consent".ljust(32, b"\0")).hex() in TEXT


def test_the_place_of_the_example(evm):
    status = evm.deploy("CredentialStatus", evm.deploy("IdentityRegistry").address)
    evm.fund(KEY)
    name = b"\7" * 32
    status.transact("revoke", KEY.address, name, 70_001, sender=KEY)
    assert (70_001 >> 8, 70_001 & 255) == (273, 113)
    assert "bit 113 of word 273" in TEXT
    word = status.call("word", KEY.address, name, 273)
    assert f"`{word:#x}`" in TEXT
