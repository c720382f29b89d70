"""A plain reference of the curve P-256 (affine, a bit at a time), and cases made with it."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from careledger.identity.passkeys.passkey import ORDER, B, P

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
    """Return (digest, r, s, key) that lead to u G + v Q.

    r is that point's x, or what is wanted where there is no such point.
    """
    r = times_both(u, v, key)[0] % ORDER if r is None else r
    s = r * inverse(v) % ORDER
    return u * s % ORDER, r, s, key


def times_both(u, v, key):
    return add(times(u, G), times(v, key))


def word(number):
    return number.to_bytes(32, "big")


def asked(contract, digest, r, s, key):
    return contract.call("verify", word(digest), r, s, *key)


def small_x(start):
    """Return the first point whose x is `start` or more."""
    x = start
    while pow((x**3 - 3 * x + B) % P, (P - 1) // 2, P) != 1:
        x += 1
    return x, pow((x**3 - 3 * x + B) % P, (P + 1) // 4, P)


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


def spent(contract, digest, r, s, key):
    data = contract.encode("verify", word(digest), r, s, *key)
    done = contract.transact("verify", word(digest), r, s, *key)
    return done.value, done.gas - 21_000 - sum(16 if byte else 4 for byte in data)
