"""Keys of three types, and that none is ever used as another."""

import pytest
from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_account import Account

from careledger.crypto.typed_data import HALF_ORDER
from careledger.errors import InputError
from careledger.identity.credentials import errors
from careledger.identity.credentials.curves import KeyType
from careledger.identity.credentials.jose import encode
from careledger.identity.credentials.keys import (
    ATTRIBUTES,
    KEY_TYPES,
    SigningKey,
    VerificationKey,
)
from tests.support.refusals import because

ALGORITHMS = list(KEY_TYPES)
SECRET, DATA = b"\x21" * 32, b"signing input"
ORDER = 2 * HALF_ORDER + 1
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def key(alg):
    return SigningKey(alg, SECRET)


def mirrored(signature, order):
    """Return the signature with the other s."""
    s = order - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes(one ^ 1 for one in signature[64:])


class TestSigning:
    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_signs_and_is_verified(self, alg):
        signature = key(alg).sign(DATA)
        assert key(alg).public.verify(alg, DATA, signature)
        assert not key(alg).public.verify(alg, DATA + b"!", signature)
        assert not SigningKey(alg, b"\x22" * 32).public.verify(alg, DATA, signature)

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_the_same_signature_every_time(self, alg):
        assert key(alg).sign(DATA) == key(alg).sign(DATA)

    @pytest.mark.parametrize("alg", ["ES256K", "ES256K-R"])
    def test_an_address_is_enough_for_secp256k1(self, alg):
        address = VerificationKey(KeyType.SECP256K1, bytes.fromhex(key(alg).address[2:]))
        assert address.verify(alg, DATA, key(alg).sign(DATA))
        assert not address.verify(alg, b"", key(alg).sign(DATA))
        with pytest.raises(InputError):
            _ = address.jwk

    def test_the_account_is_that_of_the_key(self):
        account = Account.from_key(SECRET)
        assert SigningKey.of_account(account).address == account.address
        with pytest.raises(InputError):
            _ = key("EdDSA").address

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_new_keys_differ(self, alg):
        assert SigningKey.generate(alg) != SigningKey.generate(alg)

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_its_secret_is_in_no_text(self, alg):
        assert SECRET.hex() not in repr(key(alg))
        assert "!!!!" not in repr(key(alg))

    @pytest.mark.parametrize(
        ("alg", "secret"), [("ES256K", bytes(32)), ("ES256", b"\xff" * 32), ("EdDSA", b"\1")]
    )
    def test_what_is_no_key(self, alg, secret):
        with pytest.raises(InputError, match="private key"):
            SigningKey(alg, secret)

    @pytest.mark.parametrize("alg", ["none", "HS256", "Ed25519"])
    def test_what_is_no_algorithm(self, alg):
        with pytest.raises(InputError):
            SigningKey(alg, SECRET)
        with pytest.raises(InputError):
            SigningKey.generate(alg)


class TestSignatures:
    @pytest.mark.parametrize("alg", ALGORITHMS)
    @pytest.mark.parametrize(
        "wrong", [b"", b"\0" * 64, b"\0" * 65, b"\xff" * 64, b"\xff" * 65, b"\1" * 63, b"\1" * 1000]
    )
    def test_garbage_is_merely_wrong(self, alg, wrong):
        assert not key(alg).public.verify(alg, DATA, wrong)
        if KEY_TYPES[alg] is KeyType.SECP256K1:
            assert not VerificationKey(KeyType.SECP256K1, b"\1" * 20).verify(alg, DATA, wrong)

    @pytest.mark.parametrize(
        ("alg", "order"), [("ES256K", ORDER), ("ES256K-R", ORDER), ("ES256", P256_ORDER)]
    )
    def test_both_halves_of_s_are_taken_and_low_ones_are_made(self, alg, order):
        signature = key(alg).sign(DATA)
        assert key(alg).public.verify(alg, DATA, mirrored(signature, order))
        if order is ORDER:
            assert int.from_bytes(signature[32:64], "big") <= HALF_ORDER

    @pytest.mark.parametrize("recovery", [2, 3, 4, 27, 28, 255])
    def test_other_recovery_numbers_are_wrong(self, recovery):
        signature = key("ES256K-R").sign(DATA)[:64] + bytes([recovery])
        assert not key("ES256K-R").public.verify("ES256K-R", DATA, signature)

    def test_der_is_no_jws(self):
        assert not key("ES256K").public.verify("ES256K", DATA, PrivateKey(SECRET).sign(DATA))


class TestConfusion:
    @pytest.mark.parametrize("alg", [*ALGORITHMS, "none", "HS256", "RS256"])
    @pytest.mark.parametrize("kind", list(KeyType))
    def test_a_key_takes_its_own_algorithms_only(self, alg, kind):
        own = next(key(name) for name, its in KEY_TYPES.items() if its is kind)
        if KEY_TYPES.get(alg) is kind:
            own.public.verify(alg, DATA, b"")
        else:
            with because(errors.SignatureReason.KEY_TYPE_MISMATCH, match="does not take"):
                own.public.verify(alg, DATA, own.sign(DATA))


