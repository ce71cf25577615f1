"""Reading the history of views, and the files of one name in the registries that they show."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, String, and_, cast, func, literal, select, tuple_

from stockroom.manage.problems import NoSuchPlace
from stockroom.manage.viewing.rows import RevisionReport, ViewMemberDocument
from stockroom.models import File, Package, Robot, User, ViewDefinition


class Namesake(NamedTuple):
    """What one registry has of a package, where others have a file of the same name.

    ``sha256``, ``size`` and ``uploaded_at`` are None if it has no file of that name.
    """

    package: str
    filename: str
    registry_id: int
    sha256: str | None
    size: int | None
    uploaded_at: datetime | None


def namesakes(
    connection: Connection,
    merged: Collection[int],
    shown: Collection[int],
    *,
    after: tuple[str, str],
    limit: int,
) -> Sequence[Namesake]:
    """Filenames with different contents in the registries ``merged``, in one statement.

    For each, what all of the registries ``shown`` have of its package, since that decides which of
    them provide it. ``after`` is the package and the filename after which to begin, ``limit`` the
    number of filenames.
    """
    same = (
        select(Package.name, File.filename)
        .join(File, File.package_id == Package.id)
        .where(
            File.registry_id.in_(merged),
            tuple_(Package.name, File.filename) > tuple_(literal(after[0]), literal(after[1])),
        )
        .group_by(Package.name, File.filename)
        .having(func.min(File.sha256) != func.max(File.sha256))
        .order_by(Package.name, File.filename)
        .limit(limit)
        .subquery()
    )
    query = (
        select(
            same.c.name,
            same.c.filename,
            Package.registry_id,
            File.sha256,
            File.size,
            File.uploaded_at,
        )
        .join(Package, and_(Package.name == same.c.name, Package.registry_id.in_(shown)))
        .outerjoin(File, and_(File.package_id == Package.id, File.filename == same.c.filename))
        .order_by(same.c.name, same.c.filename)
    )
    return [Namesake(*row) for row in connection.execute(query)]


def history(
    connection: Connection, view_id: int, *, before: int | None = None, limit: int | None = None
) -> list[RevisionReport]:
    """What a view was made of, the newest first; with ``before``, only what is older than that."""
    query = (
        select(
            ViewDefinition.revision,
            ViewDefinition.groups,
            ViewDefinition.at,
            ViewDefinition.actor,
            func.coalesce(User.name, Robot.name),
            ViewDefinition.reason,
        )
        .outerjoin(User, ViewDefinition.actor == literal("user:") + cast(User.id, String))
        .outerjoin(Robot, ViewDefinition.actor == literal("robot:") + cast(Robot.id, String))
        .where(ViewDefinition.view_id == view_id)
        .order_by(ViewDefinition.revision.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(ViewDefinition.revision < before)
    return [RevisionReport(row[0], _groups(row[1]), *row[2:]) for row in connection.execute(query)]


def newest(connection: Connection, view_id: int, name: str) -> RevisionReport:
    """What a view is made of.

    :raises NoSuchPlace: it was deleted in this moment; ``name`` is how people call it.
    """
    found = history(connection, view_id, limit=1)
    if not found:
        raise NoSuchPlace(f"there is no view {name}")
    return found[0]


def _groups(kept: list[list[list[str | None]]]) -> list[list[ViewMemberDocument]]:
    return [
        [ViewMemberDocument(registry or "", filter_) for registry, filter_ in group]
        for group in kept
    ]
