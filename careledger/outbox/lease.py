"""The right to do alone what one program at a time does, kept in the database for a while.

A lease ends by itself when its holder does not renew it: after a crash, another program takes it.
Each change of the holder raises its number, the fencing token. A transaction of the database that
relies on the lease begins with the fence: an update that hits a row only under the present token.
A holder that was frozen, and woke up when another one held the lease, changes nothing any more.

Only the clock of the database counts. The holder also stops by its own clock, which no one sets,
once half of the time has passed without a renewal.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

from careledger.errors import StoreError
from careledger.outbox.errors import KeyInUse, LeaseLost
from careledger.store import Store

TTL = 15.0
"""Seconds for which a lease is good after each renewal."""

_NOW = {
    "postgresql": "extract(epoch from clock_timestamp())::double precision",
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
}

_ACQUIRE = """
INSERT INTO lease (name, holder, token, expires_at) VALUES (:name, :me, 1, {now} + :ttl)
ON CONFLICT (name) DO UPDATE SET
    holder = :me,
    expires_at = {now} + :ttl,
    token = lease.token + CASE WHEN lease.holder = :me AND lease.expires_at >= {now}
        THEN :step ELSE 1 END
WHERE lease.expires_at < {now} OR lease.holder = :me
RETURNING token
"""

_FENCE = """
UPDATE lease SET expires_at = {now} + :ttl
WHERE name = :name AND holder = :me AND token = :token AND expires_at >= {now}
"""

_RELEASE = """
UPDATE lease SET expires_at = 0 WHERE name = :name AND holder = :me AND token = :token
"""

_WHO = "SELECT holder, expires_at - {now} FROM lease WHERE name = :name"


class StoredLease:
    """A lease in the database; one object is one holder. Threads of a program may share it."""

    def __init__(self, store: Store, name: str, ttl: float = TTL) -> None:
        """Name a lease without taking it.

        Args:
            store: the database that all the programs open.
            name: what one program at a time does; at most 120 characters.
            ttl: seconds for which it is good after each renewal.

        """
        self.store = store
        self.name = name
        self.ttl = ttl

        self.holder = f"{socket.gethostname()[:60]}/{os.getpid()}/{secrets.token_hex(8)}"
        self._token: int | None = None
        self._held_last: int | None = None
        """What is given back, also after `held` has ended `_token`."""
        self._renewed_at = 0.0
        self._lock = threading.RLock()

    def hold(self) -> int:
        """Take the lease or keep it, and return its token; another one after a break.

        The database is asked once in a quarter of the lease's time.

        Raises:
            KeyInUse: another program holds it.
            StoreError: the database cannot be asked, and half of the lease's time is over.

        """
        with self._lock:
            age = time.monotonic() - self._renewed_at
            if self._token is not None and age < self.ttl / 4:
                return self._token

            try:
                return self._acquire(step=0)
            except StoreError:
                if self._token is not None and age < self.ttl / 2:
                    return self._token
                raise

    @contextmanager
    def held(self, patience: float = 0) -> Iterator[int]:
        """Hold the lease for a block of code, under a token of its own.

        A thread renews it meanwhile, whatever the block waits for; if the program is frozen, the
        thread is frozen too. A lease that this object held before is kept afterwards, under another
        token; otherwise it is given back.

        Args:
            patience: seconds to wait for another holder.

        Raises:
            KeyInUse: another program holds it, and did not give it back in time.

        """
        with self._lock:
            before = self._token
            token = self._wait(patience)

            done = threading.Event()
            threading.Thread(target=self._renew, args=(token, done), daemon=True).start()

            try:
                yield token
            finally:
                done.set()
                if before is None:
                    self.release()
                else:
                    self._token = None  # whoever holds it next learns that nonces were used

    def release(self) -> None:
        """Give the lease back, if it is still ours; without a database, it ends by itself."""
        with self._lock:
            token = self._held_last
            self._token = None
            self._held_last = None
            if token is None:
                return

            try:
                with self.store.writing() as session:
                    session.execute(text(_RELEASE), self._named(token=token))
            except StoreError:
                return

    @contextmanager
    def fenced(self, token: int) -> Iterator[Session]:
        """Run one transaction that counts only while the lease is held under a token.

        Raises:
            LeaseLost: it is not held any more.
            StoreError: the database refused.

        """
        asked_at = time.monotonic()

        with self.store.writing() as session:
            if not self._fence(session, token):
                self._token = None
                raise LeaseLost(
                    f"the lease {self.name!r} was lost: this program stood still for longer than "
                    f"{self.ttl:g} s; run it again"
                )
            yield session

        self._renewed_at = asked_at

    def _fence(self, session: Session, token: int) -> bool:
        """Renew the lease as the first thing in a transaction; say whether it was still held."""
        asked = {**self._named(token=token), "ttl": self.ttl}
        done = session.execute(text(self._sql(_FENCE)), asked)
        return bool(done.rowcount == 1)  # type: ignore[attr-defined]

    def _renew(self, token: int, done: threading.Event) -> None:
        """Renew the lease until `done`, or until it is lost; the fence tells its holder so."""
        while not done.wait(self.ttl / 4):
            asked_at = time.monotonic()
            try:
                with self.store.writing() as session:
                    if not self._fence(session, token):
                        return
            except StoreError:
                continue

            self._renewed_at = asked_at

    def _wait(self, patience: float) -> int:
        """Take the lease under a new token, and wait for another holder if there is one."""
        until = time.monotonic() + patience
        while True:
            try:
                return self._acquire(step=1)
            except KeyInUse:
                if time.monotonic() >= until:
                    raise
            time.sleep(min(0.2, self.ttl / 20))

    def _acquire(self, step: int) -> int:
        asked_at = time.monotonic()
        asked = {"name": self.name, "me": self.holder, "ttl": self.ttl, "step": step}

        with self.store.writing() as session:
            token = session.scalar(text(self._sql(_ACQUIRE)), asked)

        if token is None:
            self._token = None
            raise self._in_use()

        self._token = int(token)
        self._held_last = self._token
        self._renewed_at = asked_at
        return self._token

    def _in_use(self) -> KeyInUse:
        with self.store.reading() as session:
            row = session.execute(text(self._sql(_WHO)), {"name": self.name}).one_or_none()

        holder, left = ("another program", 0.0) if row is None else row
        return KeyInUse(self.name, str(holder), float(left))

    def _named(self, token: int) -> dict[str, object]:
        return {"name": self.name, "me": self.holder, "token": token}

    def _sql(self, statement: str) -> str:
        return statement.format(now=_NOW[self.store.engine.dialect.name])


def key_lease(store: Store, chain_id: int, address: str, ttl: float = TTL) -> StoredLease:
    """Return the lease on sending with one key on one chain, for `Sender(lease=...)`."""
    return StoredLease(store, f"tx:{chain_id}:{address}", ttl)
