"""What administration can be answered with, other than success."""

from __future__ import annotations

from stockroom.errors import BadRequest, Conflict, NotFound

SCOPE_HELP = "* (the whole server), team:NAME, WORKSPACE, WORKSPACE/REGISTRY or WORKSPACE/VIEW"
"""How a scope is written."""


class NameTaken(Conflict):
    """The name is in use."""

    slug, title = "name-taken", "Name already used"


class NoSuchPlace(NotFound):
    """There is no team, workspace, registry, view, package or key of that name."""

    slug, title = "no-such-place", "Not found"


class InvalidScope(BadRequest):
    """A scope is written wrongly."""

    slug, title = "invalid-scope", "Invalid scope"
