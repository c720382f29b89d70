"""Points and signatures of the three curves, and the two libraries that compute with them.

`coincurve` for secp256k1, `cryptography` for P-256 and Ed25519. Whatever bytes come, the answer is
a value and never an exception of a library.
"""

from enum import StrEnum

from coincurve import PublicKey
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import HALF_ORDER

_ORDER = 2 * HALF_ORDER + 1
"""Order of secp256k1."""

ACCOUNT_BYTES = 20
"""Of an account's address, which stands for a secp256k1 key."""


class KeyType(StrEnum):
    """The curve of a key."""

    SECP256K1 = "secp256k1"
    P256 = "P-256"
    ED25519 = "Ed25519"


# -- points


def is_public_key(kind: KeyType, raw: bytes) -> bool:
    """Say whether bytes are a compressed point, an Ed25519 key, or the address of an account."""
    if kind is KeyType.SECP256K1 and len(raw) == ACCOUNT_BYTES:
        return True

    try:
        if kind is KeyType.ED25519:
            return bool(Ed25519PublicKey.from_public_bytes(raw))
        if kind is KeyType.P256:
            return len(raw) == 33 and bool(_p256(raw))
        return len(raw) == 33 and bool(PublicKey(raw))
    except Exception:  # noqa: BLE001  coincurve names no class of its own
        return False


def compressed(kind: KeyType, point: bytes) -> bytes | None:
    """Return a point of 65 bytes as 33; None where it is not on its curve."""
    try:
        if kind is KeyType.SECP256K1:
            return PublicKey(point).format()
        numbers = _p256(point).public_numbers()
    except Exception:  # noqa: BLE001  coincurve names no class of its own
        return None
    return bytes([2 + (numbers.y & 1)]) + numbers.x.to_bytes(32, "big")


def coordinates(kind: KeyType, raw: bytes) -> tuple[bytes, bytes]:
    """Return x and y, 32 bytes each, of a compressed point of secp256k1 or P-256."""
    if kind is KeyType.SECP256K1:
        point = PublicKey(raw).format(compressed=False)
        return point[1:33], point[33:]

    numbers = _p256(raw).public_numbers()
    return numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")


def account_of(key: PublicKey) -> bytes:
    """Return the 20 bytes of the account of a secp256k1 key."""
    return keccak256(key.format(compressed=False)[1:])[12:]


def _p256(raw: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)


# -- signatures


def verify_secp256k1(raw: bytes, digest: bytes, signature: bytes) -> bool:
    """Say whether the key of a compressed point signed a digest; r and s, 32 bytes each."""
    r, s = _numbers(signature)
    if not (0 < r < _ORDER and 0 < s < _ORDER):
        return False

    lower_s = min(s, _ORDER - s)  # JWS allows both halves, libsecp256k1 verifies the lower
    return PublicKey(raw).verify(encode_dss_signature(r, lower_s), digest, hasher=None)


def recover_secp256k1(digest: bytes, signature: bytes) -> PublicKey | None:
    """Return the key that signed a digest; r, s and 0 or 1. None where there is none."""
    try:
        return PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception:  # noqa: BLE001  coincurve names no class of its own
        return None


def verify_p256(raw: bytes, data: bytes, signature: bytes) -> bool:
    """Say whether the key of a compressed point signed some bytes; r and s, 32 bytes each."""
    r, s = _numbers(signature)
    try:
        _p256(raw).verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_ed25519(raw: bytes, data: bytes, signature: bytes) -> bool:
    """Say whether an Ed25519 key signed some bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _numbers(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
