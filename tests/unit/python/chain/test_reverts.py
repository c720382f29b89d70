import threading

import pytest
from eth_abi.abi import encode

from careledger.chain import artifacts, reverts
from careledger.chain.reverts import (
    Panicked,
    Reverted,
    RevertedSilently,
    RevertedUnknown,
    RevertedWithText,
    declared,
    decode_revert,
)
from careledger.chain.units import Ether
from careledger.errors import ToolchainError
from careledger.refunds.errors import WrongState


class ThingTaken(Reverted, error="Test_ThingTaken(bytes32 id, address by, uint256 takenAt)"):
    """The thing is taken.

    This line is for readers of the code, not of the message.
    """

    taken_at: int


class NothingToSay(Reverted, error="Test_NothingToSay()"):
    """There is nothing to say."""


class Everything(
    Reverted,
    error="Test_Everything(uint256 amount, uint256 fee, uint256 feeBps, uint256 actual, "
    "uint40 deadline, uint32 delay, bytes32 role, bytes32 hash, uint256 count, uint8 state)",
):
    """All kinds of arguments."""

    fee: Ether


class TestDecodeRevert:
    def test_a_declared_error_becomes_its_class_with_arguments(self):
        data = ThingTaken.selector() + encode(
            ["bytes32", "address", "uint256"], [b"\x11" * 32, "0x" + "22" * 20, 33]
        )
        error = decode_revert(data)
        assert type(error) is ThingTaken
        assert vars(error) == {
            "id": b"\x11" * 32,
            "by": "0x" + "22" * 20,
            "taken_at": 33,
            "data": data,
        }
        assert error.data == data

    def test_the_sentence_is_the_first_line_with_the_arguments(self):
        error = ThingTaken(b"\x11" * 2, "0xabc", 33)
        assert str(error) == (
            "The thing is taken (id 0x1111, by 0xabc, taken at 1970-01-01T00:00:33Z)"
        )

    def test_an_error_without_arguments_is_its_first_line(self):
        assert str(decode_revert(NothingToSay.selector())) == "There is nothing to say"

    def test_a_text_is_kept(self):
        error = decode_revert(bytes.fromhex("08c379a0") + encode(["string"], ["bad_actor"]))
        assert isinstance(error, RevertedWithText)
        assert error.reason == "bad_actor"

    def test_a_panic_says_what_it_means(self):
        error = decode_revert(bytes.fromhex("4e487b71") + encode(["uint256"], [0x11]))
        assert isinstance(error, Panicked)
        assert "arithmetic overflow" in str(error)
        unusual = decode_revert(bytes.fromhex("4e487b71") + encode(["uint256"], [0x51]))
        assert "panic 0x51" in str(unusual)

    def test_no_data_is_silence(self):
        assert isinstance(decode_revert(b""), RevertedSilently)

    @pytest.mark.parametrize("data", [b"\x01", b"\x01\x02\x03\x04", b"\xff" * 100])
    def test_an_unknown_error_keeps_its_data(self, data):
        error = decode_revert(data)
        assert isinstance(error, RevertedUnknown)
        assert error.data == data
        assert data.hex()[:20] in str(error)

    def test_a_declared_error_with_garbage_behind_it_is_unknown(self):
        assert isinstance(decode_revert(ThingTaken.selector() + b"\x01"), RevertedUnknown)


class TestSentence:
    ARGUMENTS = (
        1_500_000_000_000_000_000, 10**17, 250, 1_900_000_000, 1_900_000_001, 90_000,
        b"careledger.agent".ljust(32, b"\0"), b"\xab" * 32, 1234, 2,
    )  # fmt: skip

    def test_each_argument_is_told_by_its_type_and_name(self):
        assert str(Everything(*self.ARGUMENTS)) == (
            "All kinds of arguments (amount 1,500,000,000,000,000,000 of the token's smallest "
            "unit, fee 0.1 ether, fee 2.5 %, actual 1,900,000,000, deadline 2030-03-17T17:46:41Z, "
            "delay 1 day 1 hour, role careledger.agent, hash 0x" + "ab" * 32 + ", count 1,234, "
            "state 2)"
        )

    def test_a_class_that_knows_the_token_tells_amounts_in_its_decimals(self):
        class Points(Everything):
            """Points."""

            decimals = 18

        assert "(amount 1.5, fee 0.1 ether," in str(Points(*self.ARGUMENTS))

    def test_what_stands_beside_one_time_is_a_time(self):
        class Late(Reverted, error="Test_Late(uint256 actual, uint256 validBefore)"):
            """Too late."""

        assert str(Late(0, 1)) == (
            "Too late (actual 1970-01-01T00:00:00Z, valid before 1970-01-01T00:00:01Z)"
        )

    def test_a_name_that_is_not_text_is_told_as_bytes(self):
        class Odd(Reverted, error="Test_Odd(bytes32 role)"):
            """Odd."""

        assert str(Odd(b"\x07" * 32)) == "Odd (role 0x" + "07" * 32 + ")"


class TestToJson:
    def test_arguments_have_the_names_of_the_abi_and_exact_values(self):
        document = Everything(*TestSentence.ARGUMENTS).to_json()
        assert document["arguments"] == {
            "amount": "1500000000000000000",
            "fee": "100000000000000000",
            "feeBps": 250,
            "actual": 1_900_000_000,
            "deadline": "2030-03-17T17:46:41Z",
            "delay": 90_000,
            "role": "careledger.agent",
            "hash": "0x" + "ab" * 32,
            "count": 1234,
            "state": 2,
        }
        assert document["message"].startswith("All kinds of arguments (amount")

    def test_the_state_of_a_deal_is_a_word(self):
        error = WrongState(b"\x11" * 32, 5, 1)
        assert error.to_json() == {
            "code": "refunds.wrong-state",
            "message": f"This needs a deal that is open, but deal 0x{'11' * 32} is released",
            "arguments": {"id": "0x" + "11" * 32, "actual": "released", "expected": "open"},
        }


class TestDeclaring:
    def test_an_error_that_is_in_no_abi_is_reported_when_it_is_asked_for(self):
        class Missing(Reverted, error="RefundEscrow_Missing"):
            """There is no such error."""

        with pytest.raises(ToolchainError, match="no error RefundEscrow_Missing"):
            Missing.selector()
        assert Missing not in declared().values()

    def test_nothing_is_read_from_the_abi_when_a_class_is_declared(self, monkeypatch):
        monkeypatch.setattr(artifacts, "load", None)

        class Declared(Reverted, error="Nowhere_Declared"):
            """A contract that was never compiled."""

        assert Declared.error == "Nowhere_Declared"

    def test_declared_errors_are_found_by_selector(self):
        assert declared()[ThingTaken.selector()] is ThingTaken


def test_threads_that_meet_their_first_refusal_together_all_learn_the_reason(monkeypatch):
    monkeypatch.setattr(reverts, "_DECLARED", list(declared().values()) * 20)
    monkeypatch.setattr(reverts, "_BY_SELECTOR", {})
    together = threading.Barrier(8)
    found = []

    def meet():
        together.wait()
        found.append(WrongState.selector() in declared())

    threads = [threading.Thread(target=meet) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 8
