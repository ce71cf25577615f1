"""Registries filled by rows, for tests of what is shown rather than of how it came there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from stockroom.db import insert_if_absent
from stockroom.dists import canonical_version
from stockroom.feed import emit
from stockroom.manage.defining import Views
from stockroom.manage.definitions import Definition, MemberText
from stockroom.models import (
    Blob,
    File,
    Package,
    Registry,
    Release,
    View,
    Workspace,
)
from stockroom.resources import Member

MOST_ANNOUNCED = 100
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Stocked(NamedTuple):
    """A file to be: the version, when it was uploaded, and something to tell its bytes by."""

    version: str
    at: datetime = LONG_AGO
    build: str = ""
    sdist: bool = False

    def filename(self, package: str) -> str:
        """Its name."""
        stem = f"{package.replace('-', '_')}-{self.version}"
        return f"{stem}.tar.gz" if self.sdist else f"{stem}-py3-none-any.whl"

    def sha256(self, package: str, registry: str) -> str:
        """Its digest, which depends on the registry: no two have the same bytes."""
        text = f"{registry}/{self.filename(package)}/{self.build}"
        return hashlib.sha256(text.encode()).hexdigest()


def stock(session: Session, registry: str, packages: Mapping[str, Iterable[Stocked]]) -> None:
    """Put packages with these files into ``WORKSPACE/REGISTRY``; nobody can download them.

    A package is as old as its oldest file. More than a hundred packages are not announced one by
    one: put them there before anybody asks for them.
    """
    registry_id = _registries(session)[registry]
    heads = {package: list(files) for package, files in packages.items()}
    created = {
        package: min((file.at for file in files), default=LONG_AGO)
        for package, files in heads.items()
    }
    ids = _packages(session, registry_id, created)
    releases = _releases(
        session, {(ids[name], file.version) for name, files in heads.items() for file in files}
    )
    rows = [
        _file(file, registry, package, releases[ids[package], file.version])
        | {"registry_id": registry_id, "package_id": ids[package]}
        for package, files in heads.items()
        for file in files
    ]
    blobs = [
        {"sha256": digest, "size": 1, "created_at": LONG_AGO, "touched_at": LONG_AGO}
        for digest in {str(row["sha256"]) for row in rows}
    ]
    if blobs:
        insert_if_absent(session, Blob, *blobs)
    _insert(session, File, rows)
    for package in heads if len(heads) <= MOST_ANNOUNCED else ():
        emit(session, "package.created", "test", registry_id=registry_id, package=package)


def _registries(session: Session) -> Mapping[str, int]:
    query = select(Workspace.name, Registry.name, Registry.id)
    rows = session.execute(query.join(Registry, Registry.workspace_id == Workspace.id))
    return {f"{workspace}/{name}": id_ for workspace, name, id_ in rows}


def _packages(
    session: Session, registry_id: int, created: Mapping[str, datetime]
) -> Mapping[str, int]:
    rows: list[dict[str, object]] = [
        {"registry_id": registry_id, "name": name, "display_name": name, "created_at": at}
        for name, at in created.items()
    ]
    _insert(session, Package, rows)
    query = select(Package.name, Package.id).where(Package.registry_id == registry_id)
    return dict(session.execute(query).all())


def _releases(session: Session, wanted: Iterable[tuple[int, str]]) -> Mapping[tuple[int, str], int]:
    rows: list[dict[str, object]] = [
        {
            "package_id": package_id,
            "version": version,
            "canonical_version": canonical_version(version),
            "created_at": LONG_AGO,
        }
        for package_id, version in wanted
    ]
    _insert(session, Release, rows)
    query = select(Release.package_id, Release.version, Release.id)
    return {(package_id, version): id_ for package_id, version, id_ in session.execute(query)}


def _insert(session: Session, model: type, rows: list[dict[str, object]]) -> None:
    if rows:
        session.execute(insert(model), rows)


def _file(file: Stocked, registry: str, package: str, release_id: int) -> dict[str, object]:
    digest = file.sha256(package, registry)
    return {
        "release_id": release_id,
        "filename": file.filename(package),
        "kind": "sdist" if file.sdist else "wheel",
        "sha256": digest,
        "blake2b_256": digest,
        "size": 1,
        "metadata_sha256": digest,
        "metadata_static": not file.sdist,
        "requires_dist": [],
        "provides_extra": [],
        "uploaded_at": file.at,
        "uploaded_by": "test",
        "warnings": [],
    }


def define_view(session: Session, name: str, *groups: Iterable[tuple[str, str | None]]) -> None:
    """Make the view ``WORKSPACE/NAME``, or change it, of registries with their filters.

    The filters are not looked at, as if they were written before a plugin went.
    """
    workspace, _, view_name = name.partition("/")
    ids = _registries(session)
    texts = tuple(tuple(MemberText(*member) for member in group) for group in groups)
    members = tuple(
        tuple(Member(ids[one.registry], one.filter) for one in group) for group in texts
    )
    query = select(View.id).join(Workspace, Workspace.id == View.workspace_id)
    known = session.execute(query.where(Workspace.name == workspace, View.name == view_name))
    views = Views(session, "test")
    write = views.change if known.first() else views.create
    write(workspace, view_name, Definition(texts), members)
