"""Reading packages and files for index pages, one statement each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, and_, cast, select

from stockroom.index.detail import FileDetail, PackageDetail
from stockroom.index.resolution import providers
from stockroom.models import LIVE, File, Package, Release, UploadFile, UploadSession
from stockroom.resources import Groups

FILE_COLUMNS = (
    File.filename,
    Release.version,
    File.kind,
    File.sha256,
    File.size,
    File.metadata_sha256,
    File.metadata_static,
    File.requires_python,
    # As text: most pages do not need them, and those that do parse equal texts once.
    cast(File.requires_dist, Text),
    cast(File.provides_extra, Text),
    File.yanked,
    File.yanked_reason,
    File.uploaded_at,
    File.id,
)


class LocatedFile(NamedTuple):
    """A file that a view shows, or the status of the package that withholds it."""

    status: str
    status_reason: str | None
    file: FileDetail | None


def package_detail(connection: Connection, groups: Groups, name: str) -> PackageDetail | None:
    """What a view of these groups shows of the package; None when nobody has it."""
    query = (
        select(Package.registry_id, Package.status, Package.status_reason, *FILE_COLUMNS)
        .outerjoin(File, File.package_id == Package.id)
        .outerjoin(Release, Release.id == File.release_id)
        .where(Package.registry_id.in_(_all(groups)), Package.name == name)
    )
    rows = connection.execute(query).all()
    chosen = providers(groups, {row[0] for row in rows})
    if not chosen:
        return None
    head = next(row for row in rows if row[0] == chosen[0])
    files: dict[str, FileDetail] = {}
    for registry_id in chosen:
        for row in rows:
            if row[0] == registry_id and row[1] != "quarantined" and row[3] is not None:
                files.setdefault(row[3], _file(row[3:]))
    return PackageDetail(name, head[1], head[2], list(files.values()))


def located_file(
    connection: Connection, groups: Groups, name: str, filename: str
) -> LocatedFile | None:
    """One file of a package as a view of these groups shows it; None when it shows none."""
    query = (
        select(Package.registry_id, Package.status, Package.status_reason, *FILE_COLUMNS)
        .outerjoin(File, and_(File.package_id == Package.id, File.filename == filename))
        .outerjoin(Release, Release.id == File.release_id)
        .where(Package.registry_id.in_(_all(groups)), Package.name == name)
    )
    rows = {row[0]: row for row in connection.execute(query)}
    for registry_id in providers(groups, rows.keys()):
        row = rows[registry_id]
        if row[3] is not None:
            hidden = row[1] == "quarantined"
            return LocatedFile(row[1], row[2], None if hidden else _file(row[3:]))
    return None


def package_names(connection: Connection, groups: Groups) -> Sequence[tuple[str, str]]:
    """Normalised and display name of every package that a view of these groups lists, in order."""
    query = select(Package.registry_id, Package.name, Package.display_name, Package.status).where(
        Package.registry_id.in_(_all(groups))
    )
    having: dict[str, dict[int, tuple[str, str]]] = {}
    for registry_id, name, display_name, status in connection.execute(query):
        having.setdefault(name, {})[registry_id] = (display_name, status)
    listed = []
    for name, found in sorted(having.items()):
        display_name, status = found[providers(groups, found.keys())[0]]
        if status != "quarantined":
            listed.append((name, display_name))
    return listed


def _all(groups: Groups) -> list[int]:
    return [member.registry_id for member in chain.from_iterable(groups)]


def _file(values: Sequence[Any]) -> FileDetail:
    return FileDetail(*values)


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
