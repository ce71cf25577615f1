"""The event outbox: what was changed, written in the transaction that changed it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Index
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from stockroom.db import Base, BigId, Id, Instant, Name


class current_transaction(FunctionElement[int]):  # noqa: N801 - named as SQL functions are
    """The number of the current transaction; 0 on SQLite, which has one writer at a time."""

    type = BigInteger()
    inherit_cache = True


@compiles(current_transaction, "postgresql")
def _postgresql(element: current_transaction, compiler: SQLCompiler, **options: Any) -> str:
    return "pg_current_xact_id()::text::bigint"


@compiles(current_transaction, "sqlite")
def _sqlite(element: current_transaction, compiler: SQLCompiler, **options: Any) -> str:
    return "0"


class Event(Base):
    """One change. The feed reads these to know which caches they touch.

    On PostgreSQL ids are given out before the commit, so that a reader may see number 5 before
    number 4 exists; ``transaction`` lets the feed find what became visible late.
    """

    __tablename__ = "events"
    # For the audit trail of a registry, which is read from its end.
    __table_args__ = (Index("ix_events_registry_id_id", "registry_id", "id"),)

    id: Mapped[Id]
    transaction: Mapped[int] = mapped_column(
        BigInteger, insert_default=current_transaction(), index=True
    )
    at: Mapped[Instant]
    kind: Mapped[Name]
    actor: Mapped[Name]
    registry_id: Mapped[int | None] = mapped_column(BigId)
    package: Mapped[Name | None]
    subject: Mapped[Name | None]
    """Whose credentials or grants the event touches (``key:ID``)."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
