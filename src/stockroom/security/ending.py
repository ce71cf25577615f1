"""Signing out: a browser or a program is known no more from the next request on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.models import BrowserSession, Login


def end_session(
    session: Session,
    row: BrowserSession,
    actor: str,
    now: datetime,
    kind: str = "session.revoked",
) -> None:
    """End a browser session; twice changes nothing. ``kind`` is that of the event."""
    if row.revoked_at is None:
        row.revoked_at = now
        emit(
            session,
            kind,
            actor,
            subject=f"session:{row.id}",
            owner=f"user:{row.user_id}",
            before={"revoked": False},
            after={"revoked": True},
        )


def end_login(session: Session, row: Login, actor: str, now: datetime, *, reason: str) -> None:
    """End the login of a program, with all its tokens; twice changes nothing."""
    if row.revoked_at is None:
        row.revoked_at = now
        emit(
            session,
            "login.revoked",
            actor,
            subject=f"login:{row.id}",
            owner=f"user:{row.user_id}",
            name=row.name,
            reason=reason,
            before={"revoked": False},
            after={"revoked": True},
        )
