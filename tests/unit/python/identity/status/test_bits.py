"""Bits of status lists in the orders of both standards, and their compressed forms."""

import random
import zlib

import pytest

from careledger.identity.credentials.errors import StatusReason
from careledger.identity.credentials.jose import decode, encode
from careledger.identity.status import bits
from careledger.identity.status.snapshot import MIN_SIZE
from tests.support.refusals import because


class TestBits:
    def test_the_order_of_the_chain_is_that_of_the_token_list(self):
        words = [1 | 1 << 9 | 1 << 255, 0, 1 << 3]
        assert bits.set_indexes(bits.from_words(words)) == [0, 9, 255, 512 + 3]

    def test_mirroring_twice_changes_nothing(self):
        raw = bytes(range(256))
        assert bits.mirror(bits.mirror(raw)) == raw
        assert bits.mirror(b"\x01\x80\x0f") == b"\x80\x01\xf0"

    def test_the_example_of_the_token_status_list(self):
        """draft-ietf-oauth-status-list, 4.1: one bit each, 1 0 0 1 1 1 0 1, 1 1 0 0 0 1 0 1."""
        raw = bits.decompress(decode("eNrbuRgAAhcBXQ"), bits.ZLIB)
        assert raw == bytes.fromhex("b9a3")
        assert [bits.status_at(raw, index, 1) for index in range(16)] == [
            1,
            0,
            0,
            1,
            1,
            1,
            0,
            1,
            1,
            1,
            0,
            0,
            0,
            1,
            0,
            1,
        ]
        assert encode(bits.compress(raw, bits.ZLIB)) == "eNrbuRgAAhcBXQ"

    def test_its_example_of_two_bits_each(self):
        """The same, 4.1: 1 2 0 3, 0 1 0 1, 1 2 3 3."""
        raw = bits.decompress(decode("eNo76fITAAPfAgc"), bits.ZLIB)
        assert raw == bytes.fromhex("c944f9")
        assert [bits.status_at(raw, index, 2) for index in range(12)] == [
            1,
            2,
            0,
            3,
            0,
            1,
            0,
            1,
            1,
            2,
            3,
            3,
        ]

    def test_the_example_of_the_bitstring_status_list(self):
        """Bitstring Status List v1.0, example 2: 131,072 credentials, none revoked."""
        text = "H4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
        assert bits.decompress(decode(text), bits.GZIP) == bytes(MIN_SIZE // 8)

    @pytest.mark.parametrize("form", [bits.ZLIB, bits.GZIP])
    def test_compressed_bytes_name_no_time_and_come_back(self, form):
        raw = random.Random(1).randbytes(5000)
        assert bits.compress(raw, form) == bits.compress(raw, form)
        assert bits.decompress(bits.compress(raw, form), form) == raw

    @pytest.mark.parametrize(
        "packed",
        [b"", b"\0" * 20, bits.compress(b"x", bits.GZIP), bits.compress(b"x" * 99, bits.ZLIB)[:-1],
         bits.compress(b"x", bits.ZLIB) + b"more", zlib.compress(bytes(2**26))],
    )  # fmt: skip
    def test_what_is_no_list_is_refused(self, packed):
        with because(StatusReason.STATUS_UNREADABLE):
            bits.decompress(packed, bits.ZLIB)

    @pytest.mark.parametrize("index", [-1, 16, 10**30])
    def test_an_index_that_is_not_there_is_refused(self, index):
        with because(StatusReason.STATUS_UNREADABLE, match="has 16 indexes"):
            bits.status_at(b"\0\0", index, 1)
