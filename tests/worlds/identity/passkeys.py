"""Passkeys for tests: phones that are the same for a name, and assertions wrong in one place."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from eth_abi import encode
from eth_utils.crypto import keccak
from webauthn.helpers import base64url_to_bytes

from careledger.crypto import base64url
from careledger.crypto.hashing import sha256
from careledger.identity.passkeys.assertion import TYPES
from careledger.identity.passkeys.passkey import ORDER, PasskeyKey
from careledger.identity.passkeys.software_authenticator import RelyingParty, SoftwareAuthenticator

SITE = RelyingParty(
    "wallet.example", ("https://wallet.example", "https://app.wallet.example"), "Example Wallet"
)


DIGEST, CHALLENGE = keccak(b"what is signed"), b"random and used once"
VERIFIER = "0x" + "11" * 20


def secret(name: str) -> int:
    """Return a private key that is always the same for a name; it is no secret."""
    return int.from_bytes(keccak(text=f"careledger test passkey {name}"), "big") % ORDER


def phone(name: str, **how: Any) -> SoftwareAuthenticator:
    """Return somebody's phone."""
    return SoftwareAuthenticator(SITE, secret(name), **how)


def edited(answer: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Return a browser's answer with parts of its response changed, each by a function."""
    response = dict(answer["response"])
    for name, change in parts.items():
        response[name] = base64url.encode(change(base64url_to_bytes(response[name])))
    return answer | {"response": response}


def saying(**members: Any) -> Any:
    """Return a function that changes members of the client data; None takes one away."""

    def change(raw: bytes) -> bytes:
        said = json.loads(raw) | members
        kept = {name: value for name, value in said.items() if value is not None}
        return json.dumps(kept, separators=(",", ":")).encode()

    return change


def flagged(flags: int) -> Any:
    """Return a function that sets the flags of authenticator data."""
    return lambda raw: raw[:32] + bytes([flags]) + raw[33:]


@dataclass(frozen=True)
class Draft:
    """An assertion in the making; `replace` any part, then encode it."""

    digest: bytes
    name: str = "alice"
    flags: int = 0x05
    data: bytes | None = None
    """authenticatorData, where the usual is not wanted."""
    said: bytes | None = None
    """clientDataJSON, where the usual is not wanted."""
    high: bool = False
    numbers: dict[str, int] = field(default_factory=dict)
    """r, s, challenge, type: instead of the true ones."""

    @property
    def private(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(secret(self.name), ec.SECP256R1())

    @property
    def key(self) -> PasskeyKey:
        return PasskeyKey.of(self.private.public_key())

    @property
    def authenticator_data(self) -> bytes:
        return (
            sha256(SITE.rp_id.encode()) + bytes([self.flags]) + bytes(4)
            if self.data is None
            else self.data
        )

    @property
    def client_data(self) -> bytes:
        if self.said is not None:
            return self.said
        challenge = base64url.encode(self.digest)
        members = {"type": "webauthn.get", "challenge": challenge, "origin": SITE.origins[0]}
        return json.dumps(members, separators=(",", ":")).encode()

    def sign(self) -> tuple[int, int]:
        message = self.authenticator_data + sha256(self.client_data)
        how = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self.private.sign(message, how))
        return r, ORDER - s if (s > ORDER // 2) != self.high else s

    @property
    def values(self) -> tuple[Any, ...]:
        """What is encoded, in order."""
        r, s = self.sign()
        true = {
            "r": r,
            "s": s,
            "challenge": self.client_data.find(b'"challenge":"'),
            "type": self.client_data.find(b'"type":"'),
        } | self.numbers
        words = (true["r"].to_bytes(32, "big"), true["s"].to_bytes(32, "big"))
        return (
            *words,
            max(true["challenge"], 0),
            max(true["type"], 0),
            self.authenticator_data,
            self.client_data,
        )

    @property
    def encoded(self) -> bytes:
        return encode([*TYPES[:-1], "bytes"], self.values)  # as bytes, so that it may be no UTF-8

    def but(self, **changes: Any) -> "Draft":
        return replace(self, **changes)

    def signature(self, verifier: str) -> bytes:
        return self.key.signer(verifier) + self.encoded
