"""Files of one name and different contents that a view merges (S-64)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from sqlalchemy import Connection

from stockroom.filters import FilterInvalid, Language
from stockroom.manage.viewing import queries
from stockroom.manage.viewing.queries import Namesake
from stockroom.manage.viewing.rows import ConflictingFile, ConflictReport
from stockroom.resources import Groups, Member, Snapshot, ViewRow
from stockroom.security.scopes import Scope

BATCH = 500
"""Filenames that are read at once."""


def conflicts(
    connection: Connection,
    language: Language,
    snapshot: Snapshot,
    view: ViewRow,
    *,
    after: str = "",
    limit: int | None = None,
) -> list[ConflictReport]:
    """The conflicts of a view by package and filename.

    Only where they matter: in the group that provides the package, which is decided by the names
    of packages alone. ``after`` is the key of one, after which to begin.
    """
    names = {
        member.registry_id: snapshot.names[Scope("registry", member.registry_id)]
        for group in view.groups
        for member in group
    }
    found: list[ConflictReport] = []
    for package, filename, held in _candidates(connection, view.groups, after):
        files = [
            ConflictingFile(names[seen.registry_id], seen.sha256, seen.size or 0, seen.uploaded_at)
            for member in _providers(view.groups, package, held, language)
            if (seen := held[member.registry_id]).sha256 and seen.uploaded_at
        ]
        if len({file.sha256 for file in files}) > 1:
            found.append(ConflictReport(package, filename, files[0].registry, files))
            if len(found) == limit:
                break
    return found


def _candidates(
    connection: Connection, groups: Groups, after: str
) -> Iterator[tuple[str, str, Mapping[int, Namesake]]]:
    merged = {member.registry_id for group in groups if len(group) > 1 for member in group}
    shown = {member.registry_id for group in groups for member in group}
    package, _, filename = after.partition("/")
    while merged:
        rows = queries.namesakes(connection, merged, shown, after=(package, filename), limit=BATCH)
        count = 0
        for (package, filename), same in groupby(rows, lambda row: row[:2]):
            yield package, filename, {row.registry_id: row for row in same}
            count += 1
        if count < BATCH:
            return


def _providers(
    groups: Groups, package: str, held: Mapping[int, Namesake], language: Language
) -> Sequence[Member]:
    """The registries of the group that wins, as the rules of the resolution say."""
    for group in groups:
        found = [
            member
            for member in group
            if member.registry_id in held and not _denies(member.filter, package, language)
        ]
        if found:
            return found
    return ()


def _denies(text: str | None, package: str, language: Language) -> bool:
    """Whether a registry does not have the package, because its filter is false by name."""
    if text is None:
        return False
    try:
        return language.parse(text).by_name(package) is False
    except FilterInvalid:  # of a plugin that is gone; then the view shows nothing at all
        return False
