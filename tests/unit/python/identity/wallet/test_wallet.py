import logging
import stat
import time

import pytest

from careledger import files
from careledger.errors import Conflict, InputError
from careledger.identity.wallet import Wallet
from careledger.identity.wallet.encryption import MIN_WORK, PasswordKey
from careledger.identity.wallet.errors import (
    MalformedWallet,
    WalletBusy,
    WalletDamaged,
    WrongPassword,
)
from tests.worlds.identity.wallets import PASSWORD, WORDS, full_disk, reread


class TestCreate:
    def test_a_file_that_is_there_stays(self, wallet):
        wallet.close()
        before = wallet.file.read_bytes()
        with pytest.raises(InputError, match="left as it is"):
            Wallet.create(wallet.file, PASSWORD, work=MIN_WORK)
        assert wallet.file.read_bytes() == before

    def test_an_empty_password_and_wrong_words_leave_no_file(self, file):
        with pytest.raises(InputError, match="protects nothing"):
            Wallet.create(file, "")
        with pytest.raises(InputError, match="not the words"):
            Wallet.create(file, PASSWORD, "abandon " * 12, work=MIN_WORK)
        assert not file.exists()

    def test_only_its_owner_can_read_any_of_its_files(self, wallet):
        wallet.new_subject()
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode) for path in wallet.file.parent.iterdir()
        }
        assert modes == {"ana.wallet": 0o600, "ana.wallet.lock": 0o600}

    def test_words_are_new_unless_given(self, tmp_path):
        found = set()
        for name in ("one", "two"):
            with Wallet.create(tmp_path / name, PASSWORD, work=MIN_WORK) as made:
                found.add(made.words)
        assert len(found) == 2

    def test_a_folder_that_cannot_be_made_is_said(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(InputError, match="cannot be written"):
            Wallet.create(tmp_path / "file" / "ana.wallet", PASSWORD, work=MIN_WORK)

    def test_a_failure_lets_others_write(self, wallet):
        wallet.close()
        with pytest.raises(InputError):
            Wallet.create(wallet.file, PASSWORD, work=MIN_WORK)
        Wallet.open(wallet.file, PASSWORD).close()


class TestOpen:
    def test_a_wallet_that_is_not_there_is_said_and_not_made(self, file):
        with pytest.raises(InputError, match="there is no wallet"):
            Wallet.open(file, PASSWORD)
        assert not file.parent.exists()

    def test_a_wrong_password_is_said_and_the_wallet_is_free_again(self, wallet):
        wallet.close()
        with pytest.raises(WrongPassword):
            Wallet.open(wallet.file, "another")
        Wallet.open(wallet.file, PASSWORD).close()

    def test_damage_is_said(self, wallet):
        wallet.close()
        raw = bytearray(wallet.file.read_bytes())
        raw[400] ^= 1
        wallet.file.write_bytes(raw)
        with pytest.raises(WalletDamaged):
            Wallet.open(wallet.file, PASSWORD)

    def test_a_huge_file_is_refused(self, file):
        file.parent.mkdir()
        with file.open("wb") as stream:
            stream.truncate(2**30)
        with pytest.raises(InputError, match="longer than"):
            Wallet.open(file, PASSWORD)

    @pytest.mark.parametrize(
        "content",
        [b"", b"[]", b"{}", b"[" * 100, b'{"words":1}', b"\xff",
         b'{"words":"","subjects":[],"holderKeys":{},"credentials":{}}',
         b'{"words":"","subjects":{},"holderKeys":{},"credentials":{},"consents":{}}',
         b'{"words":"","subjects":["0x"],"holderKeys":{},"credentials":{},"consents":{}}',
         b'{"words":"","subjects":[7],"holderKeys":{},"credentials":{},"consents":{}}',
         b'{"words":"","subjects":[],"holderKeys":{"a":1},"credentials":{},"consents":{}}',
         b'{"words":"","subjects":[],"holderKeys":{},"credentials":{"a":{}},"consents":{}}',
         b'{"words":"","subjects":[],"holderKeys":{},"credentials":{"a":[]},"consents":{}}',
         b'{"words":"","subjects":[],"holderKeys":{},"credentials":{},"consents":{"0x":{}}}'],
    )  # fmt: skip
    def test_another_content_is_refused(self, file, content):
        file.parent.mkdir()
        file.write_bytes(PasswordKey.derive(PASSWORD, MIN_WORK).encrypt(content))
        with pytest.raises(MalformedWallet):
            Wallet.open(file, PASSWORD)

    def test_one_writer_at_a_time_readers_whenever(self, wallet):
        with pytest.raises(WalletBusy, match="another program"):
            Wallet.open(wallet.file, PASSWORD)
        with Wallet.open(wallet.file, PASSWORD, writing=False) as reader:
            assert reader.words == WORDS
        wallet.close()
        Wallet.open(wallet.file, PASSWORD).close()

    def test_a_link_to_it_is_the_same_wallet(self, wallet, tmp_path):
        (tmp_path / "link").symlink_to(wallet.file)
        with pytest.raises(WalletBusy):
            Wallet.open(tmp_path / "link", PASSWORD)
        wallet.close()
        with Wallet.open(tmp_path / "link", PASSWORD) as opened:
            opened.new_subject()
        assert (tmp_path / "link").is_symlink()
        assert len(reread(wallet).subjects) == 1

    def test_a_reader_cannot_change_it_nor_can_who_closed_it(self, wallet):
        with pytest.raises(Conflict, match="reading only"):
            reread(wallet).new_subject()
        wallet.close()
        wallet.close()
        with pytest.raises(Conflict, match="or closed"):
            wallet.new_holder_key()

    def test_nothing_secret_is_in_repr_log_or_file(self, wallet, caplog):
        caplog.set_level(logging.DEBUG)
        subject, key = wallet.new_subject(), wallet.new_holder_key()
        held = wallet.add_credential("eyJ.distinctive.sig~", key.public.thumbprint)
        wallet.keep_consent(bytes(32), {"text": "distinctive"})
        shown = repr(wallet) + repr(subject) + repr(held) + caplog.text
        raw = wallet.file.read_bytes().decode()
        for secret in (
            "abandon",
            "distinctive",
            bytes(subject.account.key).hex(),
            key.secret.hex(),
            PASSWORD,
        ):
            assert secret not in shown
            assert secret not in raw


def test_a_wallet_full_of_rubbish_is_refused_in_time_that_grows_with_its_length_only(file):
    """Whatever it holds, and even if whoever made it knows the password."""
    file.parent.mkdir()
    for filler in (b"0,", b"[],", b'{"":0},'):
        content = b'{"a":[' + filler * (3 * 2**20 // len(filler) - 9_000) + b"0]}"
        file.write_bytes(PasswordKey.derive(PASSWORD, MIN_WORK).encrypt(content))
        began = time.thread_time()
        with pytest.raises(MalformedWallet):
            Wallet.open(file, PASSWORD)
        assert (
            time.thread_time() - began < 15
        )  # about one; what grew with the square would take hours


class TestChangePassword:
    def test_the_old_one_opens_it_no_more(self, wallet):
        wallet.new_subject()
        wallet.change_password("new", work=MIN_WORK)
        wallet.new_subject()
        with pytest.raises(WrongPassword):
            reread(wallet)
        assert len(Wallet.open(wallet.file, "new", writing=False).subjects) == 2

    def test_a_failure_keeps_the_old_one(self, wallet, monkeypatch):
        with pytest.raises(InputError):
            wallet.change_password("")
        with monkeypatch.context() as broken:
            broken.setattr(files.os, "fsync", full_disk)
            with pytest.raises(InputError, match="No space"):
                wallet.change_password("new", work=MIN_WORK)
        wallet.new_subject()
        assert len(reread(wallet).subjects) == 1
