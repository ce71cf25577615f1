"""Reading identities."""

from __future__ import annotations

from sqlalchemy import Connection, String, cast, literal, select

from stockroom.models import ApiKey, Grant
from stockroom.security.identity import Identity
from stockroom.security.permissions import principal


def identity_of_key(connection: Connection, digest: str) -> Identity | None:
    """The holder of the key with this digest, grants included; None if revoked or unknown."""
    subject = literal("key:") + cast(ApiKey.id, String)
    query = (
        select(
            ApiKey.id,
            ApiKey.name,
            ApiKey.expires_at,
            Grant.role,
            Grant.scope_kind,
            Grant.scope_id,
        )
        .outerjoin(Grant, Grant.subject == subject)
        .where(ApiKey.digest == digest, ApiKey.revoked_at.is_(None))
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    first = rows[0]
    return Identity(
        subject=f"key:{first.id}",
        name=first.name,
        expires_at=first.expires_at.timestamp() if first.expires_at else None,
        principals=frozenset(
            principal(row.role, row.scope_kind, row.scope_id) for row in rows if row.role
        ),
    )
