"""The sources of the contracts keep the conventions that neither forge nor solhint checks."""

import re

import pytest

from careledger.chain.compile import CONTRACTS, is_interface

SOURCES = sorted(file for file in CONTRACTS.rglob("*.sol") if file.parent.name != "mocks")
ORDER = ["types", "constants", "storage", "constructor", "writes", "views", "internals"]
BANNER = re.compile(r"^    // -{5,} (.+)$", re.MULTILINE)


def name(file):
    return file.stem


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_a_contract_is_under_400_lines(file):
    assert is_interface(file.name) or len(file.read_text().splitlines()) < 400


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_banners_have_one_width_and_one_order(file):
    text = file.read_text()
    assert {len(found.group(0)) for found in BANNER.finditer(text)} <= {100}

    sections = [re.split(r"[: ]", title)[0] for title in BANNER.findall(text)]
    places = [ORDER.index(section) for section in sections if section in ORDER]
    assert set(sections) <= {*ORDER, "events", "errors"}
    assert places == sorted(places)


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_a_private_constant_has_an_underscore_and_a_public_one_has_none(file):
    for visibility, constant in re.findall(
        r"^    [\w.]+ (public|internal|private) (?:constant|immutable) (\w+)",
        file.read_text(),
        re.MULTILINE,
    ):
        library = visibility == "internal" and file.stem in ("P256", "PairWord")
        assert constant.startswith("_") != (visibility == "public" or library), constant
        assert constant == constant.upper()
