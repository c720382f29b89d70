import json
import logging
import os
import signal
import stat
import subprocess
import sys
import time
from multiprocessing import get_context

import pytest

from careledger import files
from careledger.chain.toolchain import ROOT
from careledger.crypto.hashing import sha256
from careledger.errors import Conflict, InputError, NotFound
from careledger.identity.wallet import Wallet
from careledger.identity.wallet import wallet as module
from careledger.identity.wallet.encryption import MIN_WORK, PasswordKey
from careledger.identity.wallet.errors import (
    MalformedWallet,
    WalletBusy,
    WalletDamaged,
    WrongPassword,
)

PASSWORD = "correct horse battery staple"
WORDS = "abandon " * 11 + "about"
DOCUMENT = {"consent": {"expiry": 1_900_000_000}, "text": "Über 18?"}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "folder" / "ana.wallet"


@pytest.fixture
def wallet(file):
    with Wallet.create(file, PASSWORD, WORDS, work=MIN_WORK) as opened:
        yield opened


def reread(wallet):
    """Return the wallet as a program that starts now would find it."""
    return Wallet.open(wallet.file, PASSWORD, writing=False)


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


def full_disk(_):
    raise OSError(28, "No space left on device")


class TestSubjects:
    def test_each_is_another_and_found_again(self, wallet):
        made = [wallet.new_subject() for _ in range(5)]
        assert [one.index for one in made] == [0, 1, 2, 3, 4]
        assert len({one.address for one in made}) == 5
        again = reread(wallet)
        assert again.subjects == tuple(one.address for one in made)
        for one in made:
            assert again.subject(one.address.lower()).account.key == one.account.key

    def test_another_address_is_not_found(self, wallet):
        with pytest.raises(NotFound, match="not a subject of this wallet"):
            wallet.subject("0x" + "11" * 20)
        with pytest.raises(InputError):
            wallet.subject("0x")

    def test_one_that_could_not_be_written_down_is_not_handed_out(self, wallet, monkeypatch):
        wallet.new_subject()
        for broken in ("fsync", "open"):
            with monkeypatch.context() as patched:
                patched.setattr(files.os, broken, lambda *_: full_disk(None))
                with pytest.raises(InputError, match="No space"):
                    wallet.new_subject()
        assert wallet.new_subject().index == 1

    def test_what_the_chain_knows_is_passed_over(self, wallet):
        """An old copy of the file was brought back: it has forgotten what was used since."""
        old = wallet.file.read_bytes()
        used = {wallet.new_subject().address for _ in range(3)}
        wallet.close()
        wallet.file.write_bytes(old)
        with Wallet.open(wallet.file, PASSWORD) as again:
            fresh = again.new_subject(seen=lambda address: address in used)
            assert fresh.index == 3
            assert used < set(again.subjects)

    def test_the_words_alone_bring_the_subjects_back(self, wallet, tmp_path):
        made = [wallet.new_subject().address for _ in range(30)]
        used = {made[0], made[7], made[26]}
        with Wallet.create(tmp_path / "new", "other", WORDS, work=MIN_WORK) as again:
            found = again.recover_subjects(lambda address: address in used)
            assert [one.index for one in found] == [0, 7, 26]
            assert again.subjects == tuple(made[:27])
            assert again.new_subject().index == 27
            assert again.recover_subjects(lambda _: False) == []
            assert len(again.subjects) == 28, "what was handed out stays handed out"

    def test_a_node_that_claims_to_know_every_address_is_not_followed_for_ever(
        self, wallet, monkeypatch
    ):
        monkeypatch.setattr(module, "MAX_SEARCH", 30)
        for search in (wallet.new_subject, wallet.recover_subjects):
            with pytest.raises(Conflict, match="ask another node"):
                search(lambda _: True)
        assert wallet.subjects == ()
        assert wallet.new_subject().index == 0

    def test_several_threads_never_get_the_same(self, wallet):
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda _: wallet.new_subject().index, range(20)))
        assert sorted(made) == list(range(20))


KILLED = """
import sys
import time
from pathlib import Path
from careledger.identity.wallet import Wallet
from careledger.identity.wallet import wallet as module
with Wallet.open(Path(sys.argv[1]), {password!r}) as wallet:
    print("open", flush=True)
    while True:
        print(wallet.new_subject().index, flush=True)
"""


def test_no_index_is_used_twice_wherever_the_program_is_killed(wallet):
    wallet.close()
    handed_out = []
    for round_ in range(6):
        code = KILLED.format(password=PASSWORD)
        program = subprocess.Popen(
            [sys.executable, "-c", code, str(wallet.file)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert program.stdout.readline() == "open\n"
        handed_out += [int(program.stdout.readline()) for _ in range(round_)]
        os.kill(program.pid, signal.SIGKILL)
        handed_out += [int(line) for line in program.stdout if line.endswith("\n")]
        program.wait()
    assert len(handed_out) == len(set(handed_out)) >= 6 * 5 // 2
    again = reread(wallet)
    assert len(again.subjects) > max(handed_out), "whatever was handed out is on the disk"
    with Wallet.open(wallet.file, PASSWORD) as last:
        last.new_subject()
    left = sorted(path.name for path in wallet.file.parent.iterdir())
    assert left == ["ana.wallet", "ana.wallet.lock"], "what the crashes left half written is gone"


def try_to_open(file):
    try:
        with Wallet.open(file, PASSWORD) as opened:
            return opened.new_subject().index
    except WalletBusy:
        return None


def test_processes_that_write_at_once_get_different_subjects_or_are_told(wallet):
    wallet.close()
    with get_context("spawn").Pool(3) as pool:
        found = [
            index
            for index in pool.map(try_to_open, [wallet.file] * 12, chunksize=1)
            if index is not None
        ]
    assert sorted(found) == list(range(len(found)))
    assert found


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
