"""Points as people write them, and refusals as they read them."""

from datetime import UTC, datetime

import pytest

from careledger.errors import InputError
from careledger.loyalty import errors
from careledger.loyalty.amounts import POINT, date, moment, points, seconds, short, show


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
    assert points(text) == amount


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
def test_what_is_no_amount(text):
    with pytest.raises(InputError, match="--much"):
        points(text, "--much")


@pytest.mark.parametrize(
    ("amount", "text", "cut"),
    [
        (0, "0", "0"),
        (1234 * POINT, "1,234", "1,234"),
        (POINT // 2, "0.5", "0.5"),
        (1, "0.000000000000000001", "0.0000…"),
        (-POINT, "-1", "-1"),
        (POINT // 3, "0.333333333333333333", "0.3333…"),
    ],
)
def test_points_are_shown(amount, text, cut):
    assert show(amount) == text
    assert short(amount) == cut


def test_what_is_shown_is_read_again():
    for amount in (1, POINT, 123_456_789 * POINT + 5):
        assert points(show(amount).replace(",", "")) == amount


def test_times():
    at = datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert seconds(at) == 1_800_000_000
    assert moment(1_800_000_000) == at
    assert date(1_800_000_000) == "2027-01-15 08:00:00 UTC"
    assert moment(2**256 - 1).year == 9999
    with pytest.raises(InputError):
        seconds(datetime(1960, 1, 1, tzinfo=UTC))


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

    def test_basis_points_and_seconds_stay_numbers(self):
        who = "0x" + "ab" * 20
        assert "actual 300, highest 200" in str(errors.FeeCapRaised(who, 300, 200))
        assert "notice 5" in str(errors.BadProgramme(who, who, POINT, 5))
        assert (
            errors.BadProgramme(who, who, POINT, 5).brand
            == "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB"
        )
