"""Every error of the product has a stable code, and the list of them is committed."""

import importlib
import re
from datetime import UTC, datetime
from enum import IntEnum

import pytest

from careledger.chain.toolchain import ROOT
from careledger.errors import (
    CareLedgerError,
    InputError,
    ProofError,
    Reason,
    Unreachable,
    camel,
    error_codes,
    kebab,
    plain,
)

for file in sorted((ROOT / "careledger").rglob("*.py")):
    if file.stem != "__main__" and "migrations" not in file.parts:
        importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))

LIST = ROOT / "docs" / "errors.md"
HEAD = """\
# Error codes

Every error that CareLedger raises on purpose has a code, `<noun>.<reason>`. With `--json` a command
prints `{"code": …, "message": …, "arguments": …}` on stderr. Codes are stable: programs compare
them, never the message. Made by `make errors`; a test compares it with the code.

| code | meaning |
|---|---|
"""


def listed():
    rows = [f"| `{code}` | {meaning} |\n" for code, meaning in error_codes().items()]
    return HEAD + "".join(rows)


def test_the_committed_list_of_codes_is_the_programs(request):
    if request.config.getoption("--write-errors"):
        LIST.write_text(listed())
    assert LIST.read_text() == listed(), "run `make errors` and review the change"


def test_codes_are_unique_and_kebab_case():
    for code in error_codes():
        assert re.fullmatch(r"[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*", code), code


def test_no_two_errors_have_the_same_code():
    class _Twin(InputError, code="input.invalid"):
        """Twice; its module is not the package's, so it does not count."""

    error_codes()
    _Twin.__module__ = "careledger.twin"
    _Twin.__name__ = "Twin"
    try:
        with pytest.raises(TypeError, match=r"input\.invalid"):
            error_codes()
    finally:
        _Twin.__module__ = __name__


class Colour(IntEnum):
    DARK_RED = 1


class Why(Reason):
    TOO_OLD = "too-old", "It is too old."


class Refused(ProofError, code="paint.refused", reasons=Why):
    """The paint is refused."""

    dried_at: datetime
    pot: bytes
    colour: Colour
    litres: int
    _secret: str

    def __init__(self) -> None:
        super().__init__("the paint is dry")
        self.dried_at = datetime(2030, 1, 2, tzinfo=UTC)
        self.pot, self.colour, self.litres = b"\x01", Colour.DARK_RED, 2**60
        self._secret = "not shown"
        self.not_annotated = "not shown"


class TestToJson:
    def test_it_tells_the_annotated_arguments_in_camel_case(self):
        assert Refused().to_json() == {
            "code": "paint.refused",
            "message": "the paint is dry",
            "arguments": {
                "driedAt": "2030-01-02T00:00:00Z",
                "pot": "0x01",
                "colour": "dark-red",
                "litres": str(2**60),
            },
        }

    def test_an_error_without_arguments_has_none(self):
        assert Unreachable("no node").to_json() == {
            "code": "node.unreachable",
            "message": "no node",
            "arguments": {},
        }

    def test_lists_and_what_json_knows_stay(self):
        assert plain([None, True, 1, "a", (b"\xff",)]) == [None, True, 1, "a", ["0xff"]]


class TestNames:
    @pytest.mark.parametrize(
        ("name", "code"),
        [("WrongState", "wrong-state"), ("BadJSON", "bad-json"), ("Permit2Fixed", "permit2-fixed")],
    )
    def test_class_names_become_kebab_case(self, name, code):
        assert kebab(name) == code

    def test_python_names_become_camel_case(self):
        assert [camel(name) for name in ("id", "release_at", "from_")] == [
            "id",
            "releaseAt",
            "from",
        ]

    def test_a_name_that_ends_in_error_says_what_is_invalid(self):
        class PaintError(CareLedgerError):
            """Paint."""

        assert PaintError.code.endswith(".invalid-paint")

    def test_a_reason_has_its_sentence(self):
        assert (Why.TOO_OLD, Why.TOO_OLD.sentence) == ("too-old", "It is too old.")
