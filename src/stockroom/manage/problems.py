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


class InvalidSubject(BadRequest):
    """Who is to hold a role is written wrongly."""

    slug, title = "invalid-subject", "Invalid subject"


class LastOwner(Conflict):
    """A team, or the server, would be left without anybody who may do everything."""

    slug, title = "last-owner", "Last owner"


class NotEmpty(Conflict):
    """What is to be deleted still holds something."""

    slug, title = "not-empty", "Not empty"


class DefaultView(Conflict):
    """The view of a registry comes and goes with it, and shows all of it."""

    slug, title = "default-view", "Default view"


class InvitationAccepted(Conflict):
    """An invitation cannot be revoked any more."""

    slug, title = "invitation-accepted", "Invitation accepted"


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
    """It was changed since the caller looked at it (RFC 9110, If-Match)."""

    slug, status, title = "precondition-failed", 412, "Changed meanwhile"


class PlanStale(Conflict):
    """A retention plan that was looked at is not what would happen now."""

    slug, title = "plan-stale", "Plan is stale"
