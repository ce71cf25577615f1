"""Views of the server on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockroom.cli.site import ACTOR, Site
from stockroom.manage.closing import Closing
from stockroom.manage.defining import Views, view_tag
from stockroom.manage.definitions import Definition, resolve
from stockroom.manage.problems import NoSuchPlace, PreconditionFailed
from stockroom.manage.viewing import queries
from stockroom.manage.viewing.conflicts import conflicts
from stockroom.manage.viewing.documents import view_document, view_summary
from stockroom.resources.directory import read_snapshot

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from stockroom.cli.backends.protocols import Address
    from stockroom.manage.viewing.rows import (
        ConflictReport,
        RevisionReport,
        ViewDocument,
        ViewSummary,
    )
    from stockroom.resources import Groups, Snapshot, ViewRow, WorkspaceRow


class LocalViews:
    """Views in the database of ``site``; whoever may write to that may read everything."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def create(self, view: Address, definition: Definition, reason: str | None) -> None:
        """See Views."""
        with self._site.write() as session:
            groups = self._resolved(session.connection(), definition)
            Views(session, ACTOR).create(*view, definition, groups, reason)

    def find(self, workspace: str | None) -> list[ViewSummary]:
        """See Views."""
        with self._site.read() as connection:
            snapshot = read_snapshot(connection)
        if workspace is not None and workspace not in snapshot.workspaces:
            raise NoSuchPlace(f"there is no workspace {workspace}")
        return [
            view_summary(snapshot, place, view)
            for name, place in sorted(snapshot.workspaces.items())
            for _, view in sorted(place.views.items())
            if workspace in (None, name)
        ]

    def show(self, view: Address) -> ViewDocument:
        """See Views."""
        with self._site.read() as connection:
            place, row = _find(read_snapshot(connection), view)
            return view_document(place, row.name, queries.newest(connection, row.id, row.name))

    def set(
        self, view: Address, definition: Definition, reason: str | None, revision: int | None
    ) -> ViewDocument:
        """See Views."""
        with self._site.write() as session:
            connection = session.connection()
            place, row = _find(read_snapshot(connection), view)
            if revision not in (None, row.revision):
                raise PreconditionFailed(f"{'/'.join(view)} is at revision {row.revision} now")
            groups = self._resolved(connection, definition)
            tag = view_tag(row.id, row.revision)
            Views(session, ACTOR, tag).change(*view, definition, groups, reason)
            session.flush()
            return view_document(place, row.name, queries.newest(connection, row.id, row.name))

    def delete(self, view: Address, reason: str | None) -> None:
        """See Views."""
        with self._site.write() as session:
            Closing(session, ACTOR).delete_view(*view, reason)

    def history(self, view: Address) -> list[RevisionReport]:
        """See Views."""
        with self._site.read() as connection:
            _, row = _find(read_snapshot(connection), view)
            return queries.history(connection, row.id)

    def conflicts(self, view: Address) -> list[ConflictReport]:
        """See Views."""
        with self._site.read() as connection:
            snapshot = read_snapshot(connection)
            _, row = _find(snapshot, view)
            return conflicts(connection, self._site.plugins.filter_language(), snapshot, row)

    def _resolved(self, connection: Connection, definition: Definition) -> Groups:
        snapshot = read_snapshot(connection)
        language = self._site.plugins.filter_language()
        return resolve(definition, snapshot, language, lambda _: True)


def _find(snapshot: Snapshot, view: Address) -> tuple[WorkspaceRow, ViewRow]:
    workspace, name = view
    place = snapshot.workspaces.get(workspace)
    row = place.views.get(name) if place is not None else None
    if place is None or row is None:
        raise NoSuchPlace(f"there is no view {workspace}/{name}; `stockroom view list` shows all")
    return place, row
