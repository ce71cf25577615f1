"""Reading the filters of views."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from stockroom.filters import Filter, FilterInvalid, Language
from stockroom.resolution.problems import filter_broken
from stockroom.resources import Directory, ViewRow
from stockroom.security.scopes import Scope


class ViewFilters:
    """The filters of views, as the enabled plugins understand them."""

    def __init__(self, language: Language, directory: Directory) -> None:
        self._language = language
        self._directory = directory

    def of(self, view: ViewRow) -> Mapping[str, Filter]:
        """Every filter of a view by its text.

        :raises FilterBroken: one of them cannot be read any more, because a plugin is gone, say.
            Then nobody knows what the view hides, and it shows nothing.
        """
        found = {}
        for member in chain.from_iterable(view.groups):
            if member.filter is not None:
                try:
                    found[member.filter] = self._language.parse(member.filter)
                except FilterInvalid as error:
                    names = self._directory.snapshot().names
                    raise filter_broken(
                        names.get(Scope("view", view.id), view.name),
                        names.get(Scope("registry", member.registry_id), "a registry"),
                        member.filter,
                        error.mistakes,
                    ) from error
        return found

    def sources(self, view: ViewRow) -> frozenset[str]:
        """The fact sources that the filters of a view read; those that cannot be read have none."""
        found = frozenset[str]()
        for member in chain.from_iterable(view.groups):
            if member.filter is not None:
                try:
                    found |= self._language.parse(member.filter).sources
                except FilterInvalid:
                    continue
        return found
