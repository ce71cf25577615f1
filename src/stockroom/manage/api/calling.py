"""What every view needs of a request that changes something."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from stockroom.db import Database
from stockroom.security.permissions import Permission
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


def need(request: Request, permission: Permission) -> None:
    """Make sure that the caller has one more permission than the view has asked for.

    :raises Forbidden: they may read here, but not do that.
    """
    if not request.has_permission(permission, request.context):
        raise forbidden(request, permission)
