"""What a door of the API is: a URL, the place in the tree that it leads to, and its methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from stockroom.manage.api.operations import Operation, operation_of
from stockroom.resources import Resource
from stockroom.security.permissions import Permission
from stockroom.web import READS

SLASH = "{slash:/?}"
"""At the end of every pattern: a final slash makes no difference."""


class Door(NamedTuple):
    """One URL, which is ``/v1/`` and ``steps``, then ``page`` if there is one; else ``url``.

    ``methods`` maps each method to its view, whose signature says what it reads and answers (see
    ``operations``), and to the permission that it needs on the resource.
    """

    name: str
    steps: tuple[str, ...]
    context: type[Resource]
    methods: dict[str, tuple[Callable[..., Any], Permission]]
    page: str = ""
    url: str = ""
    """Where it is another one than that of the steps; it has all their placeholders."""

    @property
    def path(self) -> str:
        """The URL with its placeholders."""
        return self.url or "/".join(("/v1", *self.steps, *filter(None, [self.page])))

    @property
    def pattern(self) -> str:
        """The route's pattern."""
        return f"{self.path}{SLASH}"

    @property
    def allowed(self) -> tuple[str, ...]:
        """The methods that it answers to; who may GET may HEAD."""
        others = tuple(method for method in self.methods if method != "GET")
        return (*READS, *others) if "GET" in self.methods else others

    def operations(self) -> dict[str, Operation]:
        """What each method reads and answers."""
        return {method: operation_of(view) for method, (view, _) in self.methods.items()}
