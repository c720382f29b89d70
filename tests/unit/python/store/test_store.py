import os
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from multiprocessing import get_context

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from careledger.chain.toolchain import ROOT
from careledger.errors import NotFound, StoreError
from careledger.identity.tables import IssuedNonce, StatusIndex
from careledger.store import Store, dialects
from careledger.store.errors import NoStore, StoreBusy

LATER = datetime(2030, 1, 1, tzinfo=UTC)
SPAWN = get_context("spawn")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "folder" / "company.db"


def nonce(byte=1):
    return IssuedNonce(digest=bytes([byte]) * 32, expires_at=LATER)


def digests(store):
    with store.reading() as session:
        return sorted(session.scalars(select(IssuedNonce.digest)))


def open_and_count(file):
    with Store.open(file) as store:
        return len(digests(store))


def add(file, first, count):
    with Store.open(file) as store:
        for number in range(first, first + count):
            with store.writing() as session:
                session.add(StatusIndex(issuer="0x", list=bytes(32), index=number))


def _be_impatient(monkeypatch):
    pragmas = ("busy_timeout = 10", *dialects.SQLITE_PRAGMAS[1:])
    monkeypatch.setattr(dialects, "SQLITE_PRAGMAS", pragmas)


class TestOpen:
    @pytest.mark.parametrize(
        "content",
        [
            b"this is no database, but long enough to be taken for one" * 9,
            b"SQLite format 3\0" + b"\xff" * 500,
        ],
    )
    def test_another_file_is_refused_and_left_alone(self, tmp_path, content):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(NoStore, match="cannot be read"):
            Store.open(tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == content

    def test_another_programs_database_is_refused_and_left_alone(self, tmp_path):
        with sqlite3.connect(tmp_path / "theirs.db") as raw:
            raw.execute("CREATE TABLE customers (name TEXT)")
        raw.close()
        before = (tmp_path / "theirs.db").read_bytes()
        with pytest.raises(NoStore, match="another program"):
            Store.open(tmp_path / "theirs.db")
        assert (tmp_path / "theirs.db").read_bytes() == before

    def test_a_folder_and_a_place_without_rights_are_said(self, tmp_path):
        with pytest.raises(NoStore, match="cannot be opened"):
            Store.open(tmp_path)
        (tmp_path / "file").touch()
        with pytest.raises(NoStore, match="cannot be opened"):
            Store.open(tmp_path / "file" / "below")

    def test_a_password_that_breaks_the_url_is_not_quoted(self):
        with pytest.raises(NoStore, match="percent-encode") as refused:
            Store.open("postgresql://user:p@ss:w0rd@host/db")
        assert "w0rd" not in str(refused.value)
        assert refused.value.__suppress_context__

    @pytest.mark.parametrize("url", ["nothing://here", "://", "postgresql+nothing://here"])
    def test_a_url_that_names_no_database_is_said(self, url):
        with pytest.raises(NoStore, match="no database can be opened"):
            Store.open(url)

    def test_only_its_owner_can_read_any_of_its_files(self, file):
        before = os.umask(0)
        try:
            with Store.open(file) as store, store.writing() as session:
                session.add(nonce())
                session.flush()
                modes = {
                    path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()
                }
        finally:
            os.umask(before)
        assert modes == {"company.db": 0o600, "company.db-wal": 0o600, "company.db-shm": 0o600}

    def test_what_was_written_is_there_again(self, file):
        with Store.open(file) as store, store.writing() as session:
            session.add(nonce())
        for where in (file, str(file), f"sqlite:///{file}"):
            with Store.open(where) as store:
                assert digests(store) == [bytes([1]) * 32]


def fail(session):
    session.add(nonce())
    session.flush()
    raise NotFound("what was to be changed is not there")


class TestTransactions:
    def test_an_error_keeps_nothing(self, database):
        with Store.open(database) as store:
            with pytest.raises(NotFound), store.writing() as session:
                fail(session)
            assert digests(store) == []

    def test_what_another_program_commits_meanwhile_is_seen_by_a_writer(self, database):
        with Store.open(database) as store:
            if not store.is_postgres:
                return  # SQLite has one writer at a time
            with Store.open(database) as other, store.writing() as session:
                assert session.scalar(select(func.count(IssuedNonce.digest))) == 0
                with other.writing() as writing:
                    writing.add(nonce())
                assert session.scalar(select(func.count(IssuedNonce.digest))) == 1

    def test_a_transaction_that_only_reads_cannot_write_to_postgres(self, postgres):
        with Store.open(postgres.database()) as store:
            with pytest.raises(StoreError, match="read-only"), store.reading() as session:
                session.execute(delete(IssuedNonce))
            assert digests(store) == []

    def test_a_row_that_another_writer_of_postgres_holds_is_waited_for_and_then_said(
        self, postgres, monkeypatch
    ):
        monkeypatch.setattr(dialects, "POSTGRES_SETTINGS", ("lock_timeout = '20ms'",))
        url = postgres.database()
        with Store.open(url) as one, Store.open(url) as other, one.writing() as session:
            session.add(nonce())
            session.flush()
            refused = pytest.raises(StoreBusy, match="another program")
            with refused, other.writing() as waiting:
                waiting.add(nonce())

    def test_a_connection_that_the_server_ended_is_replaced(self, postgres):
        url = postgres.database()
        with Store.open(url) as store:
            with store.reading() as session:
                server = {"pid": session.scalar(text("SELECT pg_backend_pid()"))}
            with Store.open(url) as other, other.reading() as session:
                session.execute(text("SELECT pg_terminate_backend(:pid, 30000)"), server)
            assert digests(store) == []

    def test_a_broken_constraint_is_the_callers(self, database):
        with Store.open(database) as store:
            for expected in ([bytes([1]) * 32],) * 2:
                try:
                    with store.writing() as session:
                        session.add(nonce())
                except IntegrityError:
                    pass
                assert digests(store) == expected
            with pytest.raises(IntegrityError), store.writing() as session:
                session.add(nonce())

    def test_what_is_in_a_statement_is_in_no_message(self, database):
        with Store.open(database) as store:
            for _ in range(2):
                row = StatusIndex(issuer="distinctive", list=bytes(32), index=0)
                try:
                    with store.writing() as session:
                        session.add(row)
                except IntegrityError as error:
                    refused = str(error)
        assert "INSERT" in refused
        assert "distinctive" not in refused

    def test_a_statement_that_cannot_be_is_an_error_of_ours(self, database):
        with Store.open(database) as store, pytest.raises(StoreError), store.reading() as session:
            session.execute(text("SELECT * FROM nowhere"))

    def test_a_reader_sees_one_state_throughout_and_waits_for_nobody(self, database):
        with Store.open(database) as store, store.reading() as reading:
            assert reading.scalar(select(func.count(IssuedNonce.digest))) == 0
            with store.writing() as writing:
                writing.add(nonce())
            assert reading.scalar(select(func.count(IssuedNonce.digest))) == 0
            assert len(digests(store)) == 1

    def test_a_writer_that_does_not_let_go_is_said(self, file, monkeypatch):
        _be_impatient(monkeypatch)
        with Store.open(file) as one, Store.open(file) as other, one.writing():
            refused = pytest.raises(StoreBusy, match="another program")
            with refused, other.writing():
                pass

    def test_writers_in_several_processes_lose_nothing(self, database):
        with SPAWN.Pool(3) as pool:
            pool.starmap(add, [(database, 1000 * worker, 50) for worker in range(4)])
        with Store.open(database) as store, store.reading() as session:
            assert session.scalar(select(func.count()).select_from(StatusIndex)) == 200

    def test_a_process_that_is_killed_keeps_what_it_committed_and_nothing_else(self, database):
        code = f"""
import os, signal
from tests.unit.python.store.test_store import Store, nonce
store = Store.open({database!r})
with store.writing() as session:
    session.add(nonce(1))
with store.writing() as session:
    session.add(nonce(2))
    session.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
        ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
        assert ended.returncode == -9
        with Store.open(database) as store:
            assert digests(store) == [bytes([1]) * 32]


def test_without_a_store_nothing_of_sqlalchemy_is_imported():
    code = """
import sys
import careledger.cli, careledger.suite, careledger.store, careledger.identity.consent.client
import careledger.chain.send
found = [name for name in sys.modules if name.startswith(("sqlalchemy", "alembic", "pg8000"))]
assert not found, found
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


class TestMoments:
    def test_there_and_back_in_whole_seconds(self, database):
        given = datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
        with Store.open(database) as store:
            with store.writing() as session:
                session.add(IssuedNonce(digest=bytes(32), expires_at=given))
            with store.reading() as session:
                row = session.get_one(IssuedNonce, bytes(32))
                assert row.expires_at == given.replace(microsecond=0)
                assert row.spent_at is None

    def test_a_time_without_a_zone_is_refused(self, database):
        with (
            Store.open(database) as store,
            pytest.raises(StatementError, match="no time zone"),
            store.writing() as session,
        ):
            session.add(IssuedNonce(digest=bytes(32), expires_at=datetime(2030, 1, 1)))  # noqa: DTZ001


class TestSweep:
    def test_who_still_reads_it_is_waited_for_and_then_said(self, file, monkeypatch):
        _be_impatient(monkeypatch)
        with Store.open(file) as store:
            with store.writing() as session:
                session.add(nonce())
            with Store.open(file) as other, other.reading() as reading:
                assert reading.scalar(select(func.count(IssuedNonce.digest))) == 1
                with store.writing() as session:
                    session.delete(session.get_one(IssuedNonce, bytes([1]) * 32))
                with pytest.raises(StoreBusy, match="still reading what was erased"):
                    store.sweep()
            store.sweep()

    def test_what_sqlite_refuses_is_an_error_of_ours(self, file):
        with Store.open(file) as store, pytest.raises(StoreError, match="cannot be used"):
            store._pragma("no such (")

    def test_what_was_deleted_is_in_no_file_any_more(self, file):
        secret = b"distinctive" * 3
        with Store.open(file) as store:
            with store.writing() as session:
                session.add(IssuedNonce(digest=secret, expires_at=LATER))
            assert any(secret in path.read_bytes() for path in file.parent.iterdir())
            with store.writing() as session:
                session.delete(session.get_one(IssuedNonce, secret))
            store.sweep()
            assert not any(secret in path.read_bytes() for path in file.parent.iterdir())
