"""What wallets are shown is what is signed, and every kind of signer goes through one interface."""

from datetime import UTC, datetime

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from careledger.crypto.typed_data import recover
from careledger.errors import InputError
from careledger.identity.consent.messages import (
    MAX_SIGNATURE,
    ConsentMessages,
    ConsentSignature,
    ExternalSigner,
    KeySigner,
    SignedRevokeAll,
)
from careledger.identity.consent.terms import Consent, ConsentTerms
from tests.worlds.identity.consents import Consent as Plain
from tests.worlds.identity.consents import Signing
from tests.worlds.identity.consents import Terms as PlainTerms

REGISTRY, WALLET = "0x" + "11" * 20, "0x" + "55" * 20
KEY = Account.from_key(keccak(text="careledger example"))
DOMAIN = ConsentMessages(31337, REGISTRY)
TERMS = ConsentTerms("0x" + "22" * 20, b"\1" * 32, b"\2" * 32, b"\3" * 32)
CONSENT = Consent(KEY.address, datetime.fromtimestamp(1_900_000_000, UTC), TERMS)
DEADLINE = datetime.fromtimestamp(1_850_000_000, UTC)
MESSAGES = {
    "GrantConsent": DOMAIN.grant(CONSENT, 3, DEADLINE),
    "RevokeConsent": DOMAIN.revoke(CONSENT, DEADLINE),
    "RevokeAll": DOMAIN.revoke_all(CONSENT.subject, 3, DEADLINE),
}
each = pytest.mark.parametrize("kind", MESSAGES)


@each
class TestTypedData:
    def test_its_digest_is_what_a_standard_library_makes_of_the_document(self, kind):
        message = MESSAGES[kind]
        signable = encode_typed_data(full_message=message.to_json())
        assert message.kind == kind == message.to_json()["primaryType"]
        assert message.digest == keccak(
            b"\x19" + signable.version + signable.header + signable.body
        )

    def test_a_wallet_that_takes_the_document_signs_the_same(self, kind):
        wallets = bytes(KEY.sign_typed_data(full_message=MESSAGES[kind].to_json()).signature)
        assert KeySigner(KEY).sign(MESSAGES[kind]) == wallets

    def test_its_digest_is_the_one_of_the_tests_own_reading_of_the_protocol(self, kind):
        plain = Plain(
            KEY.address,
            1_900_000_000,
            PlainTerms(TERMS.grantee, TERMS.scope, TERMS.purpose, TERMS.salt),
        )
        signing = Signing(31337, REGISTRY)
        assert (
            MESSAGES[kind].digest
            == {
                "GrantConsent": signing.grant(plain, 3, 1_850_000_000),
                "RevokeConsent": signing.revoke(plain, 1_850_000_000),
                "RevokeAll": signing.revoke_all(KEY.address, 3, 1_850_000_000),
            }[kind]
        )


class TestSigners:
    def test_a_key_signs_low_and_for_itself(self):
        message = MESSAGES["GrantConsent"]
        assert recover(message.digest, KeySigner(KEY).sign(message)) == bytes.fromhex(
            KEY.address[2:]
        )
        assert KeySigner(KEY).address == KEY.address

    def test_another_program_is_asked_with_all_that_it_needs(self):
        asked = []
        signer = ExternalSigner(WALLET, lambda message: asked.append(message) or b"signed")
        act = DOMAIN.signed_grant(CONSENT, signer, 3, DEADLINE)
        assert asked == [MESSAGES["GrantConsent"]]
        assert act.abi() == (CONSENT.abi(), 3, WALLET, 1_850_000_000, b"signed")

    @pytest.mark.parametrize("answer", [b"", bytes(MAX_SIGNATURE + 1), "0x12", None])
    def test_what_is_no_signature_is_refused(self, answer):
        with pytest.raises(InputError, match="did not return a signature of 1 to 4096 bytes"):
            ExternalSigner(WALLET, lambda _: answer).sign(MESSAGES["RevokeAll"])

    def test_an_end_names_the_epoch_that_it_ends(self):
        end = DOMAIN.signed_revoke_all(CONSENT.subject, KeySigner(KEY), 3, DEADLINE)
        signature = KeySigner(KEY).sign(MESSAGES["RevokeAll"])
        assert end == SignedRevokeAll(
            CONSENT.subject, 3, ConsentSignature(KEY.address, DEADLINE, signature)
        )

    def test_a_revocation_carries_the_hash_of_the_terms_alone(self):
        act = DOMAIN.signed_revocation(CONSENT, KeySigner(KEY), DEADLINE)
        assert act.consent == CONSENT.commitment
        assert act.signed.signature == KeySigner(KEY).sign(MESSAGES["RevokeConsent"])


class TestSignatureDocument:
    SIGNED = ConsentSignature(KEY.address, DEADLINE, b"\1\2")

    def test_comes_back(self):
        assert ConsentSignature.from_json(self.SIGNED.to_json()) == self.SIGNED

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"signer": "0x12"}, "signer: address '0x12' is not an address"),
            ({"deadline": -1}, "deadline: not an integer"),
            ({"signature": "0x1"}, "signature: not bytes as 0x"),
            (
                {"signature": "0x" + "00" * (MAX_SIGNATURE + 1)},
                "signature: more than 4096 bytes",
            ),
            ({"v": 27}, "v: unknown"),
        ],
    )
    def test_a_malformed_one_is_refused(self, change, sentence):
        with pytest.raises(InputError, match=sentence):
            ConsentSignature.from_json(self.SIGNED.to_json() | change)
