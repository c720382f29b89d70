import os

import pytest

from careledger.crypto import hashing
from careledger.errors import InputError

EMPTY = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
ABC = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"


@pytest.mark.parametrize("keccak", [hashing.keccak256, hashing.keccak256_fallback])
class TestKeccak256:
    def test_it_is_keccak_and_not_sha3(self, keccak):
        assert keccak(b"").hex() == EMPTY
        assert keccak(b"abc").hex() == ABC

    def test_both_implementations_agree_on_every_length_around_the_block(self, keccak):
        for length in range(300):
            data = os.urandom(length)
            assert keccak(data) == hashing.keccak256_fallback(data)


def test_the_fast_implementation_is_the_one_in_use():
    assert hashing.keccak256 is not hashing.keccak256_fallback


class TestHkdf:
    def test_rfc_5869_case_1(self):
        made = hashing.hkdf_sha256(
            bytes.fromhex("0b" * 22), bytes(range(13)), bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"), 42
        )
        assert made.hex() == (
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        )

    def test_rfc_5869_case_3_without_salt_and_info(self):
        made = hashing.hkdf_sha256(bytes.fromhex("0b" * 22), b"", b"", 42)
        assert made.hex() == (
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        )

    @pytest.mark.parametrize("length", [0, -1, 255 * 32 + 1])
    def test_a_length_that_it_does_not_have_is_refused(self, length):
        with pytest.raises(InputError):
            hashing.hkdf_sha256(b"key", b"", b"", length)

    def test_the_longest_output_ends_in_block_255(self):
        assert len(hashing.hkdf_sha256(b"key", b"", b"", 255 * 32)) == 255 * 32


def test_hmac_rfc_4231_case_2():
    made = hashing.hmac_sha256(b"Jefe", b"what do ya want for nothing?")
    assert made.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_sha256():
    assert (
        hashing.sha256(b"").hex()
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
