"""The schema's history: it ends at what the models say, on both databases, and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, insert, inspect, select, text

from stockroom import migrations
from stockroom.db import Base, Database
from stockroom.errors import ConfigurationInvalid
from stockroom.manage.places import Places
from stockroom.models import (
    SCHEMA_REVISION,
    Blob,
    File,
    Package,
    Registry,
    Team,
    View,
    ViewDefinition,
    ViewMember,
)
from tests.support.blobs import LONG_AGO
from tests.support.schemas import empty, open_database, set_revision
from tests.support.waiting import Worker


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database of each kind."""
    opened = open_database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of each kind with nothing in it."""
    if request.param == "sqlite":
        opened = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        opened = open_database(empty(request.getfixturevalue("postgresql_url")))
    yield opened
    opened.dispose()


def history() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(migrations.HERE))
    return ScriptDirectory.from_config(config)


def checks_of(connection: Connection) -> dict[str, list[str]]:
    """The names of the check constraints of every table, which Alembic does not compare."""
    inspector = inspect(connection)
    return {
        table: sorted(str(check["name"]) for check in inspector.get_check_constraints(table))
        for table in sorted(Base.metadata.tables)
    }


def test_newest_migration_is_what_the_code_needs() -> None:
    assert history().get_heads() == [SCHEMA_REVISION]


def test_revisions_are_numbered_in_order() -> None:
    numbers = [script.revision for script in reversed([*history().walk_revisions()])]

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_migrated_schema_is_that_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    assert differences == []


def test_migrated_constraints_are_those_of_the_models(empty_database: Database) -> None:
    Base.metadata.create_all(empty_database.engine)
    with empty_database.read() as connection:
        created = checks_of(connection)
    Base.metadata.drop_all(empty_database.engine)

    migrations.upgrade(empty_database)

    with empty_database.read() as connection:
        assert checks_of(connection) == created
    assert any(created.values())


def test_empty_database_has_no_revision(empty_database: Database) -> None:
    assert migrations.current_revision(empty_database) is None


def test_upgrade_of_an_empty_database(empty_database: Database) -> None:
    migrations.upgrade(empty_database)

    assert migrations.current_revision(empty_database) == SCHEMA_REVISION
    migrations.check_schema(empty_database)


def test_upgrade_can_be_repeated(database: Database) -> None:
    migrations.upgrade(database)

    assert migrations.current_revision(database) == SCHEMA_REVISION


def test_two_nodes_that_upgrade_at_once_wait_for_each_other(empty_database: Database) -> None:
    nodes = [Worker(lambda: migrations.upgrade(empty_database)) for _ in range(3)]

    for node in nodes:
        node.result()

    assert migrations.current_revision(empty_database) == SCHEMA_REVISION


def test_looking_at_a_sqlite_file_that_is_not_there_does_not_make_it(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'nowhere.db'}")

    with pytest.raises(ConfigurationInvalid, match=r"nowhere\.db is empty"):
        migrations.check_schema(database)

    assert [*tmp_path.iterdir()] == []


def test_failed_migration_leaves_nothing_behind(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = migrations._run

    def broken(connection: Connection) -> None:
        real(connection)
        connection.execute(text("SELECT 1 FROM nowhere"))

    monkeypatch.setattr(migrations, "_run", broken)

    with pytest.raises(ConfigurationInvalid, match="nowhere"):
        migrations.upgrade(empty_database)

    with empty_database.read() as connection:
        assert inspect(connection).get_table_names() == []


def test_migration_of_sqlite_may_rebuild_a_table_that_others_refer_to(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite alters a table by dropping its old copy, which must not take the rows along."""
    database = open_database(sqlite_url)
    with database.transaction() as session:
        Places(session, "test").create_workspace("acme")

    def rebuild(connection: Connection) -> None:
        for statement in (
            "CREATE TABLE new_views AS SELECT * FROM views",
            "DROP TABLE views",
            "ALTER TABLE new_views RENAME TO views",
            "CREATE UNIQUE INDEX views_id ON views (id)",
        ):
            connection.exec_driver_sql(statement)

    monkeypatch.setattr(migrations, "_run", rebuild)

    migrations.upgrade(database)

    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM view_members").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.dispose()


