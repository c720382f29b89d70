"""The hash functions that the protocol names.

Keccak-256 comes from `tiny_keccak` (Rust, about a million hashes a second) where it is installed
and from pycryptodome otherwise, eight to ten times slower with the same answers.
"""

import hmac
from collections.abc import Callable
from hashlib import sha256 as _sha256

from careledger.errors import InputError

Hash = Callable[[bytes], bytes]


def keccak256_fallback(data: bytes) -> bytes:
    """Return the 32-byte Keccak-256 of some bytes, by pycryptodome."""
    from Crypto.Hash import keccak as _pycryptodome  # noqa: PLC0415  takes long to import

    return _pycryptodome.new(digest_bits=256, data=data).digest()


keccak256: Hash
"""Return the 32-byte Keccak-256 of some bytes (Ethereum's padding, not that of FIPS 202)."""

try:
    from tiny_keccak import keccak256
except (
    ImportError
):  # pragma: no cover - the lock carries the wheel; tests run the fallback by its name
    keccak256 = keccak256_fallback


def sha256(data: bytes) -> bytes:
    """Return the 32-byte SHA-256 of some bytes."""
    return _sha256(data).digest()


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """Return the 32-byte HMAC-SHA256 of some bytes (RFC 2104)."""
    return hmac.digest(key, data, "sha256")


def hkdf_sha256(key: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    """Derive `length` bytes from a key by HKDF-SHA256 (RFC 5869).

    Raises:
        InputError: more than 255 blocks were asked for.

    """
    if not 0 < length <= 255 * 32:
        raise InputError(f"HKDF-SHA256 yields 1 to 8,160 bytes, not {length}")

    pseudorandom = hmac_sha256(salt or bytes(32), key)
    output = block = b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac_sha256(pseudorandom, block + info + bytes([counter]))
        output += block

    return output[:length]
