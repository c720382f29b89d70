import os
import signal
import subprocess
import sys
from multiprocessing import get_context

import pytest

from careledger import files
from careledger.chain.toolchain import ROOT
from careledger.errors import Conflict, InputError, NotFound
from careledger.identity.wallet import Wallet
from careledger.identity.wallet import wallet as module
from careledger.identity.wallet.encryption import MIN_WORK
from careledger.identity.wallet.errors import (
    WalletBusy,
)
from tests.worlds.identity.wallets import PASSWORD, WORDS, full_disk, reread


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
