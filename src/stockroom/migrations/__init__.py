"""The schema's history, and the three things one does with it: look, compare, upgrade."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from stockroom.db import Database
from stockroom.errors import ConfigurationInvalid
from stockroom.models import SCHEMA_REVISION

HERE = Path(__file__).parent
# Two nodes that migrate at once wait for each other; the number has no meaning.
POSTGRESQL_LOCK = 7_403_201


def current_revision(database: Database) -> str | None:
    """The revision of the database's schema, None when it has none.

    :raises ConfigurationInvalid: the database cannot be reached.
    """
    try:
        with database.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError as error:
        where = database.engine.url.render_as_string(hide_password=True)
        raise ConfigurationInvalid(
            f"the database {where} cannot be used: {error.__cause__ or error}"
        ) from error


def check_schema(database: Database) -> None:
    """Make sure that this code and the database fit together.

    :raises ConfigurationInvalid: with the command to run when they do not.
    """
    found = current_revision(database)
    if found == SCHEMA_REVISION:
        return
    if found is None:
        raise ConfigurationInvalid("the database is empty: run `stockroom -c INI init`")
    if found > SCHEMA_REVISION:
        raise ConfigurationInvalid(
            f"the database has schema {found}, newer than this Stockroom knows "
            f"({SCHEMA_REVISION}): upgrade Stockroom, or restore an older backup"
        )
    raise ConfigurationInvalid(
        f"the database has schema {found}, this Stockroom needs {SCHEMA_REVISION}: make a backup, "
        "then run `stockroom -c INI migrate`"
    )


def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision, in one transaction; does nothing when it is there.

    :raises ConfigurationInvalid: the schema is newer than this code.
    """
    found = current_revision(database)
    if found is not None and found > SCHEMA_REVISION:
        check_schema(database)
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": POSTGRESQL_LOCK})
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    # Imported here because a server that finds its schema in order never needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
