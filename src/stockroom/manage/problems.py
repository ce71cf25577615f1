"""What administration can be answered with, other than success."""

from __future__ import annotations

from stockroom.errors import BadRequest, Conflict, NotFound, Problem

SCOPE_HELP = (
    "* (the whole server), team:NAME, WORKSPACE, WORKSPACE/REGISTRY, WORKSPACE/VIEW or "
    "WORKSPACE/REGISTRY/PACKAGE"
)
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


class InvalidText(BadRequest):
    """A reason or a note is too long, or cannot be kept."""

    slug, title = "invalid-text", "Invalid text"


class InvalidQuery(BadRequest):
    """A parameter after the question mark cannot be what it is."""

    slug, title = "invalid-query", "Invalid query"


class NotConfirmed(BadRequest):
    """The name of what is to be deleted was not typed again, or typed wrongly."""

    slug, title = "not-confirmed", "Deletion not confirmed"


class PreconditionFailed(Problem):
    """The package was changed since the caller looked at it (RFC 9110, If-Match)."""

    slug, status, title = "precondition-failed", 412, "Changed meanwhile"


class PlanStale(Conflict):
    """A retention plan that was looked at is not what would happen now."""

    slug, title = "plan-stale", "Plan is stale"
