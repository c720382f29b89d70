"""The relying party, and what a browser is asked."""

import pytest
from webauthn.helpers import base64url_to_bytes

from careledger.errors import InputError
from careledger.identity.passkeys import errors
from careledger.identity.passkeys.ceremony import (
    RelyingParty,
    creation_options,
    request_options,
)
from tests.support.refusals import because
from tests.worlds.identity.passkeys import CHALLENGE, DIGEST, SITE, phone


class TestSite:
    @pytest.mark.parametrize(
        "origins",
        [
            (),
            ("wallet.example",),
            ("https://",),
            ("https://wallet.example/",),
            ("https://wallet.example/page",),
            ("https://user@wallet.example?x",),
            ("http://wallet.example",),
            ("ftp://wallet.example",),
            ("https://else.example",),
            ("https://evilwallet.example",),
            ("https://wallet.example", "https://wallet.example.evil"),
        ],
    )
    def test_origins_that_no_browser_would_take_are_refused(self, origins):
        with pytest.raises(InputError):
            RelyingParty("wallet.example", origins)

    def test_good_ones_are_taken(self):
        RelyingParty(
            "wallet.example", ("https://wallet.example", "https://a.b.wallet.example:8443")
        )
        RelyingParty("localhost", ("http://localhost:8000", "https://localhost"))


class TestOptions:
    def test_creating_asks_for_p256_and_the_persons_verification(self):
        options = creation_options(SITE, "Alice", CHALLENGE, known=[phone("alice").passkey])
        assert options["pubKeyCredParams"] == [{"type": "public-key", "alg": -7}]
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert options["attestation"] == "none"
        assert base64url_to_bytes(options["challenge"]) == CHALLENGE
        assert (
            base64url_to_bytes(options["excludeCredentials"][0]["id"])
            == phone("alice").credential_id
        )
        assert options["rp"] == {"id": "wallet.example", "name": "Example Wallet"}

    def test_the_handle_is_random_unless_given(self):
        handles = {creation_options(SITE, "Alice", CHALLENGE)["user"]["id"] for _ in range(3)}
        assert len(handles) == 3
        assert creation_options(SITE, "Alice", CHALLENGE, b"\1\2")["user"]["id"] == "AQI"

    def test_signing_asks_with_the_digest_itself(self):
        options = request_options(SITE, DIGEST, [phone("alice").passkey])
        assert base64url_to_bytes(options["challenge"]) == DIGEST
        assert (options["rpId"], options["userVerification"]) == ("wallet.example", "required")
        assert request_options(SITE, DIGEST)["allowCredentials"] == []

    @pytest.mark.parametrize("length", [0, 31, 33, 64])
    def test_only_a_digest_can_be_signed(self, length):
        with because(errors.PasskeyReason.WRONG_CHALLENGE):
            request_options(SITE, bytes(length))
