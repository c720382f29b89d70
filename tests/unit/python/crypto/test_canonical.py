import json
import random
import struct

import pytest
import rfc8785

from careledger.crypto import canonical
from careledger.crypto.canonical import MAX_DEPTH, SAFE_INTEGER, CanonicalError, dumps, loads

EXAMPLE = r"""{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}"""
CANONICAL = (
    r'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
    r'"string":"€$\u000f\nA' + r"'" + r'B\"\\\\\"/"}'
)
NUMBERS = {  # RFC 8785, appendix B: the 64 bits of a number and its text
    "0000000000000000": "0", "8000000000000000": "0", "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308", "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992", "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22", "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000", "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21", "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332", "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333", "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343", "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}  # fmt: skip


class TestDumps:
    def test_the_example_of_rfc_8785(self):
        assert dumps(json.loads(EXAMPLE)).decode() == CANONICAL

    def test_keys_are_sorted_as_utf_16(self):
        keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
        made = json.loads(
            dumps(dict.fromkeys(keys, 0)), object_pairs_hook=lambda pairs: [key for key, _ in pairs]
        )
        assert made == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]

    @pytest.mark.parametrize("bits", NUMBERS)
    def test_the_numbers_of_appendix_b(self, bits):
        (number,) = struct.unpack(">d", bytes.fromhex(bits))
        assert dumps(number).decode() == NUMBERS[bits]

    @pytest.mark.parametrize(
        ("value", "path", "reason"),
        [
            ({"a": [1, float("nan")]}, "$.a[1]", "not a JSON number"),
            ({"a": float("inf")}, "$.a", "not a JSON number"),
            ([SAFE_INTEGER + 1], "$[0]", "is beyond 2"),
            ({"a": {"b": -SAFE_INTEGER - 1}}, "$.a.b", "is beyond 2"),
            ({"a": "\ud800"}, "$.a", "half a surrogate"),
            ({"\udfff": 1}, "$", "half a surrogate"),
            ({"a": {1: 2}}, "$.a", "not text"),
            ({"a": b"bytes"}, "$.a", "not a JSON type"),
            ([{1, 2}], "$[0]", "not a JSON type"),
        ],
    )
    def test_what_has_no_canonical_form_is_named(self, value, path, reason):
        with pytest.raises(CanonicalError, match=reason) as refused:
            dumps(value)
        assert refused.value.path == path

    def test_the_greatest_integers_pass(self):
        assert dumps([SAFE_INTEGER, -SAFE_INTEGER]) == b"[9007199254740991,-9007199254740991]"

    def test_bottomless_nesting_is_refused(self):
        value = []
        for _ in range(100_000):
            value = [value]
        with pytest.raises(CanonicalError, match="nested"):
            dumps(value)


class TestLoads:
    def test_it_reads_what_dumps_writes(self):
        value = json.loads(EXAMPLE)
        assert loads(dumps(value)) == value
        assert loads(EXAMPLE) == value

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (b"\xff", "not UTF-8"),
            ("", "not JSON"),
            ("{", "not JSON"),
            ("[1,]", "not JSON"),
            ('{"a":1} x', "not JSON"),
            ('{"a":1,"a":1}', "given twice"),
            ('{"b":{"x":0,"y":0,"x":1}}', "'x' is given twice"),
            ("[NaN]", "NaN is not"),
            ("[Infinity]", "not a JSON number"),
            ("[-Infinity]", "not a JSON number"),
            ("[1e999]", "not a JSON number"),
            ("[9007199254740993]", "beyond 2"),
            ("[-9007199254740993]", "beyond 2"),
            ("[1" + "0" * 21 + "]", "beyond 2"),
            ("[" + "9" * 5000 + "]", "beyond 2"),
            ('["\\ud800"]', "surrogate"),
            ('{"\\ud800":1}', "surrogate"),
            ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "nested"),
            ("[" * 100_000, "nested"),
            ("\ufeff{}", "not JSON"),
        ],
    )
    def test_what_dumps_could_not_write_is_refused(self, text, reason):
        with pytest.raises(CanonicalError, match=reason):
            loads(text)

    @pytest.mark.parametrize("bits", NUMBERS)
    def test_every_number_that_dumps_writes_is_read_back(self, bits):
        (number,) = struct.unpack(">d", bytes.fromhex(bits))
        assert loads(dumps([number])) == [number]
        assert dumps(loads(dumps([number]))) == dumps([number])

    def test_whatever_it_reads_dumps_can_write(self):
        source = random.Random(8785)
        alphabet = '{}[]",:\\ue0 1-.+Eatrufslne\x00\x7f\u20ac\U0001f600'
        read = 0
        for _ in range(20_000):
            text = "".join(source.choice(alphabet) for _ in range(source.randrange(1, 9)))
            try:
                value = loads(text)
            except CanonicalError:
                continue
            assert loads(dumps(value)) == value
            read += 1
        assert read > 200


class TestBothWriters:
    """`dumps` takes a short cut for values that need no care; it must never be seen."""

    ALPHABET = 'aBé\u20ac\x00\x1f\x7f"\\/\n\u2028\ue000\uffff\U0001f600'

    def value(self, source, depth=0):
        kind = source.randrange(9 if depth < 4 else 6)
        if kind < 3:
            return self.text(source)
        if kind == 3:
            return source.choice([None, True, False, 0, -1, SAFE_INTEGER, -SAFE_INTEGER])
        if kind == 4:
            return (
                source.choice([0.5, -0.0, 1e21, 1e20, 1e-7, 123456789.0])
                if source.random() < 0.2
                else "x"
            )
        if kind == 5:
            return source.randrange(-(10**6), 10**6)
        if kind == 6:
            return tuple(self.value(source, depth + 1) for _ in range(source.randrange(4)))
        return {
            self.text(source): self.value(source, depth + 1) for _ in range(source.randrange(5))
        }

    def text(self, source):
        return "".join(source.choice(self.ALPHABET) for _ in range(source.randrange(4)))

    def test_ten_thousand_documents_are_written_as_rfc8785_writes_them(self):
        source, short_cuts = random.Random(20), 0
        for _ in range(10_000):
            value = [self.value(source)]
            assert dumps(value) == rfc8785.dumps(value)
            short_cuts += canonical._plain(value, 0)
        assert 5_000 < short_cuts < 10_000

    def test_subclasses_take_the_long_way(self):
        class Number(int):
            pass

        class Text(str):
            __slots__ = ()

        assert not canonical._plain(Number(1), 0)
        assert not canonical._plain([Text("a")], 0)
        assert dumps([Text("a"), {Text("b"): 1}]) == b'["a",{"b":1}]'


class TestDepth:
    """A file of brackets must not reach a parser that goes down the C stack, whatever the recursion
    limit is.
    """

    @pytest.mark.parametrize("text", ["[" * 10**6, '{"a":' * 10**5, '["]",' + "[" * 100])
    def test_deep_texts_are_refused_before_they_are_parsed(self, text, monkeypatch):
        monkeypatch.setattr("json.loads", lambda *_, **__: pytest.fail("it was parsed"))
        with pytest.raises(CanonicalError, match="nested more than 64"):
            loads(text)

    def test_brackets_in_texts_and_side_by_side_do_not_count(self):
        text = "[" + ",".join(['{"a":"[[[{{\\"[[\\\\"}'] * 1000) + "]"
        assert len(loads(text)) == 1000

    def test_a_text_without_its_end_is_read_once(self):
        with pytest.raises(CanonicalError):
            loads("[" * 60 + '"[' + '\\"[' * 200_000)
