import json
import random
from dataclasses import replace

import pytest

from careledger.crypto import documents as reading
from careledger.crypto.canonical import dumps
from careledger.crypto.documents import MalformedDocument
from careledger.errors import InputError
from careledger.interactions.findings import examine, examine_log
from careledger.interactions.messages import Acknowledgement, AnchoringPromise
from careledger.interactions.proofs import OfflineEvidence
from careledger.interactions.receipt import Receipt, ReceiptState
from tests.worlds.interactions import paper_receipt

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
PROMISE = AnchoringPromise(1_800_000_000, ADDRESS, bytes(65))


def full():
    made, _ = paper_receipt(
        promise=PROMISE,
        acknowledgement=Acknowledgement(ADDRESS, 5, b"sig"),
        evidence=OfflineEvidence(b"header", (b"a", b"b"), (b"c",), (b"d",)),
    )
    return made


def promised():
    made, _ = paper_receipt()
    return replace(
        made,
        state=ReceiptState.PROMISED,
        anchored=None,
        promise=PROMISE,
        fields=replace(made.fields, index=0),
    )


class TestFile:
    @pytest.mark.parametrize("make", [lambda: paper_receipt()[0], full, promised])
    @pytest.mark.parametrize(
        "without", [{}, {"salts": None}, {"record": None}, {"salts": None, "record": None}]
    )
    def test_what_is_written_is_read(self, make, without):
        receipt = replace(make(), **without)
        assert Receipt.parse(receipt.canonical()) == receipt

    @pytest.mark.parametrize(
        "state", [ReceiptState.MINED, ReceiptState.FINAL, ReceiptState.REORGED]
    )
    def test_every_state_of_an_anchored_receipt(self, state):
        receipt = replace(paper_receipt()[0], state=state)
        assert Receipt.parse(receipt.canonical()).state is state

    def test_it_is_canonical_json(self):
        receipt = full()
        written = receipt.canonical()
        assert dumps(json.loads(written)) == written
        assert Receipt.parse(json.dumps(json.loads(written), indent=4)) == receipt

    def test_the_record_is_there_as_the_bytes_that_were_hashed(self):
        receipt = full()
        assert json.loads(receipt.canonical())["record"].encode() == receipt.record

    def test_a_record_can_come_later(self):
        receipt = full()
        assert replace(receipt, record=None).with_record(receipt.record) == receipt
        with pytest.raises(InputError, match="not UTF-8"):
            receipt.with_record(b"\xff")


def change(document, path, value):
    target = document
    for step in path[:-1]:
        target = target[step]
    if value is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return document


