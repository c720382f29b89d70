"""The numbers on docs/protocol/identity-passkeys.md are right.

They are what the contract, the library and the measurements say.
"""

import json
import re

from eth_utils.crypto import keccak

from careledger.chain import p256
from careledger.chain.toolchain import ROOT
from careledger.crypto import base64url
from careledger.crypto.hashing import sha256
from careledger.identity.passkeys.assertion import read_signature
from careledger.identity.passkeys.software_authenticator import RelyingParty, SoftwareAuthenticator
from tests.support.evm import Evm

PAGE = (ROOT / "docs" / "protocol" / "identity-passkeys.md").read_text()
VERIFIER = "0x" + "11" * 20
DIGEST = keccak(text="CareLedger passkey example")
SITE = RelyingParty("wallet.example", ("https://wallet.example",))


def example():
    return SoftwareAuthenticator(SITE, secret=1729)


def named(name):
    return re.search(rf"^    {re.escape(name)} +(\S+)$", PAGE, re.MULTILINE)[1]


def assertion():
    part = PAGE[PAGE.index("assertion, 480 bytes") :]
    return bytes.fromhex("".join(re.findall(r"^    ([0-9a-f]{64})\b", part, re.MULTILINE)))


def test_the_software_passkey_makes_the_example_to_the_byte():
    signature = example().sign(DIGEST, VERIFIER)
    assert signature[:84] == bytes.fromhex("11" * 20 + named("x") + named("y"))
    assert signature[84:] == assertion()
    assert len(assertion()) == 480


def test_each_step_of_the_example():
    _, key, read = read_signature(example().sign(DIGEST, VERIFIER))
    said = read.client_data.decode()
    assert named("address") == key.address(VERIFIER)
    assert named("digest") == DIGEST.hex()
    assert named("challenge") == base64url.encode(DIGEST) == json.loads(said)["challenge"]
    assert f"    {said}\n" in PAGE
    assert named("sha256 of it") == sha256(said.encode()).hex()
    assert named("signed hash") == sha256(read.authenticator_data + sha256(said.encode())).hex()


def test_the_deployers_question_is_the_example(compiled):
    verifier = Evm().deploy("PasskeyVerifier")
    assert (example().key.raw, DIGEST) == (p256.KEY, p256.DIGEST)
    assert p256.example() == verifier.encode("verify", p256.KEY, DIGEST, assertion())
    assert verifier.call("verify", p256.KEY, DIGEST, assertion()) == p256.YES
    assert f"`0x{p256.YES.hex()}`" in PAGE


def test_what_a_site_keeps_has_these_members():
    line = re.search(r'^    (\{"x".*\})$', PAGE, re.MULTILINE)[1]
    assert list(json.loads(line)) == list(example().passkey.to_json())


def test_the_gas_is_what_was_measured():
    gas = json.loads((ROOT / "benchmarks" / "gas.json").read_text())["gas"]
    rows = {
        "`PasskeyVerifier.verify`": "PasskeyVerifier.verify",
        "`ConsentRegistry.grantBySig`": "ConsentRegistry.grantBySig.passkey",
        "`IdentityRegistry.executeBySig`": "IdentityRegistry.executeBySig.passkey",
    }
    for text, row in rows.items():
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| {text}"))
        figures = [int(cell.replace(",", "")) for cell in line.split("|")[2:4]]
        assert figures == [gas[f"{row}.precompile"], gas[f"{row}.solidity"]]
    assert f"(by an account: {gas['ConsentRegistry.grantBySig']:,})" in PAGE
