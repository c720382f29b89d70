"""The library `P256`: against other people's programs, and where the curve's formulas say nothing.

A reference that is as plain as can be (affine, a bit at a time) makes the cases that chance never
meets.
"""

import random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from pyrevm import AccountInfo

from careledger.chain.p256 import PRECOMPILE, YES
from careledger.chain.reverts import Reverted
from careledger.identity.passkeys.keys import ORDER, B, P
from tests.support.evm import Evm
from tests.support.mutants import foreign, mutate

PROBE, SOURCE = "contracts/mocks/P256Probe.sol", "contracts/shared/P256.sol"
OPENZEPPELIN = "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913P256Verifier.sol"
SEED = 20_261_122
MOST_GAS = 225_000
"""What any question may use in Solidity, beyond a transaction's own gas and calldata."""

G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def add(a, b):
    """Add two points; infinity is None."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    rise, run = (3 * a[0] ** 2 - 3, 2 * a[1]) if a == b else (b[1] - a[1], b[0] - a[0])
    slope = rise * pow(run, -1, P) % P
    x = (slope**2 - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k, point):
    total = None
    for bit in f"{k % ORDER:b}":
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


def inverse(number):
    return pow(number, -1, ORDER)


def expected(digest, r, s, key):
    """Verify as SEC 1 says it; `digest` is a number of 256 bits."""
    if not (
        0 < r < ORDER
        and 0 < s < ORDER
        and max(key) < P
        and (key[1] ** 2 - key[0] ** 3 + 3 * key[0] - B) % P == 0
    ):
        return False
    point = add(times(digest * inverse(s), G), times(r * inverse(s), key))
    return point is not None and point[0] % ORDER == r


def made(u, v, key, r=None):
    """Return (digest, r, s, key) that lead to u G + v Q; r is that point's x, or what is wanted where there is none."""
    r = times_both(u, v, key)[0] % ORDER if r is None else r
    s = r * inverse(v) % ORDER
    return u * s % ORDER, r, s, key


def times_both(u, v, key):
    return add(times(u, G), times(v, key))


def word(number):
    return number.to_bytes(32, "big")


def asked(contract, digest, r, s, key):
    return contract.call("verify", word(digest), r, s, *key)


@pytest.fixture(scope="module")
def probe(compiled):
    return Evm().deploy("P256Probe")


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


def small_x(start):
    """Return the first point whose x is `start` or more."""
    x = start
    while pow((x**3 - 3 * x + B) % P, (P - 1) // 2, P) != 1:
        x += 1
    return x, pow((x**3 - 3 * x + B) % P, (P + 1) // 4, P)


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


def drawn(draw):
    secret = draw.choice((draw.randrange(1, ORDER), draw.randrange(1, 2**64)))
    private = ec.derive_private_key(secret, ec.SECP256R1())
    digest = draw.randbytes(32)
    r, s = decode_dss_signature(
        private.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()), deterministic_signing=True))
    )
    numbers = private.public_key().public_numbers()
    case = (int.from_bytes(digest, "big"), r, s, (numbers.x, numbers.y))
    wrong = draw.choice(("", "", "", "", "high", "digest", "r", "s", "swapped", "negative key"))
    return {
        "high": (case[0], r, ORDER - s, case[3]),
        "digest": (case[0] ^ 1 << draw.randrange(256), r, s, case[3]),
        "r": (case[0], r ^ 1 << draw.randrange(255), s, case[3]),
        "s": (case[0], r, s ^ 1 << draw.randrange(255), case[3]),
        "swapped": (case[0], s, r, case[3]),
        "negative key": (case[0], r, s, (numbers.x, P - numbers.y)),
    }.get(wrong, case)


def library(digest, r, s, key):
    public = ec.EllipticCurvePublicNumbers(*key, ec.SECP256R1()).public_key()
    try:
        public.verify(
            encode_dss_signature(r, s), word(digest), ec.ECDSA(Prehashed(hashes.SHA256()))
        )
    except InvalidSignature:
        return False
    return True


KEY = times(987654321987654321, G)
BEYOND = small_x(ORDER)
"""A point whose x is N or more: one in 2^128 of all has it, so it is looked for, not met."""


def through(point, u, v):
    """Return a signature whose nonce's point is this one: Q = (R - u G) / v."""
    key = times(inverse(v), add(point, times(-u, G)))
    return made(u, v, key)


