"""The audit trail: who did what, when, by which credential and from where."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import ColumnElement

from stockroom.db import Database
from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, authority
from stockroom.manage.api.operations import JSON_LINES, Lines
from stockroom.manage.api.parameters import DEFAULT_LIMIT, AfterId, Limit, instant
from stockroom.manage.audit import queries
from stockroom.manage.audit.queries import Wanted
from stockroom.manage.reports.rows import EventReport
from stockroom.manage.users import Users, subject_of
from stockroom.resources import Me, RegistryResource, Root, TeamResource, UserResource
from stockroom.web import Request

Instant = Annotated[str, Meta(description="An instant such as `2026-01-31T12:00:00Z`.")]


class EventQuery(Struct):
    """Which events."""

    limit: Limit = DEFAULT_LIMIT
    after: AfterId | None = None
    kind: Annotated[
        str, Meta(description="A whole kind, such as `release.yanked`, or what is before its dot.")
    ] = ""
    actor: Annotated[str, Meta(description="Who did it, such as `user:7`.")] = ""
    subject: Annotated[str, Meta(description="Whose account or key it is about.")] = ""
    package: Annotated[str, Meta(description="Only events of this package.")] = ""
    since: Instant = ""
    until: Instant = ""
    format: Annotated[
        Literal["json", "jsonl"],
        Meta(description="`jsonl`, as `Accept: application/jsonl`: all of them, one a line."),
    ] = "json"

    def wanted(self) -> Wanted:
        """The conditions; raises InvalidQuery if an instant is none."""
        return Wanted(
            self.kind,
            self.actor,
            self.subject,
            self.package,
            instant("since", self.since),
            instant("until", self.until),
        )


class EventPage(Struct):
    """Events, the newest first."""

    events: list[EventReport]
    next: int | None


Events = EventPage | Lines[EventReport]


def list_server_events(context: Root, request: Request, query: EventQuery) -> Events:
    """List who changed what on the whole server, the newest first."""
    return _events(request, query, queries.everywhere())


def list_team_events(context: TeamResource, request: Request, query: EventQuery) -> Events:
    """List who changed what in a team and everything that it owns, the newest first."""
    return _events(request, query, queries.of_team(context.row.id))


def list_events(context: RegistryResource, request: Request, query: EventQuery) -> Events:
    """List who changed what in a registry, the newest first."""
    return _events(request, query, queries.of_registry(context.row.id))


def list_user_events(context: UserResource, request: Request, query: EventQuery) -> Events:
    """List what a user has done, and what was done to their account, the newest first."""
    with request.service(Database).reading() as session:
        subject = subject_of(Users(session, "").find(context.__name__))
    return _events(request, query, queries.of_subject(subject))


def list_own_events(context: Me, request: Request, query: EventQuery) -> Events:
    """List what one has done, and what was done to one's account, the newest first.

    From where others did something, and by which credential, is theirs. This takes a credential
    that is not limited to less than its owner.
    """
    authority(request).check_whole()
    subject = actor(request)
    return _events(request, query, queries.of_subject(subject), only_of=subject)


def _events(
    request: Request,
    query: EventQuery,
    within: ColumnElement[bool],
    only_of: str | None = None,
) -> Events:
    """Events; where ``only_of`` is a subject, what others came with is left out."""
    wanted, database = query.wanted(), request.service(Database)
    if query.format == "jsonl" or JSON_LINES in request.environ.get("HTTP_ACCEPT", ""):
        chunks = queries.export(database, within, wanted)
        return Lines([_shown(row, only_of) for row in chunk] for chunk in chunks)
    with database.read() as connection:
        rows = queries.page(connection, within, wanted, limit=query.limit + 1, after=query.after)
    return page(EventPage, [_shown(row, only_of) for row in rows], query.limit, "id")


def _shown(row: EventReport, only_of: str | None) -> EventReport:
    if only_of in (None, row.actor):
        return row
    return msgspec.structs.replace(row, credential=None, address=None)
