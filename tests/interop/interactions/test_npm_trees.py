"""Our trees, proofs, receipts and canonical JSON in the eyes of OpenZeppelin, merkletreejs, ethers
and ECMAScript.
"""

import json
import random
import struct

import pytest

from careledger.crypto.canonical import dumps
from careledger.crypto.hashing import keccak256
from careledger.crypto.merkle import MerkleTree, leaf_hash, verify
from careledger.crypto.proofs import WrongLength, WrongRoot
from careledger.interactions import formats, messages
from tests.worlds.interactions import World, leaf, paper_receipt, some_fields

pytestmark = pytest.mark.interop
SOURCE = random.Random(1000)
SIZES = (1, 3, 10_000)


def hexed(raw):
    return "0x" + raw.hex()


def words(value):
    return [hexed(value[at : at + 32]) for at in range(0, 128, 32)]


@pytest.fixture(params=SIZES, ids=lambda count: f"n={count}")
def batch(request):
    """A world with an anchored batch, its interactions and their tree."""
    world = World()
    members = [some_fields(index) for index in range(request.param)]
    tree = world.anchor_members(members, sender=world.agent)
    return world, members, tree


def test_their_roots_and_proofs_are_ours(batch, ask):
    world, members, tree = batch
    values = [formats.leaf_value(world.where(), fields) for fields in members]
    some = range(len(values)) if len(values) < 10 else SOURCE.sample(range(len(values)), 40)
    proofs = [
        {
            "index": place,
            "value": words(values[place]),
            "proof": [hexed(node) for node in tree.proof(place)],
        }
        for place in some
    ]
    theirs = ask("trees.mjs", {"values": [words(value) for value in values], "proofs": proofs})
    assert theirs["root"] == theirs["third"] == hexed(tree.root)
    assert theirs["leaves"] == [hexed(leaf_hash(value)) for value in values[:100]]
    assert theirs["treeIndices"] == [tree.tree_index(place) for place in range(len(values))]
    assert theirs["proofs"] == [row["proof"] for row in proofs]
    assert theirs["answers"] == [{"standard": True, "third": True}] * len(proofs)
    for row, place in zip(theirs["proofs"], some, strict=True):
        assert world.verify(0, members[place], [bytes.fromhex(node[2:]) for node in row])


def test_what_is_no_member_is_refused_by_all(batch, ask):
    world, members, tree = batch
    value = formats.leaf_value(world.where(), members[0])
    other = formats.leaf_value(world.where(), some_fields(len(members)))
    wrong_index = formats.leaf_value(
        world.where(), type(members[0])(*members[0].abi()[:4], index=len(members))
    )
    proof = tree.proof(0)
    rows = [
        {"value": words(item), "proof": [hexed(node) for node in proof]}
        for item in (other, wrong_index)
    ]
    if proof:
        rows.append({"value": words(value), "proof": []})
        rows.append({"value": words(value), "proof": [hexed(node) for node in proof[:-1]]})
    theirs = ask("trees.mjs", {"values": [words(item) for item in (value,)], "proofs": [
        row | {"root": hexed(tree.root)} for row in rows
    ]})  # fmt: skip
    assert theirs["answers"] == [{"standard": False, "third": False}] * len(rows)
    for item, given in (
        (other, proof),
        (wrong_index, proof),
        *([(value, []), (value, proof[:-1])] if proof else []),
    ):
        with pytest.raises((WrongRoot, WrongLength)):
            verify(item, given, tree.root, len(members))


