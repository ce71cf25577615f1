"""Every permission, every role, and the one table that says which role carries which."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a view can ask for, named ``resource:action``."""

    VIEW_READ = "view:read"
    """List and install the packages of a view."""

    REGISTRY_UPLOAD = "registry:upload"
    """Publish files to a registry."""

    INCOMING_PUT = "incoming:put"
    """Put the bytes of a file for which somebody else has reserved the place."""

    STAGE_READ = "stage:read"
    """Install from a stage before it is published (U-207)."""

    PACKAGE_CREATE = "package:create"
    """Publish the first file of a package where the registry leaves that to its admins (U-65)."""

    REGISTRY_READ = "registry:read"
    """See a registry's settings and use, and its packages with their notes."""

    RELEASE_YANK = "release:yank"
    """Yank and unyank releases and files."""

    PACKAGE_CHANGE = "package:change"
    """Set the status and the notes of packages, and the notes of releases."""

    PACKAGE_DELETE = "package:delete"
    """Delete packages, releases and files, and lift the ban on the names of deleted files."""

    REGISTRY_CHANGE = "registry:change"
    """Set a registry's settings."""

    REGISTRY_AUDIT = "registry:audit"
    """Read who changed what in a registry."""

    TEAM_READ = "team:read"
    """See a team's settings and use."""

    TEAM_CHANGE = "team:change"
    """Set a team's settings."""


class Role(StrEnum):
    """Roles in ascending order; each may do what the ones before it may."""

    READER = "reader"
    WRITER = "writer"
    ADMIN = "admin"
    OWNER = "owner"


CAPABILITIES = frozenset({Permission.INCOMING_PUT, Permission.STAGE_READ})
"""What no role carries: whoever knows an unguessable URL may do it."""

OPEN = frozenset({Permission.VIEW_READ})
"""What the visibility of a workspace gives to those without a role."""
READ = OPEN | {Permission.REGISTRY_READ, Permission.TEAM_READ}
WRITE = READ | {Permission.REGISTRY_UPLOAD, Permission.RELEASE_YANK}
ADMINISTER = WRITE | {
    Permission.PACKAGE_CREATE,
    Permission.PACKAGE_CHANGE,
    Permission.PACKAGE_DELETE,
    Permission.REGISTRY_CHANGE,
    Permission.REGISTRY_AUDIT,
    Permission.TEAM_CHANGE,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.READER: READ,
    Role.WRITER: WRITE,
    Role.ADMIN: ADMINISTER,
    Role.OWNER: ADMINISTER,
}


def least_role(permission: str) -> Role:
    """The lowest role that carries ``permission``."""
    return next(role for role, carried in ROLE_PERMISSIONS.items() if permission in carried)


def principal(role: str, scope_kind: str, scope_id: int) -> str:
    """The principal of somebody who holds ``role`` on a scope, such as ``writer@registry:7``."""
    return f"{role}@{scope_kind}:{scope_id}"
