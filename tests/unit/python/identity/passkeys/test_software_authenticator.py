"""The passkey in software answers as a phone does."""

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from eth_utils.crypto import keccak
from webauthn.helpers import base64url_to_bytes

from careledger.chain.reverts import Reverted
from careledger.identity.passkeys import errors
from careledger.identity.passkeys.ceremony import (
    request_options,
)
from careledger.identity.passkeys.passkey import ORDER
from careledger.identity.passkeys.software_authenticator import SoftwareAuthenticator
from tests.worlds.identity.passkeys import DIGEST, SITE, VERIFIER, phone


class TestSoftwareAuthenticator:
    def test_one_without_a_secret_has_a_key_of_its_own(self):
        assert SoftwareAuthenticator(SITE).key != SoftwareAuthenticator(SITE).key

    def test_it_signs_the_same_way_each_time(self):
        assert phone("alice").sign(DIGEST, VERIFIER) == phone("alice").sign(DIGEST, VERIFIER)

    @pytest.mark.parametrize("high", [False, True])
    def test_it_gives_the_s_that_is_wanted(self, high):
        passkey = phone("alice", high=high)
        for number in range(5):
            answer = passkey.get(request_options(SITE, keccak(bytes([number]))))
            s = decode_dss_signature(base64url_to_bytes(answer["response"]["signature"]))[1]
            assert (s > ORDER // 2) is high

    def test_as_a_signer_it_has_the_passkeys_address(self):
        class Message:
            digest = DIGEST

        signer = phone("alice").signer(VERIFIER)
        assert signer.address == phone("alice").key.address(VERIFIER)
        assert signer.sign(Message()) == phone("alice").sign(DIGEST, VERIFIER)


def test_the_contracts_refusal_is_no_passkeys_refusal():
    assert issubclass(errors.NotOnCurve, Reverted)
    assert not issubclass(errors.NotOnCurve, errors.PasskeyRefused)