class TestWhatTheyLetPassAndWeDoNot:
    """Known weaknesses of verification from a leaf and without a count; ours starts from fields and
    knows the count.
    """

    def test_the_root_with_an_empty_proof(self, ask):
        """OpenZeppelin's `verify` takes a value whose leaf is the
        root for a member of any batch.
        """
        world = World()
        fields = some_fields(0)
        value = formats.leaf_value(world.where(), fields)
        root = leaf(world.where(), fields)
        theirs = ask(
            "trees.mjs",
            {"values": [words(value)], "proofs": [{"value": words(value), "proof": []}]},
        )
        assert theirs["answers"] == [{"standard": True, "third": True}]
        world.anchor(root, 1000, 0)  # said to be the root of a thousand
        assert not world.verify(0, fields, [])
        with pytest.raises(WrongLength):
            verify(value, [], root, 1000)

    def test_an_interior_node_offered_as_a_leaf(self):
        """`MerkleProof.verify(proof, root, leaf)` and Solady's accept it: the leaf is the caller's
        to choose.
        """
        world = World()
        members = [some_fields(index) for index in range(8)]
        tree = world.anchor_members(members, sender=world.agent)
        proof = tree.proof(0)
        node = keccak256(b"".join(sorted([tree.leaf(0), proof[0]])))
        above = node
        for sibling in proof[1:]:
            above = keccak256(b"".join(sorted([above, sibling])))
        assert above == tree.root  # a verification that takes a leaf accepts this node
        for offered in (node + bytes(96), b"".join(sorted([tree.leaf(0), proof[0]])), node):
            with pytest.raises((WrongRoot, WrongLength)):
                verify(offered, proof[1:], tree.root, 8)


def test_another_implementation_reads_our_receipts(ask):
    for count, place, batch_id, size in ((1, 0, 0, 1), (3, 2, 1, 2), (5, 1, 4, 7), (36, 20, 6, 7)):
        receipt, _ = paper_receipt(place, count, batch_id, size)
        seen = ask("receipt.mjs", json.loads(receipt.canonical()))
        assert {name for name, value in seen.items() if value is True} == {
            "content", "parties", "kind", "startedAt", "index", "root", "head"
        }  # fmt: skip
        log = receipt.log
        assert seen["domain"] == hexed(log.domain)
        assert seen["leaf"] == hexed(leaf(log, receipt.fields))
        assert seen["entry"] == hexed(
            formats.batch_record(log, batch_id, receipt.anchored.batch.batch)
        )
        assert seen["acknowledgement"] == hexed(
            messages.acknowledgement_message(log, log.brand, receipt.fields, 2_000_000_000).digest
        )
        assert seen["promise"] == hexed(
            messages.promise_message(log, receipt.fields, 2_000_000_000).digest
        )


def test_canonical_json_is_what_ecmascript_writes(ask):
    texts = []
    alphabet = 'aZé€\u0000\u001f\u007f"\\/\ue000\uffff\U0001f600'

    def value(depth=0):
        kind = SOURCE.randrange(7 if depth < 4 else 4)
        if kind == 0:
            (number,) = struct.unpack(">d", SOURCE.randbytes(8))
            return number if abs(number) < 1e300 and number == number else 0.1  # noqa: PLR0124
        if kind == 1:
            return SOURCE.choice(
                [SOURCE.randrange(-(2**53) + 1, 2**53), 0, True, None, 1e21, 1e-7, 123.0]
            )
        if kind < 4:
            return "".join(SOURCE.choice(alphabet) for _ in range(SOURCE.randrange(6)))
        if kind == 4:
            return [value(depth + 1) for _ in range(SOURCE.randrange(4))]
        return {
            "".join(SOURCE.choice(alphabet) for _ in range(3)): value(depth + 1)
            for _ in range(SOURCE.randrange(4))
        }

    documents = [value() for _ in range(3000)]
    texts = [json.dumps(document) for document in documents]
    assert ask("canonical.mjs", texts) == [dumps(document).decode() for document in documents]


def test_the_tree_of_equal_values_is_theirs_too(ask):
    values = [bytes(128)] * 5
    theirs = ask("trees.mjs", {"values": [words(value) for value in values], "proofs": []})
    tree = MerkleTree(values)
    assert theirs["root"] == theirs["third"] == hexed(tree.root)
    assert theirs["treeIndices"] == [tree.tree_index(place) for place in range(5)]
