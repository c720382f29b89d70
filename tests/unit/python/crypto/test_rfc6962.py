import random

import pytest

from careledger.crypto import rfc6962
from careledger.crypto.proofs import MalformedProof, WrongLength, WrongRoot
from careledger.crypto.rfc6962 import (
    EMPTY_ROOT,
    LogTree,
    consistency_proof_length,
    inclusion_proof_length,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from careledger.errors import InputError
from tests.support.logs import consistency, inclusion, root

ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [  # the reference implementation of Certificate Transparency tests itself with these
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SOURCE = random.Random(9162)
MANY = [SOURCE.randbytes(SOURCE.randrange(0, 120)) for _ in range(70)]


class TestLogTree:
    def test_the_known_roots_at_every_size(self):
        tree = LogTree()
        assert tree.root().hex() == ROOTS[0]
        for size, entry in enumerate(ENTRIES, 1):
            assert tree.append(entry) == size - 1
            assert tree.root().hex() == ROOTS[size]
        assert [tree.root(size).hex() for size in range(9)] == ROOTS

    def test_the_example_of_rfc_9162_section_2_1_5(self):
        """Seven entries; the names are those of the RFC's drawing."""
        d = MANY[:7]
        a, b, c, e, f, j = (leaf_hash(entry) for entry in d[:6])
        d3, d6 = e, leaf_hash(d[6])
        g, h, i = node_hash(a, b), node_hash(c, d3), node_hash(f, j)
        k = node_hash(g, h)
        inner = node_hash(i, d6)
        tree = LogTree(d)
        assert tree.root() == node_hash(k, inner)
        assert tree.inclusion_proof(0) == [b, h, inner]
        assert tree.inclusion_proof(3) == [c, g, inner]
        assert tree.inclusion_proof(4) == [j, d6, k]
        assert tree.inclusion_proof(6) == [i, k]
        assert tree.consistency_proof(3) == [c, d3, g, inner]
        assert tree.consistency_proof(4) == [inner]
        assert tree.consistency_proof(6) == [i, d6, k]

    def test_it_equals_the_naive_tree_at_every_size(self):
        tree = LogTree()
        for size in range(len(MANY) + 1):
            assert tree.root() == root(MANY[:size])
            for index in range(size):
                assert tree.leaf(index) == leaf_hash(MANY[index])
                assert tree.inclusion_proof(index) == inclusion(index, MANY[:size])
            for old in range(size + 1):
                assert tree.root(old) == root(MANY[:old])
                assert tree.consistency_proof(old) == consistency(old, MANY[:size])
            if size < len(MANY):
                tree.append(MANY[size])

    @pytest.mark.parametrize("first", [0, 1, 2, 3, 7, 8, 9, 31])
    def test_many_at_once_are_the_same_as_one_by_one(self, first):
        tree = LogTree(MANY[:first])
        for end in (first, first + 1, first + 2, first + 11, 70):
            tree.extend(MANY[len(tree) : end])
            assert [tree.root(size) for size in range(end + 1)] == [
                root(MANY[:size]) for size in range(end + 1)
            ]
            assert tree.append(b"one more") == end
            tree = LogTree(MANY[:end])

    def test_what_is_not_there_is_refused(self):
        tree = LogTree(MANY[:5])
        for question in (
            lambda: tree.root(6), lambda: tree.root(-1), lambda: tree.leaf(5),
            lambda: tree.leaf(-1),
            lambda: tree.inclusion_proof(5), lambda: tree.inclusion_proof(-1),
            lambda: tree.inclusion_proof(2, 2),
            lambda: tree.inclusion_proof(0, 6), lambda: tree.consistency_proof(6),
            lambda: tree.consistency_proof(-1),
            lambda: tree.consistency_proof(3, 2), lambda: inclusion_proof_length(3, 3),
            lambda: consistency_proof_length(3, 2), lambda: consistency_proof_length(-1, 2),
        ):  # fmt: skip
            with pytest.raises(InputError):
                question()


class TestVerifyInclusion:
    def test_every_entry_at_every_size_and_nowhere_else(self):
        tree = LogTree(MANY[:33])
        for size in (1, 2, 3, 4, 7, 8, 20, 33):
            for index in range(size):
                proof = tree.inclusion_proof(index, size)
                assert len(proof) == inclusion_proof_length(index, size)
                verify_inclusion(tree.leaf(index), index, size, proof, tree.root(size))
                for other in range(size):
                    if other != index:
                        with pytest.raises((WrongLength, WrongRoot)):
                            verify_inclusion(tree.leaf(index), other, size, proof, tree.root(size))

    def test_lengths_and_forms(self):
        tree = LogTree(MANY[:9])
        proof = tree.inclusion_proof(4)
        with pytest.raises(WrongLength):
            verify_inclusion(tree.leaf(4), 4, 9, proof[:-1], tree.root())
        with pytest.raises(WrongLength):
            verify_inclusion(tree.leaf(4), 4, 9, [*proof, bytes(32)], tree.root())
        with pytest.raises(MalformedProof):
            verify_inclusion(tree.leaf(4), 4, 9, [*proof[:-1], b"short"], tree.root())
        with pytest.raises(InputError):
            verify_inclusion(tree.leaf(4), 9, 9, proof, tree.root())

    def test_a_node_does_not_pass_for_an_entry(self):
        tree = LogTree(MANY[:4])
        inner = node_hash(tree.leaf(0), tree.leaf(1))
        with pytest.raises(WrongLength):
            verify_inclusion(inner, 0, 4, tree.inclusion_proof(0)[1:], tree.root())
        assert leaf_hash(tree.leaf(0) + tree.leaf(1)) != inner


class TestVerifyConsistency:
    def test_every_pair_of_sizes(self):
        tree = LogTree(MANY[:33])
        for size in range(34):
            for old in range(size + 1):
                proof = tree.consistency_proof(old, size)
                assert len(proof) == consistency_proof_length(old, size)
                verify_consistency(old, tree.root(old), size, tree.root(size), proof)

    def test_a_log_whose_past_was_changed_is_found_out(self):
        honest = LogTree(MANY[:20])
        for changed in range(12):
            other = LogTree([*MANY[:changed], b"changed", *MANY[changed + 1 : 20]])
            with pytest.raises(WrongRoot):
                verify_consistency(
                    12, honest.root(12), 20, other.root(), other.consistency_proof(12)
                )

    @pytest.mark.parametrize(("old", "size"), [(0, 0), (0, 5), (5, 5), (3, 5), (4, 5)])
    def test_wrong_roots_are_refused(self, old, size):
        tree = LogTree(MANY[:5])
        proof = tree.consistency_proof(old, size)
        with pytest.raises(WrongRoot):
            verify_consistency(old, bytes(32), size, tree.root(size), proof)
        if old or not size:
            with pytest.raises(WrongRoot):
                verify_consistency(old, tree.root(old), size, bytes(32), proof)

    def test_lengths_are_exact(self):
        tree = LogTree(MANY[:7])
        proof = tree.consistency_proof(3)
        for wrong in (proof[:-1], [*proof, bytes(32)]):
            with pytest.raises(WrongLength):
                verify_consistency(3, tree.root(3), 7, tree.root(), wrong)


def test_the_root_of_nothing():
    assert LogTree().root() == EMPTY_ROOT == rfc6962.sha256(b"").digest()
