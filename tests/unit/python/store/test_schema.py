"""The history of the schema on both databases: from every earlier version, once, in one piece."""

import importlib
import pkgutil
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import UniqueConstraint, inspect, select, text

import careledger
from careledger.identity.consent.kinds import GrantKind, RevocationKind, RevokeAllKind
from careledger.identity.tables import IssuedNonce, StatusIndex, VerifiedPresentation
from careledger.outbox.queue import OutboxQueue
from careledger.outbox.tables import OutboxItemRow, OutboxTransactionRow
from careledger.store import Store, schema
from careledger.store.base import Base
from careledger.store.engine import _engine
from careledger.store.errors import NoStore, UnknownVersion

SPAWN = get_context("spawn")
EARLIER = Path(__file__).parent / "versions"
AT = datetime(2030, 1, 1, tzinfo=UTC)
REGISTRY = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


def history():
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    return ScriptDirectory.from_config(config)


def all_tables():
    """Import the tables of every noun, and return what they declare together."""
    for module in pkgutil.walk_packages(careledger.__path__, "careledger."):
        if module.name.rpartition(".")[2] == "tables":
            importlib.import_module(module.name)
    return Base.metadata


def make_version_1(where):
    """Make a database as the last program without alembic left it, with rows in each table."""
    engine = _engine(where)
    script = (EARLIER / f"{engine.dialect.name}-1.sql").read_text()
    with engine.begin() as connection:
        for statement in script.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()


def revision_of(where):
    engine = _engine(where)
    with engine.connect() as connection:
        return connection.execute(text(f"SELECT version_num FROM {schema.VERSION_TABLE}")).all()


def open_and_say(where):
    with Store.open(where) as store, store.reading() as session:
        return session.scalar(text(f"SELECT version_num FROM {schema.VERSION_TABLE}"))


class TestHistory:
    def test_is_one_line_of_numbers_and_ends_where_the_program_expects(self):
        revisions = [script.revision for script in history().walk_revisions()]
        assert revisions == [f"{n:04}" for n in range(len(revisions), 0, -1)]
        assert history().get_heads() == [schema.HEAD]

    def test_gives_exactly_the_tables_that_the_nouns_declare(self, database):
        with Store.open(database) as store, store.engine.connect() as connection:
            options = {"version_table": schema.VERSION_TABLE, "compare_server_default": True}
            context = MigrationContext.configure(connection, opts=options)
            found = compare_metadata(context, all_tables())

        # Programs from before alembic read this one; none of ours does any more.
        assert [(what, *rest) for what, *rest in found if str(rest[0]) != "careledger_schema"] == []

    def test_names_every_constraint_as_the_tables_do(self, database):
        with Store.open(database) as store:
            seen = inspect(store.engine)
            for table in all_tables().sorted_tables:
                assert seen.get_pk_constraint(table.name)["name"] == table.primary_key.name
                named = {one["name"] for one in seen.get_unique_constraints(table.name)}
                unique = (one for one in table.constraints if isinstance(one, UniqueConstraint))
                assert named == {str(one.name) for one in unique}

    def test_imports_no_noun(self):
        for file in (schema.MIGRATIONS / "versions").glob("r*.py"):
            assert "import careledger" not in file.read_text()
            assert "from careledger" not in file.read_text()


