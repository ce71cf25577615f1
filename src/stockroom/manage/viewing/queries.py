"""Reading the history of views."""

from __future__ import annotations

from sqlalchemy import Connection, String, cast, func, literal, select

from stockroom.manage.problems import NoSuchPlace
from stockroom.manage.viewing.rows import RevisionReport, ViewMemberDocument
from stockroom.models import Robot, User, ViewDefinition


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
