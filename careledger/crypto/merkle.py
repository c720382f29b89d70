"""The batch tree: the layout of OpenZeppelin's StandardMerkleTree for values of static words.

A value is its ABI encoding, a positive number of 32-byte words. Its leaf is the hash of the hash of
it, and leaves are sorted. They fill a heap (children of node i at 2i + 1 and 2i + 2) from its end
backwards, so that node 2n - 2 is the smallest leaf and node 0 is the root; a node is the hash of
its two children, the smaller one first. `@openzeppelin/merkle-tree` on npm and `MerkleProof` on
chain read and write the same trees.

Pairs are sorted before they are hashed, so a proof says *that* a leaf is in the tree and not
*where*. Verification therefore starts from the value and never from a leaf (an interior node would
pass for one), and the length of the proof must be one that a tree of that many leaves has (an empty
proof would make any root its own leaf).
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

from careledger.crypto.hashing import Hash, keccak256
from careledger.crypto.proofs import MalformedProof, WrongLength, WrongRoot, check_hashes
from careledger.errors import InputError


def leaf_hash(value: bytes) -> bytes:
    """Return the leaf of an ABI-encoded value: the hash of its hash.

    Raises:
        InputError: the value is not a positive number of 32-byte words.

    """
    if not value or len(value) % 32:
        raise InputError(
            f"a value of the tree is one or more words of 32 bytes, not {len(value)} bytes"
        )
    return keccak256(keccak256(value))


def proof_lengths(count: int) -> tuple[int, ...]:
    """Return the lengths that proofs have in a tree of `count` leaves: one, or two in succession.

    Raises:
        InputError: there is no such tree.

    """
    if count < 1:
        raise InputError(f"a tree has at least one leaf, not {count}")

    shallow = count.bit_length() - 1
    deep = (2 * count - 1).bit_length() - 1
    return (shallow,) if shallow == deep else (shallow, deep)


def root_of(value: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root that a proof leads to from a value.

    Raises:
        InputError: the value is not a positive number of words.
        MalformedProof: an element of the proof is not 32 bytes.

    """
    check_hashes(proof)

    node = leaf_hash(value)
    for sibling in proof:
        node = keccak256(node + sibling if node < sibling else sibling + node)

    return node


def verify(value: bytes, proof: Sequence[bytes], root: bytes, count: int) -> None:
    """Check that a value is in the tree of `count` leaves with this root.

    Raises:
        MalformedProof: the value is not a positive number of words, or an element of the proof not
            32 bytes.
        WrongLength: no leaf of a tree of `count` leaves has a proof of this length.
        WrongRoot: the proof leads elsewhere.

    """
    if not isinstance(value, bytes) or not value or len(value) % 32:
        raise MalformedProof("what is proven is a value of whole words, not a leaf")

    lengths = proof_lengths(count)
    if len(proof) not in lengths:
        raise WrongLength(len(proof), lengths)

    actual = root_of(value, proof)
    if actual != root:
        raise WrongRoot(actual, root)


class MerkleTree:
    """A tree over ABI-encoded values, in the order in which they are given.

    `root` is its root, `len()` the number of values, `proof(index)` the proof of the value at that
    place of the input. Equal values are allowed, as in npm's; whoever needs them distinct puts a
    number into the value.
    """

    def __init__(self, values: Iterable[bytes], keccak: Hash = keccak256) -> None:
        """Build the tree: 3 hashes a value.

        Args:
            values: at least one, each a positive number of 32-byte words.
            keccak: another implementation of the hash, for measurements.

        Raises:
            InputError: there is no value, or one is not made of whole words.

        """

        def leaf(value: bytes) -> bytes:
            if not value or len(value) % 32:
                raise InputError(
                    f"a value of the tree is one or more words of 32 bytes, not {len(value)} bytes"
                )
            return keccak(keccak(value))

        leaves = [leaf(value) for value in values]
        if not leaves:
            raise InputError("a tree has at least one leaf, not 0")

        self._order = sorted(range(len(leaves)), key=leaves.__getitem__)
        self._order.reverse()
        self._nodes = _heap([leaves[place] for place in self._order], keccak)

    def __len__(self) -> int:
        return len(self._order)

    @cached_property
    def _indices(self) -> list[int]:
        """Place in the input -> heap index; made when the first proof is asked for."""
        indices = [0] * len(self)
        for node, place in enumerate(self._order, len(self) - 1):
            indices[place] = node
        return indices

    @property
    def root(self) -> bytes:
        """The 32-byte root."""
        return self._nodes[0]

    def leaf(self, index: int) -> bytes:
        """Return the leaf of the value at a place of the input.

        Raises:
            InputError: there is no such place.

        """
        return self._nodes[self.tree_index(index)]

    def tree_index(self, index: int) -> int:
        """Return the heap index of the value at a place of the input, as npm's `dump()` numbers it.

        Raises:
            InputError: there is no such place.

        """
        if not 0 <= index < len(self):
            raise InputError(f"there is no value {index} among {len(self)}")
        return self._indices[index]

    def proof(self, index: int) -> list[bytes]:
        """Return the siblings from the leaf of the value at a place of the input up to the root.

        Raises:
            InputError: there is no such place.

        """
        node = self.tree_index(index)
        siblings = []

        while node > 0:
            siblings.append(self._nodes[node + 1 if node % 2 else node - 1])
            node = (node - 1) // 2

        return siblings


def _heap(leaves: list[bytes], keccak: Hash) -> list[bytes]:
    """Hash upwards, a level at a time: slices are twice as fast as a loop over indexes."""
    nodes = [b""] * (len(leaves) - 1) + leaves

    upper = len(leaves) - 1  # nodes below this index are still to be made
    while upper > 0:
        lower = (1 << upper.bit_length() - 1) - 1  # the first node of the deepest level among them
        below = nodes[2 * lower + 1 : 2 * upper + 1]
        pairs = zip(below[0::2], below[1::2], strict=True)
        nodes[lower:upper] = [keccak(a + b) if a < b else keccak(b + a) for a, b in pairs]
        upper = lower

    return nodes
