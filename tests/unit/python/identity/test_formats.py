from datetime import UTC, datetime, timedelta, timezone

import pytest

from careledger.chain.reverts import RevertedWithText, decode_revert
from careledger.errors import InputError
from careledger.identity.did.errors import BadActor, BadSigner, erc1056
from careledger.identity.did.messages import erc1056_digest
from careledger.identity.did.model import Action, Operation, name32, name_text
from careledger.values.times import from_seconds, time_text, to_seconds

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


class TestNames:
    @pytest.mark.parametrize("name", ["a", "careledger.agent", "x" * 32, "señal"])
    def test_there_and_back(self, name):
        assert len(name32(name)) == 32
        assert name_text(name32(name)) == name
        assert name32(name.encode()) == name32(name)

    def test_32_bytes_stay_as_they_are(self):
        assert name32(b"a" + bytes(31)) == b"a" + bytes(31)
        assert name32(bytes(32)) == bytes(32)

    @pytest.mark.parametrize("name", ["", b"", "x" * 33, "a\0", b"a\0"])
    def test_what_is_no_name_is_refused(self, name):
        with pytest.raises(InputError, match="is not a valid name"):
            name32(name)

    def test_bytes_that_are_no_text_are_refused(self):
        with pytest.raises(InputError, match="is not text"):
            name_text(b"\xff".ljust(32, b"\0"))


class TestTimes:
    def test_there_and_back(self):
        at = datetime(2030, 1, 31, 12, tzinfo=timezone(timedelta(hours=2)))
        assert from_seconds(to_seconds(at)) == at
        assert time_text(at) == "2030-01-31T10:00:00Z"

    def test_without_a_zone_or_before_1970_is_refused(self):
        with pytest.raises(InputError, match="no time zone"):
            to_seconds(datetime(2030, 1, 1))  # noqa: DTZ001
        with pytest.raises(InputError, match="before 1970"):
            to_seconds(datetime(1969, 12, 31, tzinfo=UTC))

    def test_a_time_beyond_the_calendar_is_its_end(self):
        assert from_seconds(2**256 - 1).year == 9999


class TestOperations:
    def test_numbers_and_words_of_the_actions(self):
        words = [
            "ChangeOwner",
            "AddDelegate",
            "RevokeDelegate",
            "SetAttribute",
            "RevokeAttribute",
            "Deactivate",
        ]
        assert [action.text for action in Action] == words

    def test_an_address_is_checked(self):
        with pytest.raises(InputError, match="new owner"):
            Operation.change_owner("0x12")

    def test_the_struct_of_the_contract(self):
        at = datetime(2030, 1, 1, tzinfo=UTC)
        step = Operation.add_delegate("veriKey", ADDRESS, at)
        assert step.abi() == (1, name32("veriKey"), ADDRESS, b"", int(at.timestamp()))


class TestErc1056:
    @pytest.mark.parametrize(
        ("text", "kind"), [("bad_actor", BadActor), ("bad_signature", BadSigner)]
    )
    def test_its_two_texts_are_exceptions_of_their_own(self, text, kind):
        with pytest.raises(kind) as refusal, erc1056():
            raise RevertedWithText(text, data=b"\1")
        assert (refusal.value.reason, refusal.value.data) == (text, b"\1")
        assert str(refusal.value) != text

    def test_other_texts_stay(self):
        with pytest.raises(RevertedWithText) as refusal, erc1056():
            raise RevertedWithText("something")
        assert type(refusal.value) is RevertedWithText

    def test_a_text_from_a_node_is_decoded_first(self):
        data = (
            bytes.fromhex("08c379a0")
            + (32).to_bytes(32, "big")
            + (9).to_bytes(32, "big")
            + b"bad_actor".ljust(32, b"\0")
        )
        with pytest.raises(BadActor), erc1056():
            raise decode_revert(data)

    def test_a_digest_wants_addresses(self):
        with pytest.raises(InputError, match="not an address"):
            erc1056_digest("0x12", 0, ADDRESS, "changeOwner")
