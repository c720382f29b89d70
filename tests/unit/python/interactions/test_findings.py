"""Every part of a receipt that can be altered is named when it is."""

from dataclasses import replace
from hashlib import sha256

import pytest

from careledger.interactions.findings import examine, examine_log
from careledger.interactions.receipt import Salts
from careledger.interactions.record import InteractionRecord
from tests.worlds.interactions import interaction, paper_batch, paper_receipt

OTHER = sha256(b"other").digest()


def parts(receipt, batch):
    findings = examine(receipt, receipt.anchored.batch, batch)
    assert all(finding.reason for finding in findings)
    return [finding.part for finding in findings]


@pytest.fixture
def whole():
    return paper_receipt()


class TestExamine:
    @pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
    def test_nothing_is_found_where_nothing_was_altered(self, count):
        for place in range(count):
            receipt, batch = paper_receipt(place, count)
            assert parts(receipt, batch) == []
            assert examine_log(receipt, receipt.anchored, batch) == []

    @pytest.mark.parametrize("at", [0, 1, 20, 80, 150, -2, -1])
    def test_one_changed_byte_of_the_record(self, whole, at):
        receipt, batch = whole
        raw = bytearray(receipt.record)
        raw[at] ^= 1
        assert parts(replace(receipt, record=bytes(raw)), batch) == ["record"]

    @pytest.mark.parametrize("raw", [b"", b"{}", b"not a record", b"\x00"])
    def test_another_text_for_the_record(self, whole, raw):
        receipt, batch = whole
        assert parts(replace(receipt, record=raw), batch) == ["record"]

    def test_the_record_spaced_in_another_way_is_another_record(self, whole):
        receipt, batch = whole
        assert parts(replace(receipt, record=receipt.record.replace(b'":', b'": ')), batch) == [
            "record"
        ]

    @pytest.mark.parametrize("member", ["content", "parties"])
    def test_a_changed_commitment(self, whole, member):
        receipt, batch = whole
        changed = replace(receipt, fields=replace(receipt.fields, **{member: OTHER}))
        assert parts(changed, batch) == [f"interaction.{member}"]

    @pytest.mark.parametrize(
        ("member", "value", "part"),
        [
            ("kind", 2, "kind"),
            ("started_at", 1, "startedAt"),
            ("index", 103, "index"),
            ("index", 100, "index"),
        ],
    )
    def test_a_changed_meta_field(self, whole, member, value, part):
        receipt, batch = whole
        changed = replace(receipt, fields=replace(receipt.fields, **{member: value}))
        assert parts(changed, batch) == [f"interaction.{part}"]

    def test_a_number_of_another_batch(self, whole):
        receipt, batch = whole
        changed = replace(receipt, fields=replace(receipt.fields, index=105))
        assert parts(changed, batch) == ["interaction.index"]

    def test_in_a_large_batch_the_number_is_not_searched(self, whole, monkeypatch):
        from careledger.interactions import findings

        monkeypatch.setattr(findings, "INDEX_SEARCH", 4)
        receipt, batch = whole
        changed = replace(receipt, fields=replace(receipt.fields, index=105))
        assert parts(changed, batch) == ["batch.proof"]

    def test_several_fields_at_once(self, whole):
        receipt, batch = whole
        fields = replace(receipt.fields, content=OTHER, kind=3, started_at=5)
        assert parts(replace(receipt, fields=fields), batch) == [
            "interaction.content", "interaction.kind", "interaction.startedAt"
        ]  # fmt: skip

    def test_a_changed_salt(self, whole):
        receipt, batch = whole
        assert parts(replace(receipt, salts=replace(receipt.salts, content=OTHER)), batch) == [
            "record"
        ]
        assert parts(replace(receipt, salts=replace(receipt.salts, parties=OTHER)), batch) == [
            "salts.parties"
        ]

    def test_a_changed_proof(self, whole):
        receipt, batch = whole
        shown = receipt.anchored.batch
        for proof in (
            (),
            shown.proof[:-1],
            (*shown.proof, OTHER),
            (OTHER, *shown.proof[1:]),
            shown.proof[::-1],
        ):
            changed = replace(receipt.anchored, batch=replace(shown, proof=proof))
            assert parts(replace(receipt, anchored=changed), batch) == ["batch.proof"]

    @pytest.mark.parametrize(
        ("member", "value"), [("root", OTHER), ("first", 99), ("count", 6), ("anchored_at", 1)]
    )
    def test_a_changed_batch(self, whole, member, value):
        receipt, batch = whole
        shown = receipt.anchored.batch
        changed = replace(
            receipt.anchored, batch=replace(shown, batch=replace(shown.batch, **{member: value}))
        )
        name = "anchoredAt" if member == "anchored_at" else member
        assert parts(replace(receipt, anchored=changed), batch) == [f"batch.{name}"]

    def test_a_receipt_of_another_batch_altogether(self, whole):
        receipt, _ = whole
        other, _ = paper_batch(5)
        found = parts(receipt, replace(receipt.anchored.batch.batch, root=other.root))
        assert found == ["batch.root", "batch.proof"]

    def test_another_record_and_another_commitment_to_it(self, whole):
        """Who knows the salts makes a new record and a fitting field: the proof does not fit."""
        receipt, batch = whole
        forged = InteractionRecord.create(
            interaction(102, kind="chat"), InteractionRecord.parse(receipt.record).brand
        )
        fields = forged.fields((receipt.salts.content, receipt.salts.parties), receipt.fields.index)
        assert parts(replace(receipt, record=forged.raw, fields=fields), batch) == ["batch.proof"]

    def test_everything_altered_at_once_is_still_not_believed(self, whole):
        receipt, batch = whole
        fields = replace(receipt.fields, content=OTHER, index=101, kind=4)
        found = parts(replace(receipt, record=b"{}", fields=fields), batch)
        assert found[0] == "batch.proof"
        assert "record" in found

    def test_another_brand_in_the_record(self, whole):
        """The brand anchored a record that names another brand: its own doing, and to be seen."""
        receipt, _ = whole
        batch, keyring = paper_batch(1)
        other = InteractionRecord.create(interaction(100), "did:ethr:0x7a69:0x" + "11" * 20)
        salts = Salts(*keyring.salts(other.customer, other.id))
        foreign = type(batch).build(batch.log, [other], keyring, 100)
        shown = replace(
            receipt.anchored.batch,
            batch=replace(receipt.anchored.batch.batch, root=foreign.root, count=1),
        )
        changed = replace(
            receipt, record=other.raw, salts=salts, fields=foreign.entries[0].fields,
            anchored=replace(receipt.anchored, batch=replace(shown, proof=())),
        )  # fmt: skip
        assert parts(changed, shown.batch) == ["brand"]

    def test_a_leaf_that_contradicts_its_record(self, whole):
        """The brand put another kind and time into the leaf than into the record."""
        receipt, _ = whole
        batch, keyring = paper_batch(1)
        entry = batch.entries[0]
        lying = replace(entry.fields, kind=9, started_at=1)
        wrong = replace(batch, entries=(replace(entry, fields=lying),))
        shown = replace(
            receipt.anchored.batch, proof=(),
            batch=replace(receipt.anchored.batch.batch, root=wrong.root, count=1),
        )  # fmt: skip
        changed = replace(
            receipt,
            record=entry.record.raw,
            salts=Salts(*keyring.salts(entry.record.customer, entry.record.id)),
            fields=lying, anchored=replace(receipt.anchored, batch=shown),
        )  # fmt: skip
        assert parts(changed, shown.batch) == ["record", "record"]

    def test_a_commitment_to_what_is_no_record(self, whole):
        receipt, _ = whole
        batch, _ = paper_batch(1)
        from careledger.interactions import formats

        fields = replace(
            batch.entries[0].fields,
            content=formats.content_commitment(receipt.salts.content, b"[]"),
        )
        wrong = replace(batch, entries=(replace(batch.entries[0], fields=fields),))
        shown = replace(
            receipt.anchored.batch, proof=(),
            batch=replace(receipt.anchored.batch.batch, root=wrong.root, count=1),
        )  # fmt: skip
        changed = replace(
            receipt, record=b"[]", fields=fields, anchored=replace(receipt.anchored, batch=shown)
        )
        assert parts(changed, shown.batch) == ["record"]

    @pytest.mark.parametrize(
        "without", [{"record": None}, {"salts": None}, {"record": None, "salts": None}]
    )
    def test_what_is_missing_is_not_altered(self, whole, without):
        receipt, batch = whole
        assert parts(replace(receipt, **without), batch) == []


class TestExamineLog:
    @pytest.mark.parametrize(
        ("changes", "part"),
        [
            ({"size": 3}, "log.size"),
            ({"size": 4}, "log.proof"),
            ({"head": OTHER}, "log.proof"),
            ({"proof": ()}, "log.proof"),
        ],
    )
    def test_each_member_counts(self, whole, changes, part):
        receipt, batch = whole
        anchored = replace(receipt.anchored, log=replace(receipt.anchored.log, **changes))
        (finding,) = examine_log(receipt, anchored, batch)
        assert finding.part == part

    def test_another_batch_is_not_in_the_log(self, whole):
        receipt, batch = whole
        (finding,) = examine_log(
            receipt, receipt.anchored, replace(batch, anchored_at=batch.anchored_at + 1)
        )
        assert finding.part == "log.proof"
