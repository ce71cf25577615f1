"""Answers about what views show, field by field as in their JSON; instants in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

FateName = Literal["shown", "filtered", "shadowed", "quarantined", "too-late"]
Standing = Literal["wins", "outranked", "has-not"]
Outcome = Literal["available", "reduced", "vanished"]
Reason = Literal[
    "no-package",
    "no-version",
    "no-file",
    "outranked",
    "other-digest",
    "filtered",
    "shadowed",
    "quarantined",
    "too-late",
]


class TermReport(Struct, frozen=True):
    """A condition of a filter that is not true; ``value`` is null where it is unknown."""

    text: str
    value: bool | None
    detail: str


class AskedReport(Struct, frozen=True):
    """A registry that was asked for the package.

    ``has`` is decided by the name alone. ``status`` is that of the package there, null if there is
    none. Of a registry that the caller may not read by itself, only what the view shows is told.
    """

    registry: str
    filter: str | None
    has: bool
    status: str | None
    status_reason: str | None
    detail: str


class GroupReport(Struct, frozen=True):
    """A group of the view; ``number`` counts from 1 in the order of priority.

    The first that has the package wins as a whole; one that has it as well is ``outranked``.
    """

    number: int
    standing: Standing
    registries: list[AskedReport]


class SeenFileReport(Struct, frozen=True):
    """A file of the group that wins, and what becomes of it.

    ``terms`` are the conditions of ``filter`` that hide it. ``visible_at`` is when time alone makes
    it visible, null if it never does. ``shadowed_by`` is the earlier registry that has a file of
    its name.
    """

    filename: str
    version: str
    registry: str
    sha256: str
    uploaded_at: datetime
    yanked: bool
    yanked_reason: str | None
    fate: FateName
    filter: str | None
    terms: list[TermReport]
    visible_at: datetime | None
    shadowed_by: str | None
    detail: str


class WhyDocument(Struct, frozen=True):
    """Why a view shows a package, a version or a file, or why it does not.

    ``conclusion`` says it in a sentence. ``files`` has the newest versions first, and at most 500
    of them; ``left_out`` says how many more there are. ``changes_at`` is when time alone changes
    the page of the package next.
    """

    view: str
    package: str
    wanted: str | None
    at: datetime | None
    visible: bool
    conclusion: str
    groups: list[GroupReport]
    files: list[SeenFileReport]
    left_out: int
    changes_at: datetime | None


class MissingFile(Struct, frozen=True):
    """A file that a lock file names and the view does not give.

    ``filename`` or ``sha256`` is null where the lock file does not say it.
    """

    filename: str | None
    sha256: str | None
    reason: Reason
    detail: str
    registry: str | None
    filter: str | None
    visible_at: datetime | None


class PinReport(Struct, frozen=True):
    """A pin of a lock file and what becomes of it.

    ``reduced`` is one of which only some files are to be had. ``present`` is the outcome by the
    present definition of the view, null unless a draft is rehearsed, or if a filter of that
    definition cannot be read any more. ``missing`` has at most 20
    files; the first one says why the pin has vanished.
    """

    name: str
    version: str
    line: int
    source: str | None
    outcome: Outcome
    present: Outcome | None
    missing: list[MissingFile]


class UncheckedReport(Struct, frozen=True):
    """An entry of a lock file that no index can answer for, and why."""

    entry: str
    line: int
    reason: str


class RehearsalCounts(Struct, frozen=True):
    """How many pins have each outcome; and how many vanish or come back by the draft."""

    available: int
    reduced: int
    vanished: int
    vanish_by_draft: int
    return_by_draft: int


class RehearsalDocument(Struct, frozen=True):
    """What the pins of a lock file find in a view; those that have vanished come first."""

    view: str
    draft: bool
    at: datetime | None
    counts: RehearsalCounts
    pins: list[PinReport]
    unchecked: list[UncheckedReport]