class TestUpgrade:
    def test_from_version_1_keeps_every_row(self, database):
        make_version_1(database)
        for _ in range(2):
            with Store.open(database) as store, store.reading() as session:
                nonce = session.scalars(select(IssuedNonce)).one()
                assert (nonce.digest, nonce.expires_at, nonce.spent_at) == (b"\7" * 32, AT, None)
                kept = session.scalars(select(VerifiedPresentation)).one()
                assert (kept.id, kept.claims, kept.consent) == (
                    "v1",
                    [[["age"], "met"]],
                    b"\7" * 32,
                )
                place = session.scalars(select(StatusIndex)).one()
                assert (place.index, place.type, place.issued_at) == (7, "https://kyc", AT)
        assert revision_of(database) == [(schema.HEAD,)]

    def test_from_version_1_takes_up_what_the_relay_had_in_hand(self, database):
        make_version_1(database)
        with Store.open(database) as store, store.reading() as session:
            items = session.scalars(select(OutboxItemRow).order_by(OutboxItemRow.id)).all()
            found = [(item.kind, item.state, item.nonce) for item in items]
            sent = select(OutboxTransactionRow).order_by(OutboxTransactionRow.nonce)
            transactions = [(row.nonce, row.state, row.block) for row in session.scalars(sent)]

        assert found == [
            ("consent.grant", "final", 0),
            ("consent.grant", "mined", 1),
            ("consent.grant", "signed", 2),
            ("consent.grant", "refused", None),
            ("consent.grant", "queued", None),
            ("consent.revoke", "queued", None),
            ("consent.end", "queued", None),
        ]
        assert transactions == [(0, "final", 12), (1, "mined", 13), (2, "signed", None)]

    def test_from_version_1_the_relay_reads_every_act_again(self, database):
        make_version_1(database)
        registry = SimpleNamespace(address=REGISTRY)
        kinds = [kind(registry, REGISTRY) for kind in (GrantKind, RevocationKind, RevokeAllKind)]
        with Store.open(database) as store:
            queue = OutboxQueue(store, 31337, kinds)
            for kind in kinds:
                for item in queue.queued(kind, 10):
                    assert kind.effect(item.body) == item.effect
                    queue.add(kind, item.body)
            assert len(queue.outcomes()) == 7
            (carried,) = queue.carried("0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A", 2)
        assert carried[0].name == "consent.grant"

    def test_is_done_once_by_many_programs_that_start_together(self, database):
        make_version_1(database)
        with SPAWN.Pool(3) as pool:
            assert pool.map(open_and_say, [database] * 6, chunksize=1) == [schema.HEAD] * 6

    def test_a_new_database_is_made_once_by_many_programs(self, database):
        with SPAWN.Pool(3) as pool:
            assert pool.map(open_and_say, [database] * 6, chunksize=1) == [schema.HEAD] * 6

    def test_is_undone_as_a_whole_when_it_fails(self, database, monkeypatch):
        make_version_1(database)
        run = schema._run

        def break_off(command, connection, revision):
            run(command, connection, revision)
            connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(schema, "_run", break_off)
            with pytest.raises(KeyboardInterrupt):
                Store.open(database)

        tables = inspect(_engine(database)).get_table_names()
        assert "half_done" not in tables
        assert schema.VERSION_TABLE not in tables
        Store.open(database).close()


class TestRefusal:
    @pytest.mark.parametrize("version", [int(schema.HEAD) + 1, 9999, 0])
    def test_of_a_later_version(self, database, version):
        Store.open(database).close()
        self.change(database, f"UPDATE {schema.VERSION_TABLE} SET version_num = '{version:04}'")
        with pytest.raises(UnknownVersion, match="use the program that wrote it") as refused:
            Store.open(database)
        assert (refused.value.found, refused.value.known) == (version, int(schema.HEAD))

    @pytest.mark.parametrize("version", [2, 0, -1])
    def test_of_a_version_that_was_never_made_by_hand(self, database, version):
        make_version_1(database)
        self.change(database, f"UPDATE careledger_schema SET version = {version}")
        with pytest.raises(UnknownVersion) as refused:
            Store.open(database)
        assert refused.value.found == version

    @pytest.mark.parametrize(
        "change",
        [
            f"DELETE FROM {schema.VERSION_TABLE}",
            f"INSERT INTO {schema.VERSION_TABLE} VALUES ('0000')",
            f"UPDATE {schema.VERSION_TABLE} SET version_num = 'a3f'",
        ],
    )
    def test_of_a_damaged_record_of_the_version(self, database, change):
        Store.open(database).close()
        self.change(database, change)
        with pytest.raises(NoStore, match="damaged"):
            Store.open(database)

    def test_of_a_damaged_record_from_before_alembic(self, database):
        make_version_1(database)
        self.change(database, "INSERT INTO careledger_schema VALUES (1)")
        with pytest.raises(NoStore, match="damaged"):
            Store.open(database)

    def test_of_another_programs_database(self, database):
        self.change(database, "CREATE TABLE customers (name TEXT)")
        with pytest.raises(NoStore, match="another program"):
            Store.open(database)
        assert inspect(_engine(database)).get_table_names() == ["customers"]

    def change(self, database, statement):
        engine = _engine(database)
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()
