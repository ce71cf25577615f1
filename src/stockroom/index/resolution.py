"""Which registry provides a package (design: groups by priority, merging inside a group; S-64)."""

from __future__ import annotations

from collections.abc import Collection

Groups = tuple[tuple[int, ...], ...]


def providers(groups: Groups, having: Collection[int]) -> tuple[int, ...]:
    """The registries that provide a package which the registries ``having`` have by name.

    The first group in which any registry has it wins as a whole; the registries of that group are
    returned in its order. Empty when nobody has it.
    """
    for group in groups:
        found = tuple(registry_id for registry_id in group if registry_id in having)
        if found:
            return found
    return ()
