"""The typed client of `PasskeyVerifier`."""

from eth_typing import ChecksumAddress

from careledger.chain.contract import ContractClient
from careledger.identity.passkeys.keys import PasskeyKey

YES = bytes.fromhex("024ad318")
"""ERC-7913's `verify.selector`."""


class PasskeyVerifier(ContractClient):
    """Says of a passkey whether it signed a hash; keeps nothing."""

    name = "PasskeyVerifier"

    def verify(self, key: bytes, hash_: bytes, signature: bytes) -> bool:
        """Say whether the key (x then y) signed a hash; the signature without the 84 bytes of the signer."""
        return bool(self._read("verify", key, hash_, signature) == YES)

    def address_of(self, x: bytes, y: bytes) -> ChecksumAddress:
        """Return the address of the passkey with this public key.

        Raises:
            NotOnCurve: nobody holds its key.

        """
        return ChecksumAddress(self._read("addressOf", x, y))

    def address_of_key(self, key: PasskeyKey) -> ChecksumAddress:
        """Return the passkey's address, without asking the chain."""
        return key.address(self.address)
