"""Events, the newest first: of the server, of a team, of a registry, of a user."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, or_, select, true

from stockroom.db import Database
from stockroom.dists import normalize
from stockroom.manage.reports.rows import EventReport
from stockroom.models import Event, Registry, Workspace

CHUNK = 500
"""Events that an export holds in memory at once."""


class Wanted(NamedTuple):
    """Which events; everything that is left empty takes all.

    ``kind`` is a whole kind, or what is before its dot; ``actor`` and ``subject`` are as events
    have them; from ``since`` on, and before ``until``.
    """

    kind: str = ""
    actor: str = ""
    subject: str = ""
    package: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def clauses(self) -> Iterator[ColumnElement[bool]]:
        """The conditions."""
        if self.kind:
            yield (Event.kind == self.kind) | Event.kind.startswith(
                f"{self.kind}.", autoescape=True
            )
        if self.actor:
            yield Event.actor == self.actor
        if self.subject:
            yield Event.subject == self.subject
        if self.package:
            yield Event.package == normalize(self.package)
        if self.since is not None:
            yield Event.at >= self.since
        if self.until is not None:
            yield Event.at < self.until


def everywhere() -> ColumnElement[bool]:
    """Of the whole server."""
    return true()


def of_registry(registry_id: int) -> ColumnElement[bool]:
    """Of a registry."""
    return Event.registry_id == registry_id


def of_team(team_id: int) -> ColumnElement[bool]:
    """Of a team and of every registry that it owns; what is gone is named by its events."""
    registries = (
        select(Registry.id)
        .join(Workspace, Workspace.id == Registry.workspace_id)
        .where(Workspace.team_id == team_id)
    )
    return or_(Event.team_id == team_id, Event.registry_id.in_(registries))


def of_subject(subject: str) -> ColumnElement[bool]:
    """What a user has done, and what was done to their account and roles."""
    return or_(Event.actor == subject, Event.subject == subject)


def page(
    connection: Connection,
    within: ColumnElement[bool],
    wanted: Wanted,
    *,
    limit: int,
    after: int | None = None,
) -> list[EventReport]:
    """Up to ``limit`` events that are older than the one of the number ``after``."""
    query = (
        select(
            Event.id,
            Event.at,
            Event.kind,
            Event.actor,
            Event.credential,
            Event.address,
            Event.team_id,
            Event.registry_id,
            Event.package,
            Event.subject,
            Event.data,
        )
        .where(within, *wanted.clauses())
        .order_by(Event.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(Event.id < after)
    return [EventReport(*row) for row in connection.execute(query)]


def export(
    database: Database, within: ColumnElement[bool], wanted: Wanted
) -> Iterator[list[EventReport]]:
    """Every event that is there now, a chunk at a time; no connection is held in between."""
    after: int | None = None
    while True:
        with database.read() as connection:
            found = page(connection, within, wanted, limit=CHUNK, after=after)
        if not found:
            return
        yield found
        after = found[-1].id
