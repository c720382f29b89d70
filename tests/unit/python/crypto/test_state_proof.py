import random
import time

import pytest
import rlp

from careledger.crypto import state_proof
from careledger.crypto.hashing import keccak256
from careledger.crypto.proofs import MalformedProof, WrongRoot
from careledger.crypto.state_proof import (
    EMPTY_TRIE,
    NO_CODE,
    encode_header,
    open_account,
    open_header,
    open_slot,
    open_trie,
)
from careledger.errors import CareLedgerError

SOURCE = random.Random(1559)


def _path(nibbles, leaf):
    flag = (2 if leaf else 0) + len(nibbles) % 2
    text = f"{flag:x}" + ("" if len(nibbles) % 2 else "0") + nibbles
    return bytes.fromhex(text)


def _build(items):
    """A trie by the yellow paper's definition: the node (not encoded) over {rest of the path:
    value}.
    """
    if len(items) == 1:
        ((path, value),) = items.items()
        return [_path(path, True), value]
    shared = 0
    while len({path[shared] for path in items}) == 1:
        shared += 1
    if shared:
        prefix = next(iter(items))[:shared]
        return [
            _path(prefix, False),
            _link(_build({path[shared:]: value for path, value in items.items()})),
        ]
    branch = [b""] * 17
    for digit in {path[0] for path in items}:
        inner = _build({path[1:]: value for path, value in items.items() if path[0] == digit})
        branch[int(digit, 16)] = _link(inner)
    return branch


STORE = {}


def _link(node):
    encoded = rlp.encode(node)
    if len(encoded) < 32:
        return node
    STORE[keccak256(encoded)] = encoded
    return keccak256(encoded)


def trie(values):
    """Return the root of {key: value} (keys are hashed), and a function that proves a key."""
    node = _build({keccak256(key).hex(): value for key, value in values.items()})
    top = rlp.encode(node)
    STORE[keccak256(top)] = top

    def prove(key):
        path, link, proof = keccak256(key).hex(), keccak256(top), []
        while True:
            if isinstance(link, bytes):
                proof.append(STORE[link])
                link = rlp.decode(STORE[link])
            if len(link) == 17:
                link, path = link[int(path[0], 16)], path[1:]
                if link == b"":
                    return proof
                continue
            text = link[0].hex()
            own = text[1:] if text[0] in "13" else text[2:]
            if text[0] in "23" or not path.startswith(own):
                return proof
            link, path = link[1], path[len(own) :]

    return keccak256(top), prove


def some(count, size):
    return {SOURCE.randbytes(32): rlp.encode(SOURCE.randbytes(size)) for _ in range(count)}


