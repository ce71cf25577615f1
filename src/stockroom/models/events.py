"""The event outbox: what was changed, written in the transaction that changed it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String
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
    # For the audit trails of a registry and of a team, which are read from their end.
    __table_args__ = (
        Index("ix_events_registry_id_id", "registry_id", "id"),
        Index("ix_events_team_id_id", "team_id", "id"),
    )

    id: Mapped[Id]
    transaction: Mapped[int] = mapped_column(
        BigInteger, insert_default=current_transaction(), index=True
    )
    at: Mapped[Instant]
    kind: Mapped[Name]
    actor: Mapped[Name]
    """Who did it: ``user:ID``, ``robot:ID``, or a name such as ``cli``."""
    credential: Mapped[Name | None]
    """By which credential: ``key:ID``, ``session:ID`` or ``login:ID``."""
    address: Mapped[str | None] = mapped_column(String(64))
    """From where."""
    team_id: Mapped[int | None] = mapped_column(BigId)
    registry_id: Mapped[int | None] = mapped_column(BigId)
    package: Mapped[Name | None]
    subject: Mapped[Name | None]
    """Whose credentials or grants the event touches: ``user:ID``, ``key:ID``, ``session:ID``."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
