"""PasskeyVerifier: what it takes, all that it must not take, and that it never reverts.

In this EVM there is no precompile for P-256, so Solidity verifies;
tests/integration/identity/test_passkeys.py has both.
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
from eth_abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from careledger.chain.reverts import Reverted
from careledger.crypto import base64url
from careledger.crypto.hashing import sha256
from careledger.identity.passkeys.assertion import TYPES
from careledger.identity.passkeys.errors import BadPasskey, NotOnCurve
from careledger.identity.passkeys.keys import ORDER, B, P, PasskeyKey
from tests.support.evm import Evm
from tests.support.mutants import foreign, mutate
from tests.worlds.identity.passkeys import SITE, Draft, phone

YES, NO = bytes.fromhex("024ad318"), b"\xff" * 4
DIGEST = keccak(b"what is signed")
SOURCE = "contracts/identity/PasskeyVerifier.sol"
CURVE = "contracts/shared/P256.sol"
OPENZEPPELIN = "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913WebAuthnVerifier.sol"
MOST_GAS = 240_000
"""What any of the assertions here may use, beyond a transaction's own gas and calldata."""
SEED = 20_260_912


@pytest.fixture(scope="module")
def verifier(compiled):
    return Evm().deploy("PasskeyVerifier")


def asked(contract, draft, **other):
    """Return the answer about a draft, or about one with other arguments."""
    return contract.call(
        "verify",
        other.get("key", draft.key.raw),
        other.get("digest", DIGEST),
        other.get("signature", draft.encoded),
    )


def word(number):
    return number.to_bytes(32, "big")


GOOD = Draft(DIGEST)
TYPE, CHALLENGE = '"type":"webauthn.get"', f'"challenge":"{base64url.encode(DIGEST)}"'


