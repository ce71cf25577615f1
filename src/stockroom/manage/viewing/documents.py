"""Views as documents, from the directory and the history."""

from __future__ import annotations

from stockroom.manage.definitions import definition_of
from stockroom.manage.people.rows import ViewReport
from stockroom.manage.viewing.rows import RevisionReport, ViewDocument, ViewSummary
from stockroom.resources import Snapshot, ViewRow, WorkspaceRow


def view_summary(snapshot: Snapshot, workspace: WorkspaceRow, view: ViewRow) -> ViewSummary:
    """A view in a list."""
    return ViewSummary(
        f"{workspace.name}/{view.name}",
        list(definition_of(view, snapshot).texts),
        view.revision,
        view.name in workspace.registries,
    )


def view_report(snapshot: Snapshot, workspace: WorkspaceRow, view: ViewRow) -> ViewReport:
    """A view in the list of its workspace."""
    definition = definition_of(view, snapshot)
    here = f"{workspace.name}/"
    return ViewReport(
        view.name,
        [[member.registry.removeprefix(here) for member in group] for group in definition.groups],
        list(definition.texts),
        view.revision,
        view.name in workspace.registries,
        f"/simple/{workspace.name}/{view.name}/",
    )


def view_document(workspace: WorkspaceRow, name: str, newest: RevisionReport) -> ViewDocument:
    """A view as its newest revision says."""
    return ViewDocument(
        workspace.name,
        name,
        newest.groups,
        newest.revision,
        name in workspace.registries,
        f"/simple/{workspace.name}/{name}/",
        newest.at,
        newest.actor,
        newest.actor_name,
        newest.reason,
    )