def test_migration_of_sqlite_that_breaks_a_reference_is_undone(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(sqlite_url)

    def careless(connection: Connection) -> None:
        connection.exec_driver_sql(
            "INSERT INTO workspaces (id, team_id, name, visibility, created_at) "
            "VALUES (1, 99, 'acme', 'team', '2026-01-01')"
        )

    monkeypatch.setattr(migrations, "_run", careless)

    with pytest.raises(RuntimeError, match="refer to nothing"):
        migrations.upgrade(database)

    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM workspaces").scalar() == 0
    database.dispose()


def fill_baseline(connection: Connection) -> None:
    """Bring an empty database to revision 0001 and write rows as the code of that time did."""
    config = Config()
    config.set_main_option("script_location", str(migrations.HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    tables = MetaData()
    tables.reflect(connection)

    def add(table: str, **values: object) -> Any:
        if table != "files":
            values["created_at"] = LONG_AGO
        return connection.execute(insert(tables.tables[table]).values(values)).inserted_primary_key

    [team] = add("teams", name="acme")
    [workspace] = add("workspaces", team_id=team, name="acme", visibility="team")
    [registry] = add("registries", workspace_id=workspace, name="main", kind="hosted")
    for name, sizes in (("empty", ()), ("full", (3, 2**40))):
        [package] = add(
            "packages",
            registry_id=registry,
            name=name,
            display_name=name,
            serial=1,
            status="active",
        )
        [release] = add("releases", package_id=package, version="1.0", canonical_version="1")
        for size in sizes:
            digest = f"{size:064}"
            add("blobs", sha256=digest, size=size)
            add(
                "files",
                registry_id=registry,
                package_id=package,
                release_id=release,
                filename=f"{name}-{size}.whl",
                kind="wheel",
                sha256=digest,
                blake2b_256=digest,
                size=size,
                metadata_sha256=digest,
                metadata_static=True,
                requires_dist=[],
                provides_extra=[],
                yanked=False,
                uploaded_at=LONG_AGO,
                uploaded_by="key:1",
                warnings=[],
            )


def test_rows_of_the_baseline_are_kept_and_completed(empty_database: Database) -> None:
    with empty_database.engine.begin() as connection:
        fill_baseline(connection)

    migrations.upgrade(empty_database)

    with empty_database.transaction() as session:
        sizes = {package.name: package.size for package in session.scalars(select(Package))}
        touched = set(session.scalars(select(Blob.touched_at)))
        settings = [
            *session.scalars(select(Team.settings)),
            *session.scalars(select(Registry.settings)),
        ]
        files = session.scalars(select(File.filename).order_by(File.filename)).all()
        # Ids are given out as before, though SQLite made the tables anew.
        Places(session, "test").create_workspace("other")
    assert sizes == {"empty": 0, "full": 2**40 + 3}
    assert touched == {LONG_AGO}
    assert settings == [{}, {}]
    assert list(files) == ["full-1099511627776.whl", "full-3.whl"]


def test_the_history_of_views_begins_with_what_they_were_made_of(empty_database: Database) -> None:
    with empty_database.engine.begin() as connection:
        fill_baseline(connection)
        for statement in (
            (
                "INSERT INTO registries (id, workspace_id, name, kind, created_at) "
                "SELECT 77, workspace_id, 'side', kind, created_at FROM registries"
            ),
            (
                "INSERT INTO views (id, workspace_id, name, revision, created_at) "
                "SELECT 5 + id, workspace_id, name, 3, created_at FROM registries WHERE id <> 77"
            ),
            (
                "INSERT INTO view_members (view_id, priority, position, registry_id) "
                "SELECT v.id, CASE r.id WHEN 77 THEN 1 ELSE 0 END, 0, r.id "
                "FROM views v, registries r"
            ),
        ):
            connection.execute(text(statement))

    migrations.upgrade(empty_database)

    with empty_database.reading() as session:
        [view] = session.scalars(select(View))
        [begun] = session.scalars(select(ViewDefinition))
        filters = [*session.scalars(select(ViewMember.filter))]
    assert (begun.view_id, begun.revision, begun.actor) == (view.id, 3, "migration")
    assert begun.groups == [[["acme/main", None]], [["acme/side", None]]]
    assert (begun.at, filters) == (LONG_AGO, [None, None])


def test_no_column_keeps_the_default_that_it_was_filled_with(database: Database) -> None:
    with database.engine.connect() as connection:
        inspector = inspect(connection)
        defaults = {
            f"{table}.{column['name']}": column["default"]
            for table in Base.metadata.tables
            for column in inspector.get_columns(table)
            if column["default"] is not None and "nextval" not in column["default"]
        }

    assert defaults == {}


@pytest.mark.parametrize("revision", ["0000", "9999"])
def test_other_revision_is_refused_on_both_databases(
    database: Database, database_url: str, revision: str
) -> None:
    set_revision(database_url, revision)

    with pytest.raises(ConfigurationInvalid, match=f"the database has schema {revision}"):
        migrations.check_schema(database)
