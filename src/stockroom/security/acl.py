"""Access lists of the tree's resources, made from grants and visibility once per change."""

from __future__ import annotations

from functools import lru_cache

from pyramid.authorization import Allow, Authenticated, Everyone

from stockroom.security.permissions import (
    OPEN,
    OWN,
    READ,
    ROLE_PERMISSIONS,
    Permission,
    principal,
)

Acl = tuple[tuple[str, str, frozenset[Permission]], ...]

SELF = "self"
"""The principal of every known caller, for what is their own."""
GUEST = "guest"
"""In the place of a role: who may read a place because every signed-in user may.

Keys that are limited to some places are guests of these, instead of being signed in everywhere.
"""
PACKAGE_WRITER = "package-writer"
"""In the place of a role: who may publish some packages of a registry."""
PACKAGE_CREATOR = "package-creator"
"""In the place of a role: who may also publish the first file of a package (U-65).

Those to whom it was granted by its name; not those whose key was merely limited to it.
"""

MOST_PACKAGES = 20_000
"""Packages whose access lists are kept."""


def server_acl() -> Acl:
    """Of the root: grants on the whole server."""
    return _grants("server", 0)


def own_acl() -> Acl:
    """Of what belongs to whoever asks."""
    return ((Allow, SELF, OWN),)


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
        acl += _guests(visibility, ("workspace", workspace_id), ("team", team_id))
    return acl


def registry_acl(registry_id: int, visibility: str = "team") -> Acl:
    """Of a registry: its own grants, and the way in for who may publish some packages of it."""
    writer = principal(PACKAGE_WRITER, "registry", registry_id)
    return (
        *_grants("registry", registry_id),
        (Allow, writer, frozenset({Permission.UPLOAD_BEGIN})),
        *_guests(visibility, ("registry", registry_id)),
    )


def view_acl(
    view_id: int, only_registry: int | None, visibility: str, *, is_default: bool = False
) -> Acl:
    """Of a view: its own grants; if it shows one registry alone it is a part of that one.

    Of a view that somebody has made, all roles on that registry are those of readers: it may show
    less than the registry, or something else some day, and that is for its workspace to decide.
    """
    acl = _grants("view", view_id) + _guests(visibility, ("view", view_id))
    if only_registry is not None:
        acl += tuple(
            (action, name, carried if is_default else carried & READ)
            for action, name, carried in _grants("registry", only_registry)
        )
        acl += _guests(visibility, ("registry", only_registry))
    return acl


def readers_of(*acls: Acl) -> frozenset[str]:
    """The principals that may install from a place with these access lists on it and around it."""
    return frozenset(
        name for acl in acls for _, name, carried in acl if Permission.VIEW_READ in carried
    )


@lru_cache(MOST_PACKAGES)
def package_acl(registry_id: int, package: str, visibility: str = "team") -> Acl:
    """Of a package of a registry by its normalised name: its own grants."""
    acl = _grants("package", registry_id, package)
    if visibility == "global":
        acl += ((Allow, principal(GUEST, "package", registry_id, package), OPEN),)
    return acl


def writable_packages(principals: frozenset[str], registry_id: int) -> frozenset[str]:
    """The normalised names of the packages of a registry that were granted one by one to write."""
    prefixes = tuple(
        f"{role}@package:{registry_id}/"
        for role, carried in ROLE_PERMISSIONS.items()
        if Permission.REGISTRY_UPLOAD in carried
    )
    return _packages_of(principals, prefixes)


def creatable_packages(principals: frozenset[str], registry_id: int) -> frozenset[str]:
    """The normalised names of the packages of a registry that were granted before they exist."""
    return _packages_of(principals, (f"{PACKAGE_CREATOR}@package:{registry_id}/",))


def _packages_of(principals: frozenset[str], prefixes: tuple[str, ...]) -> frozenset[str]:
    found = (name.partition("/")[2] for name in principals if name.startswith(prefixes))
    return frozenset(found)


def _guests(visibility: str, *scopes: tuple[str, int]) -> Acl:
    if visibility != "global":
        return ()
    return tuple((Allow, principal(GUEST, *scope), OPEN) for scope in scopes)


def _grants(scope_kind: str, scope_id: int, package: str = "") -> Acl:
    return tuple(
        (Allow, principal(role, scope_kind, scope_id, package), permissions)
        for role, permissions in ROLE_PERMISSIONS.items()
    )
