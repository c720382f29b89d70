"""The form of the code, measured: paragraphs, widths, lengths, names."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import chain as joined
from pathlib import Path

import pytest

from careledger.chain.toolchain import ROOT

WIDEST = 100
LONG_FUNCTION = 12
"""Lines from which on a function should have a paragraph."""

INSTALLED = {"node_modules", ".venv"}
"""Folders of other people's files."""


def own(folder: str, kind: str) -> list[Path]:
    """Return the project's own files of a kind below a folder."""
    files = sorted((ROOT / folder).rglob(f"*.{kind}"))
    return [file for file in files if not INSTALLED & set(file.parts)]


MODULES = own("careledger", "py")
TESTS = own("tests", "py")
SOLIDITY = own("contracts", "sol")

LONGER_MANUALS: set[str] = set()
"""Interfaces are manuals: one may be longer where it is about one contract, with a decision."""

ROLES = {"client", "errors", "events", "messages", "model", "tables", "kinds", "__init__"}
"""Modules that have the same role, and so the same name, on each floor of a noun."""


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def has_paragraphs(file: Path, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether a blank line stands between the statements of a function, docstring aside."""
    body = function.body
    if ast.get_docstring(function, clean=False) is not None:
        body = body[1:]
    if not body:
        return True

    lines = file.read_text().splitlines()[body[0].lineno - 1 : function.end_lineno]
    return any(not line.strip() for line in lines)


def is_long(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return (function.end_lineno or 0) - function.lineno + 1 >= LONG_FUNCTION


def test_long_functions_have_paragraphs():
    long = [
        (file, function) for file in MODULES for function in functions(file) if is_long(function)
    ]
    without = [
        f"{file.relative_to(ROOT)}:{function.lineno} {function.name}"
        for file, function in long
        if not has_paragraphs(file, function)
    ]

    assert len(long) > 300
    assert len(without) < 0.15 * len(long), "\n".join(without)


def test_assignments_are_not_packed():
    packed = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in MODULES
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Tuple)
        and isinstance(node.value, ast.Tuple)
    ]

    assert len(packed) <= 25, "\n".join(packed)


@pytest.mark.parametrize("folder", ["careledger", "scripts", "tests", "benchmarks", "contracts"])
def test_no_line_is_wider_than_a_hundred_columns(folder):
    files = own(folder, "py") + own(folder, "sol")
    wide = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if len(re.sub(r"  # (noqa|type):.*", "", line)) > WIDEST
        and "http" not in line
        and "careledgerWallet" not in line
    ]

    assert files
    assert not wide, "\n".join(wide)


@pytest.mark.parametrize("noun", ["identity", "interactions", "loyalty", "refunds"])
def test_no_two_modules_of_a_noun_share_a_name(noun):
    places = defaultdict(list)
    for file in sorted((ROOT / "careledger" / noun).rglob("*.py")):
        if file.stem not in ROLES:
            places[file.stem].append(str(file.relative_to(ROOT)))

    shared = {name: files for name, files in places.items() if len(files) > 1}
    assert not shared


def test_files_can_be_read_in_one_go():
    long = [
        f"{file.relative_to(ROOT)}: {lines} lines"
        for file in joined(MODULES, TESTS, SOLIDITY)
        if (lines := len(file.read_text().splitlines())) > 400 and file.name not in LONGER_MANUALS
    ]

    assert not long, "\n".join(long)


FOREIGN_ERRORS = {"ValueError", "TypeError", "OSError", "KeyError", "LookupError", "AttributeError"}
RAISES = re.compile(r"Raises:\n(.*?)(?:\n\s*\n|\Z)", re.DOTALL)
RAISED = re.compile(r"^ *((?:[A-Z]\w+)(?:, [A-Z]\w+)*): ", re.MULTILINE)


def test_docstrings_name_errors_that_exist():
    known = {
        node.name
        for file in MODULES
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ClassDef)
    }
    named = [
        (f"{file.relative_to(ROOT)}:{function.lineno}", error)
        for file in MODULES
        for function in functions(file)
        for section in RAISES.findall(ast.get_docstring(function) or "")
        for errors in RAISED.findall(section)
        for error in errors.split(", ")
    ]

    assert len(named) > 300
    assert [one for one in named if one[1] not in known | FOREIGN_ERRORS] == []
