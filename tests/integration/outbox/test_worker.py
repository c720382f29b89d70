"""What the outbox does with a chain that goes back, foreign transactions, and prices that rise."""

from datetime import UTC, datetime, timedelta

import pytest

from careledger.chain.node import DevelopmentChain
from careledger.chain.send import Sender
from careledger.errors import NotFound, SendError
from careledger.outbox.errors import ItemsTaken, KeyInUse
from careledger.outbox.journal import TransactionJournal
from careledger.outbox.model import OutboxState
from careledger.outbox.queue import OutboxQueue
from careledger.store.engine import Store
from tests.worlds.outbox import OutboxWorld, at_point, effect

REFUSED = b"\xff".ljust(32, b"\0")
MINED, FINAL = OutboxState.MINED, OutboxState.FINAL


class Died(BaseException):
    """The program is gone; nothing in it hears of this."""


def die():
    raise Died


def always(*_, **__):
    return True


@pytest.fixture
def quick(own, tmp_path):
    """Return a world on SQLite alone: what is tested here asks nothing of the database."""
    development = DevelopmentChain(own)
    snapshot = development.snapshot()
    made = OutboxWorld(own, str(tmp_path / "careledger.db"), patience=0)
    yield made
    made.store.close()
    own.request("evm_setAutomine", True)
    development.revert(snapshot)


class TestSecondKind:
    def test_is_batched_and_done_once_although_it_is_only_a_file(self, world):
        world.add(*range(5))
        world.add(0, 3)
        world.worker(batch=3).run()
        world.expect_each_once(5)
        assert world.mined - world.before == 2

    def test_one_that_is_refused_spoils_nothing_and_says_why(self, world):
        world.add(0, 1)
        world.queue.add(world.kind, REFUSED)
        world.worker().run()
        refused = world.queue.outcome(world.kind, REFUSED)
        assert refused.state is OutboxState.REFUSED
        assert refused.reason
        assert world.states() == {FINAL: 2, OutboxState.REFUSED: 1}
        assert world.mined - world.before == 1

    def test_what_somebody_else_brought_about_needs_no_transaction(self, world):
        other = Sender(world.chain, world.account)
        other.transact(world.target, world.kind.encode([effect(0)]))
        world.add(0)
        world.worker().run()
        outcome = world.queue.outcome(world.kind, effect(0))
        assert (outcome.state, outcome.transaction) == (FINAL, None)

    def test_waits_until_its_time_has_come(self, world):
        later = datetime.now(UTC) + timedelta(hours=1)
        world.queue.add(world.kind, effect(0), not_before=later, trace="request 7")
        world.worker().run()
        assert world.states() == {OutboxState.QUEUED: 1}
        worker = world.worker()
        worker.queue.clock = lambda: later
        worker.run()
        assert world.states() == {FINAL: 1}

    def test_is_added_with_a_row_of_the_callers_or_not_at_all(self, world):
        with pytest.raises(Died), world.store.writing() as session:
            add_and_die(world, session)
        assert world.queue.outcomes() == []
        with world.store.writing() as session:
            world.queue.add(world.kind, effect(0), session=session)
        assert world.states() == {OutboxState.QUEUED: 1}

    def test_a_program_that_does_not_know_the_kind_says_so(self, quick):
        quick.add(0)
        with at_point((TransactionJournal, "keep", True, always), die), pytest.raises(Died):
            quick.worker().run()
        stranger = OutboxQueue(quick.store, quick.chain.chain_id, [])
        with pytest.raises(NotFound, match="does not know that kind"):
            stranger.carried(quick.account.address, quick.before)


def add_and_die(world, session):
    world.queue.add(world.kind, effect(0), session=session)
    session.flush()
    raise Died


class TestDepth:
    def test_a_mined_transaction_is_final_when_it_is_deep_enough(self, quick):
        stages = []
        quick.add(0)
        quick.worker(confirmations=3, observe=stages.append).run()
        assert quick.states() == {MINED: 1}
        DevelopmentChain(quick.chain).mine(2)
        quick.worker(confirmations=3).run()
        assert quick.states() == {MINED: 1}
        DevelopmentChain(quick.chain).mine(1)
        quick.worker(confirmations=3, observe=stages.append).run()
        quick.expect_each_once(1)
        assert [event.stage for event in stages] == ["signed", "broadcast", "mined", "final"]

    def test_when_its_block_is_undone_the_same_bytes_are_sent_again(self, quick):
        development, stages = DevelopmentChain(quick.chain), []
        quick.add(0)
        snapshot = development.snapshot()
        quick.worker(confirmations=3).run()
        before = quick.queue.outcome(quick.kind, effect(0)).transaction
        development.revert(snapshot)
        assert quick.kind.times(effect(0)) == 0
        quick.worker(confirmations=3, observe=stages.append).run()
        assert quick.queue.outcome(quick.kind, effect(0)).transaction == before
        assert "undone" in [event.stage for event in stages]
        development.mine(3)
        quick.worker(confirmations=3).run()
        quick.expect_each_once(1)

    def test_one_that_is_in_another_block_by_now_is_followed_there(self, quick):
        development = DevelopmentChain(quick.chain)
        quick.add(0)
        snapshot = development.snapshot()
        worker = quick.worker(confirmations=3)
        worker.run()
        raw = TransactionJournal(
            worker.lease, 0, worker.queue.chain_id, quick.account.address, worker.queue.clock
        ).under_way()
        development.revert(snapshot)
        development.mine(2)
        quick.chain.request("eth_sendRawTransaction", "0x" + raw[0].pending.raw.hex())
        development.mine(1)
        quick.worker(confirmations=3).run()
        assert quick.states() == {MINED: 1}
        development.mine(2)
        quick.worker(confirmations=3).run()
        quick.expect_each_once(1)

    def test_one_that_reverted_is_followed_until_it_is_deep_enough(self, quick):
        quick.queue.add(quick.kind, REFUSED)
        worker = quick.worker(confirmations=2)
        worker.queue.kinds[0].would_take = lambda _: True
        worker.run()
        outcome = quick.queue.outcome(quick.kind, REFUSED)
        assert outcome.reason.startswith("4 transactions with it did not bring it about")
        assert quick.mined - quick.before == 4
        DevelopmentChain(quick.chain).mine(2)
        quick.worker(confirmations=2).run()
        quick.expect_one_call_a_nonce()


