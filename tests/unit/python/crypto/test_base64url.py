"""Base64url: exactly one text stands for some bytes."""

import random
import string

import pytest

from careledger.crypto.base64url import MalformedBase64, decode, encode

SEED = 20_261_128
ALPHABET = string.ascii_letters + string.digits + "-_"


@pytest.mark.parametrize("raw", [b"", b"f", b"fo", b"foo", b"foob", b"fooba", b"foobar"])
def test_there_and_back(raw):
    assert decode(encode(raw), "it") == raw


def test_the_vectors_of_the_standard():
    """RFC 4648, 10, without padding."""
    assert [encode(raw) for raw in (b"f", b"fo", b"foo", b"foobar")] == [
        "Zg",
        "Zm8",
        "Zm9v",
        "Zm9vYmFy",
    ]


@pytest.mark.parametrize("text", ["Zg==", "Z g", "Zg\n", "Zm9+", "Zm9/", "é", "Z", "Zm9vY"])
def test_padding_other_characters_and_impossible_lengths_are_refused(text):
    with pytest.raises(MalformedBase64, match="it is not base64url"):
        decode(text, "it")


def test_no_two_texts_stand_for_the_same_bytes():
    print("seed", SEED)
    draw = random.Random(SEED)
    for _ in range(3000):
        text = "".join(draw.choice(ALPHABET) for _ in range(draw.randrange(12)))
        try:
            raw = decode(text, "it")
        except MalformedBase64:
            continue
        assert encode(raw) == text
