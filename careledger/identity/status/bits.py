"""Status lists as bits: in the orders of the two standards, and compressed.

```
chain       credential i is bit i & 255, least significant first, of word i >> 8
Token       credential i is bit i & 7, least significant first, of byte i >> 3
Bitstring   credential i is bit i & 7, MOST significant first, of byte i >> 3
```
"""

import zlib
from collections.abc import Iterable, Sequence

from careledger.identity.credentials.errors import StatusError, StatusReason

MAX_BYTES = 2**21
"""Of a list that is read: 2^24 credentials of one bit. What decompresses into more is an attack."""

ZLIB = zlib.MAX_WBITS
"""RFC 1950, for the Token Status List."""

GZIP = zlib.MAX_WBITS + 16
"""RFC 1952, for the Bitstring Status List."""

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def from_words(words: Iterable[int]) -> bytes:
    """Return the chain's words as bytes in the order of the Token Status List."""
    return b"".join(word.to_bytes(32, "little") for word in words)


def mirror(raw: bytes) -> bytes:
    """Turn one order of bits into the other."""
    return raw.translate(_MIRRORED)


def set_indexes(raw: bytes) -> list[int]:
    """Return the indexes whose bits are set, in the order of the Token Status List."""
    return [
        8 * at + bit for at, byte in enumerate(raw) if byte for bit in range(8) if byte >> bit & 1
    ]


def compress(raw: bytes, form: int) -> bytes:
    """Return bytes compressed in a form (`ZLIB`, `GZIP`), without a time or a name in it."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, form)
    return compressor.compress(raw) + compressor.flush()


def decompress(packed: bytes, form: int) -> bytes:
    """Return what was compressed.

    Raises:
        StatusError: it is not of this form, was cut, has more bytes behind it, or decompresses
            into more than `MAX_BYTES`.

    """
    decompressor = zlib.decompressobj(form)
    try:
        raw = decompressor.decompress(packed, MAX_BYTES + 1)
    except zlib.error:
        raise StatusError(
            StatusReason.STATUS_UNREADABLE,
            "the status list is not compressed as its standard requires",
        ) from None

    if len(raw) > MAX_BYTES:
        raise StatusError(
            StatusReason.STATUS_UNREADABLE,
            f"the status list decompresses into more than {MAX_BYTES:,} bytes",
        )
    if not decompressor.eof or decompressor.unused_data:
        raise StatusError(
            StatusReason.STATUS_UNREADABLE,
            "the compressed status list was cut, or has more bytes behind it",
        )
    return raw


def status_at(raw: Sequence[int], index: int, width: int) -> int:
    """Return the status at an index of a Token Status List of `width` (1, 2, 4, 8) bits each.

    Raises:
        StatusError: the list is shorter.

    """
    at, bit = divmod(index * width, 8)

    if not 0 <= at < len(raw):
        raise StatusError(
            StatusReason.STATUS_UNREADABLE,
            f"the status list has {len(raw) * 8 // width} indexes, and the credential has {index}",
        )
    return raw[at] >> bit & (1 << width) - 1
