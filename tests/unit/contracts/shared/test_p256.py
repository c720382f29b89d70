"""The library `P256` where the curve's formulas say nothing, and the gas that it uses.

A plain reference makes the cases that chance never meets.
"""

import random

import pytest

from careledger.chain.reverts import Reverted
from careledger.identity.passkeys.passkey import ORDER, B, P
from tests.support.p256 import (
    BEYOND,
    EDGES,
    KEY,
    MOST_GAS,
    SEED,
    G,
    add,
    asked,
    drawn,
    expected,
    inverse,
    made,
    small_x,
    spent,
    through,
    times,
    times_both,
    word,
)


class TestIsOnCurve:
    def test_multiples_of_the_generator_are(self, probe):
        for k in (1, 2, 3, 4, ORDER - 1, ORDER // 2, 12345):
            assert probe.call("isOnCurve", *times(k, G))

    @pytest.mark.parametrize(
        "point", [(0, 0), (1, 1), (G[0], G[1] ^ 1), (G[1], G[0]), (G[0], 0), (0, 1)]
    )
    def test_other_points_are_not(self, probe, point):
        assert not probe.call("isOnCurve", *point)

    def test_coordinates_of_the_fields_size_and_more_are_not(self, probe):
        x, y = small_x(0)
        assert probe.call("isOnCurve", x, y)
        for point in ((x + P, y), (P, y), (x, P), (2**256 - 1, 2**256 - 1), (P, P)):
            assert not probe.call("isOnCurve", *point)

    def test_where_x_is_zero(self, probe):
        y = pow(B, (P + 1) // 4, P)
        assert y * y % P == B
        assert probe.call("isOnCurve", 0, y)
        assert probe.call("isOnCurve", 0, P - y)


class TestEdges:
    @pytest.mark.parametrize("name", EDGES)
    def test_good(self, probe, name):
        digest, r, s, key = EDGES[name]
        assert expected(digest, r, s, key), "the case is made wrong"
        assert asked(probe, digest, r, s, key)
        assert asked(probe, digest, r, ORDER - s, key)
        assert not asked(probe, digest ^ 1, r, s, key)
        assert not asked(probe, digest, r % (ORDER - 1) + 1, s, key)

    def test_the_points_that_were_looked_for_are_there(self):
        assert ORDER <= BEYOND[0] < P
        assert times_both(21, 12, times(-5 * inverse(3), G)) == G

    @pytest.mark.parametrize(
        ("u", "v", "k"), [(7, 1, -7), (21, 3, -7), (1, 1, -1), (2**255, 1, -(2**255)), (4, 2, -2)]
    )
    def test_a_sum_at_infinity_is_no_signature(self, probe, u, v, k):
        key = times(k, G)
        assert times_both(u, v, key) is None
        for r in (1, 5, G[0], ORDER - 1, P - ORDER - 1):
            assert not asked(probe, *made(u, v, key, r=r))

    def test_a_hash_of_the_order_and_more_counts_modulo_it(self, probe):
        _, r, _, key = made(1, 1, KEY)
        nonce, secret = 77, 987654321987654321
        r = times(nonce, G)[0] % ORDER
        for small in (0, 1, 2**200, 2**256 - ORDER - 1):
            s = inverse(nonce) * (small + r * secret) % ORDER
            assert asked(probe, small, r, s, key)
            assert asked(probe, small + ORDER, r, s, key)

    def test_an_r_that_is_too_large_for_a_second_form_is_not_given_one(self, probe):
        """R has x = r + N - P, which is r + N in the field: a wrap-around must not count."""
        point = small_x(5)
        r = point[0] + P - ORDER
        key = times(inverse(5), add(point, times(-3, G)))
        s = r * inverse(5) % ORDER
        assert (r + ORDER) % P == point[0]
        assert not expected(3 * s % ORDER, r, s, key)
        assert not asked(probe, 3 * s % ORDER, r, s, key)

    @pytest.mark.parametrize("value", [0, ORDER, ORDER + 1, P, 2**256 - 1])
    def test_r_and_s_out_of_their_range(self, probe, value):
        digest, r, s, key = made(5, 7, KEY)
        assert not asked(probe, digest, value, s, key)
        assert not asked(probe, digest, r, value, key)
        assert not asked(probe, 0, value, value, key)

    def test_r_with_the_order_added(self, probe):
        digest, r, s, key = through(BEYOND, 3**99, 5**77)
        assert r < P - ORDER
        assert not asked(probe, digest, r + ORDER, s, key)

    def test_keys_that_are_none(self, probe):
        digest, r, s, (x, y) = made(5, 7, KEY)
        for key in ((0, 0), (x, y ^ 1), (y, x), (x, 0), (P, P), (2**256 - 1, 2**256 - 1)):
            assert not asked(probe, digest, r, s, key)

    def test_the_second_form_of_a_keys_coordinate(self, probe):
        x, y = small_x(1)
        digest, r, s, key = made(5, 7, (x, y))
        assert asked(probe, digest, r, s, key)
        assert not asked(probe, digest, r, s, (x + P, y))


class TestGas:
    def test_good_bad_and_edges_stay_below_the_bound(self, probe):
        draw = random.Random(SEED + 3)
        cases = [*EDGES.values(), *(drawn(draw) for _ in range(40)), made(7, 1, times(-7, G), r=5)]
        most = max(spent(probe, *case)[1] for case in cases)
        assert 200_000 < most < MOST_GAS

    def test_what_no_signature_can_be_is_refused_at_once(self, probe):
        digest, r, s, key = made(5, 7, KEY)
        for case in ((digest, 0, s, key), (digest, r, ORDER, key), (digest, r, s, (1, 1))):
            answer, gas = spent(probe, *case)
            assert not answer
            assert gas < (1_500 if case[3] == key else 6_000)

    def test_with_too_little_gas_it_stops(self, probe):
        digest, r, s, key = made(5, 7, KEY)
        for gas in (26_000, 60_000, 100_000, 140_000):
            with pytest.raises(Reverted):
                probe.transact("verify", word(digest), r, s, *key, gas=gas)
