"""Every permission, every role, every kind of credential, and the tables of who carries what."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a view can ask for, named ``resource:action``."""

    VIEW_READ = "view:read"
    """List and install the packages of a view."""

    VIEW_INSPECT = "view:inspect"
    """See what a view is made of, its history, and the conflicts in it."""

    VIEW_DEFINE = "view:define"
    """Make, change and delete views."""

    UPLOAD_BEGIN = "upload:begin"
    """Send an upload to a registry, where it is judged by the name of its package."""

    REGISTRY_UPLOAD = "registry:upload"
    """Publish files of every package of a registry."""

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

    REGISTRY_CREATE = "registry:create"
    """Make registries in a workspace."""

    REGISTRY_DELETE = "registry:delete"
    """Delete an empty registry."""

    WORKSPACE_READ = "workspace:read"
    """See a workspace's visibility, its registries and its views."""

    WORKSPACE_CREATE = "workspace:create"
    """Make workspaces of a team."""

    WORKSPACE_CHANGE = "workspace:change"
    """Set a workspace's visibility."""

    WORKSPACE_DELETE = "workspace:delete"
    """Delete a workspace without packages."""

    GRANT_READ = "grant:read"
    """See who holds which role on a place."""

    GRANT_CHANGE = "grant:change"
    """Give and take roles on a place, up to one's own."""

    TEAM_READ = "team:read"
    """See a team's settings and use."""

    TEAM_CHANGE = "team:change"
    """Set a team's settings."""

    TEAM_AUDIT = "team:audit"
    """Read who changed what in a team and everything that it owns."""

    TEAM_DELETE = "team:delete"
    """Delete a team that owns nothing."""

    MEMBER_READ = "member:read"
    """See the members and robots of a team."""

    MEMBER_CHANGE = "member:change"
    """Invite and remove members and set their roles, up to one's own."""

    ROBOT_CHANGE = "robot:change"
    """Make and delete the robots of a team, and their keys."""

    TEAM_CREATE = "team:create"
    """Make teams."""

    USER_READ = "user:read"
    """See all users of the server."""

    USER_CHANGE = "user:change"
    """Make, change and disable users."""

    SERVER_AUDIT = "server:audit"
    """Read who changed what on the whole server."""

    FACTS_REFRESH = "facts:refresh"
    """Have the fact sources of the server asked."""

    ACCOUNT_READ = "account:read"
    """See one's own account, keys and sessions."""

    ACCOUNT_CHANGE = "account:change"
    """Change one's own password and second factors, and end one's own sessions."""

    KEY_CREATE = "key:create"
    """Make and revoke one's own keys."""


class Role(StrEnum):
    """Roles in ascending order; each may do what the ones before it may."""

    READER = "reader"
    WRITER = "writer"
    ADMIN = "admin"
    OWNER = "owner"


class Access(StrEnum):
    """What a key may do at most of that which its owner may, in ascending order."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class CredentialKind(StrEnum):
    """By what a caller is known."""

    SESSION = "session"
    """A browser's cookie."""
    API_KEY = "api-key"
    ACCESS_TOKEN = "access-token"
    """A short-lived token, got with an API key or by signing in a program."""


CAPABILITIES = frozenset({Permission.INCOMING_PUT, Permission.STAGE_READ})
"""What no role carries: whoever knows an unguessable URL may do it."""

OWN = frozenset({Permission.ACCOUNT_READ, Permission.ACCOUNT_CHANGE, Permission.KEY_CREATE})
"""What no role carries: everybody may do it with what is their own."""

OPEN = frozenset({Permission.VIEW_READ})
"""What the visibility of a workspace gives to those without a role."""
READ = OPEN | {
    Permission.VIEW_INSPECT,
    Permission.REGISTRY_READ,
    Permission.WORKSPACE_READ,
    Permission.TEAM_READ,
    Permission.MEMBER_READ,
}
WRITE = READ | {Permission.UPLOAD_BEGIN, Permission.REGISTRY_UPLOAD, Permission.RELEASE_YANK}
ADMINISTER = WRITE | {
    Permission.VIEW_DEFINE,
    Permission.PACKAGE_CREATE,
    Permission.PACKAGE_CHANGE,
    Permission.PACKAGE_DELETE,
    Permission.REGISTRY_CHANGE,
    Permission.REGISTRY_AUDIT,
    Permission.REGISTRY_CREATE,
    Permission.WORKSPACE_CREATE,
    Permission.WORKSPACE_CHANGE,
    Permission.GRANT_READ,
    Permission.GRANT_CHANGE,
    Permission.TEAM_CHANGE,
    Permission.TEAM_AUDIT,
    Permission.MEMBER_CHANGE,
    Permission.ROBOT_CHANGE,
    Permission.TEAM_CREATE,
    Permission.USER_READ,
    Permission.USER_CHANGE,
    Permission.SERVER_AUDIT,
    Permission.FACTS_REFRESH,
}
OWNED = ADMINISTER | {
    Permission.REGISTRY_DELETE,
    Permission.WORKSPACE_DELETE,
    Permission.TEAM_DELETE,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.READER: READ,
    Role.WRITER: WRITE,
    Role.ADMIN: ADMINISTER,
    Role.OWNER: OWNED,
}

ACCESS_ROLES: dict[Access, Role] = {
    Access.READ: Role.READER,
    Access.WRITE: Role.WRITER,
    Access.ADMIN: Role.OWNER,
}
"""The highest role in which a key of each access acts."""

CREDENTIAL_PERMISSIONS: dict[CredentialKind, frozenset[Permission]] = {
    # A page that publishes would have to take forms that other sites can send, too.
    CredentialKind.SESSION: frozenset(Permission)
    - {Permission.UPLOAD_BEGIN, Permission.REGISTRY_UPLOAD},
    # Who finds a key must not be able to lock its owner out.
    CredentialKind.API_KEY: frozenset(Permission) - {Permission.ACCOUNT_CHANGE},
    CredentialKind.ACCESS_TOKEN: WRITE
    | CAPABILITIES
    | {Permission.PACKAGE_CREATE, Permission.ACCOUNT_READ},
}
"""What each kind of credential may carry at all, whatever the roles of its holder are."""

_RANKS = {role: rank for rank, role in enumerate(Role)}


def least_role(permission: str) -> Role:
    """The lowest role that carries ``permission``; there is none for ``OWN`` and capabilities."""
    return next(role for role, carried in ROLE_PERMISSIONS.items() if permission in carried)


def is_within(role: Role, other: Role) -> bool:
    """Whether ``role`` is no higher than ``other``."""
    return _RANKS[role] <= _RANKS[other]


def lower(one: Role, other: Role) -> Role:
    """The lower of two roles."""
    return min(one, other, key=_RANKS.__getitem__)


def principal(role: str, scope_kind: str, scope_id: int, package: str = "") -> str:
    """The principal of somebody who holds ``role`` on a scope, such as ``writer@registry:7``.

    That of a package is ``writer@package:7/demo``, with the id of its registry.
    """
    name = f"{role}@{scope_kind}:{scope_id}"
    return f"{name}/{package}" if package else name
