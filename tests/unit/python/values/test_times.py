"""Times: whole seconds on the chain, aware times in Python, RFC 3339 in text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from careledger.errors import InputError
from careledger.values.times import (
    from_seconds,
    parse_duration,
    parse_time,
    time_text,
    to_seconds,
    whole_seconds,
)

AT = datetime(2027, 1, 15, 8, tzinfo=UTC)


class TestSeconds:
    def test_there_and_back(self):
        assert to_seconds(AT) == whole_seconds(AT) == 1_800_000_000
        assert from_seconds(1_800_000_000) == AT

    def test_another_zone_is_the_same_time(self):
        assert to_seconds(AT.astimezone(timezone(timedelta(hours=-5)))) == 1_800_000_000

    def test_a_time_beyond_every_calendar_is_the_last_one(self):
        assert from_seconds(2**256 - 1).year == 9999

    @pytest.mark.parametrize("read", [to_seconds, whole_seconds])
    def test_a_time_that_the_chain_cannot_hold_is_refused(self, read):
        with pytest.raises(InputError, match="before 1970"):
            read(datetime(1960, 1, 1, tzinfo=UTC))
        with pytest.raises(InputError, match="no time zone"):
            read(datetime(2027, 1, 15))  # noqa: DTZ001

    def test_only_whole_seconds_refuses_a_part_of_a_second(self):
        later = AT + timedelta(microseconds=1)
        assert to_seconds(later) == 1_800_000_000
        with pytest.raises(InputError, match="part of a second"):
            whole_seconds(later)


class TestText:
    def test_there_and_back(self):
        assert time_text(AT) == "2027-01-15T08:00:00Z"
        assert parse_time("2027-01-15T08:00:00Z", "time") == AT
        assert parse_time("2027-01-15T03:00:00-05:00", "time") == AT

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "soon",
            5,
            None,
            "2027-01-15",
            "2027-01-15T08:00:00",
            "2027-02-30T08:00:00Z",
            "1960-01-01T00:00:00Z",
        ],
    )
    def test_other_text_is_refused(self, text):
        with pytest.raises(InputError, match="--at"):
            parse_time(text, "--at")


class TestDuration:
    @pytest.mark.parametrize(
        ("text", "span"),
        [
            ("90s", timedelta(seconds=90)),
            ("15m", timedelta(minutes=15)),
            ("12h", timedelta(hours=12)),
            ("30d", timedelta(days=30)),
            ("8w", timedelta(weeks=8)),
        ],
    )
    def test_it_is_read(self, text, span):
        assert parse_duration(text, "--for") == span

    @pytest.mark.parametrize("text", ["", "0d", "5", "d", "-1d", "1.5h", "1y", "1 d", "999999999w"])
    def test_other_text_is_refused(self, text):
        with pytest.raises(InputError, match="--for"):
            parse_duration(text, "--for")
