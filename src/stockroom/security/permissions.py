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


class Role(StrEnum):
    """Roles in ascending order; each may do what the ones before it may."""

    READER = "reader"
    WRITER = "writer"
    ADMIN = "admin"
    OWNER = "owner"


CAPABILITIES = frozenset({Permission.INCOMING_PUT, Permission.STAGE_READ})
"""What no role carries: whoever knows an unguessable URL may do it."""

READ = frozenset({Permission.VIEW_READ})
WRITE = READ | {Permission.REGISTRY_UPLOAD}
ADMINISTER = WRITE | {Permission.PACKAGE_CREATE}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.READER: READ,
    Role.WRITER: WRITE,
    Role.ADMIN: ADMINISTER,
    Role.OWNER: ADMINISTER,
}


def principal(role: str, scope_kind: str, scope_id: int) -> str:
    """The principal of somebody who holds ``role`` on a scope, such as ``writer@registry:7``."""
    return f"{role}@{scope_kind}:{scope_id}"
