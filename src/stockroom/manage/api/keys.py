"""What making a key takes, whoever's it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from stockroom.manage.api.calling import actor, authority, names, seen_by
from stockroom.manage.keys import Keys
from stockroom.manage.people import queries
from stockroom.manage.people.rows import KeyReport, NewKeyReport
from stockroom.manage.problems import InvalidScope, NoSuchPlace
from stockroom.manage.scopes import SERVER_SCOPE, TEAM_PREFIX
from stockroom.resources import Directory, Missing, Resource, Root
from stockroom.security.permissions import Access, CredentialKind, Permission
from stockroom.security.scopes import Scope
from stockroom.web import Request

MAX_PLACES = 100


class NewKeyBody(Struct, forbid_unknown_fields=True):
    """A key to make; `places` are scopes outside of which it is good for nothing."""

    name: str
    access: Literal["read", "write", "admin"] = "write"
    places: Annotated[list[str], Meta(min_length=1, max_length=MAX_PLACES)] | None = None
    days: Literal[7, 14, 30, 90, 365] = 365


class KeyPage(Struct):
    """API keys, the oldest first."""

    keys: list[KeyReport]
    next: int | None


def make_key(
    request: Request, owner: str, body: NewKeyBody, team_id: int | None = None
) -> NewKeyReport:
    """Make a key of ``owner`` that is no wider, and ends no later, than what the caller came with.

    :raises Forbidden: it would be wider.
    :raises InvalidScope: a place is written wrongly.
    :raises NoSuchPlace: the caller can read nothing of the name of a place.
    """
    identity = request.identity
    access = Access(body.access)
    places = identity.places
    if body.places is not None:
        places = tuple(dict.fromkeys(_readable(request, text) for text in body.places))
    authority(request).check_key(access, places)
    limited = identity.kind == CredentialKind.API_KEY and identity.expires_at is not None
    session = request.new_session()
    minted = Keys(session, actor(request)).create(
        owner,
        body.name,
        access=access,
        places=places,
        valid_for=timedelta(days=body.days),
        team_id=team_id,
        not_after=datetime.fromtimestamp(identity.expires_at, UTC) if limited else None,
    )
    report = queries.key_by_digest(seen_by(session), minted.digest, names(request))
    return NewKeyReport(report, minted.secret)


def _readable(request: Request, text: str) -> Scope:
    if text == SERVER_SCOPE:
        raise InvalidScope("a key for everything is one without places")
    try:
        place = _find(Root(request.service(Directory)), text)
    except Missing:
        place = None
    if place is None or not request.has_permission(Permission.VIEW_READ, place):
        raise NoSuchPlace(f"there is nothing called {text} that you may read")
    scope: Scope = place.scope  # type: ignore[attr-defined]
    return scope


def _find(root: Root, text: str) -> Resource:
    if text.startswith(TEAM_PREFIX):
        return root["teams"][text.removeprefix(TEAM_PREFIX)]
    name, *rest = text.split("/")
    workspace = root["workspaces"][name]
    match rest:
        case []:
            return workspace
        case [registry]:
            try:
                return workspace["registries"][registry]
            except Missing:
                return workspace["views"][registry]
        case [registry, package]:
            return workspace["registries"][registry]["packages"][package]
    raise Missing(text)
