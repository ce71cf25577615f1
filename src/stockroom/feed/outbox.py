"""Writing events into the outbox, and reading what has become visible in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, case, column, func, literal_column, select
from sqlalchemy.orm import Session

from stockroom.models import Event

FACTS_CHANGED = "facts.changed"
"""A source knows something else of some packages, which have pages."""
FACTS_READY = "facts.ready"
"""A source has told everything for the first time: what it does not tell of is known now, too."""
OF_FACTS = (FACTS_CHANGED, FACTS_READY)


@dataclass(frozen=True, slots=True)
class Change:
    """What a cache needs to know of an event."""

    id: int
    kind: str
    registry_id: int | None
    package: str | None
    subject: str | None
    source: str | None = None
    """The fact source, for the kinds in :data:`OF_FACTS`."""
    packages: tuple[str, ...] = ()
    """Normalised names of what ``facts.changed`` is about."""


@dataclass(frozen=True, slots=True)
class Origin:
    """By which credential and from which address a request came, for the events it causes."""

    credential: str | None
    address: str | None


def emit(
    session: Session,
    kind: str,
    actor: str,
    *,
    team_id: int | None = None,
    registry_id: int | None = None,
    package: str | None = None,
    subject: str | None = None,
    **data: Any,
) -> None:
    """Add an event to the transaction of ``session``; others hear of it when that commits.

    ``kind`` is ``thing.verb`` in the past tense, ``actor`` who did it, ``data`` JSON values.
    ``subject`` names whose credentials or grants it touches: they are looked up anew everywhere.
    """
    origin: Origin | None = session.info.get("origin")
    event = Event(
        at=datetime.now(UTC),
        kind=kind,
        actor=actor,
        credential=origin.credential if origin else None,
        address=origin.address if origin else None,
        team_id=team_id,
        registry_id=registry_id,
        package=package,
        subject=subject,
        data=data,
    )
    session.add(event)
    session.info.setdefault("events", []).append(event)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a reader of the outbox has come.

    On SQLite ``seen`` is the last id. On PostgreSQL ``horizon`` is the oldest transaction that may
    still be running, and ``ids`` what was already seen at or after it.
    """

    seen: int = 0
    horizon: int = 0
    ids: frozenset[int] = frozenset()


_COLUMNS = (
    Event.id,
    Event.kind,
    Event.registry_id,
    Event.package,
    Event.subject,
    # What other events carry is for people, and not read here.
    case((Event.kind.in_(OF_FACTS), Event.data)),
)


def read_sqlite(connection: Connection, position: Position) -> tuple[Position, Sequence[Change]]:
    """What was committed since ``position``. SQLite has one writer, so ids grow as commits do."""
    query = select(*_COLUMNS).where(Event.id > position.seen).order_by(Event.id)
    changes = [_change(row) for row in connection.execute(query)]
    return (Position(changes[-1].id) if changes else position), changes


def read_postgresql(
    connection: Connection, position: Position
) -> tuple[Position, Sequence[Change]]:
    """What was committed since ``position``, late-comers with lower ids included.

    One statement reads the events and the horizon from one snapshot: whatever it did not see
    belongs to a transaction at or after that horizon, and is looked for again next time.
    """
    horizon = literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint", BigInteger)
    now = select(horizon.label("horizon")).subquery()
    query = (
        select(column("horizon", BigInteger), Event.transaction, *_COLUMNS)
        .select_from(now.outerjoin(Event, Event.transaction >= position.horizon))
        .order_by(Event.id)
    )
    rows: Sequence[Any] = connection.execute(query).all()
    horizon_now = rows[0][0]
    # Where there is no event, the horizon comes with one row of NULLs.
    found = [(row[1], _change(row[2:])) for row in rows if row[2] is not None]
    ids = frozenset(change.id for number, change in found if number >= horizon_now)
    changes = [change for _, change in found if change.id not in position.ids]
    return Position(horizon=horizon_now, ids=ids), changes


def _change(row: Sequence[Any]) -> Change:
    told = row[-1]
    of_facts = (told["source"], tuple(told.get("packages", ()))) if told else ()
    return Change(*row[:-1], *of_facts)


def newest(connection: Connection, *, sqlite: bool) -> Position:
    """The position from which on everything is news."""
    if sqlite:
        return Position(
            connection.execute(select(func.coalesce(func.max(Event.id), 0))).scalar_one()
        )
    position, _ = read_postgresql(connection, Position(horizon=(1 << 62)))
    # What is visible now is not news; what becomes visible later has not been seen.
    position, _ = read_postgresql(connection, position)
    return position
