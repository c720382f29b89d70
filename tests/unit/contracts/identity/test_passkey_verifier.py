"""PasskeyVerifier: what it takes, all that it must not take, and that it never reverts.

In this EVM there is no precompile for P-256, so Solidity verifies;
tests/integration/identity/test_passkeys.py has both.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from eth_abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from careledger.crypto import base64url
from careledger.crypto.hashing import sha256
from careledger.identity.passkeys.assertion import TYPES
from careledger.identity.passkeys.errors import BadPasskey, NotOnCurve
from careledger.identity.passkeys.passkey import ORDER, B, P, PasskeyKey
from tests.worlds.identity.passkey_verifier import (
    CHALLENGE,
    DIGEST,
    GOOD,
    NO,
    TYPE,
    YES,
    asked,
    word,
)
from tests.worlds.identity.passkeys import SITE, Draft, phone


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


def test_the_drafts_are_what_eth_abi_would_write():
    assert GOOD.encoded == encode([*TYPES[:-1], "bytes"], GOOD.values)
    assert SITE.rp_id == "wallet.example"
