"""Keys: those that sign credentials and presentations, and those that check them.

Three types and four algorithms. A key says which algorithms it takes; a header never decides what
kind of key it is checked with, so a key is never used as another type.

| algorithm | key | signature |
|---|---|---|
| ES256K | secp256k1 | r, s over SHA-256 |
| ES256K-R | secp256k1 | r, s, and 0 or 1 to recover the key |
| ES256 | P-256 | r, s over SHA-256 |
| EdDSA | Ed25519 | RFC 8032 |
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from coincurve import PrivateKey, PublicKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from careledger.crypto import canonical
from careledger.crypto.hashing import sha256
from careledger.errors import InputError
from careledger.identity.credentials import curves
from careledger.identity.credentials.curves import ACCOUNT_BYTES, KeyType
from careledger.identity.credentials.errors import (
    BadBase64,
    MalformedToken,
    SignatureReason,
    TokenReason,
    TokenSignatureError,
)
from careledger.identity.credentials.jose import decode, encode

KEY_TYPES = {
    "ES256K": KeyType.SECP256K1,
    "ES256K-R": KeyType.SECP256K1,
    "ES256": KeyType.P256,
    "EdDSA": KeyType.ED25519,
}
"""The type of key that each algorithm takes."""

ATTRIBUTES = {
    KeyType.SECP256K1: "did/pub/Secp256k1/veriKey/hex",
    KeyType.P256: "did/pub/JsonWebKey2020/veriKey",
    KeyType.ED25519: "did/pub/Ed25519/veriKey/hex",
}
"""The did:ethr attribute by which an issuer publishes a key.

