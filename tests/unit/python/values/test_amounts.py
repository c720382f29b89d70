"""Amounts: read to the last unit, and shown with every digit."""

import pytest

from careledger.errors import InputError
from careledger.values.amounts import amount_text, parse_amount, parse_percent, percent_text


class TestParseAmount:
    @pytest.mark.parametrize(
        ("text", "decimals", "units"),
        [
            ("0", 6, 0),
            ("1", 6, 1_000_000),
            ("129.99", 6, 129_990_000),
            ("0.1", 18, 10**17),
            ("0.10000000", 2, 10),
            ("9007199254740993.01", 2, 900719925474099301),  # beyond what a float can hold
            ("0.000000000000000001", 18, 1),
            ("5", 0, 5),
            ("5.000", 0, 5),
        ],
    )
    def test_it_is_exact(self, text, decimals, units):
        assert parse_amount(text, decimals) == units

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ".5",
            "5.",
            "-1",
            "+1",
            "1e3",
            "1,000",
            "0x10",
            " 1",
            "1 ",
            "1\n",
            "٣",
            "nan",
            "1.2.3",
        ],
    )
    def test_other_text_is_refused(self, text):
        with pytest.raises(InputError, match=r"--much .* is not a decimal number"):
            parse_amount(text, 6, "--much")

    @pytest.mark.parametrize(("text", "decimals"), [("0.001", 2), ("1.0000001", 6), ("0.5", 0)])
    def test_nothing_is_rounded(self, text, decimals):
        with pytest.raises(InputError, match="more than"):
            parse_amount(text, decimals)

    def test_every_unit_survives_there_and_back(self):
        for units in (0, 1, 99, 100, 12_345_678, 10**19 + 7):
            for decimals in (0, 2, 6, 18):
                text = amount_text(units, decimals).replace(",", "")
                assert parse_amount(text, decimals) == units


def test_amounts_are_shown_as_people_write_them():
    assert amount_text(1_234_567_890_000, 6, least=2) == "1,234,567.89"
    assert amount_text(5, 6, least=2) == "0.000005"
    assert amount_text(-1_500_000, 6, least=2) == "-1.50"
    assert amount_text(7, 0) == "7"


class TestPercent:
    @pytest.mark.parametrize(
        ("text", "basis_points"), [("0", 0), ("100", 10_000), ("100%", 10_000), ("33.33", 3_333)]
    )
    def test_it_is_read_as_basis_points(self, text, basis_points):
        assert parse_percent(text, "--share") == basis_points

    @pytest.mark.parametrize("text", ["", "%", "-1", "100.01", "5.001", "1e1", "five"])
    def test_other_text_is_refused(self, text):
        with pytest.raises(InputError, match="--share"):
            parse_percent(text, "--share")

    def test_it_is_shown_without_zeros_that_say_nothing(self):
        assert [percent_text(bps) for bps in (0, 6_250, 10_000)] == ["0 %", "62.5 %", "100 %"]
