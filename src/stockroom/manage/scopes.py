"""Scopes as people write them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.dists import is_valid_name, normalize
from stockroom.manage.problems import SCOPE_HELP, InvalidScope, NoSuchPlace
from stockroom.models import Registry, Team, View, Workspace
from stockroom.security.scopes import SERVER, Scope

SERVER_SCOPE = "*"
TEAM_PREFIX = "team:"


def find_scope(session: Session, text: str) -> Scope:
    """The scope that ``text`` names; a package need not exist yet.

    :raises InvalidScope: it is written wrongly.
    :raises NoSuchPlace: it names nothing.
    """
    if text == SERVER_SCOPE:
        return SERVER
    if text.startswith(TEAM_PREFIX):
        team = select(Team.id).where(Team.name == text.removeprefix(TEAM_PREFIX))
        return Scope("team", _need(text, session.execute(team).scalar()))
    workspace, *rest = text.split("/")
    if len(rest) > 2 or not all((workspace, *rest)):
        raise InvalidScope(f"the scope {text!r} must be {SCOPE_HELP}")
    found = select(Workspace.id).where(Workspace.name == workspace)
    workspace_id = _need(text, session.execute(found).scalar())
    if not rest:
        return Scope("workspace", workspace_id)
    registry = select(Registry.id).where(
        Registry.workspace_id == workspace_id, Registry.name == rest[0]
    )
    registry_id = session.execute(registry).scalar()
    if len(rest) == 2:
        if not is_valid_name(rest[1]):
            raise InvalidScope(f"{rest[1]!r} cannot be the name of a package")
        return Scope("package", _need(text, registry_id), normalize(rest[1]))
    if registry_id is not None:
        return Scope("registry", registry_id)
    view = select(View.id).where(View.workspace_id == workspace_id, View.name == rest[0])
    return Scope("view", _need(text, session.execute(view).scalar()))


def team_of(session: Session, scope: Scope) -> int | None:
    """The id of the team that owns a place; None for the server."""
    match scope.kind:
        case "server":
            return None
        case "team":
            return scope.id
        case "workspace":
            query = select(Workspace.team_id).where(Workspace.id == scope.id)
        case "view":
            query = (
                select(Workspace.team_id)
                .join(View, View.workspace_id == Workspace.id)
                .where(View.id == scope.id)
            )
        case _:
            query = (
                select(Workspace.team_id)
                .join(Registry, Registry.workspace_id == Workspace.id)
                .where(Registry.id == scope.id)
            )
    return session.execute(query).scalar()


def _need(text: str, found: int | None) -> int:
    if found is None:
        raise NoSuchPlace(f"the scope {text} names nothing that exists ({SCOPE_HELP})")
    return found
