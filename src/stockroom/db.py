"""The database: engines, transactions, column types. The same on SQLite and PostgreSQL."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, cast

import transaction
import zope.sqlalchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Insert,
    Integer,
    MetaData,
    String,
    TypeDecorator,
    create_engine,
    event,
    literal_column,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker

from stockroom.settings import Settings

log = logging.getLogger(__name__)


def _is_no_row(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Row ")


# At DEBUG it would log every row that it reads, password hashes and signing keys among them.
logging.getLogger("sqlalchemy.engine.Engine").addFilter(_is_no_row)

SQLITE_BUSY_SECONDS = 30
"""How long a SQLite writer waits for the one before it."""

NEWS_POOL = 2

CHANGED = "stockroom"
"""The PostgreSQL channel on which a commit that others must hear of is announced."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC, to the microsecond; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Check and convert on the way in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite gives the instant back without a zone, PostgreSQL in the zone of its server."""
        if value is None or value.tzinfo is UTC:
            return value
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


# SQLite gives out row ids by itself only to a column of the exact type INTEGER.
BigId = BigInteger().with_variant(Integer(), "sqlite")

Id = Annotated[int, mapped_column(BigId, primary_key=True)]
Sha256 = Annotated[str, mapped_column(String(64))]
Name = Annotated[str, mapped_column(String(255))]
Instant = Annotated[datetime, mapped_column(UTCDateTime())]


class Base(DeclarativeBase):
    """Base of all models; constraints are named so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database:
    """One database: sessions for writing in a transaction, connections for reading outside of one.

    ``announce`` tells other nodes that something was committed; on SQLite there is no need, since
    every reader sees the file change.
    """

    def __init__(self, settings: Settings) -> None:
        self.engine = _make_engine(settings.database_url, settings.database_pool)
        # News have connections of their own: who announces a commit holds one of the others until
        # that is done, and would wait for ever if all who hold one announced at once.
        self.news_engine = _make_engine(settings.database_url, NEWS_POOL)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._readers = _reading(self.engine)
        self._news_readers = _reading(self.news_engine)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self.after_commit: list[Callable[[], None]] = []
        self.written: list[Callable[[list[Any]], None]] = []
        """What is given the events of a transaction of this process, once it is committed."""

    def read(self) -> Connection:
        """A connection for single statements, each of which sees all that is committed."""
        return self._readers.connect()

    def read_news(self) -> Connection:
        """A connection for the change feed, to be given back before anything else is awaited."""
        return self._news_readers.connect()

    def session(self, manager: transaction.TransactionManager) -> Session:
        """A session that joins the current transaction of ``manager``."""
        session = self._sessions()
        zope.sqlalchemy.register(session, transaction_manager=manager)
        event.listen(session, "after_commit", self._announce)
        return session

    @contextmanager
    def transaction(self, origin: object = None) -> Iterator[Session]:
        """Run the block in one transaction of its own; ``origin`` is whence its events come."""
        manager = transaction.TransactionManager(explicit=True)
        with manager:
            session = self.session(manager)
            session.info["origin"] = origin
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for looking at rows outside of a transaction; it writes nothing."""
        with self.read() as connection, self._sessions(bind=connection) as session:
            yield session

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self.news_engine.dispose()

    def _announce(self, session: Session) -> None:
        # Announced after the commit, not inside of it: PostgreSQL lets only one transaction that
        # notifies commit at a time. Listeners read the outbox once a second as well, so that a
        # process that dies in between delays the news but cannot lose it.
        events = session.info.get("events")
        if not events:
            return
        try:
            if not self.is_sqlite:
                with self.read_news() as connection:
                    connection.exec_driver_sql(f"NOTIFY {CHANGED}")
            for listener in self.after_commit:
                listener()
        except SQLAlchemyError:
            # It is committed all the same, and a failure here must not tell the caller otherwise.
            log.warning("could not announce a change; others will see it later", exc_info=True)
        for take in self.written:
            take(events)


def insert_if_absent(session: Session, model: type[Base], *rows: dict[str, Any]) -> bool:
    """Insert rows unless a unique key of theirs is taken; True when a single row was inserted.

    Waits for a concurrent transaction that inserts the same key.
    """
    single = len(rows) == 1
    statement = _insert_if_absent(model, session.get_bind().dialect.name, returning=single)
    inserted = _changing(session).execute(statement, rows)
    # Told by the row that comes back: not every driver counts the rows of such a statement.
    return single and inserted.first() is not None


def insert_or_touch(
    session: Session, model: type[Base], column: str, *rows: dict[str, Any]
) -> None:
    """Insert rows; in those whose primary key is there already, write ``column``.

    Either way the rows are locked until the end of the transaction.
    """
    statement = _insert_or_touch(model, column, session.get_bind().dialect.name)
    _changing(session).execute(statement, rows)


def upsert(session: Session, model: type[Base], *rows: dict[str, Any]) -> None:
    """Insert rows; those whose primary key is there already take all columns of the new one.

    Every row has the same columns.
    """
    if rows:
        statement = _upsert(model, frozenset(rows[0]), session.get_bind().dialect.name)
        _changing(session).execute(statement, rows)


def _changing(session: Session) -> Connection:
    """The connection of a session, for a statement that zope.sqlalchemy cannot know to write."""
    # First, since with it the session joins the transaction of its own manager; a session that has
    # joined none would join that of the thread.
    connection = session.connection()
    zope.sqlalchemy.mark_changed(session)
    return connection


@cache
def _upsert(model: type[Base], columns: frozenset[str], dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(model)
    keys = list(model.__table__.primary_key)
    return statement.on_conflict_do_update(
        index_elements=keys,
        set_={name: statement.excluded[name] for name in columns - {key.name for key in keys}},
    )


@cache
def _insert_or_touch(model: type[Base], column: str, dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(model)
    return statement.on_conflict_do_update(
        index_elements=list(model.__table__.primary_key),
        set_={column: statement.excluded[column]},
    )


@cache
def _insert_if_absent(model: type[Base], dialect: str, *, returning: bool) -> Insert:
    """One statement for each model, since to build one takes longer than to run it."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(model).on_conflict_do_nothing()
    one: ColumnElement[int] = literal_column("1")
    return statement.returning(one) if returning else statement


def _reading(engine: Engine) -> Engine:
    """The engine for statements outside of transactions, over the same connections."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(stockroom_read=True)
    return engine.execution_options(stockroom_read=True, isolation_level="AUTOCOMMIT")


def _make_engine(url: str, pool: int) -> Engine:
    # Parameters may be personal or secret: they stand in no exception and in no log.
    if url.startswith("sqlite"):
        engine = create_engine(
            url,
            pool_size=pool,
            hide_parameters=True,
            connect_args={"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url, pool_size=pool, hide_parameters=True, max_overflow=0, pool_pre_ping=True
    )


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    sqlite_connection = cast(sqlite3.Connection, connection)
    sqlite_connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        sqlite_connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later can fail in between when somebody else wrote;
    # one that says at its beginning that it will write waits for its turn.
    if not connection.get_execution_options().get("stockroom_read"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
