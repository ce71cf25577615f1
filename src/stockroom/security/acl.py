"""Access lists of the tree's resources, made from grants and visibility once per change."""

from __future__ import annotations

from pyramid.authorization import Allow, Authenticated, Everyone

from stockroom.security.permissions import OPEN, ROLE_PERMISSIONS, Permission, principal

Acl = tuple[tuple[str, str, frozenset[Permission]], ...]


def server_acl() -> Acl:
    """Of the root: grants on the whole server."""
    return _grants("server", 0)


def capability_acl(permission: Permission) -> Acl:
    """Of what has an unguessable name: everybody who knows it."""
    return ((Allow, Everyone, frozenset({permission})),)


def team_acl(team_id: int) -> Acl:
    """Of a team: its own grants."""
    return _grants("team", team_id)


def workspace_acl(workspace_id: int, team_id: int, visibility: str) -> Acl:
    """Of a workspace: its own grants, its team's, and what its visibility opens to others."""
    acl = _grants("workspace", workspace_id) + _grants("team", team_id)
    if visibility == "public":
        acl += ((Allow, Everyone, OPEN),)
    elif visibility == "global":
        acl += ((Allow, Authenticated, OPEN),)
    return acl


def registry_acl(registry_id: int) -> Acl:
    """Of a registry: its own grants."""
    return _grants("registry", registry_id)


def view_acl(view_id: int, registry_ids: tuple[int, ...]) -> Acl:
    """Of a view: its own grants; who may read its only registry may read it, too."""
    acl = _grants("view", view_id)
    if len(registry_ids) == 1:
        acl += _grants("registry", registry_ids[0])
    return acl


def _grants(scope_kind: str, scope_id: int) -> Acl:
    return tuple(
        (Allow, principal(role, scope_kind, scope_id), permissions)
        for role, permissions in ROLE_PERMISSIONS.items()
    )
