"""What a program does with a key whose stored transactions another program, or a crash, left."""

import pytest
from sqlalchemy import select, update

from careledger.chain.send import Sender
from careledger.errors import Unreachable
from careledger.outbox.journal import TransactionJournal
from careledger.outbox.lease import key_lease
from careledger.outbox.model import Judgement, OutboxState
from careledger.outbox.tables import OutboxItemRow
from tests.integration.outbox.test_worker import Died, always, die
from tests.worlds.outbox import at_point

NOBODY = "0x000000000000000000000000000000000000bEEF"


def left_by_a_crash(world):
    """Store a transaction that nobody hands over."""
    world.add(0)
    with at_point((TransactionJournal, "keep", True, always), die), pytest.raises(Died):
        world.worker().run()


def test_a_payer_signs_no_nonce_anew_that_a_crash_left_stored(world):
    left_by_a_crash(world)
    worker = world.worker()

    with worker.paying() as sender:
        pending = sender.send(NOBODY, value=1)
    assert pending.nonce == world.before + 1

    worker.run()
    assert sender.wait(pending).succeeded
    world.expect_each_once(1)


def test_a_silent_node_makes_no_mined_transaction_a_foreign_one(world, monkeypatch):
    world.add(0)
    broadcast = (TransactionJournal, "broadcast", True, always)
    with at_point(broadcast, die), pytest.raises(Died):
        world.worker(confirmations=5).run()

    asked = Sender.receipt
    silent = [True]

    def receipt(self, pending):
        if silent[0]:
            silent[0] = False
            raise Unreachable("no answer")
        return asked(self, pending)

    monkeypatch.setattr(Sender, "receipt", receipt)
    world.worker(confirmations=5).run()

    assert world.states() == {OutboxState.MINED: 1}


def test_items_in_a_transaction_of_another_key_are_not_settled(world):
    world.add(0)
    queue = world.queue
    items = queue.queued(world.kind, 10)
    with world.store.writing() as session:
        taken = {"state": OutboxState.SIGNED, "sender": NOBODY, "nonce": 7}
        session.execute(update(OutboxItemRow).values(**taken))

    lease = key_lease(world.store, queue.chain_id, world.account.address)
    with lease.held() as token:
        journal = TransactionJournal(
            lease, token, queue.chain_id, world.account.address, queue.clock
        )
        journal.settle_items(Judgement([], [(items[0], "refused")], []))
        journal.settle_items(Judgement([], [], items))

    with world.store.reading() as session:
        row = session.scalars(select(OutboxItemRow)).one()
        assert (row.state, row.sender, row.nonce) == (OutboxState.SIGNED, NOBODY, 7)


def test_a_lease_is_given_back_although_a_block_of_its_own_held_it_last(world):
    lease = key_lease(world.store, world.queue.chain_id, world.account.address, ttl=15)
    other = key_lease(world.store, world.queue.chain_id, world.account.address, ttl=15)
    lease.hold()
    with lease.held():
        pass
    lease.release()

    assert other.hold() > 0
