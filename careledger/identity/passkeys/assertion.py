"""What a passkey signed, in the bytes that the verifier on the chain reads."""

import base64
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from careledger.identity.passkeys.errors import (
    MalformedPasskeyAnswer,
    NotForTheChain,
    WrongChallenge,
)
from careledger.identity.passkeys.keys import ORDER, PasskeyKey

TYPES = ("bytes32", "bytes32", "uint256", "uint256", "bytes", "string")
"""r, s, challengeIndex, typeIndex, authenticatorData, clientDataJSON: OpenZeppelin's
`WebAuthnAuth`."""
PRESENT, VERIFIED, ELIGIBLE, BACKED_UP = 0x01, 0x04, 0x08, 0x10
"""Flags of authenticatorData: user present, user verified, may be backed up, is backed up."""
MAX_BYTES = 131_072
"""More than a transaction that carries it could hold on the usual networks."""


def base64url(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True)
class Assertion:
    """A passkey's signature over a 32-byte hash, with all that it was made over."""

    r: int
    s: int
    challenge_index: int
    """Where `"challenge":"…"` stands in the client data, in bytes."""
    type_index: int
    """Where `"type":"webauthn.get"` stands in the client data, in bytes."""
    authenticator_data: bytes
    client_data: bytes
    """clientDataJSON, as the browser made it."""

    @classmethod
    def of(
        cls, authenticator_data: bytes, client_data: bytes, signature: bytes, digest: bytes
    ) -> Self:
        """Put together what a browser answered.

        Args:
            signature: DER, as authenticators write it; of its two values of s the lower one is
                kept.
            digest: the 32 bytes that were the challenge.

        Raises:
            MalformedPasskeyAnswer: the signature is no DER, or something is too large.
            NotForTheChain: type or challenge are written otherwise than browsers write them.

        """
        if len(authenticator_data) + len(client_data) > MAX_BYTES:
            raise MalformedPasskeyAnswer(f"the passkey's answer is larger than {MAX_BYTES} bytes")
        try:
            r, s = decode_dss_signature(signature)
            client_data.decode()
        except ValueError as error:
            raise MalformedPasskeyAnswer(
                f"the passkey's signature or client data is malformed: {error}"
            ) from error
        if not 0 < r < ORDER or not 0 < s < ORDER:
            raise MalformedPasskeyAnswer("the passkey's signature is out of its range")
        type_at = client_data.find(b'"type":"webauthn.get"')
        challenge_at = client_data.find(f'"challenge":"{base64url(digest)}"'.encode())
        if type_at < 0 or challenge_at < 0:
            raise NotForTheChain(
                "the client data does not hold type and challenge as browsers write them"
            )
        return cls(r, min(s, ORDER - s), challenge_at, type_at, authenticator_data, client_data)

    @property
    def count(self) -> int:
        """The signature counter; 0 where the authenticator does not count."""
        return int.from_bytes(self.authenticator_data[33:37], "big")

    @property
    def encoded(self) -> bytes:
        """What `PasskeyVerifier.verify` takes as the signature."""
        words = (
            self.r.to_bytes(32, "big"),
            self.s.to_bytes(32, "big"),
            self.challenge_index,
            self.type_index,
        )
        return encode(TYPES, (*words, self.authenticator_data, self.client_data.decode()))

    def signature(self, key: PasskeyKey, verifier: str) -> bytes:
        """Return what a contract of the suite takes as the signature of the passkey's address."""
        return key.signer(verifier) + self.encoded


def read_signature(signature: bytes) -> tuple[bytes, PasskeyKey, Assertion]:
    """Take a contract's signature apart into verifier (20 bytes), key and assertion; nothing is verified.

    Raises:
        MalformedPasskeyAnswer: it is not of this form.
        BadPasskey: the key is no point of the curve.

    """
    if not 84 < len(signature) <= MAX_BYTES:
        raise MalformedPasskeyAnswer(
            f"a passkey's signature has 85 to {MAX_BYTES} bytes, not {len(signature)}"
        )
    key = PasskeyKey(signature[20:52], signature[52:84])
    try:
        r, s, challenge_at, type_at, authenticator_data, client_data = decode(TYPES, signature[84:])
    except (DecodingError, UnicodeDecodeError, OverflowError) as error:
        raise MalformedPasskeyAnswer(f"the passkey's signature cannot be read: {error}") from error
    numbers = (int.from_bytes(r, "big"), int.from_bytes(s, "big"), challenge_at, type_at)
    return signature[:20], key, Assertion(*numbers, authenticator_data, client_data.encode())


def require_digest(digest: bytes) -> bytes:
    """Return a digest as it is.

    Raises:
        WrongChallenge: it is not 32 bytes long, so it is not what a contract has signed.

    """
    if len(digest) != 32:
        raise WrongChallenge(
            f"a passkey signs a digest of 32 bytes for a contract, not of {len(digest)}"
        )
    return digest
