"""The library `P256` against other people's programs and a plain reference."""

import random

from careledger.chain.p256 import YES
from careledger.identity.passkeys.passkey import ORDER
from tests.support.evm import Evm
from tests.support.mutants import foreign
from tests.support.p256 import (
    OPENZEPPELIN,
    SEED,
    G,
    asked,
    drawn,
    expected,
    library,
    made,
    times,
    times_both,
    word,
)


class TestAgainstOthers:
    def test_against_cryptography(self, probe):
        """Good and slightly bad ones; the answers are the library's."""
        draw, counts = random.Random(SEED), {True: 0, False: 0}
        for number in range(400):
            case = drawn(draw)
            answer = library(*case)
            assert asked(probe, *case) is answer, (SEED, number)
            counts[answer] += 1
        assert min(counts.values()) > 100

    def test_against_openzeppelin(self, probe):
        """The same answers, but for the higher s, which that library refuses."""
        theirs = Evm(spec="CANCUN").deploy(
            "Reference", artifact=foreign(OPENZEPPELIN, "ERC7913P256Verifier")
        )
        draw, counts = random.Random(SEED + 1), {True: 0, False: 0}
        for number in range(300):
            digest, r, s, key = drawn(draw)
            low = min(s, ORDER - s) if 0 < s < ORDER else s
            question = [b"".join(word(n) for n in key), word(digest), word(r) + word(low)]
            answer = theirs.call("verify", *question) == YES
            assert asked(probe, digest, r, s, key) is answer, (SEED + 1, number)
            counts[answer] += 1
        assert min(counts.values()) > 75

    def test_against_the_plain_reference_with_small_numbers(self, probe):
        """Keys and scalars so small that points meet again and again."""
        draw, counts = random.Random(SEED + 2), {True: 0, False: 0}
        for number in range(150):
            key = times(draw.choice((1, -1)) * draw.randrange(1, 8), G)
            u, v = draw.randrange(-8, 9), draw.choice((1, -1)) * draw.randrange(1, 9)
            if times_both(u, v, key) is None:
                case = made(u, v, key, r=draw.randrange(1, ORDER))
            else:
                case = made(u, v, key)
                case = (case[0] ^ draw.choice((0, 0, 1)), *case[1:])
            answer = expected(*case)
            assert asked(probe, *case) is answer, (SEED + 2, number)
            counts[answer] += 1
        assert min(counts.values()) > 30