class TestMalformed:
    @pytest.mark.parametrize(
        ("path", "value", "reason"),
        [
            (["format"], "careledger.receipt/2", "is not careledger.receipt/1"),
            (["format"], ..., "missing"),
            (["state"], "LOST", "is not PROMISED or MINED"), (["state"], 5, "is not"),
            (["state"], ["MINED"], "is not"),
            (["chainId"], -1, "integer"), (["chainId"], 1.5, "integer"),
            (["chainId"], True, "integer"),
            (["chainId"], "1", "integer"), (["contract"], "0x12", "not an address"),
            (["contract"], 7, "an address"),
            (["brand"], "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "checksum"),
            (["brand"], None, "not an address"),
            (["interaction"], [], "not a JSON object"),
            (["interaction", "content"], "0x00", "1 bytes, not 32"),
            (["interaction", "content"], "0x" + "AB" * 32, "lower-case"),
            (["interaction", "content"], "ab" * 32, "0x"),
            (["interaction", "kind"], 2**16, "2\\^16"), (["interaction", "index"], None, "integer"),
            (["interaction", "index"], ..., "missing"), (["interaction", "mood"], 1, "unknown"),
            (["salts", "content"], ..., "missing"), (["salts"], "none", "not a JSON object"),
            (["record"], {}, "not a text"),
            (["batch", "count"], 0, "at least one"), (["batch", "count"], 2**32, "2\\^32"),
            (["batch", "anchoredAt"], 2**40, "2\\^40"),
            (["batch", "proof"], "0x", "not a JSON array"),
            (["batch", "proof", 0], "0x" + "00" * 31, "31 bytes"),
            (["batch", "proof"], ["0x" + "00" * 32] * 65, "more than"),
            (["log", "head"], 5, "hexadecimal"), (["log"], ..., "MINED and without 'log'"),
            (["log"], None, "without 'log'"),
            (["batch"], ..., "without 'batch'"), (["anchor"], ..., "without 'anchor'"),
            (["anchor", "blockHash"], "0x0", "hexadecimal"),
            (["anchor", "blockNumber"], "0x5", "integer"),
            (["promise", "signer"], "me", "not an address"),
            (["promise", "signature"], "0xzz", "hexadecimal"),
            (["acknowledgement", "deadline"], -5, "integer"),
            (["evidence", "header"], None, "hexadecimal"),
            (["evidence", "account"], ["0x"] * 67, "more than"),
            (["evidence", "root"], 5, "not a JSON array"),
            (["more"], 1, "unknown"), (["state"], "PROMISED", "PROMISED and yet with 'batch'"),
        ],
    )  # fmt: skip
    def test_each_fault_is_one_clear_error(self, path, value, reason):
        document = change(json.loads(full().canonical()), path, value)
        with pytest.raises(MalformedDocument, match=reason) as refused:
            Receipt.parse(json.dumps(document))
        assert refused.value.what == "receipt"
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize(
        ("path", "value", "reason"),
        [(["promise"], ..., "without 'promise'"), (["interaction", "index"], 5, "null is needed"),
         (["evidence"], {}, "with 'evidence'"), (["log"], {}, "with 'log'")],
    )  # fmt: skip
    def test_a_promise_has_no_place_yet(self, path, value, reason):
        document = change(json.loads(promised().canonical()), path, value)
        with pytest.raises(MalformedDocument, match=reason):
            Receipt.parse(json.dumps(document))

    @pytest.mark.parametrize(
        "text", [b"", b"\xff\xfe", b"null", b"[]", b"{", b'{"format":1,"format":1}', b"[" * 10**6]
    )
    def test_what_is_no_json_object_is_refused(self, text):
        with pytest.raises(MalformedDocument):
            Receipt.parse(text)

    def test_a_file_without_end_is_not_read(self, monkeypatch):
        monkeypatch.setattr(reading, "MAX_BYTES", 100)
        with pytest.raises(MalformedDocument, match="longer than 100 bytes"):
            Receipt.parse(full().canonical())


def mangled(source, text):
    """One malformed copy: flipped, cut, doubled or swapped pieces, or a value of another kind."""
    raw = bytearray(text)
    how = source.randrange(6)
    at, to = sorted(source.randrange(len(raw) + 1) for _ in range(2))
    if how == 0:
        raw[source.randrange(len(raw))] ^= 1 << source.randrange(8)
    elif how == 1:
        del raw[at:to]
    elif how == 2:
        raw[at:at] = raw[at:to][:2000]
    elif how == 3:
        raw[at:at] = source.randbytes(source.randrange(1, 20))
    else:
        document = json.loads(text)
        nodes = [(document, key) for key in document]
        for holder, key in nodes:
            inner = holder[key]
            if isinstance(inner, dict | list):
                nodes += [
                    (inner, key)
                    for key in (inner if isinstance(inner, dict) else range(len(inner)))
                ]
        holder, key = source.choice(nodes)
        holder[key] = source.choice(
            [None, True, -1, 2**53 - 1, 1.5, "", "0x", "0x" + "00" * 32, "\u0000", [], {}, [[]]]
        )
        return json.dumps(document).encode()
    return bytes(raw)


def same(one, other):
    """Whether two receipts say the same, however they were spelt in their files."""
    return one.canonical() == other.canonical()


def test_ten_thousand_malformed_receipts_end_in_typed_errors_or_are_not_believed():
    """[ANC-06] None is taken for the original, none ends in anything but a typed error."""
    source = random.Random(10_000)
    receipt, batch = paper_receipt(
        evidence=OfflineEvidence(b"header", (b"a", b"b"), (b"c",), (b"d",))
    )
    text = receipt.canonical()
    refused = altered = unchanged = 0
    for _ in range(10_000):
        broken = mangled(source, text)
        try:
            read = Receipt.parse(broken)
        except MalformedDocument:
            refused += 1
        else:
            if same(read, receipt):
                unchanged += 1
                continue
            # what no opening can judge is compared by the node (or has no bearing on the leaf)
            outside = replace(
                receipt, state=read.state, evidence=read.evidence, promise=read.promise,
                acknowledgement=read.acknowledgement,
                anchored=read.anchored and replace(receipt.anchored, anchor=read.anchored.anchor),
                salts=read.salts if read.salts is None else receipt.salts,
                record=read.record if read.record is None else receipt.record,
            )  # fmt: skip
            findings = read.anchored is None or (
                examine(read, read.anchored.batch, batch) + examine_log(read, read.anchored, batch)
            )
            assert findings or same(read, outside), broken
            altered += 1
    assert refused > 5_000
    assert altered > 300
    assert unchanged < 300
