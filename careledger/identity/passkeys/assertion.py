"""What a passkey signed, in the bytes that the verifier on the chain reads."""

from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from careledger.crypto import base64url
from careledger.identity.passkeys.errors import PasskeyReason, PasskeyRefused
from careledger.identity.passkeys.passkey import ORDER, PasskeyKey

TYPES = ("bytes32", "bytes32", "uint256", "uint256", "bytes", "string")
"""Of OpenZeppelin's `WebAuthnAuth`: r, s, challengeIndex, typeIndex, authenticatorData,
clientDataJSON."""

PRESENT = 0x01
"""Flag of authenticatorData: somebody was there."""
VERIFIED = 0x04
"""Flag of authenticatorData: it asked for finger, face or PIN."""
ELIGIBLE = 0x08
"""Flag of authenticatorData: the passkey may be backed up."""
BACKED_UP = 0x10
"""Flag of authenticatorData: the passkey is backed up."""

MAX_BYTES = 131_072
"""More than a transaction that carries it could hold on the usual networks."""

_SIGNER_BYTES = 84
"""The verifier's address, x and y."""


@dataclass(frozen=True)
class Assertion:
    """A passkey's signature over a 32-byte hash, with all that it was made over."""

    r: int
    s: int
    challenge_index: int
    """Where `"challenge":"…"` begins in the client data, in bytes."""
    type_index: int
    """Where `"type":"webauthn.get"` begins in the client data, in bytes."""
    authenticator_data: bytes
    client_data: bytes
    """clientDataJSON, as the browser made it."""

    @classmethod
    def of(
        cls, authenticator_data: bytes, client_data: bytes, signature: bytes, digest: bytes
    ) -> Self:
        """Make an assertion from a browser's answer.

        Args:
            signature: DER, as authenticators write it; of its two values of s the lower one is
                kept.
            digest: the 32 bytes that were the challenge.

        Raises:
            PasskeyRefused: the signature is not DER, or something is too large.
            PasskeyRefused: type or challenge are not written as browsers write them.

        """
        if len(authenticator_data) + len(client_data) > MAX_BYTES:
            raise PasskeyRefused(
                PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                f"the passkey's answer is larger than {MAX_BYTES} bytes",
            )
        try:
            r, s = decode_dss_signature(signature)
            client_data.decode()
        except ValueError as error:
            raise PasskeyRefused(
                PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                f"the passkey's signature or client data is malformed: {error}",
            ) from error
        if not 0 < r < ORDER or not 0 < s < ORDER:
            raise PasskeyRefused(
                PasskeyReason.MALFORMED_PASSKEY_ANSWER,
                "the passkey's signature is out of its range",
            )

        challenge = base64url.encode(digest)
        type_index = client_data.find(b'"type":"webauthn.get"')
        challenge_index = client_data.find(f'"challenge":"{challenge}"'.encode())
        if type_index < 0 or challenge_index < 0:
            raise PasskeyRefused(
                PasskeyReason.NOT_FOR_THE_CHAIN,
                "the client data does not hold type and challenge as browsers write them",
            )

        lower_s = min(s, ORDER - s)
        return cls(r, lower_s, challenge_index, type_index, authenticator_data, client_data)

    @property
    def count(self) -> int:
        """The signature counter; 0 where the authenticator does not count."""
        return int.from_bytes(self.authenticator_data[33:37], "big")

    @property
    def encoded(self) -> bytes:
        """What `PasskeyVerifier.verify` takes as the signature."""
        values = (
            self.r.to_bytes(32, "big"),
            self.s.to_bytes(32, "big"),
            self.challenge_index,
            self.type_index,
            self.authenticator_data,
            self.client_data.decode(),
        )
        return encode(TYPES, values)

    def signature(self, key: PasskeyKey, verifier: str) -> bytes:
        """Return what a contract of the suite takes as the signature of the passkey's address."""
        return key.signer(verifier) + self.encoded


def read_signature(signature: bytes) -> tuple[bytes, PasskeyKey, Assertion]:
    """Split a contract's signature into verifier (20 bytes), key and assertion; verify nothing.

    Raises:
        PasskeyRefused: it is not of this form.
        BadPasskey: the key is not a point of the curve.

    """
    if not _SIGNER_BYTES < len(signature) <= MAX_BYTES:
        raise PasskeyRefused(
            PasskeyReason.MALFORMED_PASSKEY_ANSWER,
            f"a passkey's signature has 85 to {MAX_BYTES} bytes, not {len(signature)}",
        )

    key = PasskeyKey(x=signature[20:52], y=signature[52:_SIGNER_BYTES])
    try:
        r, s, challenge_index, type_index, authenticator_data, client_data = decode(
            TYPES, signature[_SIGNER_BYTES:]
        )
    except (DecodingError, UnicodeDecodeError, OverflowError) as error:
        raise PasskeyRefused(
            PasskeyReason.MALFORMED_PASSKEY_ANSWER,
            f"the passkey's signature cannot be read: {error}",
        ) from error

    assertion = Assertion(
        int.from_bytes(r, "big"),
        int.from_bytes(s, "big"),
        challenge_index,
        type_index,
        authenticator_data,
        client_data.encode(),
    )
    return signature[:20], key, assertion


def require_digest(digest: bytes) -> bytes:
    """Return a digest as it is.

    Raises:
        PasskeyRefused: it does not have 32 bytes, so it is not what a contract wants signed.

    """
    if len(digest) != 32:
        raise PasskeyRefused(
            PasskeyReason.WRONG_CHALLENGE,
            f"a passkey signs a digest of 32 bytes for a contract, not of {len(digest)}",
        )

    return digest
