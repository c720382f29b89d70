"""A passkey's key, its address, and what is kept of it."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from careledger.errors import InputError
from careledger.identity.passkeys import errors
from careledger.identity.passkeys.passkey import P, Passkey, PasskeyKey
from tests.worlds.identity.passkeys import VERIFIER, phone


class TestPasskeyKey:
    def test_the_address_is_the_tail_of_the_hash_of_84_bytes(self):
        key = phone("alice").key
        signer = b"\x11" * 20 + key.x + key.y
        assert key.signer(VERIFIER) == signer
        assert key.address(VERIFIER) == to_checksum_address(keccak(signer)[12:])
        assert key.address("0x" + "12" * 20) != key.address(VERIFIER)

    def test_a_verifier_must_be_an_address(self):
        with pytest.raises(InputError):
            phone("alice").key.address("0x1234")

    @pytest.mark.parametrize(
        ("x", "y"),
        [
            (b"", b""),
            (b"\1" * 31, b"\1" * 32),
            (b"\1" * 32, b"\1" * 33),
            (bytes(32), bytes(32)),
            (b"\1" * 32, b"\1" * 32),
            (P.to_bytes(32, "big"), P.to_bytes(32, "big")),
            (b"\xff" * 32, b"\xff" * 32),
        ],
    )
    def test_what_is_no_point_is_refused(self, x, y):
        with pytest.raises(errors.BadPasskey):
            PasskeyKey(x, y)

    def test_a_key_of_another_curve_is_refused(self):
        with pytest.raises(errors.BadPasskey, match="secp256k1"):
            PasskeyKey.of(ec.generate_private_key(ec.SECP256K1()).public_key())


class TestPasskeyRecord:
    def test_it_comes_back_as_it_was(self):
        passkey = phone("alice").passkey
        assert Passkey.from_json(json.loads(json.dumps(passkey.to_json()))) == passkey

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("x", None),
            ("x", 5),
            ("x", "0x12"),
            ("x", "12" * 32),
            ("y", "0x" + "01" * 32),
            ("y", "0xzz"),
            ("credentialId", "0x"),
            ("credentialId", "0x" + "11" * 1024),
            ("credentialId", "0x1"),
            ("rpId", ""),
            ("rpId", 7),
            ("count", -1),
            ("count", True),
            ("count", "1"),
            ("backedUp", 1),
        ],
    )
    def test_a_bad_member_is_refused(self, member, value):
        with pytest.raises(errors.BadPasskey):
            Passkey.from_json(phone("alice").passkey.to_json() | {member: value})

    def test_a_missing_member_is_refused(self):
        for member in phone("alice").passkey.to_json():
            document = phone("alice").passkey.to_json()
            del document[member]
            with pytest.raises(errors.BadPasskey):
                Passkey.from_json(document)

    def test_an_unknown_member_is_refused(self):
        with pytest.raises(errors.BadPasskey, match=r"\$\.secret: unknown"):
            Passkey.from_json(phone("alice").passkey.to_json() | {"secret": "0x12"})
