"""What a view is made of: what a definition means here, and whether somebody may make it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from stockroom.filters import FilterInvalid, Language
from stockroom.manage.groups import (
    Definition,
    DefinitionMistake,
    InvalidDefinition,
    MemberText,
    parse_group,
    parse_lines,
)
from stockroom.manage.texts import is_storable
from stockroom.resources import Groups, Member, RegistryRow, Snapshot, ViewRow
from stockroom.security.scopes import Scope

__all__ = [
    "Definition",
    "DefinitionMistake",
    "InvalidDefinition",
    "MayRead",
    "MemberText",
    "broken_filters",
    "definition_of",
    "parse_group",
    "parse_lines",
    "resolve",
]

MAX_GROUPS = 50
MAX_MEMBERS = 100
"""Registries in all groups together."""

MayRead = Callable[[RegistryRow], bool]


def definition_of(view: ViewRow, snapshot: Snapshot) -> Definition:
    """What a view is made of."""
    names = snapshot.names
    return Definition(
        tuple(
            tuple(
                MemberText(names[Scope("registry", member.registry_id)], member.filter)
                for member in group
            )
            for group in view.groups
        )
    )


def resolve(
    definition: Definition, snapshot: Snapshot, language: Language, may_read: MayRead
) -> Groups:
    """The groups of a definition, whose filters are right.

    Whoever defines a view must be able to read every registry in it: else it would show them, or
    others, what they cannot see. One that they may not read is as if it did not exist (S-61).

    :raises InvalidDefinition: with every mistake.
    """
    mistakes = list(_sizes(definition))
    if mistakes:
        raise InvalidDefinition(*mistakes)
    groups = []
    for number, group in enumerate(definition.groups, start=1):
        found: dict[str, Member] = {}
        for member in group:
            row = _registry(snapshot, member.registry)
            if row is None or not may_read(row):
                said = f"there is no registry {member.registry} that you may read"
                mistakes.append(DefinitionMistake(said, number, member.registry))
            elif member.registry in found:
                said = "it stands in this group already; put it into another one"
                mistakes.append(DefinitionMistake(said, number, member.registry))
            else:
                found[member.registry] = Member(row.id, member.filter)
            mistakes += _filter_mistakes(member, number, language)
        groups.append(tuple(found.values()))
    if mistakes:
        raise InvalidDefinition(*mistakes)
    return tuple(groups)


def broken_filters(
    snapshot: Snapshot, language: Language
) -> Iterator[tuple[str, DefinitionMistake]]:
    """Views with filters that were right once: the plugin of a field is gone, or has changed.

    Each mistake comes with the view, as WORKSPACE/NAME. Such a view answers nobody.
    """
    for name, workspace in sorted(snapshot.workspaces.items()):
        for _, view in sorted(workspace.views.items()):
            for number, group in enumerate(definition_of(view, snapshot).groups, start=1):
                for member in group:
                    for mistake in _filter_mistakes(member, number, language):
                        yield f"{name}/{view.name}", mistake


def _sizes(definition: Definition) -> Iterator[DefinitionMistake]:
    if not definition.groups:
        yield DefinitionMistake("name a registry at least")
    if len(definition.groups) > MAX_GROUPS:
        yield DefinitionMistake(f"a view has {MAX_GROUPS} groups at most")
    if sum(map(len, definition.groups)) > MAX_MEMBERS:
        yield DefinitionMistake(f"a view shows {MAX_MEMBERS} registries at most")
    for number, group in enumerate(definition.groups, start=1):
        if not group:
            yield DefinitionMistake("it names no registry; leave it out", number)


def _registry(snapshot: Snapshot, text: str) -> RegistryRow | None:
    workspace, _, name = text.partition("/")
    place = snapshot.workspaces.get(workspace)
    return None if place is None else place.registries.get(name)


def _filter_mistakes(
    member: MemberText, number: int, language: Language
) -> Sequence[DefinitionMistake]:
    text = member.filter
    if text is None:
        return ()
    if not is_storable(text):
        said = "a filter is text without the character NUL and half characters"
        return [DefinitionMistake(said, number, member.registry, 1, 1)]
    try:
        language.parse(text)
    except FilterInvalid as error:
        return [
            DefinitionMistake(said, number, member.registry, line, column)
            for line, column, said in error.mistakes
        ]
    return ()
