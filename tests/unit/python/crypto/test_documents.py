"""JSON documents: amounts and times, read by their form and to the letter."""

from datetime import UTC, datetime

import pytest

from careledger.crypto.documents import JsonNode, MalformedDocument

AT = datetime(2027, 1, 15, 8, tzinfo=UTC)


class TestAmount:
    @pytest.mark.parametrize("number", [0, 7, 10**18, 2**256 - 1])
    def test_it_is_decimal_text(self, number):
        assert JsonNode(str(number), "offer").amount() == number

    @pytest.mark.parametrize(
        "value",
        [7, "", "04", "4.0", "-4", "+4", "٤", " 4", "4\n", "1e3", "9" * 78, "9" * 5000, None],
    )
    def test_other_forms_are_refused(self, value):
        with pytest.raises(MalformedDocument) as refusal:
            JsonNode(value, "offer", "$.amount").amount()
        assert refusal.value.path == "$.amount"

    def test_it_has_so_many_bits_at_most(self):
        assert JsonNode("255", "offer").amount(8) == 255
        with pytest.raises(MalformedDocument, match=r"2\^8"):
            JsonNode("256", "offer").amount(8)


class TestTimes:
    def test_a_time_is_rfc_3339_text(self):
        assert JsonNode("2027-01-15T08:00:00Z", "terms").time() == AT

    @pytest.mark.parametrize("value", ["soon", 5, None, "2027-01-15T08:00:00"])
    def test_other_text_is_refused(self, value):
        with pytest.raises(MalformedDocument, match="is not a time such as") as refusal:
            JsonNode(value, "terms", "$.releaseAt").time()
        assert refusal.value.path == "$.releaseAt"

    def test_seconds_are_a_number(self):
        assert JsonNode(1_800_000_000, "offer").seconds() == AT

    @pytest.mark.parametrize("value", ["1800000000", 1.5, -1, True, None, 253_402_300_800])
    def test_other_seconds_are_refused(self, value):
        with pytest.raises(MalformedDocument):
            JsonNode(value, "offer").seconds()