class TestTrie:
    @pytest.mark.parametrize("count", [1, 2, 3, 17, 200])
    @pytest.mark.parametrize("size", [1, 5, 32])
    def test_what_is_there_and_what_is_not(self, count, size):
        values = some(count, size)
        root, prove = trie(values)
        for key, value in values.items():
            assert open_trie(root, key, prove(key)) == value
        for _ in range(30):
            absent = SOURCE.randbytes(32)
            assert open_trie(root, absent, prove(absent)) is None

    def test_nodes_below_32_bytes_stand_inside_their_parents(self):
        """Two keys whose hashes share 61 digits would do it; the trie is written down by hand
        instead.
        """
        path = keccak256(b"key").hex()
        leaf = [_path(path[1:], True), b"v"]
        other = [_path("ab", True), b"w"]
        branch = [b""] * 17
        branch[int(path[0], 16)] = leaf if len(rlp.encode(leaf)) < 32 else _link(leaf)
        branch[(int(path[0], 16) + 1) % 16] = other
        encoded = rlp.encode(branch)
        proof = [
            encoded,
            *(
                [STORE[branch[int(path[0], 16)]]]
                if isinstance(branch[int(path[0], 16)], bytes)
                else []
            ),
        ]
        assert open_trie(keccak256(encoded), b"key", proof) == b"v"
        near = next(
            bytes([n])
            for n in range(256)
            if keccak256(bytes([n])).hex()[0] == f"{(int(path[0], 16) + 1) % 16:x}"
        )
        assert open_trie(keccak256(encoded), near, [encoded]) is None

    def test_an_empty_trie_needs_no_proof(self):
        assert open_trie(EMPTY_TRIE, b"key", []) is None
        assert open_trie(EMPTY_TRIE, b"key", [b"\x80"]) is None
        with pytest.raises(MalformedProof, match="empty"):
            open_trie(EMPTY_TRIE, b"key", [b"\xc0"])

    def test_a_proof_must_be_whole_and_nothing_more(self):
        values = some(40, 32)
        root, prove = trie(values)
        key = next(iter(values))
        with pytest.raises(MalformedProof, match="ends before"):
            open_trie(root, key, prove(key)[:-1])
        with pytest.raises(MalformedProof, match="left over"):
            open_trie(root, key, [*prove(key), b"\xc0"])
        with pytest.raises(WrongRoot):
            open_trie(root, key, prove(key)[::-1])
        with pytest.raises(WrongRoot):
            open_trie(bytes(32), key, prove(key))

    @pytest.mark.parametrize(
        "node",
        [
            b"text",
            [],
            [b"a"],
            [b"", b"v"],
            [[b"a"], b"v"],
            [b"\x40", b"v"],
            [b"\xff", b"v"],
            [b"\x00", b"short"],
            [b""] * 16,
            [b"short"] * 17,
            [b"\x20" + bytes(32), [b"list"]],
        ],
    )
    def test_what_is_no_node_is_refused(self, node):
        encoded = rlp.encode(node)
        key = b"key"
        if node and isinstance(node, list) and node[0] == b"\x20" + bytes(32):
            node[0] = _path(keccak256(key).hex(), True)
            encoded = rlp.encode(node)
        with pytest.raises(MalformedProof):
            open_trie(keccak256(encoded), key, [encoded])

    def test_what_is_no_rlp_is_refused(self):
        for raw in (b"\xf8", b"\xc1", b"\xbf" + bytes(8), b"\xc1\x81", b"\xf7" * 3000):
            with pytest.raises(MalformedProof):
                open_trie(keccak256(raw), b"key", [raw])

    def test_ten_thousand_broken_proofs_end_in_typed_errors(self):
        values = some(300, 32)
        root, prove = trie(values)
        keys, started, refused = list(values), time.monotonic(), 0
        for _ in range(10_000):
            key = SOURCE.choice(keys)
            proof = prove(key)
            at = SOURCE.randrange(len(proof))
            node = bytearray(proof[at])
            how = SOURCE.randrange(3)
            if how == 0:
                node[SOURCE.randrange(len(node))] ^= 1 << SOURCE.randrange(8)
            elif how == 1:
                del node[SOURCE.randrange(len(node)) :]
            else:
                node = bytearray(SOURCE.randbytes(SOURCE.randrange(200)))
            proof[at] = bytes(node)
            with pytest.raises((MalformedProof, WrongRoot)):
                open_trie(root, key, proof)
            refused += 1
        assert refused == 10_000
        assert time.monotonic() - started < 60


class TestAccount:
    def test_an_account_and_its_slot(self):
        storage, prove_slot = trie({bytes(32): rlp.encode((7).to_bytes(1, "big"))})
        account = rlp.encode([b"\x01", b"\x02\x00", storage, keccak256(b"code")])
        root, prove = trie({b"a" * 20: account, b"b" * 20: rlp.encode([b"few"])})
        opened = open_account(root, b"a" * 20, prove(b"a" * 20))
        assert (opened.nonce, opened.balance, opened.code_hash) == (1, 512, keccak256(b"code"))
        assert open_slot(opened.storage_root, bytes(32), prove_slot(bytes(32))) == 7
        assert open_slot(EMPTY_TRIE, bytes(32), []) == 0
        assert open_account(root, b"c" * 20, prove(b"c" * 20)) is None
        with pytest.raises(MalformedProof, match="not an account"):
            open_account(root, b"b" * 20, prove(b"b" * 20))

    @pytest.mark.parametrize("word", [rlp.encode([b"list"]), rlp.encode(bytes(33))])
    def test_a_slot_that_is_no_word_is_refused(self, word):
        root, prove = trie({bytes(32): word})
        with pytest.raises(MalformedProof, match="not a storage word"):
            open_slot(root, bytes(32), prove(bytes(32)))