EDGES = {
    "the key is G": made(5, 7, G),
    "the key is -G": made(5, 7, times(-1, G)),
    "the key is 2 G": made(2**200 + 3, 2**255 - 19, times(2, G)),
    "the key is -2 G": made(2**200 + 3, 2**255 - 19, times(-2, G)),
    "the key is 3 G": made(11, 13, times(3, G)),
    "the key is -3 G": made(3**99, 5**77, times(-3, G)),
    "the key is G / 2": made(3**99, 5**77, times(inverse(2), G)),
    "the key is - 2/3 G": made(3**99, 5**77, times(-2 * inverse(3), G)),
    "both halves are equal": made(21, 3, times(7, G)),
    "both halves are equal and large": made(
        inverse(3), inverse(3) * inverse(7) % ORDER, times(7, G)
    ),
    "both scalars are equal": made(2**255 - 19, 2**255 - 19, KEY),
    "both scalars are 1": made(1, 1, KEY),
    "both scalars are the greatest": made(ORDER - 1, ORDER - 1, KEY),
    "the first scalar is 0": made(0, 3**99, KEY),
    "the hash is 0": (0, *made(0, 1, KEY)[1:]),
    "the hash is N": (ORDER, *made(0, 3**99, KEY)[1:]),
    "every bit of the scalars is set as far as can be": made(2**255 - 1, 2**255 - 1, KEY),
    "the sum is equal to a summand at the last step": made(8, 4, times(-3 * inverse(4), G)),
    "an intermediate sum is infinity": made(4 * 5 + 1, 4 * 3, times(-5 * inverse(3), G)),
    "a sum of the table meets the running one": made(4 * 1 + 4, 0 + 1, times(9, G)),
    "x is N or more": through(BEYOND, 3**99, 5**77),
    "x is N or more, the key's own half": through(BEYOND, 0, 5**77),
    "x of the key is 0": made(3**99, 5**77, (0, pow(B, (P + 1) // 4, P))),
    "x of the nonce's point is as small as can be": through(small_x(1), 3**99, 5**77),
}


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


def spent(contract, digest, r, s, key):
    data = contract.encode("verify", word(digest), r, s, *key)
    done = contract.transact("verify", word(digest), r, s, *key)
    return done.value, done.gas - 21_000 - sum(16 if byte else 4 for byte in data)


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


ANSWERS = {
    "one": "600160005260206000f3",
    "two": "600260005260206000f3",
    "nothing": "00",
    "one and a word more": "600160005260406000f3",
    "a byte": "600160005360016000f3",
    "refusal with one": "600160005260206000fd",
    "no instruction": "fe",
    "only the canary": f"6020357f{G[0]:064x}1460005260206000f3",  # 1 if r is G's x, else 0
}
"""Programs that stand at 0x100."""


@pytest.fixture
def with_precompile(compiled):
    def build(name):
        evm = Evm()
        evm._evm.insert_account_info(PRECOMPILE, AccountInfo(code=bytes.fromhex(ANSWERS[name])))
        return evm.deploy("P256Probe")

    return build


class TestPrecompile:
    def test_its_yes_is_believed_and_costs_no_second_question(self, with_precompile):
        probe = with_precompile("one")
        answer, gas = spent(probe, *made(5, 7, KEY))
        assert answer
        assert gas < 5_000

    def test_it_is_not_asked_about_numbers_out_of_their_range(self, with_precompile):
        """Where others forgot that r and s must not be 0, anything was a signature of anybody."""
        digest, r, s, key = made(5, 7, KEY)
        probe = with_precompile("one")
        for numbers in ((0, s), (r, 0), (0, 0), (ORDER, s), (r, ORDER), (2**256 - 1, 2**256 - 1)):
            assert not asked(probe, digest, *numbers, key)

    def test_its_no_is_believed_where_it_takes_the_canary(self, with_precompile):
        """Shown by a good signature: Solidity, which would take it, is not asked."""
        answer, gas = spent(with_precompile("only the canary"), *made(5, 7, KEY))
        assert not answer
        assert gas < 7_000

    @pytest.mark.parametrize(
        "name", ["two", "nothing", "one and a word more", "a byte", "refusal with one"]
    )
    def test_whatever_else_answers_solidity_decides(self, with_precompile, name):
        probe, case = with_precompile(name), made(5, 7, KEY)
        assert asked(probe, *case)
        assert not asked(probe, case[0] ^ 1, *case[1:])

    def test_one_that_takes_all_the_gas_leaves_enough_of_much(self, with_precompile):
        assert asked(with_precompile("no instruction"), *made(5, 7, KEY))

    def test_the_canary_is_good(self):
        assert library(1, G[0], G[0] + 1, G)
        assert expected(1, G[0], G[0] + 1, G)


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
        """The formulas never use B: the key lies on a curve with another one, and everything fits there."""
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
