"""People as the API shows them, field by field as in its JSON; instants in UTC."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class UserReport(Struct, frozen=True):
    """A user; ``role`` is the one on the whole server, None without any.

    ``password`` and ``second_factor`` say whether they have one.
    """

    name: str
    full_name: str
    email: str | None
    role: str | None
    disabled: bool
    password: bool
    second_factor: bool
    created_at: datetime


class MemberReport(Struct, frozen=True):
    """A member of a team; ``source`` names the login method that keeps the role, "" is nobody."""

    name: str
    full_name: str
    role: str
    disabled: bool
    since: datetime
    source: str


class RobotReport(Struct, frozen=True):
    """A robot; ``subject`` is how grants name it."""

    name: str
    subject: str
    description: str
    disabled: bool
    created_at: datetime


class GrantReport(Struct, frozen=True):
    """A role of a user or a robot on a place; its number is for the pages of the list."""

    id: int
    subject: str
    role: str
    scope: str
    source: str
    created_at: datetime


class InvitationReport(Struct, frozen=True):
    """An invitation: ``open``, ``accepted``, ``revoked`` or ``expired``."""

    id: int
    role: str
    email: str | None
    status: str
    invited_by: str
    created_at: datetime
    expires_at: datetime


class NewInvitation(Struct, frozen=True):
    """An invitation with its link, at the only moment at which that is known."""

    invitation: InvitationReport
    link: str


class KeyReport(Struct, frozen=True):
    """An API key; ``places`` is None where it is good for everything that its owner may."""

    id: int
    name: str
    hint: str
    access: str
    places: list[str] | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    used_at: datetime | None
    used_from: str | None
    revoked_at: datetime | None


class NewKeyReport(Struct, frozen=True):
    """A key with its secret, at the only moment at which that is known."""

    key: KeyReport
    secret: str


class SessionReport(Struct, frozen=True):
    """Where somebody is signed in: a ``browser``, or a ``program`` by what it calls itself."""

    id: str
    kind: str
    name: str
    address: str
    current: bool
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class HeldRole(Struct, frozen=True):
    """A role that the credential carries, with the scope as people write it."""

    scope: str
    role: str


class MeReport(Struct, frozen=True):
    """Who is asking, by which credential, and what that carries.

    ``places`` is None where the credential is not limited to some.
    """

    subject: str
    name: str
    credential: str
    credential_kind: str
    access: str
    places: list[str] | None
    expires_at: datetime | None
    roles: list[HeldRole]


class TeamSummary(Struct, frozen=True):
    """A team in a list; ``role`` is the caller's, None who has none on the whole team."""

    name: str
    role: str | None
    workspaces: int
    created_at: datetime


class RegistrySummary(Struct, frozen=True):
    """A registry in a list: what it holds, and its quota in bytes; None without one (U-72)."""

    name: str
    kind: str
    packages: int
    files: int
    size: int
    quota: int | None
    created_at: datetime


class ViewReport(Struct, frozen=True):
    """A view: its registries in groups of one priority, and the path of its index.

    ``registries`` are those of the workspace by name, others as WORKSPACE/NAME; ``groups`` have the
    filters, too. ``default`` is whether it is the view of a registry.
    """

    name: str
    registries: list[list[str]]
    groups: list[str]
    revision: int
    default: bool
    index: str


class WorkspaceReport(Struct, frozen=True):
    """A workspace with the names of what it holds."""

    name: str
    team: str
    visibility: str
    registries: list[str]
    views: list[str]
    created_at: datetime