def block(**changes):
    fields = {
        "parentHash": "0x" + "11" * 32,
        "sha3Uncles": "0x" + "22" * 32,
        "miner": "0x" + "33" * 20,
        "stateRoot": "0x" + "44" * 32,
        "transactionsRoot": "0x" + "55" * 32,
        "receiptsRoot": "0x" + "66" * 32,
        "logsBloom": "0x" + "00" * 256,
        "difficulty": "0x0",
        "number": "0x10",
        "gasLimit": "0x1c9c380",
        "gasUsed": "0x5208",
        "timestamp": "0x65000000",
        "extraData": "0x",
        "mixHash": "0x" + "77" * 32,
        "nonce": "0x" + "00" * 8,
        "baseFeePerGas": "0x7",
    }
    fields |= changes
    fields = {name: value for name, value in fields.items() if value is not None}
    fields.setdefault("hash", "0x" + keccak256(_encoded(fields)).hex())
    return fields


def _encoded(fields):
    items = []
    for name, length in state_proof._HEADER:
        if name not in fields:
            break
        value = fields[name]
        try:
            raw = bytes.fromhex(value[2:].rjust(len(value[2:]) + len(value[2:]) % 2, "0"))
        except (TypeError, ValueError):
            raw = b""
        items.append(raw.lstrip(b"\0") if length is None else raw)
    return rlp.encode(items)


class TestHeader:
    @pytest.mark.parametrize(
        "fork",
        [
            {"baseFeePerGas": None},
            {},
            {"withdrawalsRoot": "0x" + "88" * 32},
            {
                "withdrawalsRoot": "0x" + "88" * 32,
                "blobGasUsed": "0x0",
                "excessBlobGas": "0x0",
                "parentBeaconBlockRoot": "0x" + "99" * 32,
                "requestsHash": "0x" + "aa" * 32,
            },
        ],
    )
    def test_headers_of_every_fork(self, fork):
        given = block(**fork)
        encoded = encode_header(given)
        opened = open_header(encoded, bytes.fromhex(given["hash"][2:]))
        assert (opened.number, opened.timestamp) == (16, 0x65000000)
        assert (opened.state_root, opened.parent_hash) == (b"\x44" * 32, b"\x11" * 32)

    def test_numbers_may_be_integers(self):
        given = block()
        assert encode_header(given | {"number": 16, "stateRoot": b"\x44" * 32}) == encode_header(
            given
        )

    @pytest.mark.parametrize(
        "changes",
        [
            {"stateRoot": None},
            {"stateRoot": "0x12"},
            {"number": "many"},
            {"number": -1},
            {"nonce": 5.5},
            {"hash": "0x" + "00" * 32},
            {"hash": None},
            {"miner": "0xzz"},
        ],
    )
    def test_a_block_that_is_not_what_its_hash_says_is_refused(self, changes):
        given = block() | changes
        with pytest.raises(MalformedProof):
            encode_header({name: value for name, value in given.items() if value is not None})

    def test_another_hash_is_refused(self):
        with pytest.raises(WrongRoot):
            open_header(encode_header(block()), bytes(32))

    @pytest.mark.parametrize("what", [b"text", [b"few"], [[b"list"]] * 16, [b"short"] * 16])
    def test_what_has_the_hash_and_is_no_header_is_refused(self, what):
        encoded = rlp.encode(what)
        with pytest.raises(MalformedProof, match="not a block header"):
            open_header(encoded, keccak256(encoded))


def test_the_constants():
    assert EMPTY_TRIE.hex() == "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    assert NO_CODE.hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert issubclass(MalformedProof, CareLedgerError)
