"""Deleting robots, and places that hold nothing any more, with the roles that were held there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.defining import documented, lock_view
from stockroom.manage.keys import Keys
from stockroom.manage.lookups import lock_registry, lock_team
from stockroom.manage.places import workspace_tag
from stockroom.manage.preconditions import check_if_match
from stockroom.manage.problems import NoSuchPlace, NotEmpty
from stockroom.manage.robots import Robots, robot_subject, robot_tag
from stockroom.manage.texts import clean_reason
from stockroom.models import (
    LIVE,
    ApiKey,
    BurntFilename,
    Grant,
    Invitation,
    Package,
    Registry,
    Robot,
    UploadSession,
    View,
    ViewDefinition,
    ViewMember,
    Workspace,
)


class Closing:
    """Deletes in the transaction of ``session``; nothing that people have published goes here.

    All methods raise NoSuchPlace where there is nothing of that name, and PreconditionFailed if it
    is in none of the states that ``if_match`` names.
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

    def delete_robot(self, team_id: int | None, name: str) -> None:
        """Delete a robot, with its roles; its keys are revoked."""
        robot = Robots(self._session, self._actor).find(team_id, name, lock=True)
        check_if_match(self._if_match, robot_tag(robot))
        subject = robot_subject(robot)
        keys = select(ApiKey.id).where(ApiKey.subject == subject, ApiKey.revoked_at.is_(None))
        for key_id in self._session.execute(keys).scalars().all():
            Keys(self._session, self._actor, self._clock).revoke(key_id)
        self._session.execute(delete(Grant).where(Grant.subject == subject))
        self._session.delete(robot)
        self._session.flush()
        emit(
            self._session,
            "robot.deleted",
            self._actor,
            team_id=team_id,
            subject=subject,
            name=name,
            before={"description": robot.description},
            after=None,
        )

    def delete_team(self, name: str) -> None:
        """Delete a team with its memberships and open invitations.

        :raises NotEmpty: it has workspaces or robots.
        """
        team = lock_team(self._session, name, self._if_match)
        self._need_none(Workspace.team_id == team.id, f"the team {name} has workspaces")
        self._need_none(Robot.team_id == team.id, f"the team {name} has robots")
        self._session.execute(
            update(Invitation)
            .where(
                Invitation.scope_kind == "team",
                Invitation.scope_id == team.id,
                Invitation.accepted_at.is_(None),
                Invitation.revoked_at.is_(None),
            )
            .values(revoked_at=self._clock())
        )
        self._forget_grants("team", team.id)
        self._session.delete(team)
        self._session.flush()
        self._note("team.deleted", name, {"settings": team.settings}, team_id=team.id)

    def delete_workspace(self, name: str) -> None:
        """Delete a workspace with its registries and views.

        :raises NotEmpty: a registry has packages, or uploads in progress, or views of other
            workspaces show it.
        """
        query = select(Workspace).where(Workspace.name == name).with_for_update()
        workspace = self._session.execute(query).scalar_one_or_none()
        if workspace is None:
            raise NoSuchPlace(f"there is no workspace {name}")
        check_if_match(self._if_match, workspace_tag(workspace.id, workspace.visibility))
        registries = select(Registry.name).where(Registry.workspace_id == workspace.id)
        names = sorted(self._session.execute(registries).scalars())
        views = select(View).where(View.workspace_id == workspace.id, View.name.not_in(names))
        for view in self._session.execute(views.order_by(View.id)).scalars().all():
            self._delete_view(workspace, view)
        for registry in names:
            self._delete_registry(name, registry, workspace.team_id, None)
        self._forget_grants("workspace", workspace.id)
        self._session.delete(workspace)
        self._session.flush()
        before = {"visibility": workspace.visibility}
        self._note("workspace.deleted", name, before, team_id=workspace.team_id)

    def delete_view(self, workspace: str, name: str, reason: str | None = None) -> None:
        """Delete a view that people have made; its history stays.

        :raises InvalidText: the reason is too long.
        :raises DefaultView: it is the view of a registry.
        """
        view, place = lock_view(self._session, workspace, name, self._if_match)
        self._delete_view(place, view, clean_reason(reason))

    def _delete_view(self, workspace: Workspace, view: View, reason: str | None = None) -> None:
        groups = self._session.execute(
            select(ViewDefinition.groups).where(
                ViewDefinition.view_id == view.id, ViewDefinition.revision == view.revision
            )
        ).scalar_one()
        self._forget_grants("view", view.id)
        self._session.execute(delete(View).where(View.id == view.id))
        where = {"team_id": workspace.team_id, "workspace": workspace.name, "reason": reason}
        self._note("view.deleted", view.name, {"groups": documented(groups)}, **where)

    def delete_registry(self, workspace: str, name: str) -> None:
        """Delete a registry with its default view; what was burnt in it is forgotten.

        :raises NotEmpty: it has packages, or uploads in progress, or other views show it.
        """
        query = select(Workspace.team_id).where(Workspace.name == workspace)
        team_id = self._session.execute(query).scalar()
        self._delete_registry(workspace, name, team_id, self._if_match)

    def _delete_registry(
        self, workspace: str, name: str, team_id: int | None, if_match: str | None
    ) -> None:
        registry = lock_registry(self._session, workspace, name, if_match, for_good=True)
        what = f"the registry {workspace}/{name}"
        self._need_none(Package.registry_id == registry.id, f"{what} has packages")
        live = (UploadSession.registry_id == registry.id) & UploadSession.status.in_(LIVE)
        self._need_none(live, f"{what} has uploads in progress")
        own = select(View.id).where(
            View.workspace_id == registry.workspace_id, View.name == registry.name
        )
        view_id = self._session.execute(own).scalar_one()
        self._need_unseen(registry, view_id, f"{workspace}/{name}")
        burnt = delete(BurntFilename).where(BurntFilename.registry_id == registry.id)
        lifted = self._session.execute(burnt.returning(BurntFilename.filename)).all()
        self._session.execute(delete(View).where(View.id == view_id))
        self._forget_grants("registry", registry.id)
        self._forget_grants("package", registry.id)
        self._forget_grants("view", view_id)
        self._session.delete(registry)
        self._session.flush()
        before = {"settings": registry.settings, "burnt_filenames": len(lifted)}
        where = {"team_id": team_id, "registry_id": registry.id, "workspace": workspace}
        self._note("registry.deleted", name, before, **where)

    def _need_none(self, condition: ColumnElement[bool], what: str) -> None:
        if self._session.execute(select(exists().where(condition))).scalar():
            raise NotEmpty(f"{what}; delete them first")

    def _need_unseen(self, registry: Registry, own_view: int, text: str) -> None:
        query = (
            select(View.workspace_id, View.name)
            .join(ViewMember, ViewMember.view_id == View.id)
            .where(ViewMember.registry_id == registry.id, View.id != own_view)
            .distinct()
            .order_by(View.name)
        )
        rows = self._session.execute(query).all()
        if not rows:
            return
        workspace, _, _ = text.partition("/")
        shown = [f"{workspace}/{view}" for place, view in rows if place == registry.workspace_id]
        elsewhere = len(rows) - len(shown)
        if elsewhere:
            shown.append(f"{elsewhere} of other workspaces")
        raise NotEmpty(
            f"the registry {text} is shown by other views ({', '.join(shown)}); "
            "take it out of them first"
        )

    def _forget_grants(self, kind: str, id_: int) -> None:
        """Drop the roles on a place, and the place from the limits of keys: ids come again."""
        gone = delete(Grant).where(Grant.scope_kind == kind, Grant.scope_id == id_)
        self._session.execute(gone)
        limited = select(ApiKey).where(ApiKey.places.is_not(None)).with_for_update()
        for key in self._session.execute(limited).scalars():
            kept = [place for place in key.places or () if place[:2] != [kind, id_]]
            if kept != key.places:
                key.places = kept

    def _note(self, kind: str, name: str, before: dict[str, Any], **where: Any) -> None:
        emit(self._session, kind, self._actor, name=name, before=before, after=None, **where)
