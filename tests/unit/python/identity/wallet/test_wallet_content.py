import json

import pytest

from careledger.crypto.hashing import sha256
from careledger.errors import InputError, NotFound
from tests.worlds.identity.wallets import PASSWORD, WORDS, reread

DOCUMENT = {"consent": {"expiry": 1_900_000_000}, "text": "Über 18?"}


class TestHolderKeys:
    @pytest.mark.parametrize("alg", ["ES256", "ES256K", "EdDSA"])
    def test_there_and_back(self, wallet, alg):
        key = wallet.new_holder_key(alg)
        assert reread(wallet).holder_key(key.public.thumbprint) == key
        assert key.alg == alg

    def test_each_is_another(self, wallet):
        assert len({wallet.new_holder_key().public.thumbprint for _ in range(5)}) == 5

    def test_an_unknown_key_or_algorithm_is_refused(self, wallet):
        with pytest.raises(NotFound, match="another holder's"):
            wallet.holder_key("x")
        with pytest.raises(InputError):
            wallet.new_holder_key("RS256")


class TestCredentials:
    def test_there_and_back_to_the_letter(self, wallet):
        key = wallet.new_holder_key()
        text = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln~WyJhIiwgImIiXQ~"
        held = wallet.add_credential(text, key.public.thumbprint)
        assert (held.text, held.holder_key) == (text, key.public.thumbprint)
        again = reread(wallet)
        assert again.credential(held.id) == held
        assert again.credentials == [held]

    def test_the_same_again_changes_nothing(self, wallet):
        held = wallet.add_credential("a.b.c")
        before = wallet.file.read_bytes()
        assert wallet.add_credential("a.b.c") == held
        assert wallet.file.read_bytes() == before

    def test_removing_one_removes_the_key_that_it_alone_was_bound_to(self, wallet):
        shared, own = (
            wallet.new_holder_key().public.thumbprint,
            wallet.new_holder_key().public.thumbprint,
        )
        one, two = wallet.add_credential("a.b.c", shared), wallet.add_credential("d.e.f", shared)
        three = wallet.add_credential("g.h.i", own)
        wallet.remove_credential(one.id)
        wallet.remove_credential(three.id)
        again = reread(wallet)
        assert again.credentials == [two]
        assert again.holder_key(shared)
        with pytest.raises(NotFound):
            again.holder_key(own)

    def test_refusals(self, wallet):
        for text in ("", "é"):
            with pytest.raises(InputError, match="ASCII"):
                wallet.add_credential(text)
        with pytest.raises(NotFound):
            wallet.add_credential("a.b.c", "unknown")
        with pytest.raises(NotFound, match="no credential"):
            wallet.credential("x")
        with pytest.raises(NotFound):
            wallet.remove_credential("x")
        assert wallet.credentials == []

    def test_a_wallet_does_not_grow_beyond_what_is_read(self, wallet):
        with pytest.raises(InputError, match="remove old"):
            wallet.add_credential("x" * 4 * 2**20)
        assert wallet.credentials == []
        assert reread(wallet).credentials == []


class TestConsents:
    def test_there_and_back(self, wallet):
        wallet.keep_consent(b"\1" * 32, DOCUMENT)
        wallet.keep_consent(b"\2" * 32, {})
        wallet.keep_consent(b"\2" * 32, {"revoked": True})
        assert reread(wallet).consents == {b"\1" * 32: DOCUMENT, b"\2" * 32: {"revoked": True}}

    def test_what_is_shown_is_a_copy(self, wallet):
        wallet.keep_consent(b"\1" * 32, DOCUMENT)
        wallet.consents[b"\1" * 32]["consent"]["expiry"] = 0
        assert wallet.consents == {b"\1" * 32: DOCUMENT}

    def test_forgetting(self, wallet):
        wallet.keep_consent(b"\1" * 32, DOCUMENT)
        wallet.forget_consent(b"\1" * 32)
        assert reread(wallet).consents == {}
        with pytest.raises(NotFound, match="no consent"):
            wallet.forget_consent(b"\1" * 32)

    def test_refusals(self, wallet):
        with pytest.raises(InputError, match="32 bytes"):
            wallet.keep_consent(b"", DOCUMENT)
        with pytest.raises(InputError):
            wallet.keep_consent(bytes(32), {"at": float("nan")})
        assert wallet.consents == {}


def test_the_content_is_what_the_protocol_says(wallet):
    from careledger.identity.wallet.encryption import EncryptedWallet

    key = wallet.new_holder_key()
    held = wallet.add_credential("a.b.c", key.public.thumbprint)
    wallet.keep_consent(b"\1" * 32, DOCUMENT)
    subject = wallet.new_subject()
    content, _ = EncryptedWallet.parse(wallet.file.read_bytes()).decrypt(PASSWORD)
    assert json.loads(content) == {
        "words": WORDS,
        "subjects": [subject.address],
        "holderKeys": {key.public.thumbprint: key.private_jwk},
        "credentials": {
            held.id: {"text": "a.b.c", "holderKey": key.public.thumbprint, "addedAt": held.added_at}
        },
        "consents": {"0x" + "01" * 32: DOCUMENT},
    }


def test_no_id_of_a_credential_looks_like_an_option(wallet):
    for number in range(1_000):
        text = f"credential {number}"
        if sha256(text.encode())[0] >> 2 == 62:  # "-" in base64url
            assert wallet.add_credential(text).id.startswith("_")
            assert wallet.credential(wallet.add_credential(text).id).text == text
            return
    raise AssertionError
