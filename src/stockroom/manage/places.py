"""Making teams, workspaces and registries, and opening workspaces."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.defining import Revision, add_view
from stockroom.manage.definitions import Definition, MemberText
from stockroom.manage.names import check_name, insert_unique
from stockroom.manage.numbers import unused_id
from stockroom.manage.preconditions import check_if_match, tag_of
from stockroom.manage.problems import NameTaken, NoSuchPlace
from stockroom.models import Event, Registry, Team, View, Workspace
from stockroom.resources import Member

FIRST_REGISTRY = "main"


class Places:
    """Creates places in the transaction of ``session``; ``actor`` stands in the events."""

    def __init__(self, session: Session, actor: str) -> None:
        self._session = session
        self._actor = actor

    def has_workspaces(self) -> bool:
        """Whether there is any workspace."""
        return self._session.execute(select(Workspace.id).limit(1)).first() is not None

    def create_team(self, name: str) -> Team:
        """Create a team.

        :raises InvalidName: the name breaks the rule for names in URLs.
        :raises NameTaken: there is such a team.
        """
        check_name(name)
        if self._find_team(name):
            raise NameTaken(f"there is a team {name} already")
        number = unused_id(self._session, Team, Event.team_id)
        team = Team(id=number, name=name, created_at=_now())
        insert_unique(self._session, team, f"there is a team {name} already")
        emit(
            self._session,
            "team.created",
            self._actor,
            team_id=team.id,
            name=name,
            before=None,
            after={},
        )
        return team

    def create_workspace(
        self, name: str, *, visibility: str = "team", team: str | None = None
    ) -> Workspace:
        """Create a workspace with its hosted registry ``main``.

        It belongs to ``team``, or to the team of its own name, which is made if need be.

        :raises InvalidName: the name breaks the rule for names in URLs.
        :raises NameTaken: there is such a workspace.
        :raises NoSuchPlace: there is no such team.
        """
        check_name(name)
        if self._find_workspace(name):
            raise NameTaken(f"there is a workspace {name} already")
        owner = self._find_team(team or name)
        if owner is None and team is not None:
            raise NoSuchPlace(f"there is no team {team}; create it with `stockroom team create`")
        owner = owner or self.create_team(name)
        workspace = Workspace(team_id=owner.id, name=name, visibility=visibility, created_at=_now())
        insert_unique(self._session, workspace, f"there is a workspace {name} already")
        emit(
            self._session,
            "workspace.created",
            self._actor,
            team_id=owner.id,
            name=name,
            before=None,
            after={"visibility": visibility},
        )
        self._add_registry(workspace, FIRST_REGISTRY)
        return workspace

    def set_visibility(self, name: str, visibility: str, if_match: str | None = None) -> None:
        """Open or close a workspace to readers outside of its team.

        :raises NoSuchPlace: there is no such workspace.
        :raises PreconditionFailed: it is in none of the states that ``if_match`` names.
        """
        workspace = self._need_workspace(name)
        before = workspace.visibility
        check_if_match(if_match, workspace_tag(workspace.id, before))
        if before == visibility:
            return
        workspace.visibility = visibility
        emit(
            self._session,
            "workspace.changed",
            self._actor,
            team_id=workspace.team_id,
            name=name,
            before={"visibility": before},
            after={"visibility": visibility},
        )

    def create_registry(self, workspace: str, name: str) -> Registry:
        """Create a hosted registry, with the default view of its name.

        :raises InvalidName: the name breaks the rule for names in URLs.
        :raises NameTaken: the workspace has a registry or view of that name.
        :raises NoSuchPlace: there is no such workspace.
        """
        check_name(name)
        place = self._need_workspace(workspace)
        taken = select(View.id).where(View.workspace_id == place.id, View.name == name)
        if self._session.execute(taken).first():
            raise NameTaken(f"there is a registry or view {workspace}/{name} already")
        return self._add_registry(place, name)

    def _add_registry(self, workspace: Workspace, name: str) -> Registry:
        taken = f"there is a registry or view {workspace.name}/{name} already"
        number = unused_id(self._session, Registry, Event.registry_id)
        registry = Registry(
            id=number, workspace_id=workspace.id, name=name, kind="hosted", created_at=_now()
        )
        insert_unique(self._session, registry, taken)
        add_view(
            self._session,
            View(workspace_id=workspace.id, name=name, created_at=registry.created_at),
            ((Member(registry.id),),),
            Revision(Definition(((MemberText(f"{workspace.name}/{name}"),),)), self._actor),
            taken,
        )
        emit(
            self._session,
            "registry.created",
            self._actor,
            team_id=workspace.team_id,
            registry_id=registry.id,
            workspace=workspace.name,
            name=name,
            before=None,
            after={"kind": registry.kind},
        )
        return registry

    def _find_team(self, name: str) -> Team | None:
        # Locked, since somebody may be deleting it.
        query = select(Team).where(Team.name == name).with_for_update(key_share=True)
        return self._session.execute(query).scalar_one_or_none()

    def _find_workspace(self, name: str) -> Workspace | None:
        query = select(Workspace).where(Workspace.name == name).with_for_update(key_share=True)
        return self._session.execute(query).scalar_one_or_none()

    def _need_workspace(self, name: str) -> Workspace:
        workspace = self._find_workspace(name)
        if workspace is None:
            raise NoSuchPlace(
                f"there is no workspace {name}; create it with `stockroom workspace create {name}`"
            )
        return workspace


def workspace_tag(workspace_id: int, visibility: str) -> str:
    """The entity tag of what can be changed about a workspace."""
    return tag_of(workspace_id, visibility)


def _now() -> datetime:
    return datetime.now(UTC)
