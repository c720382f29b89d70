"""The typed client of `PasskeyVerifier`."""

from eth_typing import ChecksumAddress

from careledger.chain.contract import ContractClient
from careledger.identity.passkeys.passkey import PasskeyKey

VALID = bytes.fromhex("024ad318")
"""What ERC-7913's `verify` returns for a valid signature: its selector."""


class PasskeyVerifier(ContractClient):
    """Checks signatures of passkeys; the contract has no state."""

    name = "PasskeyVerifier"

    def verify(self, key: bytes, hash_: bytes, signature: bytes) -> bool:
        """Say whether a passkey signed a hash.

        Args:
            key: x then y, 64 bytes.
            signature: without the 84 bytes of the signer.

        """
        return bool(self._read("verify", key, hash_, signature) == VALID)

    def address_of(self, x: bytes, y: bytes) -> ChecksumAddress:
        """Return the address of the passkey with this public key.

        Raises:
            NotOnCurve: the point is not on the curve, so no key belongs to it.

        """
        return ChecksumAddress(self._read("addressOf", x, y))

    def address_of_key(self, key: PasskeyKey) -> ChecksumAddress:
        """Return the passkey's address, without asking the chain."""
        return key.address(self.address)
