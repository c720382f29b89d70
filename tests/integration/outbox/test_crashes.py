"""The outbox at every crash point: a real process is killed or frozen there, and another goes on.

Each point once per database here; CARELEDGER_ROUNDS=20 repeats each as often (`make endure`).
"""

import os
import signal

import pytest

from careledger.chain.send import Sender
from careledger.chain.sent import SentTransactions
from careledger.chain.transactions import TransactionRole
from careledger.outbox.journal import TransactionJournal
from careledger.outbox.lease import StoredLease
from careledger.outbox.queue import OutboxQueue
from careledger.outbox.worker import WorkerTurn
from careledger.store import dialects
from tests.worlds.outbox import at_point, effect, in_process, kill_here, stop_here, stopped

ROUNDS = range(int(os.environ.get("CARELEDGER_ROUNDS", "1")))
ITEMS = 4


def always(*_, **__):
    return True


def a_call(_journal, _pending, role, *_, **__):
    return role is TransactionRole.CALL


def a_bump(_journal, _pending, role, *_, **__):
    return role is TransactionRole.BUMP


def the_dearer(_sent, pending):
    return len(pending.hashes) > 1


POINTS = {
    "nothing is signed yet": (Sender, "prepare", False, always),
    "signed and not stored": (TransactionJournal, "keep", False, a_call),
    "while it is stored": (TransactionJournal, "_take", True, always),
    "stored and not handed over": (TransactionJournal, "keep", True, a_call),
    "handed over and not noted": (SentTransactions, "hand_over_first", True, always),
    "noted and not waited for": (TransactionJournal, "broadcast", True, always),
    "mined and not noted": (Sender, "wait", True, always),
    "while it is noted as mined": (TransactionJournal, "_note", True, always),
    "noted as mined and not settled": (WorkerTurn, "_settle", False, always),
    "while it is settled": (TransactionJournal, "_settle_items", True, always),
    "settled": (TransactionJournal, "settle", True, always),
}
IN_TRANSACTION = {"while it is stored", "while it is noted as mined", "while it is settled"}

BUMPS = {
    "a dearer one is signed and not stored": (TransactionJournal, "keep", False, a_bump),
    "a dearer one is stored and not handed over": (TransactionJournal, "keep", True, a_bump),
    "a dearer one is handed over and not noted": (SentTransactions, "hand_over", True, the_dearer),
}


def work_until(world, point, happen, stuck_after=5):
    """Run a worker in which something happens at a point."""
    with at_point(point, happen):
        world.worker(batch=2, stuck_after=stuck_after).run()


def freeze(world, point):
    """Run a worker that stops at a point, and whose transactions PostgreSQL ends soon after."""
    dialects.POSTGRES_SETTINGS = ("idle_in_transaction_session_timeout = '4s'",)
    work_until(world, point, stop_here)


class TestKilled:
    @pytest.mark.parametrize("turn", ROUNDS)
    @pytest.mark.parametrize("point", POINTS)
    def test_at_any_point_nothing_is_lost_and_nothing_done_twice(self, world, point, turn):
        world.add(*range(ITEMS))
        for _ in range(2):
            victim = in_process(work_until, world, POINTS[point], kill_here)
            victim.join(60)
            assert victim.exitcode == -signal.SIGKILL
        world.worker(batch=2).run()
        world.expect_each_once(ITEMS)
        assert world.mined - world.before == 2

    @pytest.mark.parametrize("turn", ROUNDS)
    @pytest.mark.parametrize("point", BUMPS)
    def test_while_the_price_rises(self, world, point, turn):
        world.add(0)
        world.chain.request("evm_setAutomine", False)
        victim = in_process(work_until, world, BUMPS[point], kill_here, 0.2)
        victim.join(60)
        assert victim.exitcode == -signal.SIGKILL
        world.chain.request("evm_setAutomine", True)
        world.chain.request("evm_mine")
        world.worker().run()
        world.expect_each_once(1)
        assert world.mined - world.before == 1

    def test_before_an_item_is_committed_its_caller_adds_it_again(self, world):
        def add_and_die():
            with at_point((OutboxQueue, "_add", True, always), kill_here):
                world.worker().queue.add(world.kind, effect(0))

        victim = in_process(add_and_die)
        victim.join(60)
        assert victim.exitcode == -signal.SIGKILL
        assert world.queue.outcomes() == []
        world.add(0, 0)
        world.worker().run()
        world.expect_each_once(1)


class TestFrozen:
    @pytest.mark.parametrize("turn", ROUNDS)
    @pytest.mark.parametrize("point", POINTS)
    def test_another_one_takes_over_and_the_thawed_one_changes_nothing(
        self, world, point, turn, monkeypatch
    ):
        """SQLite has no way to end the transaction of a frozen writer: an operator kills it.

        So that a test knows where a program is frozen, no thread renews its lease there.
        """
        if not world.store.is_postgres:
            monkeypatch.setattr(StoredLease, "_renew", lambda *_: None)
        world.add(*range(ITEMS))
        frozen = in_process(freeze, world, POINTS[point])
        assert stopped(frozen)
        if point in IN_TRANSACTION and not world.store.is_postgres:
            frozen.kill()
            frozen.join(60)

        world.worker(batch=2).run()
        world.expect_each_once(ITEMS)

        if frozen.is_alive():
            os.kill(frozen.pid, signal.SIGCONT)
            frozen.join(60)
        world.expect_each_once(ITEMS)
        assert world.mined - world.before == 2
        world.add(ITEMS)
        world.worker().run()
        world.expect_each_once(ITEMS + 1)
