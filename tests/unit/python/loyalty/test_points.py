"""Points as people write them, and refusals as they read them."""

import pytest

from careledger.errors import InputError
from careledger.loyalty import errors
from careledger.loyalty.points import POINT, parse_points, points_text, short_points


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1", POINT),
        ("12.5", 25 * POINT // 2),
        ("0.000000000000000001", 1),
        ("007", 7 * POINT),
        ("9" * 30, (10**30 - 1) * POINT),
    ],
)
def test_points_are_read(text, amount):
    assert parse_points(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.0",
        "-1",
        "+1",
        "1e3",
        "1,000",
        "1.",
        ".5",
        "0.0000000000000000001",
        "٣",
        " 1",
        "1\n",
        "inf",
        "nan",
    ],
)
def test_other_text_is_not_an_amount_of_points(text):
    with pytest.raises(InputError, match="--much"):
        parse_points(text, "--much")


@pytest.mark.parametrize(
    ("amount", "text", "short"),
    [
        (0, "0", "0"),
        (1234 * POINT, "1,234", "1,234"),
        (POINT // 2, "0.5", "0.5"),
        (1, "0.000000000000000001", "0.0000…"),
        (-POINT, "-1", "-1"),
        (POINT // 3, "0.333333333333333333", "0.3333…"),
    ],
)
def test_points_are_shown(amount, text, short):
    assert points_text(amount) == text
    assert short_points(amount) == short


def test_points_that_are_shown_are_read_again():
    for amount in (1, POINT, 123_456_789 * POINT + 5):
        assert parse_points(points_text(amount).replace(",", "")) == amount


class TestRefusals:
    def test_amounts_are_told_in_points_and_times_as_dates(self):
        text = str(errors.Overfill(b"\1" * 32, 2 * POINT, POINT // 2))
        assert "amount 2, remaining 0.5" in text
        assert "2027-01-15" in str(errors.DeadlinePassed(1_800_000_000, 1_799_999_999))

    def test_a_refusal_without_arguments_is_its_sentence(self):
        assert str(errors.IssuingPaused()) == "The brand has paused issuing"

    def test_roles_are_told_by_name_and_other_bytes_in_hexadecimal(self):
        who = "0x" + "ab" * 20
        assert "role careledger.issuer" in str(
            errors.NotAllowed(who, b"careledger.issuer".ljust(32, b"\0"))
        )
        assert "role 0xff" in str(errors.NotAllowed(who, b"\xff" * 32))

    def test_basis_points_are_told_in_percent_and_spans_in_words(self):
        who = "0x" + "ab" * 20
        assert "actual 3 %, highest 2 %" in str(errors.FeeCapRaised(who, 300, 200))
        assert "notice 5 seconds" in str(errors.BadProgramme(who, who, POINT, 5))