ethr-did-resolver and did-jwt 8 understand all three. Names have at most 32 bytes, so P-256 has none
of its own: did-jwt takes `JsonWebKey2020` for ES256, and the document then holds the point in
hexadecimal. For presentations by a DID write `sigAuth` in the place of `veriKey`.
"""

_USUAL_ALGORITHMS = {
    KeyType.SECP256K1: "ES256K",
    KeyType.P256: "ES256",
    KeyType.ED25519: "EdDSA",
}
_JWK_TYPES = {
    ("EC", "secp256k1"): KeyType.SECP256K1,
    ("EC", "P-256"): KeyType.P256,
    ("OKP", "Ed25519"): KeyType.ED25519,
}
_METHOD_TYPES = {
    "EcdsaSecp256k1VerificationKey2019": KeyType.SECP256K1,
    "EcdsaSecp256r1VerificationKey2019": KeyType.P256,
    "Multikey": KeyType.P256,
    "JsonWebKey2020": KeyType.P256,
    "Ed25519VerificationKey2018": KeyType.ED25519,
    "Ed25519VerificationKey2020": KeyType.ED25519,
}
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True)
class VerificationKey:
    """A public key; of a secp256k1 key perhaps only the address."""

    kind: KeyType
    raw: bytes
    """The compressed point, 33 bytes; for Ed25519 the key, 32 bytes; for an account its address, 20
    bytes."""

    def __post_init__(self) -> None:
        if not curves.is_public_key(self.kind, self.raw):
            raise MalformedToken(
                TokenReason.MALFORMED_CLAIM,
                f"these {len(self.raw)} bytes are not a {self.kind} public key",
            )

    @property
    def is_address(self) -> bool:
        """Whether only the address is known, against which a key is recovered."""
        return len(self.raw) == ACCOUNT_BYTES

    def verify(self, alg: str, data: bytes, signature: bytes) -> bool:
        """Say whether this key signed some bytes; False for any signature that is malformed.

        Raises:
            TokenSignatureError: the algorithm takes another type of key.

        """
        if KEY_TYPES.get(alg) is not self.kind:
            raise TokenSignatureError(
                SignatureReason.KEY_TYPE_MISMATCH,
                f"the header says {alg}, and the key is of type {self.kind}, "
                "which it does not take",
            )
        if len(signature) != (65 if alg == "ES256K-R" else 64):
            return False

        if self.kind is KeyType.SECP256K1:
            return self._verify_secp256k1(sha256(data), signature)
        if self.kind is KeyType.P256:
            return curves.verify_p256(self.raw, data, signature)
        return curves.verify_ed25519(self.raw, data, signature)

    def _verify_secp256k1(self, digest: bytes, signature: bytes) -> bool:
        if len(signature) == 64 and not self.is_address:
            return curves.verify_secp256k1(self.raw, digest, signature)

        # ES256K says not which of the two keys signed, ES256K-R does.
        for recovery in signature[64:] or b"\0\1":
            key = curves.recover_secp256k1(digest, signature[:64] + bytes([recovery]))
            if key is None:
                continue
            if self.raw == (curves.account_of(key) if self.is_address else key.format()):
                return True
        return False

    @property
    def jwk(self) -> dict[str, str]:
        """The key as JWK (RFC 7517, RFC 8037, RFC 8812).

        Raises:
            InputError: only an address is known.

        """
        if self.is_address:
            raise InputError("an address has no JWK: the public key itself is needed")
        if self.kind is KeyType.ED25519:
            return {"kty": "OKP", "crv": "Ed25519", "x": encode(self.raw)}

        x, y = curves.coordinates(self.kind, self.raw)
        return {"kty": "EC", "crv": str(self.kind), "x": encode(x), "y": encode(y)}

    @property
    def thumbprint(self) -> str:
        """The key's SHA-256 thumbprint in base64url (RFC 7638)."""
        return encode(sha256(canonical.dumps(self.jwk)))

    @classmethod
    def from_jwk(cls, jwk: Any, what: str = "the JWK") -> Self:
        """Read a public key.

        Raises:
            MalformedToken: it is not a public EC (P-256, secp256k1) or OKP (Ed25519) key, or holds
                the secret too.

        """
        if not isinstance(jwk, Mapping):
            raise MalformedToken(TokenReason.MALFORMED_CLAIM, f"{what} is not a JSON object")
        if "d" in jwk or "k" in jwk:
            raise MalformedToken(
                TokenReason.MALFORMED_CLAIM,
                f"{what} holds a secret key: others may have seen it, so make a new one",
            )

        kind = _JWK_TYPES.get((str(jwk.get("kty")), str(jwk.get("crv"))))
        if kind is None:
            raise MalformedToken(
                TokenReason.MALFORMED_CLAIM, f"{what} is not a key of P-256, secp256k1 or Ed25519"
            )
        alg = jwk.get("alg")
        if isinstance(alg, str) and KEY_TYPES.get(alg) is not kind:
            raise MalformedToken(
                TokenReason.MALFORMED_CLAIM,
                f"{what} names an algorithm that takes another type of key",
            )

        x = _coordinate(jwk, "x", what)
        if kind is KeyType.ED25519:
            return cls(kind, x)
        y = _coordinate(jwk, "y", what)
        key = cls(kind, bytes([2 + (y[-1] & 1)]) + x)
        if key.jwk["y"] != encode(y):
            raise MalformedToken(TokenReason.MALFORMED_CLAIM, f"{what} is not a point of its curve")
        return key

    @classmethod
    def from_method(cls, method: Mapping[str, Any]) -> Self | None:
        """Read a verification method of a did:ethr document; None where it is not of use here."""
        kind = method.get("type")
        if kind == "EcdsaSecp256k1RecoveryMethod2020":
            account = str(method.get("blockchainAccountId", "")).rpartition(":")[2]
            raw = _material({"publicKeyHex": account})
            return cls(KeyType.SECP256K1, raw) if raw and len(raw) == ACCOUNT_BYTES else None

        found = _METHOD_TYPES.get(str(kind))
        material = _material(method)
        if found is None or material is None or len(material) == ACCOUNT_BYTES:
            return None
        if len(material) == 65:
            material = curves.compressed(found, material)
        if material is None or not curves.is_public_key(found, material):
            return None
        return cls(found, material)


def _coordinate(jwk: Mapping[str, Any], name: str, what: str) -> bytes:
    text = jwk.get(name)
    try:
        raw = decode(text) if isinstance(text, str) and len(text) == 43 else b""
    except BadBase64:
        raw = b""
    if len(raw) != 32:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM, f"{what} has no '{name}' of 32 bytes in base64url"
        )
    return raw


