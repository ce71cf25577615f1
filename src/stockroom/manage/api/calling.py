"""What every view needs of a request that changes something."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from stockroom.db import Database
from stockroom.manage.api.parameters import MAX_ID
from stockroom.manage.authority import Authority
from stockroom.manage.problems import NoSuchPlace
from stockroom.resources import Directory, Resource
from stockroom.security.permissions import Permission
from stockroom.security.policy import Refused
from stockroom.security.scopes import Scope
from stockroom.web import Request, forbidden


def actor(request: Request) -> str:
    """Who events are attributed to."""
    return request.authenticated_userid or ""


def read(request: Request) -> Connection:
    """A connection that sees what is committed, to be closed by the caller."""
    return request.service(Database).read()


def seen_by(session: Session) -> Connection:
    """The connection of a transaction, which sees what was changed in it."""
    session.flush()
    return session.connection()


def authority(request: Request) -> Authority:
    """What the caller may hand on."""
    return Authority(request.identity, request.service(Directory).containing)


def name_of(request: Request, scope: Scope) -> str:
    """A scope that exists, as people write it."""
    return request.service(Directory).snapshot().name_of(scope) or ""


def names(request: Request) -> Callable[[Scope], str | None]:
    """Gives scopes as people write them, None for what is gone."""
    return request.service(Directory).snapshot().name_of


def number_of(context: Resource) -> int:
    """The number that a URL names something by.

    :raises NoSuchPlace: it is no number, so that there is nothing.
    """
    text = context.__name__
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_ID):
        raise NoSuchPlace(f"there is nothing of the number {text}")
    return int(text)


def need(request: Request, permission: Permission) -> None:
    """Make sure that the caller has one more permission than the view has asked for.

    :raises Forbidden: they may read here, but not do that.
    """
    answer = request.has_permission(permission, request.context)
    if isinstance(answer, Refused):
        raise forbidden(request, answer)
