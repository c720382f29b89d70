"""A good assertion for PasskeyVerifier, and how to ask the contract about it or another."""

from eth_utils.crypto import keccak

from careledger.crypto import base64url
from tests.worlds.identity.passkeys import Draft

YES, NO = bytes.fromhex("024ad318"), b"\xff" * 4
DIGEST = keccak(b"what is signed")
SOURCE = "contracts/identity/PasskeyVerifier.sol"
CURVE = "contracts/shared/P256.sol"
OPENZEPPELIN = "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913WebAuthnVerifier.sol"
MOST_GAS = 240_000
"""What any of the assertions here may use, beyond a transaction's own gas and calldata."""

SEED = 20_260_912


def asked(contract, draft, **other):
    """Return the answer about a draft, or about one with other arguments."""
    return contract.call(
        "verify",
        other.get("key", draft.key.raw),
        other.get("digest", DIGEST),
        other.get("signature", draft.encoded),
    )


def word(number):
    return number.to_bytes(32, "big")


GOOD = Draft(DIGEST)
TYPE, CHALLENGE = '"type":"webauthn.get"', f'"challenge":"{base64url.encode(DIGEST)}"'