class TestAccepts:
    def test_what_a_passkey_signed(self, verifier):
        assert asked(verifier, GOOD) == YES

    @pytest.mark.parametrize("high", [False, True])
    def test_either_value_of_s(self, verifier, high):
        draft = GOOD.but(high=high)
        assert (int.from_bytes(draft.encoded[32:64], "big") > ORDER // 2) is high
        assert asked(verifier, draft) == YES

    @pytest.mark.parametrize("flags", [0x05, 0x0D, 0x1D, 0x45, 0x85, 0xDD, 0x07, 0x25, 0xEF])
    def test_flags_that_say_present_and_verified(self, verifier, flags):
        assert asked(verifier, GOOD.but(flags=flags)) == YES

    def test_extensions_behind_the_counter(self, verifier):
        assert (
            asked(
                verifier,
                GOOD.but(data=GOOD.but(flags=0x85).authenticator_data + b"\xa1\x61\x61\xf5" * 20),
            )
            == YES
        )

    @pytest.mark.parametrize(
        "said",
        [
            f"{{{TYPE},{CHALLENGE}}}",
            f"{{{CHALLENGE},{TYPE}}}",
            f'{{"origin":"https://wallet.example","crossOrigin":true,{CHALLENGE},"a":"ü",{TYPE}}}',
            f"{TYPE}{CHALLENGE}",
            f"{CHALLENGE}{TYPE}",
        ],
    )
    def test_members_wherever_they_stand(self, verifier, said):
        assert asked(verifier, GOOD.but(said=said.encode())) == YES

    def test_another_site_it_does_not_look(self, verifier):
        assert asked(verifier, GOOD.but(data=sha256(b"else.example") + b"\5" + bytes(4))) == YES

    def test_the_hash_of_all_zeros_and_that_of_all_ones(self, verifier):
        for digest in (bytes(32), b"\xff" * 32):
            assert asked(verifier, Draft(digest), digest=digest) == YES

    def test_ours_from_end_to_end(self, verifier):
        alice = phone("alice")
        assert (
            verifier.call("verify", alice.key.raw, DIGEST, alice.assertion(DIGEST).encoded) == YES
        )

    def test_padding_that_is_not_zero_and_bytes_behind_the_end(self, verifier):
        signature = bytearray(GOOD.encoded)
        signature[-1] |= 1 if len(GOOD.client_data) % 32 else 0
        assert asked(verifier, GOOD, signature=bytes(signature) + b"\7" * 33) == YES

    def test_the_two_byte_strings_in_the_other_order(self, verifier):
        r, s, challenge, kind, data, said = GOOD.values
        tail = word(len(said)) + said.ljust(-(-len(said) // 32) * 32, b"\0")
        head = r + s + word(challenge) + word(kind) + word(192 + len(tail)) + word(192)
        assert asked(verifier, GOOD, signature=head + tail + word(len(data)) + data) == YES


class TestRefuses:
    def test_another_hash(self, verifier):
        assert asked(verifier, GOOD, digest=keccak(b"else")) == NO

    def test_another_key(self, verifier):
        assert asked(verifier, GOOD, key=GOOD.but(name="mallory").key.raw) == NO

    @pytest.mark.parametrize("flags", [0x00, 0x01, 0x04, 0x15, 0x55, 0x1C, 0xFA, 0xFE, 0xFB])
    def test_flags_that_lack_presence_or_verification_or_contradict_each_other(
        self, verifier, flags
    ):
        assert asked(verifier, GOOD.but(flags=flags)) == NO

    @pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 36])
    def test_authenticator_data_that_are_cut_short(self, verifier, length):
        assert asked(verifier, GOOD.but(data=(b"\5" * 37)[:length])) == NO

    @pytest.mark.parametrize(
        "said",
        [
            b"",
            b"{}",
            f'{{"type":"webauthn.create",{CHALLENGE}}}'.encode(),
            f'{{"type": "webauthn.get",{CHALLENGE}}}'.encode(),
            f'{{"TYPE":"webauthn.get",{CHALLENGE}}}'.encode(),
            f"{{{CHALLENGE}}}".encode(),
            f"{{{TYPE}}}".encode(),
            f'{{{TYPE},"challenge":"{base64url.encode(keccak(b"else"))}"}}'.encode(),
            f'{{{TYPE},"challenge":"{base64url.encode(DIGEST)}="}}'.encode(),
            f'{{{TYPE},"challenge":"{base64url.encode(DIGEST)[:-1]}"}}'.encode(),
            f'{{{TYPE},"challenge":"{base64url.encode(DIGEST + b"0")}"}}'.encode(),
            f'{{{TYPE},"challenge": "{base64url.encode(DIGEST)}"}}'.encode(),
            f'{{{TYPE},"challenge":"{DIGEST.hex()}"}}'.encode(),
            f'{{{TYPE},"challenge":"{base64url.encode(DIGEST)}'.encode(),
            f"{{{TYPE},{CHALLENGE[:-1]}".encode(),
            f'{{{TYPE[:-1]},"challenge":"{base64url.encode(DIGEST)}"}}'.encode(),
        ],
    )
    def test_client_data_that_say_something_else(self, verifier, said):
        assert asked(verifier, GOOD.but(said=said)) == NO

    @pytest.mark.parametrize("which", ["type", "challenge"])
    @pytest.mark.parametrize(
        "index",
        [
            0,
            2,
            22,
            24,
            100,
            10_000,
            2**31,
            2**64,
            2**128,
            2**255,
            2**256 - 22,
            2**256 - 21,
            2**256 - 1,
        ],
    )
    def test_indexes_that_point_elsewhere(self, verifier, which, index):
        assert asked(verifier, GOOD.but(numbers={which: index})) == NO

    def test_indexes_at_the_last_possible_byte_and_one_beyond(self, verifier):
        for said, which, length in (
            (CHALLENGE + TYPE, "type", 21),
            (TYPE + CHALLENGE, "challenge", 57),
        ):
            draft = GOOD.but(said=said.encode())
            assert asked(verifier, draft) == YES
            assert asked(verifier, draft.but(numbers={which: len(said) - length + 1})) == NO

    @pytest.mark.parametrize("which", ["r", "s"])
    @pytest.mark.parametrize("value", [0, 1, ORDER - 1, ORDER, ORDER + 1, P, 2**256 - 1])
    def test_numbers_at_the_ends_of_their_range(self, verifier, which, value):
        assert asked(verifier, GOOD.but(numbers={which: value})) == NO

    def test_r_or_s_with_the_order_added_is_no_second_form(self, verifier):
        r, s = GOOD.sign()
        room = 2**256 - ORDER
        assert r >= room or asked(verifier, GOOD.but(numbers={"r": r + ORDER})) == NO
        assert s >= room or asked(verifier, GOOD.but(numbers={"s": s + ORDER})) == NO

    def test_an_s_so_small_that_the_order_can_be_added_has_no_third_form(self, verifier):
        """The key is made to fit a small s over this message: d = (s k - e) / r."""
        small, nonce = 12345, 99
        r = ec.derive_private_key(nonce, ec.SECP256R1()).public_key().public_numbers().x % ORDER
        e = int.from_bytes(sha256(GOOD.authenticator_data + sha256(GOOD.client_data)), "big")
        d = (small * nonce - e) * pow(r, -1, ORDER) % ORDER
        key = PasskeyKey.of(ec.derive_private_key(d, ec.SECP256R1()).public_key()).raw
        answers = {
            s: asked(verifier, GOOD.but(numbers={"r": r, "s": s}), key=key)
            for s in (small, ORDER - small)
        }
        assert set(answers.values()) == {YES}
        for s in (small + ORDER, 2 * ORDER - small, small + 1, 2**256 - small):
            assert s >= 2**256 or asked(verifier, GOOD.but(numbers={"r": r, "s": s}), key=key) == NO

    @pytest.mark.parametrize(
        "key",
        [
            b"",
            GOOD.key.raw[:-1],
            GOOD.key.raw + b"\0",
            b"\4" + GOOD.key.raw,
            bytes(64),
            word(P) * 2,
            b"\xff" * 64,
            GOOD.key.x + GOOD.key.x,
            GOOD.key.y + GOOD.key.x,
            GOOD.key.x + word(int.from_bytes(GOOD.key.y, "big") ^ 1),
            GOOD.key.x + word(P - int.from_bytes(GOOD.key.y, "big")),
            word((int.from_bytes(GOOD.key.x, "big") + P) % 2**256) + GOOD.key.y,
        ],
        ids=range(12),
    )
    def test_keys_that_are_none_or_another(self, verifier, key):
        assert asked(verifier, GOOD, key=key) == NO

    def test_the_same_point_with_the_fields_size_added(self, verifier):
        """A coordinate below 2^256 - p has a second form; it is refused where it is read."""
        x = 5
        while pow(y2 := (x**3 - 3 * x + B) % P, (P - 1) // 2, P) != 1:
            x += 1
        y = pow(y2, (P + 1) // 4, P)
        assert verifier.call("addressOf", word(x), word(y))
        with pytest.raises(NotOnCurve):
            verifier.call("addressOf", word(x + P), word(y))
        assert asked(verifier, GOOD, key=word(x + P) + word(y)) == NO


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
        """Any byte that is signed or that leads to one: changing it makes no other good signature."""
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


class TestGas:
    def test_solidity_takes_what_the_interface_says(self, verifier):
        used = [
            verifier.transact("verify", draft.key.raw, DIGEST, draft.encoded).gas
            - intrinsic(verifier, draft.encoded)
            for draft in (
                Draft(DIGEST, name=str(number), high=number % 2 == 1) for number in range(20)
            )
        ]
        assert 205_000 < sum(used) / len(used) < 220_000
        assert max(used) < MOST_GAS

    def test_garbage_is_cheap(self, verifier):
        for signature in (
            b"",
            bytes(192),
            b"\xff" * 500,
            GOOD.but(flags=0).encoded,
            GOOD.but(said=b"{}").encoded,
        ):
            done = verifier.transact("verify", GOOD.key.raw, DIGEST, signature)
            assert done.value == NO
            assert done.gas - intrinsic(verifier, signature) < 15_000

    @pytest.mark.parametrize("size", [1_000, 10_000, 100_000])
    def test_large_client_data_cost_less_than_their_calldata(self, verifier, size):
        filler = "x" * size
        draft = GOOD.but(said=f'{{{TYPE},{CHALLENGE},"x":"{filler}"}}'.encode())
        done = verifier.transact("verify", draft.key.raw, DIGEST, draft.encoded)
        assert done.value == YES
        assert done.gas - intrinsic(verifier, draft.encoded) < MOST_GAS + 16 * size

    def test_with_too_little_gas_it_stops_and_does_not_say_yes(self, verifier):
        enough = verifier.transact("verify", GOOD.key.raw, DIGEST, GOOD.encoded).gas
        for share in (0.2, 0.5, 0.9, 0.98):
            with pytest.raises(Reverted):
                verifier.transact(
                    "verify", GOOD.key.raw, DIGEST, GOOD.encoded, gas=int(enough * share)
                )


def intrinsic(verifier, signature):
    data = verifier.encode("verify", GOOD.key.raw, DIGEST, signature)
    return 21_000 + sum(16 if byte else 4 for byte in data)


class TestAddressOf:
    def test_it_is_the_hash_of_verifier_and_key(self, verifier):
        key = GOOD.key
        expected = keccak(bytes.fromhex(verifier.address[2:]) + key.x + key.y)[12:]
        assert verifier.call("addressOf", key.x, key.y) == to_checksum_address(expected)
        assert key.address(verifier.address) == to_checksum_address(expected)

    def test_it_changes_with_the_verifier(self, verifier):
        another = verifier.evm.deploy("PasskeyVerifier")
        assert another.call("addressOf", GOOD.key.x, GOOD.key.y) != verifier.call(
            "addressOf", GOOD.key.x, GOOD.key.y
        )

    @pytest.mark.parametrize(("x", "y"), [(0, 0), (1, 1), (P, P), (2**256 - 1, 2**256 - 1)])
    def test_a_key_that_nobody_can_hold_has_none(self, verifier, x, y):
        with pytest.raises(NotOnCurve) as refused:
            verifier.call("addressOf", word(x), word(y))
        assert (refused.value.x, refused.value.y) == (word(x), word(y))
        with pytest.raises(BadPasskey):
            PasskeyKey(word(x), word(y))


class TestDifferential:
    def test_against_cryptography_on_random_keys_and_signatures(self, verifier):
        """Good and slightly bad ones, each way about even; the answers are the library's."""
        draw, counts = random.Random(SEED), {YES: 0, NO: 0}
        for number in range(400):
            private = ec.derive_private_key(draw.randrange(1, ORDER), ec.SECP256R1())
            draft = Draft(draw.randbytes(32), name=str(number), flags=0x1D)
            message = draft.authenticator_data + sha256(draft.client_data)
            how = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
            r, s = decode_dss_signature(private.sign(message, how))
            wrong = draw.choice(("", "", "", "r", "s", "message", "swapped", "negative"))
            r, s = {
                "r": (r ^ 1, s),
                "s": (r, s ^ 1),
                "swapped": (s, r),
                "negative": (r, ORDER - s),
            }.get(wrong, (r, s))
            judged = sha256(message) if wrong != "message" else sha256(message + b"!")
            expected = NO if wrong == "message" else answer(private.public_key(), judged, r, s)
            if wrong == "message":
                draft = draft.but(flags=0x0D)
            signature = draft.but(numbers={"r": r, "s": s}).encoded
            key = PasskeyKey.of(private.public_key()).raw
            assert verifier.call("verify", key, draft.digest, signature) == expected, (
                number,
                wrong,
            )
            counts[expected] += 1
        assert min(counts.values()) > 100

    def test_against_openzeppelin_on_everything_malformed(self, compiled):
        """The same answer for each, but for the higher s: that one OpenZeppelin refuses and phones make."""
        evm = Evm(spec="CANCUN")
        ours = evm.deploy("PasskeyVerifier")
        theirs = evm.deploy("Reference", artifact=foreign(OPENZEPPELIN, "ERC7913WebAuthnVerifier"))
        draw, counts = random.Random(SEED), {(YES, YES): 0, (NO, NO): 0, (YES, NO): 0}
        for number in range(900):
            draft, key, digest, signature = drawn(draw, number)
            pair = []
            for contract in (ours, theirs):
                try:
                    pair.append(contract.call("verify", key, digest, signature))
                except Reverted:  # theirs runs into its own reading of calldata now and then
                    assert contract is theirs
                    pair.append(NO)
            assert tuple(pair) in counts, (number, draft)
            assert tuple(pair) != (YES, NO) or draft.high, (number, draft)
            counts[tuple(pair)] += 1
        assert all(count > 50 for count in counts.values()), counts


def answer(public, digest, r, s):
    try:
        public.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature:
        return NO
    return YES


def drawn(draw, number):
    """Return a draft and what is asked about it: good, wrong in one place, or cut and bent."""
    digest = draw.randbytes(32)
    draft = Draft(
        digest, name=str(number % 7), flags=draw.choice((0x05, 0x1D, 0x0D, draw.randrange(256)))
    )
    draft = draft.but(high=draw.random() < 0.3)
    kind = draw.choice(
        ("good", "good", "good", "data", "said", "index", "offset", "length", "cut", "byte", "key")
    )
    if kind == "data":
        draft = draft.but(data=draft.authenticator_data[: draw.randrange(38)])
    if kind == "said":
        draft = draft.but(
            said=draw.choice(
                (b"", b"{}", draft.client_data[1:], draft.client_data.replace(b"get", b"Get"))
            )
        )
    if kind == "index":
        draft = draft.but(
            numbers={draw.choice(("type", "challenge")): draw.choice((0, 1, 23, 60, 2**256 - 1))}
        )
    signature, key = bytearray(draft.encoded), draft.key.raw
    if kind == "offset":
        slot = draw.choice((128, 160))
        signature[slot : slot + 32] = word(
            draw.choice((0, 64, 192, 2**64, 2**256 - 1, draw.randrange(1_000)))
        )
    if kind == "length":
        slot = draw.choice((128, 160))
        at = int.from_bytes(signature[slot : slot + 32], "big")
        signature[at : at + 32] = word(draw.choice((0, 36, 37, 38, 500, 2**256 - 1)))
    if kind == "cut":
        del signature[draw.randrange(len(signature)) :]
    if kind == "byte":
        signature[draw.randrange(len(signature))] ^= draw.randrange(1, 256)
    if kind == "key":
        key = draw.choice((key[:-1], key[::-1], bytes(64), b"", key + b"\0"))
    return draft, key, digest, bytes(signature)


MUTANTS = {
    "nobody needs to be verified": (
        "_PRESENT_AND_VERIFIED = 0x05",
        "_PRESENT_AND_VERIFIED = 0x01",
        {"flags": 0x01},
    ),
    "nobody needs to be there": (
        "_PRESENT_AND_VERIFIED = 0x05",
        "_PRESENT_AND_VERIFIED = 0x04",
        {"flags": 0x04},
    ),
    "flags may contradict each other": (
        " && flags & _BACKUP != _BACKED_UP_BUT_NOT_ELIGIBLE",
        "",
        {"flags": 0x15},
    ),
    "any ceremony will do": (
        "return bytes21(clientData[index:]) == _TYPE;",
        "return bytes21(clientData[index:]) == _TYPE || true;",
        {"said": f'{{"type":"webauthn.create",{CHALLENGE}}}'.encode()},
    ),
    "the challenge may go on": (
        'true, true), "\\"");',
        "true, true));",
        {"said": f'{{{TYPE},"challenge":"{base64url.encode(DIGEST)}AAAA"}}'.encode()},
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_verifier_is_found_out(compiled, name):
    """Each of them takes what the tests above want refused."""
    old, new, wrong = MUTANTS[name]
    broken = Evm().deploy("PasskeyVerifier", artifact=mutate(SOURCE, old, new, optimise=True))
    assert asked(broken, GOOD.but(**wrong)) == YES
    assert asked(broken, GOOD) == YES


def test_a_verifier_that_refuses_high_s_is_found_out(compiled):
    broken = Evm().deploy(
        "PasskeyVerifier",
        artifact=mutate(SOURCE, "|| s >= N)", "|| s > N / 2)", inside=CURVE, optimise=True),
    )
    assert asked(broken, GOOD.but(high=True)) == NO
    assert asked(broken, GOOD.but(high=False)) == YES


def test_a_verifier_that_trusts_lengths_reverts_and_is_found_out(compiled):
    broken = Evm().deploy(
        "PasskeyVerifier",
        artifact=mutate(SOURCE, "length > rest.length ?", "length == 2 ** 255 ?", optimise=True),
    )
    signature = bytearray(GOOD.encoded)
    at = int.from_bytes(signature[128:160], "big")
    signature[at : at + 32] = word(2**64)
    with pytest.raises(Reverted):
        asked(broken, GOOD, signature=bytes(signature))


def test_the_drafts_are_what_eth_abi_would_write():
    assert GOOD.encoded == encode([*TYPES[:-1], "bytes"], GOOD.values)
    assert SITE.rp_id == "wallet.example"
