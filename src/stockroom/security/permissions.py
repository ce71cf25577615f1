"""Every permission, every role, and the one table that says which role carries which."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a view can ask for, named ``resource:action``."""

    VIEW_READ = "view:read"
    """List and install the packages of a view."""

    REGISTRY_UPLOAD = "registry:upload"
    """Publish files to a registry."""


class Role(StrEnum):
    """Roles in ascending order; each may do what the ones before it may."""

    READER = "reader"
    WRITER = "writer"
    ADMIN = "admin"
    OWNER = "owner"


READ = frozenset({Permission.VIEW_READ})
WRITE = READ | {Permission.REGISTRY_UPLOAD}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.READER: READ,
    Role.WRITER: WRITE,
    Role.ADMIN: WRITE,
    Role.OWNER: WRITE,
}


def principal(role: str, scope_kind: str, scope_id: int) -> str:
    """The principal of somebody who holds ``role`` on a scope, such as ``writer@registry:7``."""
    return f"{role}@{scope_kind}:{scope_id}"