class TestNonces:
    def stored(self, quick):
        quick.add(0)
        with at_point((TransactionJournal, "keep", True, always), die), pytest.raises(Died):
            quick.worker().run()

    def test_one_that_a_foreign_transaction_used_gives_its_items_back(self, quick, caplog):
        self.stored(quick)
        Sender(quick.chain, quick.account).transact(quick.account.address)
        quick.worker().run()
        quick.expect_each_once(1)
        assert "a transaction that this database does not have" in caplog.text

    def test_of_several_that_were_never_sent_the_lower_go_first(self, quick):
        quick.add(0, 1)
        worker = quick.worker(batch=1)
        with worker.lease.held() as token:
            journal = TransactionJournal(
                worker.lease, token, quick.chain.chain_id, quick.account.address, worker.queue.clock
            )
            sender = worker.sender.again(lease=worker.lease, keep=journal.keep)
            for item in worker.queue.queued(worker.queue.kinds[0], 2):
                data = quick.kind.encode([item.body])
                sender.prepare(
                    quick.target,
                    data,
                    gas=200_000,
                    keep=lambda pending, role, item=item: journal.keep(pending, role, [item]),
                )
        quick.worker().run()
        quick.expect_each_once(2)

    def test_one_that_is_too_cheap_by_now_is_sent_dearer(self, quick):
        self.stored(quick)
        quick.chain.request("anvil_setNextBlockBaseFeePerGas", hex(20 * 10**9))
        DevelopmentChain(quick.chain).mine(1)
        quick.worker(stuck_after=0.2).run()
        quick.expect_each_once(1)
        quick.chain.request("anvil_setNextBlockBaseFeePerGas", hex(10**9))

    def test_one_that_is_not_mined_in_time_waits_for_the_next_run(self, quick):
        quick.add(0)
        quick.chain.request("evm_setAutomine", False)
        with pytest.raises(SendError, match="was not mined within"):
            quick.worker(timeout=0.3).run()
        assert quick.states() == {OutboxState.BROADCAST: 1}
        quick.chain.request("evm_setAutomine", True)
        quick.chain.request("evm_mine")
        quick.worker().run()
        quick.expect_each_once(1)


class TestOneSender:
    def test_a_second_one_is_told_who_holds_the_key(self, world):
        first = world.worker()
        second = world.worker(patience=0)
        with first.lease.held(), pytest.raises(KeyInUse) as refused:
            second.run()
        assert refused.value.holder == first.lease.holder
        assert first.lease.holder in str(refused.value)
        second.run()

    def test_a_sender_with_the_lease_keeps_the_worker_out(self, quick):
        lease = quick.worker().lease
        sender = Sender(quick.chain, quick.account, lease=lease)
        sender.transact(quick.account.address)
        with pytest.raises(KeyInUse):
            quick.worker().run()
        lease.release()
        quick.worker().run()

    def test_a_sender_and_a_worker_of_one_program_share_their_lease(self, quick):
        store = Store.open(quick.where)
        lease = quick.worker(store=store).lease
        sender = Sender(quick.chain, quick.account, lease=lease)
        first = sender.transact(quick.account.address)
        worker = quick.worker(store=store)
        worker.lease = lease
        quick.add(0)
        worker.run()
        assert sender.transact(quick.account.address).block_number > first.block_number
        with worker.paying() as payer:
            payer.transact(quick.account.address)
        assert sender.transact(quick.account.address).succeeded
        quick.expect_each_once(1)

    def test_another_key_does_not_take_what_is_in_a_transaction(self, quick):
        quick.add(0)
        worker = quick.worker()
        (item,) = worker.queue.queued(worker.queue.kinds[0], 9)
        worker.run()
        with worker.lease.held() as token:
            journal = TransactionJournal(
                worker.lease, token, quick.chain.chain_id, quick.account.address, worker.queue.clock
            )
            sender = worker.sender.again(lease=worker.lease)
            pending = sender.prepare(quick.target, quick.kind.encode([effect(0)]))
            with pytest.raises(ItemsTaken, match="1 of 1 items"):
                journal.keep(pending, "call", [item])
        quick.expect_each_once(1)
