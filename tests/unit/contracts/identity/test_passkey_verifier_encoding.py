"""PasskeyVerifier: an assertion whose encoding is malformed is refused without a revert."""

import random

import pytest

from careledger.chain.reverts import Reverted
from tests.worlds.identity.passkey_verifier import (
    CHALLENGE,
    GOOD,
    NO,
    SEED,
    TYPE,
    YES,
    asked,
    word,
)


class TestMalformedEncoding:
    @pytest.mark.parametrize("length", [0, 1, 4, 31, 32, 63, 64, 128, 191])
    def test_fewer_than_six_words(self, verifier, length):
        assert asked(verifier, GOOD, signature=GOOD.encoded[:length]) == NO

    def test_cut_anywhere_before_its_last_byte(self, verifier):
        padding = -len(GOOD.client_data) % 32
        for end in range(192, len(GOOD.encoded) - padding, 7):
            assert asked(verifier, GOOD, signature=GOOD.encoded[:end]) == NO
        assert (
            asked(verifier, GOOD, signature=GOOD.encoded[: len(GOOD.encoded) - padding - 1]) == NO
        )
        assert asked(verifier, GOOD, signature=GOOD.encoded[: len(GOOD.encoded) - padding]) == YES

    @pytest.mark.parametrize("slot", [128, 160])
    @pytest.mark.parametrize(
        "value",
        [
            0,
            1,
            32,
            191,
            193,
            480,
            100_000,
            2**32,
            2**64,
            2**255,
            2**256 - 32,
            2**256 - 31,
            2**256 - 1,
        ],
    )
    def test_offsets_that_lead_astray(self, verifier, slot, value):
        signature = bytearray(GOOD.encoded)
        signature[slot : slot + 32] = word(value)
        assert asked(verifier, GOOD, signature=bytes(signature)) == NO

    @pytest.mark.parametrize("which", [0, 1])
    @pytest.mark.parametrize(
        "value", [0, 1, 36, 1_000, 2**32, 2**64, 2**255, 2**256 - 33, 2**256 - 1]
    )
    def test_lengths_that_lead_astray(self, verifier, which, value):
        signature = bytearray(GOOD.encoded)
        at = int.from_bytes(signature[128 + 32 * which : 160 + 32 * which], "big")
        signature[at : at + 32] = word(value)
        assert asked(verifier, GOOD, signature=bytes(signature)) == NO

    def test_an_offset_to_the_very_end(self, verifier):
        for slot in (128, 160):
            for back in (0, 31, 32):
                signature = bytearray(GOOD.encoded)
                signature[slot : slot + 32] = word(len(signature) - back)
                assert asked(verifier, GOOD, signature=bytes(signature)) == NO

    def test_client_data_that_are_no_utf8(self, verifier):
        assert (
            asked(verifier, GOOD.but(said=f"{{{TYPE},{CHALLENGE}}}".encode() + b"\xff\xfe")) == YES
        )

    def test_thousands_of_random_changes_are_refused_without_reverting(self, verifier):
        """Changing a byte that is signed, or that leads to one, makes no other good signature."""
        draw = random.Random(SEED)
        base = GOOD.encoded
        padding = {*range(len(base) - (-len(GOOD.client_data) % 32), len(base))}
        start = int.from_bytes(base[128:160], "big") + 32
        padding |= {*range(start + 37, start + 64)}
        for _ in range(3_000):
            signature = bytearray(base)
            for _ in range(draw.choice((1, 1, 2, 8))):
                place = draw.choice([one for one in range(len(base)) if one not in padding])
                signature[place] ^= draw.randrange(1, 256)
            if bytes(signature) != base:
                assert asked(verifier, GOOD, signature=bytes(signature)) == NO

    def test_random_bytes_are_refused_without_reverting(self, verifier):
        draw = random.Random(SEED)
        for _ in range(2_000):
            garbage = draw.randbytes(draw.choice((0, 32, 192, 200, 500, 1_000)))
            key = draw.choice((GOOD.key.raw, draw.randbytes(64)))
            assert asked(verifier, GOOD, signature=garbage, key=key) == NO

    def test_calldata_that_is_no_call_is_all_that_reverts(self, verifier):
        """The ABI decoder's refusal, before any of ours: what no caller of the suite can make."""
        with pytest.raises(Reverted):
            verifier.evm.raw_call(verifier.address, YES + bytes(31))
