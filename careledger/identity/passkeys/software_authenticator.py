"""A passkey in software, for demonstrations and tests: it answers as a browser with a phone would.

It keeps its key in memory and does not ask for a finger, so it protects nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from eth_typing import ChecksumAddress
from webauthn.helpers import encode_cbor

from careledger.crypto import base64url
from careledger.crypto.hashing import sha256
from careledger.identity.passkeys.assertion import (
    BACKED_UP,
    ELIGIBLE,
    PRESENT,
    VERIFIED,
    Assertion,
)
from careledger.identity.passkeys.ceremony import RelyingParty, check_assertion, request_options
from careledger.identity.passkeys.passkey import ORDER, Passkey, PasskeyKey

ATTESTED = 0x40
"""Flag of authenticatorData: a new key follows."""


class SoftwareAuthenticator:
    """Browser and phone in one, for one relying party and with one passkey.

    Args:
        relying_party: where it is used, on the first of its origins.
        secret: the private key, 1 to the order of P-256; a new one when not given.
        flags: what it says in every assertion.
        high: which of the two values of s it gives: True the higher, False the lower, None any.
        counts: whether it counts its signatures, as keys on a chip do and synchronised passkeys do
            not.

    """

    def __init__(
        self,
        relying_party: RelyingParty,
        secret: int | None = None,
        *,
        flags: int = PRESENT | VERIFIED | ELIGIBLE | BACKED_UP,
        high: bool | None = None,
        counts: bool = False,
    ) -> None:
        curve = ec.SECP256R1()
        self._key = (
            ec.generate_private_key(curve)
            if secret is None
            else ec.derive_private_key(secret, curve)
        )

        self.relying_party = relying_party
        self.flags = flags
        self.high = high
        self.counts = counts
        self.count = 0
        self.key = PasskeyKey.of(self._key.public_key())
        self.credential_id = sha256(b"careledger software passkey" + self.key.raw)[:16]

    @property
    def passkey(self) -> Passkey:
        """What the relying party would keep of it."""
        backed_up = bool(self.flags & BACKED_UP)
        return Passkey(
            self.key, self.credential_id, self.relying_party.rp_id, self.count, backed_up
        )

    def create(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.create`, in the form of `toJSON()`."""
        client_data = self._client_data("webauthn.create", str(options["challenge"]))

        # WebAuthn 6.5.1: AAGUID, length and credential id, key.
        length = len(self.credential_id).to_bytes(2, "big")
        attested = bytes(16) + length + self.credential_id + encode_cbor(self.key.cose)
        data = self._authenticator_data(str(options["rp"]["id"]), self.flags | ATTESTED) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})

        return self._answer(clientDataJSON=client_data, attestationObject=attestation)

    def get(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.get`, in the form of `toJSON()`."""
        client_data = self._client_data("webauthn.get", str(options["challenge"]))
        data = self._authenticator_data(str(options["rpId"]), self.flags)

        return self._answer(
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=self._signature(data + sha256(client_data)),
        )

    def assertion(self, digest: bytes) -> Assertion:
        """Sign a digest by a browser's answer, and check the answer as a relying party does."""
        before = self.passkey
        answer = self.get(request_options(self.relying_party, digest, [before]))
        return check_assertion(json.dumps(answer), digest, before, self.relying_party)

    def sign(self, digest: bytes, verifier: str) -> bytes:
        """Return what a contract of the suite takes as the signature of this passkey's address."""
        return self.assertion(digest).signature(self.key, verifier)

    def signer(self, verifier: str) -> "SoftwareSigner":
        """Return this passkey as a signer of typed data, where signatures name this verifier."""
        return SoftwareSigner(self, verifier)

    def _authenticator_data(self, rp_id: str, flags: int) -> bytes:
        self.count += self.counts
        return sha256(rp_id.encode()) + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, ceremony: str, challenge: str) -> bytes:
        data = {
            "type": ceremony,
            "challenge": challenge,
            "origin": self.relying_party.origins[0],
            "crossOrigin": False,
        }
        return json.dumps(data, separators=(",", ":")).encode()

    def _signature(self, message: bytes) -> bytes:
        # Deterministic (RFC 6979), so that a demonstration and a measurement can be repeated to the
        # byte.
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self._key.sign(message, algorithm))
        if self.high is not None and (s > ORDER // 2) != self.high:
            s = ORDER - s
        return encode_dss_signature(r, s)

    def _answer(self, **response: bytes) -> dict[str, Any]:
        identifier = base64url.encode(self.credential_id)
        return {
            "id": identifier,
            "rawId": identifier,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {name: base64url.encode(value) for name, value in response.items()},
        }


class _Message(Protocol):
    @property
    def digest(self) -> bytes: ...


@dataclass(frozen=True)
class SoftwareSigner:
    """Signs typed data, of identities and of consents, as the address of a software passkey."""

    authenticator: SoftwareAuthenticator
    verifier: str

    @property
    def address(self) -> ChecksumAddress:
        """The signer for the contracts."""
        return self.authenticator.key.address(self.verifier)

    def sign(self, message: _Message) -> bytes:
        """Return the signature of a message's digest, in the form that the contracts take."""
        return self.authenticator.sign(message.digest, self.verifier)
