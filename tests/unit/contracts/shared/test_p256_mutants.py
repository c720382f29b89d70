"""The library `P256`: the tests find a broken one."""

import pytest

from careledger.identity.passkeys.passkey import ORDER, P
from tests.support.evm import Evm
from tests.support.mutants import mutate
from tests.support.p256 import (
    EDGES,
    KEY,
    MOST_GAS,
    PROBE,
    SOURCE,
    G,
    add,
    asked,
    inverse,
    made,
    small_x,
    spent,
    times,
)

MUTANTS = {
    "equal points are taken for opposite": (
        "isInfinity || isEqual ?",
        "isInfinity ?",
        "the key is G",
    ),
    "equal points are not doubled": ("if (isEqual && !isInfinity)", "if (false)", "the key is G"),
    "opposite points have a sum": (
        ": (0, 0, 0);",
        ": (q.x, q.y, 1);",
        "an intermediate sum is infinity",
    ),
    "no x is N or more": ("(r < P - N && ", "(false && ", "x is N or more"),
    "3 G is 2 G": (
        "Point(_3GX, _3GY, 1)",
        "Point(_2GX, _2GY, 1)",
        "every bit of the scalars is set as far as can be",
    ),
    "nothing is halved": (
        "mulmod(P >> 1, mulmod(y, y, P), P)",
        "mulmod(P - 1, mulmod(y, y, P), P)",
        "the key is G",
    ),
}


def broken(old, new):
    artifact = mutate(PROBE, old, new, inside=SOURCE, contract="P256Probe", optimise=True)
    return Evm().deploy("P256Probe", artifact=artifact)


class TestMutants:
    @pytest.mark.parametrize("name", MUTANTS)
    def test_a_mutant_that_refuses_a_good_one_is_found_out(self, compiled, name):
        old, new, edge = MUTANTS[name]
        assert not asked(broken(old, new), *EDGES[edge])

    def test_one_that_takes_a_key_off_the_curve_is_found_out(self, compiled):
        """The formulas never use B.

        The key lies on a curve with another B, and everything fits there.
        """
        mutant, key, v = broken("if (!isOnCurve(x, y) || ", "if ("), (1234567, 7654321), 2**90 + 7
        r = foreign_times(v, key)[0] % ORDER
        assert asked(mutant, 0, r, r * inverse(v) % ORDER, key)

    def test_one_that_takes_the_field_to_wrap_around_is_found_out(self, compiled):
        point = small_x(5)
        r = point[0] + P - ORDER
        key = times(inverse(5), add(point, times(-3, G)))
        s = r * inverse(5) % ORDER
        assert asked(broken("(r < P - N && ", "("), 3 * s % ORDER, r, s, key)

    def test_one_that_takes_infinity_is_found_out(self, compiled):
        assert asked(broken("if (p.z == 0) return false;", ""), *made(7, 1, times(-7, G), r=5))

    def test_one_that_has_no_modexp_is_right_all_the_same(self, compiled):
        """No mutant but a chain: the inverse by squaring and multiplying."""
        other = broken("address(0x05)", "address(0x0500)")
        for case in (EDGES["the key is -2 G"], made(5, 7, KEY)):
            assert asked(other, *case)
            assert not asked(other, case[0] ^ 1, *case[1:])
        assert spent(other, *made(5, 7, KEY))[1] < MOST_GAS + 100_000


def foreign_times(k, point):
    """Multiply without the order of the curve, which is another's."""
    total = None
    for bit in f"{k:b}":
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total
