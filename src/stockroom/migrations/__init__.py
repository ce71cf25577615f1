"""The schema's history, and the three things one does with it: look, compare, upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from stockroom.db import Database
from stockroom.errors import ConfigurationInvalid
from stockroom.models import SCHEMA_REVISION

HERE = Path(__file__).parent
VERSION_TABLE = "alembic_version"
# Two nodes that migrate at once wait for each other; the number has no meaning.
POSTGRESQL_LOCK = 7_403_201


def current_revision(database: Database) -> str | None:
    """The revision of the database's schema, None when it has none, or is not there at all.

    :raises ConfigurationInvalid: the database cannot be reached, or belongs to something else.
    """
    # SQLite makes a file of every name that it is asked for.
    if database.is_sqlite and not _sqlite_file(database).exists():
        return None
    with _reported(database), database.read() as connection:
        tables = inspect(connection).get_table_names()
        if VERSION_TABLE in tables:
            query = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a constant
            return connection.execute(query).scalar()
    if tables:
        raise ConfigurationInvalid(
            f"the database {_shown(database)} belongs to another program, it holds the table "
            f"{min(tables)}: name an empty one in sqlalchemy.url"
        )
    return None


def check_schema(database: Database, command: str = "stockroom -c INI") -> None:
    """Make sure that this code and the database fit together.

    ``command`` is how the command line is called on this server.

    :raises ConfigurationInvalid: with the command to run when they do not.
    """
    found = current_revision(database)
    if found == SCHEMA_REVISION:
        return
    if found is None:
        raise ConfigurationInvalid(
            f"the database {_shown(database)} is empty: run `{command} init`"
        )
    if found > SCHEMA_REVISION:
        raise ConfigurationInvalid(
            f"the database has schema {found}, newer than this Stockroom knows "
            f"({SCHEMA_REVISION}): upgrade Stockroom, or restore an older backup"
        )
    raise ConfigurationInvalid(
        f"the database has schema {found}, this Stockroom needs {SCHEMA_REVISION}: make a backup, "
        f"then run `{command} migrate`"
    )


def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision, in one transaction; does nothing when it is there.

    :raises ConfigurationInvalid: the schema is newer than this code, or the database refuses.
    """
    found = current_revision(database)
    if found is not None and found > SCHEMA_REVISION:
        check_schema(database)
    if database.is_sqlite:
        with _reported(database):
            _sqlite_file(database).parent.mkdir(parents=True, exist_ok=True)
    with _reported(database), database.engine.connect() as connection:
        if database.is_sqlite:
            _upgrade_sqlite(connection)
        else:
            _upgrade_postgresql(connection)


def _upgrade_postgresql(connection: Connection) -> None:
    with connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": POSTGRESQL_LOCK})
        _run(connection)


def _upgrade_sqlite(connection: Connection) -> None:
    # SQLite alters a table by copying it and dropping the old one, which with foreign keys on
    # deletes what refers to it. They can be switched outside of transactions only.
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            _run(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise RuntimeError(f"the migration left rows that refer to nothing: {broken[:5]}")
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _run(connection: Connection) -> None:
    # Imported here because a server that finds its schema in order never needs it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationInvalid(f"the database cannot be migrated: {error}") from error


def _sqlite_file(database: Database) -> Path:
    return Path(database.engine.url.database or "")


def _shown(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=True)


@contextmanager
def _reported(database: Database) -> Iterator[None]:
    """Tell the operator in a sentence what the database, or its file, refuses."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        reason = " ".join(str(error.__cause__ or error).split())
        raise ConfigurationInvalid(
            f"the database {_shown(database)} cannot be used: {reason}"
        ) from error
