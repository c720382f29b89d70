import pytest
from eth_abi.abi import encode

from careledger.chain.reverts import (
    Panicked,
    Reverted,
    RevertedSilently,
    RevertedUnknown,
    RevertedWithText,
    declared,
    decode_revert,
)


class ThingTaken(Reverted, solidity="Test_ThingTaken(bytes32 id, address by, uint256 at)"):
    """The thing is taken.

    This line is for readers of the code, not of the message.
    """

    id: bytes
    by: str
    at: int


class NothingToSay(Reverted, solidity="Test_NothingToSay()"):
    """There is nothing to say."""


class TestDecodeRevert:
    def test_a_declared_error_becomes_its_class_with_arguments(self):
        data = ThingTaken.selector() + encode(
            ["bytes32", "address", "uint256"], [b"\x11" * 32, "0x" + "22" * 20, 33]
        )
        error = decode_revert(data)
        assert type(error) is ThingTaken
        assert (error.id, error.by, error.at) == (b"\x11" * 32, "0x" + "22" * 20, 33)
        assert error.data == data

    def test_the_sentence_is_the_first_line_with_the_arguments(self):
        error = ThingTaken(b"\x11" * 2, "0xabc", 33)
        assert str(error) == "The thing is taken (id 0x1111, by 0xabc, at 33)"

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


class TestDeclaring:
    def test_attributes_must_be_as_many_as_arguments(self):
        with pytest.raises(TypeError, match="1 attributes"):

            class Wrong(Reverted, solidity="Test_Wrong(uint256 a, uint256 b)"):
                a: int

    def test_a_signature_must_be_one(self):
        with pytest.raises(TypeError, match="signature"):

            class Wrong(Reverted, solidity="no signature"):
                pass

    def test_declared_errors_are_found_by_selector(self):
        assert declared()[ThingTaken.selector()] is ThingTaken