class TestJwk:
    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_there_and_back(self, alg):
        public = key(alg).public
        assert VerificationKey.from_jwk(public.jwk) == public
        assert SigningKey.from_private_jwk(key(alg).private_jwk) == key(alg)

    def test_the_thumbprint_of_rfc_8037(self):
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
        assert (
            VerificationKey.from_jwk(jwk).thumbprint
            == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        )

    @pytest.mark.parametrize(
        "change",
        [
            {"kty": "RSA"},
            {"kty": "oct", "k": "AA"},
            {"crv": "P-384"},
            {"crv": None},
            {"x": "AA"},
            {"x": 7},
            {"x": "=" * 43},
            {"y": encode(b"\1" * 32)},
            {"y": None},
            {"d": encode(SECRET)},
            {"alg": "EdDSA"},
            {"alg": "none"},
        ],
        ids=str,
    )
    def test_what_is_no_public_key(self, change):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            VerificationKey.from_jwk(key("ES256").public.jwk | change)

    @pytest.mark.parametrize("jwk", [None, [], "x", 7, {}])
    def test_what_is_no_jwk_at_all(self, jwk):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            VerificationKey.from_jwk(jwk)

    def test_a_secret_of_another_key(self):
        jwk = key("ES256").private_jwk | {"d": encode(b"\x22" * 32)}
        with pytest.raises(InputError, match="belong together"):
            SigningKey.from_private_jwk(jwk)

    @pytest.mark.parametrize("kind", list(KeyType))
    @pytest.mark.parametrize("raw", [b"", b"\2" + b"\xff" * 32, b"\0" * 33, b"\1" * 19])
    def test_bytes_that_are_no_key(self, kind, raw):
        with because(errors.TokenReason.MALFORMED_CLAIM):
            VerificationKey(kind, raw)


class TestMethods:
    """Keys as a did:ethr document has them."""

    def method(self, kind, **material):
        return {"id": "did:x#1", "type": kind, "controller": "did:x", **material}

    def test_accounts(self):
        account = key("ES256K").address
        method = self.method(
            "EcdsaSecp256k1RecoveryMethod2020", blockchainAccountId=f"eip155:31337:{account}"
        )
        found = VerificationKey.from_method(method)
        assert found.is_address
        assert found.raw.hex() == account[2:].lower()

    @pytest.mark.parametrize("alg", ["ES256K", "ES256", "EdDSA"])
    def test_what_an_attribute_makes(self, alg):
        name, value = key(alg).attribute
        assert len(name) <= 32
        kind = {
            "ES256K": "EcdsaSecp256k1VerificationKey2019",
            "ES256": "JsonWebKey2020",
            "EdDSA": "Ed25519VerificationKey2018",
        }[alg]
        assert (
            VerificationKey.from_method(self.method(kind, publicKeyHex=value.hex()))
            == key(alg).public
        )
        assert ATTRIBUTES[key(alg).kind] == name

    def test_points_of_65_bytes(self):
        public = ec.derive_private_key(int.from_bytes(SECRET, "big"), ec.SECP256R1()).public_key()
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        found = VerificationKey.from_method(self.method("Multikey", publicKeyHex=point.hex()))
        assert found == key("ES256").public
        bent = point[:64] + bytes([point[64] ^ 2])
        assert VerificationKey.from_method(self.method("Multikey", publicKeyHex=bent.hex())) is None
        point = PrivateKey(SECRET).public_key.format(compressed=False)
        method = self.method("EcdsaSecp256k1VerificationKey2019", publicKeyHex=point.hex())
        assert VerificationKey.from_method(method) == key("ES256K").public

    @pytest.mark.parametrize("alg", ["EdDSA", "ES256K"])
    def test_base64_and_base58(self, alg):
        import base64

        from careledger.identity.did.encoding import base58

        raw = key(alg).public.raw
        kind = (
            "Ed25519VerificationKey2018" if alg == "EdDSA" else "EcdsaSecp256k1VerificationKey2019"
        )
        for material in (
            {"publicKeyBase64": base64.b64encode(raw).decode()},
            {"publicKeyBase58": base58(raw)},
        ):
            assert VerificationKey.from_method(self.method(kind, **material)) == key(alg).public

    @pytest.mark.parametrize(
        ("kind", "material"),
        [
            ("RSAVerificationKey2018", {"publicKeyPem": "-----BEGIN"}),
            ("X25519KeyAgreementKey2019", {"publicKeyHex": "01" * 32}),
            ("Ed25519VerificationKey2018", {"publicKeyHex": "zz"}),
            ("Ed25519VerificationKey2018", {"publicKeyHex": "01" * 20}),
            ("Ed25519VerificationKey2018", {"publicKeyBase58": "0OIl"}),
            ("Ed25519VerificationKey2018", {"publicKeyBase58": "1" * 1_000_000}),
            ("Ed25519VerificationKey2018", {"publicKeyBase64": "*"}),
            ("Ed25519VerificationKey2018", {}),
            ("EcdsaSecp256k1VerificationKey2019", {"publicKeyHex": "01" * 20}),
            ("EcdsaSecp256k1VerificationKey2019", {"publicKeyHex": "05" + "01" * 64}),
            ("EcdsaSecp256k1RecoveryMethod2020", {}),
            ("EcdsaSecp256k1RecoveryMethod2020", {"blockchainAccountId": "eip155:1:0x12"}),
            ("EcdsaSecp256k1RecoveryMethod2020", {"blockchainAccountId": "eip155:1:nonsense"}),
            (None, {"publicKeyHex": "01" * 33}),
        ],
        ids=str,
    )
    def test_what_is_of_no_use_here(self, kind, material):
        assert VerificationKey.from_method(self.method(kind, **material)) is None