def _material(method: Mapping[str, Any]) -> bytes | None:
    """Return the bytes of a method's key; None where they cannot be read."""
    try:
        if isinstance(text := method.get("publicKeyHex"), str):
            return bytes.fromhex(text.removeprefix("0x"))
        if isinstance(text := method.get("publicKeyBase64"), str):
            return decode(text.rstrip("=").replace("+", "-").replace("/", "_"))
        if isinstance(text := method.get("publicKeyBase58"), str) and len(text) <= 100:
            return _from_base58(text)
    except (ValueError, BadBase64):
        return None
    return None


def _from_base58(text: str) -> bytes:
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    return number.to_bytes((number.bit_length() + 7) // 8, "big").rjust(32, b"\0")


@dataclass(frozen=True)
class SigningKey:
    """A private key with the algorithm that it signs by; nothing that is printed shows it."""

    alg: str
    secret: bytes = field(repr=False)
    """32 bytes."""

    def __post_init__(self) -> None:
        if self.alg not in KEY_TYPES:
            raise InputError(f"{self.alg!r} is not an algorithm: use one of {', '.join(KEY_TYPES)}")

        try:
            valid = len(self.secret) == 32 and bool(self.public)
        except Exception:  # noqa: BLE001  whatever the libraries say of a bad key may quote it
            valid = False
        if not valid:
            raise InputError(
                f"the secret is not a {self.kind} private key: 32 bytes in the range of its curve "
                "are needed"
            )

    @classmethod
    def generate(cls, alg: str) -> Self:
        """Make a new key."""
        while True:
            try:
                return cls(alg, secrets.token_bytes(32))
            except InputError:
                if alg not in KEY_TYPES:
                    raise

    @classmethod
    def of_account(cls, account: LocalAccount, alg: str = "ES256K") -> Self:
        """Return an account's key, to sign as `#controller` or as a delegate.

        Args:
            alg: ES256K or ES256K-R.

        """
        return cls(alg, bytes(account.key))

    @property
    def kind(self) -> KeyType:
        """The curve of the key."""
        return KEY_TYPES[self.alg]

    @property
    def public(self) -> VerificationKey:
        """The public key."""
        if self.kind is KeyType.SECP256K1:
            raw = PrivateKey(self.secret).public_key.format()
        elif self.kind is KeyType.ED25519:
            public = Ed25519PrivateKey.from_private_bytes(self.secret).public_key()
            raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        else:
            point = self._p256().public_key()
            raw = point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        return VerificationKey(self.kind, raw)

    @property
    def address(self) -> str:
        """The account of a secp256k1 key.

        Raises:
            InputError: it is another type of key.

        """
        if self.kind is not KeyType.SECP256K1:
            raise InputError(f"a {self.kind} key has no account address")
        return to_checksum_address(curves.account_of(PublicKey(self.public.raw)))

    @property
    def attribute(self) -> tuple[str, bytes]:
        """Name and value for `IdentityRegistry.set_attribute`, to publish the key."""
        return ATTRIBUTES[self.kind], self.public.raw

    @property
    def private_jwk(self) -> dict[str, str]:
        """The key as JWK, its secret in `d`."""
        return self.public.jwk | {"alg": self.alg, "d": encode(self.secret)}

    @classmethod
    def from_private_jwk(cls, jwk: Mapping[str, Any]) -> Self:
        """Read `private_jwk` back; the secret appears in no message.

        Raises:
            InputError: it is not a private key of the three types, or its two halves do not belong
                together.

        """
        public_jwk = {name: value for name, value in jwk.items() if name != "d"}
        public = VerificationKey.from_jwk(public_jwk)
        alg = str(jwk.get("alg", _USUAL_ALGORITHMS[public.kind]))

        key = cls(alg, decode(str(jwk.get("d", "")), "the secret"))
        if key.public != public:
            raise InputError("the JWK's secret and public key do not belong together")
        return key

    def sign(self, data: bytes) -> bytes:
        """Return the signature over some bytes, in the form of JWS, with s in the lower half.

        64 bytes, and 65 for ES256K-R.
        """
        if self.kind is KeyType.SECP256K1:
            signature = PrivateKey(self.secret).sign_recoverable(sha256(data), hasher=None)
            return signature if self.alg == "ES256K-R" else signature[:64]
        if self.kind is KeyType.ED25519:
            return Ed25519PrivateKey.from_private_bytes(self.secret).sign(data)

        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self._p256().sign(data, algorithm))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def _p256(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(self.secret, "big"), ec.SECP256R1())
