import json
from datetime import UTC, datetime

import pytest

from careledger.chain.toolchain import ROOT
from careledger.crypto.canonical import dumps
from careledger.crypto.documents import MalformedDocument
from careledger.interactions.formats import KINDS
from careledger.interactions.record import MAX_ID, InteractionRecord, read_interactions
from tests.worlds.interactions import interaction

BRAND = "did:ethr:0x7a69:0xB7b7B7b7B7B7B7b7B7B7B7b7b7b7b7b7b7B7b7b7"


class TestCreate:
    def test_it_is_the_canonical_form_with_brand_and_version(self):
        record = InteractionRecord.create(interaction(7), BRAND)
        assert record.raw == dumps(interaction(7) | {"brand": BRAND, "version": 1})
        assert (record.id, record.kind, record.brand) == ("call-7", "call", BRAND)
        assert record.started_at == datetime(2026, 3, 2, 8, 14, 7, tzinfo=UTC)
        assert record.seconds() == int(record.started_at.timestamp())
        assert record.content["language"] == "es"

    def test_what_was_given_stays_as_it_was(self):
        given = interaction(7)
        InteractionRecord.create(given, BRAND)
        assert given == interaction(7)

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("id", ""), ("id", "x" * (MAX_ID + 1)), ("id", 5), ("agent", "Ana"),
            ("agent", "did:web:"), ("agent", None),
            ("customer", "did:WEB:x"), ("customer", ["did:web:x"]), ("kind", "telegram"),
            ("kind", 1), ("kind", None),
            ("kind", ["call"]), ("startedAt", "2026-03-02"),
            ("startedAt", "2026-02-30T00:00:00Z"), ("startedAt", 5),
            ("startedAt", "2026-03-02T08:14:05+01:00"), ("startedAt", "1969-12-31T23:59:59Z"),
            ("startedAt", "2026-03-02T24:00:00Z"),
            ("startedAt", "\uff12\uff1026-03-02T08:14:05Z"), ("content", "text"),
            ("content", None), ("version", 2), ("version", True), ("version", "1"), ("brand", 5),
            ("brand", "did:ethr:0x7a69:0x" + "00" * 20), ("content", {"a": float("nan")}),
            ("content", {"a": "\ud800"}),
        ],
    )  # fmt: skip
    def test_a_malformed_member_is_named(self, member, value):
        with pytest.raises(MalformedDocument) as refused:
            InteractionRecord.create(interaction(7, **{member: value}), BRAND, "item 7")
        assert refused.value.path.startswith(f"$.{member}")
        assert refused.value.what == "item 7"
        assert str(refused.value).startswith("item 7 $.")

    @pytest.mark.parametrize("member", ["id", "agent", "customer", "kind", "startedAt", "content"])
    def test_a_missing_member_is_named(self, member):
        given = interaction(7)
        del given[member]
        with pytest.raises(MalformedDocument, match=rf"\$\.{member}: missing"):
            InteractionRecord.create(given, BRAND)

    def test_an_unknown_member_is_named(self):
        with pytest.raises(MalformedDocument, match=r"\$\.mood: unknown"):
            InteractionRecord.create(interaction(7, mood="cross"), BRAND)

    def test_the_brand_may_be_named_in_any_case(self):
        assert (
            InteractionRecord.create(interaction(7, brand=BRAND.lower()), BRAND).brand
            == BRAND.lower()
        )


class TestParse:
    def test_the_stored_bytes_are_kept_however_they_are_spaced(self):
        raw = json.dumps(interaction(7) | {"brand": BRAND, "version": 1}, indent=3).encode()
        assert InteractionRecord.parse(raw).raw == raw

    @pytest.mark.parametrize(
        "raw", [b"", b"\xff", b"[]", b"null", b'"text"', b"{}", b'{"id":1,"id":1}']
    )
    def test_what_is_no_record_is_refused(self, raw):
        with pytest.raises(MalformedDocument):
            InteractionRecord.parse(raw)


class TestReadInteractions:
    def test_an_array_and_lines_and_a_single_object_are_the_same(self):
        items = [interaction(number) for number in range(3)]
        array = read_interactions(json.dumps(items, indent=1), BRAND)
        lines = read_interactions("\n".join(map(json.dumps, items)).encode() + b"\n\n", BRAND)
        assert [record.raw for record in array] == [record.raw for record in lines]
        assert read_interactions(json.dumps(items[0]), BRAND)[0].raw == array[0].raw

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "not JSON"), ("[]", "holds no interaction"), ("[5]", "item 1 .*not a JSON object"),
            ("5", "not a JSON object"),
            ("[{}]", "item 1 .*missing"), (b"\xff\xfe", "not UTF-8"),
            ('{"a":1}\n{"a":', "line 2 .*not JSON"),
            ("[1,\n2", "not JSON"),
        ],
    )  # fmt: skip
    def test_a_malformed_file_is_one_sentence(self, text, message):
        with pytest.raises(MalformedDocument, match=message) as refused:
            read_interactions(text, BRAND, "calls.json")
        assert str(refused.value).startswith("calls.json")

    def test_two_interactions_do_not_share_an_id(self):
        with pytest.raises(MalformedDocument, match="two interactions have the id 'call-1'"):
            read_interactions(json.dumps([interaction(1), interaction(1, kind="chat")]), BRAND)

    def test_the_examples_are_read(self):
        records = read_interactions((ROOT / "examples" / "interactions.json").read_bytes(), BRAND)
        assert len(records) == 36
        assert {record.content["language"] for record in records} == {"es", "en"}
        assert {record.kind for record in records} == KINDS.keys() - {"other"}
