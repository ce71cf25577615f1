"""Which registry provides a package (design: groups by priority, merging inside a group; S-64)."""

from __future__ import annotations

from collections.abc import Collection

from stockroom.resources import Groups


def providers(groups: Groups, having: Collection[int]) -> tuple[int, ...]:
    """The registries that provide a package which the registries ``having`` have by name.

    The first group in which any registry has it wins as a whole; the registries of that group are
    returned in its order. Empty when nobody has it.
    """
    for group in groups:
        found = tuple(member.registry_id for member in group if member.registry_id in having)
        if found:
            return found
    return ()
