"""Databases without a schema, or with that of another version."""

from __future__ import annotations

from sqlalchemy import Engine, create_engine, text

from stockroom.db import Database
from stockroom.settings import Settings, read_settings


def open_database(url: str) -> Database:
    """The database at ``url``, whatever is in it."""
    return Database(settings_for(url))


def settings_for(url: str) -> Settings:
    """Settings that name a database and nothing else of importance."""
    values = {"sqlalchemy.url": url, "stockroom.storage": "file:///unused"}
    return read_settings(values).settings


def empty(postgresql_url: str) -> str:
    """Take every table out of a PostgreSQL database; returns its URL."""
    with _autocommit(postgresql_url).connect() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return postgresql_url


def set_revision(url: str, revision: str) -> None:
    """Pretend that the database was made by another version."""
    with _autocommit(url).connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def _autocommit(url: str) -> Engine:
    from sqlalchemy.pool import NullPool

    from stockroom.settings import database_url

    return create_engine(database_url(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
