"""Views of another server."""

from __future__ import annotations

from stockroom.cli.backends.client import Client
from stockroom.cli.backends.protocols import Address
from stockroom.manage.groups import Definition
from stockroom.manage.people.rows import ViewReport, WorkspaceReport
from stockroom.manage.problems import PreconditionFailed
from stockroom.manage.viewing.rows import (
    ConflictReport,
    RevisionReport,
    ViewDocument,
    ViewSummary,
)


class RemoteViews:
    """Views of the server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, view: Address, definition: Definition, reason: str | None) -> None:
        """See Views."""
        workspace, name = view
        body = {"name": name, "groups": definition.document(), "reason": reason}
        self._client.send("POST", "workspaces", workspace, "views", body=body)

    def find(self, workspace: str | None) -> list[ViewSummary]:
        """See Views; those that the key may see."""
        names = [workspace] if workspace is not None else self._workspaces()
        return [
            ViewSummary(f"{name}/{row.name}", row.groups, row.revision, row.default)
            for name in names
            for row in self._client.rows(ViewReport, "views", "workspaces", name, "views")
        ]

    def show(self, view: Address) -> ViewDocument:
        """See Views."""
        return self._client.get(*at_view(view)).as_(ViewDocument)

    def set(
        self, view: Address, definition: Definition, reason: str | None, revision: int | None
    ) -> ViewDocument:
        """See Views."""
        seen = self._client.get(*at_view(view))
        now = seen.as_(ViewDocument).revision
        if revision not in (None, now):
            raise PreconditionFailed(f"{'/'.join(view)} is at revision {now} now")
        body = {"groups": definition.document(), "reason": reason}
        answer = self._client.send("PUT", *at_view(view), body=body, if_match=seen.etag)
        return answer.as_(ViewDocument)

    def delete(self, view: Address, reason: str | None) -> None:
        """See Views."""
        self._client.send("DELETE", *at_view(view), query={"reason": reason or ""})

    def history(self, view: Address) -> list[RevisionReport]:
        """See Views."""
        return list(self._client.rows(RevisionReport, "revisions", *at_view(view), "history"))

    def conflicts(self, view: Address) -> list[ConflictReport]:
        """See Views."""
        return list(self._client.rows(ConflictReport, "conflicts", *at_view(view), "conflicts"))

    def _workspaces(self) -> list[str]:
        rows = self._client.rows(WorkspaceReport, "workspaces", "workspaces")
        return [row.name for row in rows]


def at_view(view: Address) -> tuple[str, ...]:
    """The steps to a view."""
    workspace, name = view
    return "workspaces", workspace, "views", name
