"""The log tree: RFC 6962's append-only Merkle tree with SHA-256 (RFC 9162 describes the same one).

A leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right), the root of no entries
SHA-256 of nothing. The left subtree of n entries holds the largest power of two below n, so adding
an entry never changes a complete subtree: the tree keeps one `bytearray` a level with the complete
subtrees' hashes, 64 bytes an entry in all.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from careledger.crypto.proofs import WrongLength, WrongRoot, check_hashes
from careledger.errors import InputError

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of an entry of the log."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right).digest()


class LogTree:
    """A log that grows, with the root at any size that it ever had, and proofs between them."""

    def __init__(self, entries: Iterable[bytes] = ()) -> None:
        """Start a log with some entries."""
        self._levels = [bytearray()]
        self.extend(entries)

    def __len__(self) -> int:
        return len(self._levels[0]) // 32

    def append(self, entry: bytes) -> int:
        """Add an entry and return its index."""
        index = len(self)
        node = leaf_hash(entry)
        self._levels[0] += node

        level = 0
        while (index >> level) & 1:
            node = node_hash(bytes(self._levels[level][-64:-32]), node)
            level += 1
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += node

        return index

    def extend(self, entries: Iterable[bytes]) -> None:
        """Add many entries: the same as appending each, level by level and much faster."""
        below = self._levels[0]
        below += b"".join([sha256(b"\x00" + entry).digest() for entry in entries])

        level = 1
        while len(below) >= 64:
            if level == len(self._levels):
                self._levels.append(bytearray())

            own = self._levels[level]
            pairs = bytes(below[2 * len(own) : len(below) // 64 * 64])
            own += b"".join(
                [sha256(b"\x01" + pairs[at : at + 64]).digest() for at in range(0, len(pairs), 64)]
            )
            below = own
            level += 1

    def leaf(self, index: int) -> bytes:
        """Return the hash of an entry.

        Raises:
            InputError: there is no such entry.
        """
        if not 0 <= index < len(self):
            raise InputError(f"there is no entry {index} among {len(self)}")
        return self._subtree(index, index + 1)

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` entries, of all by default.

        Raises:
            InputError: the log has fewer entries.
        """
        size = self._size(size)
        return self._subtree(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the hashes from an entry up to the root of the first `size` entries.

        Raises:
            InputError: the log has fewer entries, or the entry is not among them.
        """
        size = self._size(size)
        if not 0 <= index < size:
            raise InputError(f"there is no entry {index} among {size}")

        proof = []
        start = 0
        end = size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self._subtree(middle, end))
                end = middle
            else:
                proof.append(self._subtree(start, middle))
                start = middle

        return proof[::-1]

    def consistency_proof(self, old: int, size: int | None = None) -> list[bytes]:
        """Return the hashes that show that `old` entries are the beginning of `size` entries.

        Empty when `old` is 0 or equals `size`.

        Raises:
            InputError: the log has fewer entries, or `old` is greater than `size`.
        """
        size = self._size(size)
        if not 0 <= old <= size:
            raise InputError(f"a log of {size} entries has no beginning of {old}")
        if old in (0, size):
            return []

        proof = []
        start = 0
        end = size
        whole = True
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                proof.append(self._subtree(middle, end))
                end = middle
            else:
                proof.append(self._subtree(start, middle))
                start = middle
                whole = False

        if not whole:
            proof.append(self._subtree(start, end))
        return proof[::-1]

    def _size(self, size: int | None) -> int:
        if size is None:
            return len(self)
        if not 0 <= size <= len(self):
            raise InputError(f"a log of {len(self)} entries has no size {size}")
        return size

    def _subtree(self, start: int, end: int) -> bytes:
        """Return the root of entries start to end; start is a multiple of its capacity."""
        node = b""
        at = end
        while at > start:  # the complete subtrees from right to left, the smallest first
            size = (at - start) & (start - at)
            level = size.bit_length() - 1
            place = (at >> level) - 1
            complete = bytes(self._levels[level][32 * place : 32 * place + 32])
            node = node_hash(complete, node) if node else complete
            at -= size

        return node


def _split(size: int) -> int:
    """Return the largest power of two below a size of at least 2."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof_length(index: int, size: int) -> int:
    """Return the length of the inclusion proof of an entry in a log of `size` entries.

    Raises:
        InputError: the entry is not in the log.
    """
    if not 0 <= index < size:
        raise InputError(f"there is no entry {index} among {size}")
    shared = (index ^ (size - 1)).bit_length()  # levels below the point where the paths part
    return shared + (index >> shared).bit_count()


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf hash is at an index of the log of `size` entries (RFC 9162, 2.1.3.2).

    Raises:
        InputError: the entry is not in the log.
        MalformedProof: an element of the proof is not 32 bytes.
        WrongLength: the proof has not exactly the length that the index and the size prescribe.
        WrongRoot: the proof leads elsewhere.
    """
    check_hashes(proof)
    length = inclusion_proof_length(index, size)
    if len(proof) != length:
        raise WrongLength(len(proof), [length])

    node = leaf
    place = index
    last = size - 1
    for sibling in proof:
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        place >>= 1
        last >>= 1

    if node != root:
        raise WrongRoot(node, root)


def consistency_proof_length(old: int, size: int) -> int:
    """Return the length of the consistency proof between two sizes.

    Raises:
        InputError: the old size is greater than the new one, or below 0.
    """
    if not 0 <= old <= size:
        raise InputError(f"a log of {size} entries has no beginning of {old}")
    if old in (0, size):
        return 0

    # Complete subtrees of this height are the old size's last part.
    zeros = (old & -old).bit_length() - 1
    place = (old - 1) >> zeros
    last = (size - 1) >> zeros
    return int(place > 0) + inclusion_proof_length(place, last + 1)


def verify_consistency(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that `old` entries are the beginning of `size` entries (RFC 9162, 2.1.4.2).

    Raises:
        InputError: the old size is greater than the new one, or below 0.
        MalformedProof: an element of the proof is not 32 bytes.
        WrongLength: the proof has not exactly the length that the two sizes prescribe.
        WrongRoot: the proof leads to another old or another new root.
    """
    check_hashes(proof)
    length = consistency_proof_length(old, size)
    if len(proof) != length:
        raise WrongLength(len(proof), [length])

    if old == 0:
        _equal(EMPTY_ROOT, old_root)
        if size == 0:
            _equal(EMPTY_ROOT, root)
        return
    if old == size:
        _equal(old_root, root)
        return

    # The proof begins with the largest subtree that both logs have, unless it is the old log.
    place = old - 1
    last = size - 1
    while place & 1:
        place >>= 1
        last >>= 1

    steps = list(proof)
    before = after = old_root if place == 0 else steps.pop(0)
    for sibling in steps:
        if place & 1 or place == last:
            before = node_hash(sibling, before)
            after = node_hash(sibling, after)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            after = node_hash(after, sibling)
        place >>= 1
        last >>= 1

    _equal(before, old_root)
    _equal(after, root)


def _equal(actual: bytes, expected: bytes) -> None:
    if actual != expected:
        raise WrongRoot(actual, expected)
