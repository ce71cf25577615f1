"""Scopes: what a grant is about, what a key is limited to, and which of two is the narrower."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Scope(NamedTuple):
    """The server, a team, workspace, registry or view by its id, or a package of a registry.

    ``id`` is 0 for the server, and the registry's for a package; ``package`` is its normalised
    name.
    """

    kind: str
    id: int = 0
    package: str = ""


SERVER = Scope("server")

Containing = Callable[[Scope], frozenset[Scope]]
"""Gives the scopes that a scope lies in, itself and the server included."""


def narrower(one: Scope, other: Scope, containing: Containing) -> Scope | None:
    """The scope of the two that lies in the other; None when neither does."""
    if other in containing(one):
        return one
    return other if one in containing(other) else None
