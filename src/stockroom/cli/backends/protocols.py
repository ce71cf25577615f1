"""What commands ask of a server, wherever it is; both kinds of servers answer with the same rows.

All methods raise what a person is told: a Problem or a Refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from stockroom.manage.groups import Definition
    from stockroom.manage.people.rows import (
        GrantReport,
        InvitationReport,
        MemberReport,
        RobotReport,
        UserReport,
    )
    from stockroom.manage.reports.rows import (
        BurntReport,
        DeletedFiles,
        FileReport,
        KeyRow,
        PackageDocument,
        PackageSummary,
        PlanDocument,
        RegistryDocument,
        RegistryRow,
        TeamDocument,
        TeamRow,
        UsageDocument,
        WorkspaceRow,
    )
    from stockroom.manage.viewing.rows import (
        ConflictReport,
        RevisionReport,
        ViewDocument,
        ViewSummary,
    )
    from stockroom.manage.why.rows import RehearsalDocument, WhyDocument

Address = tuple[str, str]
"""A registry or a view: the names of its workspace and its own."""


class LockText(NamedTuple):
    """A lock file; ``kind`` is None if its name tells it."""

    text: str
    name: str
    kind: str | None


class Packages(Protocol):
    """The packages of registries."""

    def find(self, registry: Address, *, part: str, status: str | None) -> Sequence[PackageSummary]:
        """Packages by name, whose normalised name contains ``part``."""
        ...

    def show(self, registry: Address, name: str) -> PackageDocument:
        """A package with its releases."""
        ...

    def files(self, registry: Address, name: str) -> Sequence[FileReport]:
        """All files of a package by name."""
        ...

    def set_status(self, registry: Address, name: str, status: str, reason: str | None) -> None:
        """Make a package active, archived, deprecated or quarantined."""
        ...

    def set_yanked(
        self, registry: Address, name: str, version: str, *, yanked: bool, reason: str | None
    ) -> int:
        """Yank or unyank a release; how many files that changed."""
        ...

    def set_file_yanked(
        self, registry: Address, name: str, filename: str, *, yanked: bool, reason: str | None
    ) -> int:
        """Yank or unyank a file; 1 if that changed anything, else 0."""
        ...

    def notes(self, registry: Address, name: str, version: str | None) -> str | None:
        """The notes on a package, or on one of its releases."""
        ...

    def set_notes(
        self, registry: Address, name: str, version: str | None, notes: str | None
    ) -> None:
        """Replace the notes on a package, or on one of its releases."""
        ...

    def delete(
        self,
        registry: Address,
        name: str,
        *,
        version: str | None,
        filename: str | None,
        confirm: str,
        reason: str | None,
    ) -> DeletedFiles:
        """Delete a file, else a release, else the whole package."""
        ...


class Registries(Protocol):
    """Registries as a whole."""

    def create(self, registry: Address) -> None:
        """Make a hosted registry."""
        ...

    def find(self) -> Sequence[RegistryRow]:
        """All registries by workspace and name."""
        ...

    def show(self, registry: Address) -> RegistryDocument:
        """What a registry holds, and its settings."""
        ...

    def set(
        self, registry: Address, changes: Mapping[str, str | None], reason: str | None
    ) -> RegistryDocument:
        """Change settings, given as texts; what is in force then."""
        ...

    def plan(self, registry: Address) -> PlanDocument:
        """What the retention rules would remove now."""
        ...

    def apply(self, registry: Address) -> PlanDocument:
        """Remove that."""
        ...

    def burnt(self, registry: Address, package: str) -> Sequence[BurntReport]:
        """Names of deleted files, of one package or ("") of all."""
        ...

    def unburn(self, registry: Address, filename: str) -> None:
        """Let a name be published again."""
        ...


class Workspaces(Protocol):
    """Workspaces."""

    def create(self, name: str, visibility: str, team: str | None) -> None:
        """Make a workspace of ``team``, or of the team of its name."""
        ...

    def find(self) -> Sequence[WorkspaceRow]:
        """All workspaces by name."""
        ...

    def set_visibility(self, name: str, visibility: str) -> None:
        """Open or close a workspace."""
        ...


class Teams(Protocol):
    """Teams."""

    def create(self, name: str) -> None:
        """Make a team."""
        ...

    def find(self) -> Sequence[TeamRow]:
        """All teams by name."""
        ...

    def show(self, name: str) -> TeamDocument:
        """What a team holds, and its settings."""
        ...

    def usage(self, name: str) -> UsageDocument | None:
        """What a team holds; None for who may see its registries, but not the team."""
        ...

    def set(self, name: str, changes: Mapping[str, str | None], reason: str | None) -> TeamDocument:
        """Change settings, given as texts; what is in force then."""
        ...


class Keys(Protocol):
    """API keys."""

    def create(self, name: str, *, role: str, scope: str, days: int) -> str:
        """Make a robot that holds ``role`` on ``scope``, and a key for it: the secret."""
        ...

    def find(self) -> Sequence[KeyRow]:
        """All keys in the order of their numbers, once for each role of their owner."""
        ...

    def revoke(self, number: int) -> None:
        """Make a key useless."""
        ...


class People(Protocol):
    """Users, robots, and the roles of both."""

    def users(self, part: str) -> Sequence[UserReport]:
        """Users by name, of whom name, full name or address contains ``part``."""
        ...

    def set_disabled(self, name: str, *, disabled: bool) -> None:
        """Disable or enable a user."""
        ...

    def members(self, team: str) -> Sequence[MemberReport]:
        """Members of a team by name."""
        ...

    def robots(self, team: str) -> Sequence[RobotReport]:
        """Robots of a team by name."""
        ...

    def create_robot(self, team: str, name: str, description: str) -> None:
        """Make a robot without roles."""
        ...

    def delete_robot(self, team: str, name: str) -> None:
        """Delete a robot, with its roles and keys."""
        ...

    def invitations(self, team: str) -> Sequence[InvitationReport]:
        """Invitations to a team, the oldest first."""
        ...

    def invite(self, team: str, role: str, email: str | None) -> str:
        """Invite somebody to a team: the link."""
        ...

    def revoke_invitation(self, team: str, number: int) -> None:
        """Make a link useless."""
        ...

    def grants(self, scope: str) -> Sequence[GrantReport]:
        """Roles on a place; on a team, those on what it owns as well."""
        ...

    def give(self, scope: str, subject: str, role: str) -> None:
        """Give ``user:NAME`` or ``robot:TEAM.NAME`` a role in place of another one."""
        ...

    def take(self, scope: str, subject: str) -> None:
        """Take a role."""
        ...


class Views(Protocol):
    """Views."""

    def create(self, view: Address, definition: Definition, reason: str | None) -> None:
        """Make a view."""
        ...

    def find(self, workspace: str | None) -> Sequence[ViewSummary]:
        """Views by workspace and name: all, or those of ``workspace``."""
        ...

    def show(self, view: Address) -> ViewDocument:
        """What a view is made of."""
        ...

    def set(
        self, view: Address, definition: Definition, reason: str | None, revision: int | None
    ) -> ViewDocument:
        """Let a view be made of something else, if it is at ``revision``; None is any."""
        ...

    def delete(self, view: Address, reason: str | None) -> None:
        """Delete a view."""
        ...

    def history(self, view: Address) -> Sequence[RevisionReport]:
        """What a view was made of, the newest first."""
        ...

    def conflicts(self, view: Address) -> Sequence[ConflictReport]:
        """Files of one name and different contents that a view merges."""
        ...


class Questions(Protocol):
    """What views show and why; ``at`` is as of when, "" is now."""

    def why(self, view: Address, package: str, part: str | None, at: str) -> WhyDocument:
        """Why a view shows a package, a version or a file (``part``), or does not."""
        ...

    def rehearse(
        self, view: Address, lock: LockText, draft: Definition | None, at: str
    ) -> RehearsalDocument:
        """What the pins of a lock file find in a view as it is, or as ``draft`` would have it."""
        ...


class Backend(Protocol):
    """A server."""

    @property
    def packages(self) -> Packages:
        """Its packages."""
        ...

    @property
    def registries(self) -> Registries:
        """Its registries."""
        ...

    @property
    def workspaces(self) -> Workspaces:
        """Its workspaces."""
        ...

    @property
    def keys(self) -> Keys:
        """Its keys."""
        ...

    @property
    def people(self) -> People:
        """Its people."""
        ...

    @property
    def questions(self) -> Questions:
        """What its views show and why."""
        ...

    @property
    def teams(self) -> Teams:
        """Its teams."""
        ...

    @property
    def views(self) -> Views:
        """Its views."""
        ...
