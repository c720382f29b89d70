"""A lease on both databases: one holder, a number that rises, a fence that stops who lost it."""

import pytest
from sqlalchemy import text

from careledger.errors import StoreError
from careledger.outbox.errors import KeyInUse, LeaseLost
from careledger.outbox.lease import StoredLease, key_lease
from careledger.store import Store

FOREVER = 3600


@pytest.fixture
def store(database):
    with Store.open(database) as opened:
        yield opened


def expire(store):
    with store.writing() as session:
        session.execute(text("UPDATE lease SET expires_at = 1"))


def held_by(store):
    with store.reading() as session:
        return session.execute(text("SELECT holder, token FROM lease")).one()


def end_of(store):
    with store.reading() as session:
        return session.scalar(text("SELECT expires_at FROM lease"))


class TestHold:
    def test_its_number_stays_while_it_is_held(self, store):
        lease = StoredLease(store, "tx", FOREVER)
        assert [lease.hold(), lease.hold()] == [1, 1]
        assert held_by(store) == (lease.holder, 1)

    def test_another_one_is_told_who_holds_it_and_for_how_long(self, store):
        first, second = StoredLease(store, "tx", FOREVER), StoredLease(store, "tx", FOREVER)
        first.hold()
        with pytest.raises(KeyInUse, match=r"holds the lease 'tx' for another 3[56]"):
            second.hold()
        first.release()
        assert second.hold() == 2

    def test_leases_with_other_names_do_not_matter(self, store):
        assert key_lease(store, 1, "0xa").hold() == 1
        assert key_lease(store, 2, "0xa").hold() == 1
        assert key_lease(store, 1, "0xb").hold() == 1

    def test_after_its_time_another_one_takes_it_and_the_number_rises(self, store):
        first, second = StoredLease(store, "tx", FOREVER), StoredLease(store, "tx", FOREVER)
        first.hold()
        expire(store)
        assert second.hold() == 2
        with pytest.raises(KeyInUse):
            StoredLease(store, "tx", FOREVER).hold()

    def test_whoever_let_it_lapse_gets_another_number(self, store):
        lease = StoredLease(store, "tx", 0.0)
        assert lease.hold() == 1
        expire(store)
        assert lease.hold() == 2

    def test_what_is_not_held_is_released_without_a_word(self, store):
        first, second = StoredLease(store, "tx", FOREVER), StoredLease(store, "tx", FOREVER)
        first.hold()
        expire(store)
        second.hold()
        first.release()
        StoredLease(store, "tx").release()
        assert held_by(store) == (second.holder, 2)


class TestHeld:
    def test_it_is_given_back_afterwards(self, store):
        first, second = StoredLease(store, "tx", FOREVER), StoredLease(store, "tx", FOREVER)
        with first.held() as token:
            assert token == 1
            with pytest.raises(KeyInUse), second.held():
                pass
        with second.held() as token:
            assert token == 2

    def test_what_was_held_before_is_kept_under_another_number(self, store):
        lease = StoredLease(store, "tx", FOREVER)
        before = lease.hold()
        with lease.held() as token:
            assert token == before + 1
        assert lease.hold() != before
        assert held_by(store)[0] == lease.holder

    def test_it_is_waited_for(self, store):
        first = StoredLease(store, "tx", 0.3)
        first.hold()
        with StoredLease(store, "tx", FOREVER).held(patience=60) as token:
            assert token == 2

    def test_a_thread_renews_it_while_the_holder_waits(self, store):
        lease = StoredLease(store, "tx", 8)
        with lease.held():
            first = latest = end_of(store)
            for _ in range(60_000):
                latest = end_of(store)
                if latest != first:
                    break
        assert latest > first


class TestFence:
    def test_whoever_lost_it_changes_nothing(self, store):
        first, second = StoredLease(store, "tx", FOREVER), StoredLease(store, "tx", FOREVER)
        token = first.hold()
        expire(store)
        second.hold()
        with pytest.raises(LeaseLost), first.fenced(token) as session:
            session.execute(text("DELETE FROM lease"))
        assert held_by(store) == (second.holder, 2)

    def test_whoever_let_it_lapse_changes_nothing_although_nobody_took_it(self, store):
        lease = StoredLease(store, "tx", FOREVER)
        token = lease.hold()
        expire(store)
        with pytest.raises(LeaseLost), lease.fenced(token):
            pass

    def test_it_renews_the_lease(self, store):
        lease = StoredLease(store, "tx", FOREVER)
        token = lease.hold()
        with store.writing() as session:
            session.execute(text("UPDATE lease SET expires_at = expires_at - 3000"))
        with lease.fenced(token):
            pass
        with pytest.raises(KeyInUse, match=r"another 3[56]"):
            StoredLease(store, "tx", FOREVER).hold()


class TestWithoutDatabase:
    def test_it_is_kept_for_half_of_its_time(self, store, monkeypatch):
        lease = StoredLease(store, "tx", FOREVER)
        token = lease.hold()

        def gone():
            raise StoreError("the database cannot be used")

        monkeypatch.setattr(store, "writing", gone)
        lease._renewed_at -= FOREVER * 0.4
        assert lease.hold() == token
        lease._renewed_at -= FOREVER * 0.2
        with pytest.raises(StoreError):
            lease.hold()
