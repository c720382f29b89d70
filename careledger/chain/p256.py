"""Find out how a chain verifies passkeys (P-256), by asking it rather than by its node's name.

From Osaka on (EIP-7951; RIP-7212 on roll-ups before) the precompile at 0x100 does it cheaply.
Elsewhere the suite's `PasskeyVerifier` does it in Solidity: dearer, the same answers.
"""

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from careledger.chain.rpc import Chain
from careledger.errors import Conflict, NodeError

PRECOMPILE = "0x0000000000000000000000000000000000000100"
YES = bytes.fromhex("024ad318")
NO = b"\xff" * 4
"""What ERC-7913's `verify` answers."""

KEY = bytes.fromhex(
    "5fc54f4a9e5425cde8b8f3baeca5e75400ffecd22d2f4a97e25df5ce076f25ab"
    "aff76a3ac042eeeb4fa3d03cf681ad7d0c78f22114d6853b8b3ca7499538fc2d"
)
DIGEST = bytes.fromhex("c6c2548536ab87b4accf793d2dff8e17df9fbf0e57d028ca6bc826ab88fba6b3")
R = 0x9256372CF5C9E06E67917B4BB8722B1F4681246E962C21FAE9FB3E713C9A7F3F
S = 0x7060014B762F8AAF55FF22C9B9DA0A1D24DF03B597CE66EAC25900414F8CD690
AUTHENTICATOR_DATA = bytes.fromhex(
    "f34f7fb99d0c0e35e4dcd9e337700bbc66bbc64ead5e3f674968feac210344551d00000000"
)
CLIENT_DATA = (
    '{"type":"webauthn.get","challenge":"xsJUhTarh7Ssz3k9Lf-OF9-fvw5X0CjKa8gmq4j7prM",'
    '"origin":"https://wallet.example","crossOrigin":false}'
)
"""The example of docs/protocol/identity-passkeys.md: a passkey with the secret 1729 signed this
digest."""

# A signature that is good, from Wycheproof's tests (ecdsa_secp256r1_sha256_p1363): hash, r, s, x,
# y.
_GOOD = bytes.fromhex(
    "bb5a52f42f9c9261ed4361f59422a1e30036e7c32b270c8807a419feca605023"
    "0000000000000000000000000000000000000000000000000000000000000005"
    "0000000000000000000000000000000000000000000000000000000000000001"
    "a71af64de5126a4a4e02b7922d66ce9415ce88a4c9d25514d91082c8725ac957"
    "5d47723c8fbe580bb369fec9c2665d8e30a435b9932645482e7c9f11e872296b"
)


@dataclass(frozen=True)
class PasskeySupport:
    """How a chain verifies passkeys."""

    native: bool
    """By the precompile at 0x100; else in Solidity."""
    gas: int | None
    """Of a transaction that verifies one passkey and does nothing else, as the node estimates it.
    """

    @property
    def sentence(self) -> str:
        """What to tell whoever deploys."""
        cost = ""
        if self.gas is not None:
            cost = f"; verifying one takes {self.gas:,} gas, the whole transaction"

        if self.native:
            return f"Passkeys: this chain has the P-256 precompile at 0x100{cost}."
        return (
            f"Passkeys: this chain has no P-256 precompile at 0x100, so Solidity verifies "
            f"them{cost}. Where that is too dear, customers sign with one-time keys instead."
        )


def is_native(chain: Chain) -> bool:
    """Say whether the precompile at 0x100 is there.

    Raises:
        NodeError: something is there that calls a bad signature good: passkeys could be forged on
            this chain.

    """
    if not _says_good(chain, _GOOD):
        return False

    if _says_good(chain, _GOOD[:63] + b"\6" + _GOOD[64:]):
        raise NodeError(
            f"what this chain has at {PRECOMPILE}, where the P-256 precompile belongs, calls a bad "
            f"signature good: anybody could forge passkeys there"
        )

    return True


def _says_good(chain: Chain, question: bytes) -> bool:
    return chain.call(PRECOMPILE, question) == (1).to_bytes(32, "big")


def example(s: int = S) -> bytes:
    """Return the calldata that asks ERC-7913's `verify` about the example, with this s."""
    assertion = encode(
        ["bytes32", "bytes32", "uint256", "uint256", "bytes", "string"],
        [R.to_bytes(32, "big"), s.to_bytes(32, "big"), 23, 1, AUTHENTICATOR_DATA, CLIENT_DATA],
    )
    return YES + encode(["bytes", "bytes32", "bytes"], [KEY, DIGEST, assertion])


def support(chain: Chain, verifier: str | None = None) -> PasskeySupport:
    """Find out how a chain verifies passkeys, and have the verifier prove that it does.

    Args:
        verifier: the address of `PasskeyVerifier`; where it is not deployed yet, no cost can be
            told.

    Raises:
        NodeError: the chain has something at 0x100 that calls bad signatures good.
        Conflict: the verifier does not take a good signature, or takes a bad one.

    """
    native = is_native(chain)
    if verifier is None:
        return PasskeySupport(native, None)

    answers = [chain.call(verifier, example(s))[:4] for s in (S, S ^ 1)]
    if answers != [YES, NO]:
        raise Conflict(
            f"what is at {verifier} does not verify passkeys: it is not a PasskeyVerifier of this "
            f"suite"
        )

    question: dict[str, Any] = {"to": verifier, "data": "0x" + example().hex()}
    return PasskeySupport(native, int(chain.request("eth_estimateGas", question), 16))
