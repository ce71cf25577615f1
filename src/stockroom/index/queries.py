"""Reading stages, one statement each."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from stockroom.models import LIVE, UploadFile, UploadSession
from stockroom.resolution import FileDetail, PackageDetail


def staged_package(connection: Connection, token: str, now: datetime) -> PackageDetail | None:
    """What a live stage shows: its completed files."""
    query = (
        select(UploadSession.package, UploadFile.facts, UploadFile.created_at)
        .outerjoin(
            UploadFile,
            and_(UploadFile.session_id == UploadSession.id, UploadFile.status == "completed"),
        )
        .where(
            UploadSession.token == token,
            UploadSession.kind == "stage",
            UploadSession.status.in_(LIVE),
            UploadSession.expires_at > now,
        )
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    return PackageDetail(rows[0][0], files=[_staged(*row[1:]) for row in rows if row[1]])


def _staged(facts: dict[str, Any], at: datetime) -> FileDetail:
    return FileDetail(
        filename=facts["filename"],
        version=facts["version"],
        kind=facts["kind"],
        sha256=facts["sha256"],
        size=facts["size"],
        metadata_sha256=facts["metadata_sha256"],
        metadata_static=facts["metadata_static"],
        requires_python=facts["requires_python"],
        requires_dist=json.dumps(facts["requires_dist"]),
        provides_extra=json.dumps(facts["provides_extra"]),
        yanked=False,
        yanked_reason=None,
        uploaded_at=at,
        id=None,
    )
