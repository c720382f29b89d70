"""A list as bits: in the order of the Token Status List, in that of the Bitstring Status List, and compressed.

```
chain       credential i is bit i & 255, least significant first, of word i >> 8
Token       credential i is bit i & 7, least significant first, of byte i >> 3
Bitstring   credential i is bit i & 7, MOST significant first, of byte i >> 3
```
"""

import zlib
from collections.abc import Iterable, Sequence

from careledger.identity.credentials.errors import StatusUnreadable

MAX_BYTES = 2**21
"""Of a list that is read: 2^24 credentials of one bit. What unfolds into more is no list but an
attack."""

ZLIB, GZIP = zlib.MAX_WBITS, zlib.MAX_WBITS + 16
"""RFC 1950, as the Token Status List wants it; RFC 1952, as the Bitstring Status List does."""

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def from_words(words: Iterable[int]) -> bytes:
    """Return the chain's words as bytes in the order of the Token Status List."""
    return b"".join(word.to_bytes(32, "little") for word in words)


def mirrored(raw: bytes) -> bytes:
    """Turn the one order of bits into the other."""
    return raw.translate(_MIRRORED)


def indexes(raw: bytes) -> list[int]:
    """Return the places whose bits are set, in the order of the Token Status List."""
    return [
        8 * at + bit for at, byte in enumerate(raw) if byte for bit in range(8) if byte >> bit & 1
    ]


def compressed(raw: bytes, form: int) -> bytes:
    """Return bytes as small as the form (`ZLIB`, `GZIP`) makes them; no time or name stands in it."""
    packing = zlib.compressobj(9, zlib.DEFLATED, form)
    return packing.compress(raw) + packing.flush()


def expanded(packed: bytes, form: int) -> bytes:
    """Return what was compressed.

    Raises:
        StatusUnreadable: it is not of this form, is cut, has more behind it, or unfolds into more
            than `MAX_BYTES`.

    """
    unpacking = zlib.decompressobj(form)
    try:
        raw = unpacking.decompress(packed, MAX_BYTES + 1)
    except zlib.error:
        raise StatusUnreadable("the status list is not compressed as its format wants it") from None
    if len(raw) > MAX_BYTES:
        raise StatusUnreadable(f"the status list unfolds into more than {MAX_BYTES:,} bytes")
    if not unpacking.eof or unpacking.unused_data:
        raise StatusUnreadable("the status list was cut, or something stands behind it")
    return raw


def value(raw: Sequence[int], index: int, width: int) -> int:
    """Return the status at a place of a Token Status List of `width` (1, 2, 4, 8) bits each.

    Raises:
        StatusUnreadable: the list is shorter.

    """
    at, bit = divmod(index * width, 8)
    if not 0 <= at < len(raw):
        raise StatusUnreadable(
            f"the status list has {len(raw) * 8 // width} places, and the credential's is {index}"
        )
    return raw[at] >> bit & (1 << width) - 1
