"""What views show and why, and what they would show if they were made of something else."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Literal

from msgspec import Meta, Struct

from stockroom.bodies import InvalidBody
from stockroom.db import Database
from stockroom.dists.locks import MAX_TEXT
from stockroom.errors import BadRequest
from stockroom.filters import Language
from stockroom.manage.api.calling import names, need
from stockroom.manage.api.definitions import (
    ViewBody,
    ViewMemberBody,
    registry_reader,
    resolved,
)
from stockroom.manage.api.operations import outcome
from stockroom.manage.definitions import InvalidDefinition
from stockroom.manage.problems import InvalidQuery
from stockroom.manage.why.explaining import Question, Why
from stockroom.manage.why.locks import InvalidLock, read_pins
from stockroom.manage.why.rehearsing import Rehearsals
from stockroom.manage.why.rows import RehearsalDocument, WhyDocument
from stockroom.manage.why.seeing import Eyes
from stockroom.resolution import Resolver, ViewFilters
from stockroom.resolution.moments import instant_of, view_at
from stockroom.resolution.problems import FilterBroken
from stockroom.resources import Directory, SeenPackage, ViewResource, ViewRow
from stockroom.security.permissions import Permission
from stockroom.web import Request

MAX_BODY = MAX_TEXT + MAX_TEXT // 4
"""Bytes: in JSON, line ends and quotes take two."""

At = Annotated[
    str,
    Meta(
        description="As of when: a date (its midnight, UTC) or an instant such as "
        "2026-01-31T12:00:00Z; left out, it is now."
    ),
]


class WhyQuery(Struct):
    """As of when a view is looked at."""

    at: At = ""


class LockBody(Struct, forbid_unknown_fields=True):
    """A lock file."""

    text: Annotated[str, Meta(description="All of the file.")]
    name: Annotated[str, Meta(description="Its name, such as uv.lock, which tells its kind.")] = ""
    kind: Literal["uv", "pylock", "requirements"] | None = None


class RehearsalBody(Struct, forbid_unknown_fields=True):
    """A lock file, and what the view is to be made of; without ``groups`` as it is."""

    lock: LockBody
    groups: list[list[ViewMemberBody]] | None = None
    at: At = ""


@outcome(FilterBroken)
def explain_package(context: SeenPackage, request: Request, query: WhyQuery) -> WhyDocument:
    """Say why a view shows a package, or does not.

    Which registries were asked, which group won, what becomes of every file and why, and until
    when. What nobody has is answered as well. VIEW@INSTANT is the view as of an instant, too.
    """
    return _explain(context, request, query, None)


@outcome(FilterBroken)
def explain_part(context: SeenPackage, request: Request, query: WhyQuery) -> WhyDocument:
    """Say the same about one version of a package, or one file by its name."""
    return _explain(context, request, query, request.matchdict["part"])


@outcome(InvalidDefinition, InvalidLock, FilterBroken, max_body=MAX_BODY)
def rehearse(context: ViewResource, request: Request, body: RehearsalBody) -> RehearsalDocument:
    """Say what becomes of the pins of a lock file in a view, or in a draft of it.

    The lock file is a uv.lock, a pylock.toml (PEP 751) or a requirements file of at most 8 MiB.
    Nothing is changed. Who names registries in a draft must be able to read them.
    """
    # Seeing what a view is made of is not enough to see what it shows.
    need(request, Permission.VIEW_READ)
    draft = None if body.groups is None else resolved(request, ViewBody(body.groups).definition)
    lock = read_pins(body.lock.text, body.lock.name, body.lock.kind)
    address = f"{context.workspace.name}/{context.row.name}"
    resolver = request.service(Resolver) if draft is None else _resolver_of_drafts(request)
    rehearsals = Rehearsals(_eyes(request, context.row, resolver), names(request))
    return rehearsals.rehearse(address, context.row, draft, lock, _instant(body.at, InvalidBody))


def _explain(
    context: SeenPackage, request: Request, query: WhyQuery, wanted: str | None
) -> WhyDocument:
    view = view_at(context.view)
    if view.at is not None and query.at:
        raise InvalidQuery("the view has an instant already: leave out at")
    at = view.at or _instant(query.at, InvalidQuery)
    question = Question(f"{view.workspace}/{view.row.name}", context.__name__, wanted, at)
    eyes = _eyes(request, view.row, request.service(Resolver))
    return Why(eyes, names(request)).explain(view.row, question)


def _resolver_of_drafts(request: Request) -> Resolver:
    """A resolver whose filters, and what they keep, are forgotten with the request."""
    known, directory = request.service(Language), request.service(Directory)
    language = Language(known.fields.values(), known.functions.values())
    return Resolver(request.service(Database), ViewFilters(language, directory))


def _eyes(request: Request, view: ViewRow, resolver: Resolver) -> Eyes:
    """What the caller may be told of.

    What a view shows of other workspaces is theirs to read, or they would not have come so far; a
    key that is limited to the view could not read it by itself.
    """
    may_read, foreign = registry_reader(request), {id_ for id_, _ in view.foreign}
    registries = request.service(Directory).snapshot().registries

    @cache
    def may_see(registry_id: int) -> bool:
        row = registries.get(registry_id)
        return registry_id in foreign or (row is not None and may_read(row))

    return Eyes(resolver, may_see)


def _instant(text: str, problem: type[BadRequest]) -> datetime | None:
    """An instant, None where nothing is said; raises ``problem``."""
    if not text:
        return None
    found = instant_of(text)
    if found is None:
        raise problem(
            "at must be a date such as 2026-10-01 or an instant such as 2026-10-01T12:00:00Z"
        )
    return found
