"""The ways to sign in that plugins offer."""

from __future__ import annotations

from collections.abc import Mapping

from stockroom.spi import LoginMethod


class LoginMethods:
    """The login methods by name, as they were at the start."""

    def __init__(self, methods: Mapping[str, LoginMethod]) -> None:
        self._methods = methods

    def find(self, name: str) -> LoginMethod | None:
        """The method of that name."""
        return self._methods.get(name)

    def labels(self) -> list[tuple[str, str]]:
        """Names and labels, in the order in which they are offered."""
        return [(method.name, method.label) for method in self._methods.values()]
