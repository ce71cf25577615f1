"""Views as the API shows them, field by field as in its JSON; instants in UTC."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class ViewMemberDocument(Struct, frozen=True):
    """A registry in a group, as WORKSPACE/NAME; null as a filter shows all of it."""

    registry: str
    filter: str | None


class ViewSummary(Struct, frozen=True):
    """A view in a list: WORKSPACE/NAME, and its groups in order in their text form."""

    view: str
    groups: list[str]
    revision: int
    default: bool


class ViewDocument(Struct, frozen=True):
    """A view: its groups in order, each with its registries in order, and the path of its index.

    ``default`` is whether it is the view of the registry of its name, which cannot be changed.
    ``actor`` has made it what it is now, ``at`` that instant.
    """

    workspace: str
    name: str
    groups: list[list[ViewMemberDocument]]
    revision: int
    default: bool
    index: str
    at: datetime
    actor: str
    actor_name: str | None
    reason: str | None


class RevisionReport(Struct, frozen=True):
    """What a view was made of from one instant on, by whom and why.

    ``actor_name`` is null for what is no user or robot, or is gone.
    """

    revision: int
    groups: list[list[ViewMemberDocument]]
    at: datetime
    actor: str
    actor_name: str | None
    reason: str | None


class ConflictingFile(Struct, frozen=True):
    """A file in one of the registries that have it; ``size`` in bytes."""

    registry: str
    sha256: str
    size: int
    uploaded_at: datetime


class ConflictReport(Struct, frozen=True):
    """Files of one name and different contents, in the order of their registries in the group.

    The file of ``taken``, the first one, is that of the view, whether its filter shows it or not.
    """

    package: str
    filename: str
    taken: str
    files: list[ConflictingFile]

    @property
    def key(self) -> str:
        """Where it stands in the list of all, for the pages of that."""
        return f"{self.package}/{self.filename}"
