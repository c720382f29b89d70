import random

import pytest

from careledger.crypto.hashing import keccak256, keccak256_fallback
from careledger.crypto.merkle import MerkleTree, leaf_hash, proof_lengths, root_of, verify
from careledger.crypto.proofs import MalformedProof, WrongLength, WrongRoot
from careledger.errors import InputError

SOURCE = random.Random(6962)


def values(count, words=4):
    return [SOURCE.randbytes(32 * words) for _ in range(count)]


def naive_heap(items):
    """The npm package's algorithm, index by index."""
    leaves = sorted(keccak256(keccak256(item)) for item in items)
    tree = [b""] * (2 * len(leaves) - 1)
    for place, leaf in enumerate(leaves):
        tree[len(tree) - 1 - place] = leaf
    for node in range(len(tree) - 1 - len(leaves), -1, -1):
        tree[node] = keccak256(b"".join(sorted(tree[2 * node + 1 : 2 * node + 3])))
    return tree


class TestTree:
    def test_no_value_is_no_tree(self):
        with pytest.raises(InputError, match="at least one leaf"):
            MerkleTree([])

    @pytest.mark.parametrize("value", [b"", b"1", bytes(31), bytes(33)])
    def test_a_value_that_is_not_whole_words_is_refused(self, value):
        with pytest.raises(InputError, match="words of 32 bytes"):
            MerkleTree([bytes(32), value])
        with pytest.raises(InputError, match="words of 32 bytes"):
            leaf_hash(value)

    def test_the_example_of_the_npm_package(self):
        items = [(0x1111111111111111111111111111111111111111, 5 * 10**18),
                 (0x2222222222222222222222222222222222222222, 25 * 10**17)]  # fmt: skip
        tree = MerkleTree(
            who.to_bytes(32, "big") + amount.to_bytes(32, "big") for who, amount in items
        )
        assert tree.root.hex() == "d4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77"

    @pytest.mark.parametrize("count", [*range(1, 40), 63, 64, 65, 127, 128, 129])
    def test_every_size_is_laid_out_as_npm_does(self, count):
        items = values(count)
        tree, naive = MerkleTree(items), naive_heap(items)
        assert tree.root == naive[0]
        assert len(tree) == count
        for place, item in enumerate(items):
            assert naive[tree.tree_index(place)] == tree.leaf(place) == leaf_hash(item)

    def test_every_implementation_of_the_hash_gives_the_same_root(self):
        items = values(33)
        assert MerkleTree(items, keccak256_fallback).root == MerkleTree(items).root

    def test_equal_values_have_places_of_their_own(self):
        tree = MerkleTree([bytes(32)] * 3)
        assert [tree.tree_index(place) for place in range(3)] == [4, 3, 2]  # as npm numbers them

    @pytest.mark.parametrize("index", [-1, 3, 2**40])
    def test_a_place_that_is_not_there_is_refused(self, index):
        tree = MerkleTree(values(3))
        for question in (tree.proof, tree.leaf, tree.tree_index):
            with pytest.raises(InputError, match="among 3"):
                question(index)


class TestProofLengths:
    @pytest.mark.parametrize("count", [0, -1])
    def test_there_is_no_tree_without_leaves(self, count):
        with pytest.raises(InputError):
            proof_lengths(count)

    @pytest.mark.parametrize("count", range(1, 70))
    def test_they_are_those_that_the_tree_gives(self, count):
        tree = MerkleTree(values(count))
        assert set(proof_lengths(count)) == {len(tree.proof(place)) for place in range(count)}


class TestVerify:
    @pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 64, 100])
    def test_every_member_verifies(self, count):
        items = values(count)
        tree = MerkleTree(items)
        for place, item in enumerate(items):
            verify(item, tree.proof(place), tree.root, count)

    @pytest.mark.parametrize("count", [2, 3, 5, 8, 13])
    def test_no_interior_node_passes_for_a_value(self, count):
        """Offered as the 64 bytes that it is the hash of: they are two words, and hashed twice."""
        items = values(count)
        tree = MerkleTree(items)
        nodes = naive_heap(items)
        for node in range(count - 1):
            pair = b"".join(sorted(nodes[2 * node + 1 : 2 * node + 3]))
            proof, at = [], node
            while at:
                proof.append(nodes[at + 1 if at % 2 else at - 1])
                at = (at - 1) // 2
            for offered in (pair, nodes[node]):
                with pytest.raises((WrongLength, WrongRoot)):
                    verify(offered, proof, tree.root, count)
            with pytest.raises(WrongRoot):  # even where the length happens to fit
                verify(
                    pair,
                    [*proof, *[bytes(32)] * (proof_lengths(count)[0] - len(proof))],
                    tree.root,
                    count,
                )

    def test_an_empty_proof_is_good_for_a_single_value_only(self):
        (item,) = values(1)
        verify(item, [], leaf_hash(item), 1)
        with pytest.raises(WrongLength) as refused:
            verify(item, [], leaf_hash(item), 2)
        assert (refused.value.actual, refused.value.allowed) == (0, (1,))

    def test_another_value_is_refused(self):
        items = values(5)
        tree = MerkleTree(items)
        with pytest.raises(WrongRoot) as refused:
            verify(items[1], tree.proof(0), tree.root, 5)
        assert refused.value.expected == tree.root
        assert refused.value.actual == root_of(items[1], tree.proof(0))

    def test_a_proof_that_is_too_short_or_too_long_is_refused(self):
        items = values(8)
        tree = MerkleTree(items)
        for proof in (tree.proof(0)[:-1], [*tree.proof(0), bytes(32)]):
            with pytest.raises(WrongLength):
                verify(items[0], proof, tree.root, 8)

    @pytest.mark.parametrize("node", [b"", bytes(31), bytes(33), "00" * 32, None])
    def test_an_element_that_is_no_hash_is_refused(self, node):
        with pytest.raises(MalformedProof, match="element 0"):
            verify(bytes(32), [node], bytes(32), 2)

    @pytest.mark.parametrize("value", [b"", bytes(33), "text", None])
    def test_a_value_that_is_not_whole_words_is_refused(self, value):
        with pytest.raises(MalformedProof):
            verify(value, [], bytes(32), 1)

    def test_any_flipped_bit_is_refused(self):
        items = values(11)
        tree = MerkleTree(items)
        for place, item in enumerate(items):
            proof = tree.proof(place)
            for at in range(0, 32 * len(proof), 5):
                flipped = bytearray(b"".join(proof))
                flipped[at] ^= 1
                changed = [bytes(flipped[i : i + 32]) for i in range(0, len(flipped), 32)]
                with pytest.raises(WrongRoot):
                    verify(item, changed, tree.root, 11)
