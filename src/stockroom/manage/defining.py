"""Making and changing views, with the history of what they were made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from stockroom.errors import Conflict
from stockroom.feed import emit
from stockroom.manage.definitions import Definition
from stockroom.manage.names import check_name, insert_unique
from stockroom.manage.numbers import unused_id
from stockroom.manage.preconditions import check_if_match, tag_of
from stockroom.manage.problems import DefaultView, NameTaken, NoSuchPlace
from stockroom.manage.texts import clean_reason
from stockroom.models import Registry, View, ViewDefinition, ViewMember, Workspace
from stockroom.resources import Groups


class Revision(NamedTuple):
    """What a view is made of from now on, by whom and why."""

    definition: Definition
    actor: str
    reason: str | None = None


class Views:
    """Makes and changes views in the transaction of ``session``.

    A definition is given with the groups that ``definitions.resolve`` has made of it.
    """

    def __init__(
        self,
        session: Session,
        actor: str,
        if_match: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._actor = actor
        self._if_match = if_match
        self._clock = clock

    def create(
        self,
        workspace: str,
        name: str,
        definition: Definition,
        groups: Groups,
        reason: str | None = None,
    ) -> View:
        """Make a view.

        :raises InvalidName: the name breaks the rule for names in URLs.
        :raises NameTaken: the workspace has a registry or view of that name.
        :raises NoSuchPlace: there is no such workspace.
        :raises Conflict: a registry was deleted in this moment.
        """
        check_name(name)
        query = select(Workspace).where(Workspace.name == workspace)
        place = self._session.execute(query.with_for_update(key_share=True)).scalar_one_or_none()
        if place is None:
            raise NoSuchPlace(f"there is no workspace {workspace}")
        taken = f"there is a registry or view {workspace}/{name} already"
        known = exists().where(View.workspace_id == place.id, View.name == name)
        if self._session.execute(select(known)).scalar():
            raise NameTaken(taken)
        self._lock(groups)
        revision = Revision(definition, self._actor, clean_reason(reason))
        view = View(workspace_id=place.id, name=name, created_at=self._clock())
        add_view(self._session, view, groups, revision, taken)
        emit(
            self._session,
            "view.created",
            self._actor,
            team_id=place.team_id,
            workspace=workspace,
            name=name,
            before=None,
            after={"groups": definition.document()},
            reason=revision.reason,
        )
        return view

    def change(
        self,
        workspace: str,
        name: str,
        definition: Definition,
        groups: Groups,
        reason: str | None = None,
    ) -> View:
        """Let a view be made of something else; nothing happens if it is made of that already.

        :raises NoSuchPlace: there is no such view.
        :raises PreconditionFailed: it is in none of the states that ``if_match`` names.
        :raises DefaultView: it is the view of a registry.
        :raises Conflict: a registry was deleted in this moment.
        """
        view, place = lock_view(self._session, workspace, name, self._if_match)
        before = self._session.execute(
            select(ViewDefinition.groups).where(
                ViewDefinition.view_id == view.id, ViewDefinition.revision == view.revision
            )
        ).scalar_one()
        if before == [[list(pair) for pair in group] for group in definition.pairs()]:
            return view
        self._lock(groups)
        self._session.execute(delete(ViewMember).where(ViewMember.view_id == view.id))
        self._session.add_all(_members(view.id, groups))
        view.revision += 1
        revision = Revision(definition, self._actor, clean_reason(reason))
        self._session.add(_history(view, revision, self._clock()))
        emit(
            self._session,
            "view.changed",
            self._actor,
            team_id=place.team_id,
            workspace=workspace,
            name=name,
            before={"groups": documented(before)},
            after={"groups": definition.document()},
            reason=revision.reason,
        )
        return view

    def _lock(self, groups: Groups) -> None:
        """Let the deletion of a registry wait, and find out whether there was one."""
        ids = sorted({member.registry_id for member in chain.from_iterable(groups)})
        query = select(Registry.id).where(Registry.id.in_(ids)).order_by(Registry.id)
        found = self._session.execute(query.with_for_update(read=True, key_share=True)).scalars()
        if list(found) != ids:
            raise Conflict("a registry of the view was deleted in this moment; look again")


def add_view(
    session: Session,
    view: View,
    groups: Groups,
    revision: Revision,
    taken: str,
) -> None:
    """Write a new view, whose name was free a moment ago, and the beginning of its history.

    Its number is one that no view has had: the pages of a deleted one are not its pages.

    :raises NameTaken: with the sentence ``taken``; somebody else has the name since this moment.
    """
    view.id = unused_id(session, View, ViewDefinition.view_id)  # type: ignore[assignment]
    view.revision = 1
    insert_unique(session, view, taken)
    session.add_all(_members(view.id, groups))
    session.add(_history(view, revision, view.created_at))


def lock_view(
    session: Session, workspace: str, name: str, if_match: str | None = None
) -> tuple[View, Workspace]:
    """The row of a view that people have made, locked until the transaction ends.

    :raises NoSuchPlace: there is no such view.
    :raises PreconditionFailed: it is in none of the states that ``if_match`` names.
    :raises DefaultView: it is the view of a registry.
    """
    query = (
        select(View, Workspace)
        .join(Workspace, Workspace.id == View.workspace_id)
        .where(Workspace.name == workspace, View.name == name)
        .with_for_update(of=View)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NoSuchPlace(f"there is no view {workspace}/{name}; `stockroom view list` shows all")
    view, place = row
    check_if_match(if_match, view_tag(view.id, view.revision))
    own = exists().where(Registry.workspace_id == place.id, Registry.name == name)
    if session.execute(select(own)).scalar():
        raise DefaultView(
            f"{workspace}/{name} is the view of the registry of that name, which it shows as it "
            "is; make another view"
        )
    return view, place


def view_tag(view_id: int, revision: int) -> str:
    """The entity tag of what a view is made of."""
    return tag_of("view", view_id, revision)


def documented(groups: list[list[list[str | None]]]) -> list[list[dict[str, str | None]]]:
    """What the history keeps, as the API and events have it."""
    return [
        [{"registry": registry, "filter": filter_} for registry, filter_ in group]
        for group in groups
    ]


def _members(view_id: int, groups: Groups) -> Iterator[ViewMember]:
    for priority, group in enumerate(groups):
        for position, member in enumerate(group):
            yield ViewMember(
                view_id=view_id,
                priority=priority,
                position=position,
                registry_id=member.registry_id,
                filter=member.filter,
            )


def _history(view: View, revision: Revision, now: datetime) -> ViewDefinition:
    return ViewDefinition(
        view_id=view.id,
        revision=view.revision,
        groups=revision.definition.pairs(),
        at=now,
        actor=revision.actor,
        reason=revision.reason,
    )
