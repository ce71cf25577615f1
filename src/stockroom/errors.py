"""Problems: every error that Stockroom tells a client, as RFC 9457 describes them.

A problem is raised by the code that finds it and turned into a response at the edge. This module
imports nothing of Stockroom, so that every room may raise problems.
"""

from __future__ import annotations

from typing import ClassVar


class Problem(Exception):
    """One kind of error; subclasses fix ``slug``, ``status`` and ``title``.

    ``detail`` says, in a sentence for the person at the client, what is wrong and what to do.
    ``members`` are RFC 9457 extension members; they must be JSON values.
    """

    slug: ClassVar[str] = "internal-error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    legacy_body: ClassVar[bool] = False
    """Never sent as ``application/problem+json``, because clients act on its older form (U-22)."""
    plain_first: ClassVar[bool] = False
    """Sent as plain text to who takes anything: such clients print the body as it is (U-20)."""

    def __init__(self, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members

    @property
    def headline(self) -> str:
        """The one sentence that travels in the reason phrase (U-20)."""
        return self.detail

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What the response says in headers beside its body."""
        return []

    def document(self) -> dict[str, object]:
        """The problem as an RFC 9457 object, ready for a JSON encoder."""
        return {
            "type": f"urn:stockroom:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }


class BadRequest(Problem):
    """The request cannot be understood."""

    slug, status, title = "bad-request", 400, "Bad request"


class Unauthenticated(Problem):
    """No credential, or one that is unknown, revoked or expired (S-61, U-11)."""

    slug, status, title = "unauthenticated", 401, "Authentication required"


class Forbidden(Problem):
    """The credential is valid, the resource visible, the action not allowed."""

    slug, status, title = "forbidden", 403, "Not allowed"


class NotFound(Problem):
    """The resource does not exist, or the caller may not know that it does (S-61)."""

    slug, status, title = "not-found", 404, "Not found"


class MethodNotAllowed(Problem):
    """The URL exists but does not answer to this method; ``allow`` lists those it does (S-74)."""

    slug, status, title = "method-not-allowed", 405, "Method not allowed"

    def __init__(self, detail: str, *, allow: tuple[str, ...]) -> None:
        super().__init__(detail)
        self.allow = allow

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The methods that do work."""
        return [("Allow", ", ".join(self.allow))]


class NotAcceptable(Problem):
    """None of the offered representations is acceptable to the client (S-15)."""

    slug, status, title = "not-acceptable", 406, "Not acceptable"


class Conflict(Problem):
    """A thing of that name exists already, or its state forbids the action."""

    slug, status, title = "conflict", 409, "Conflict"


class ContentTooLarge(Problem):
    """The request is larger than a fixed limit."""

    slug, status, title = "content-too-large", 413, "Content too large"


class InvalidName(BadRequest):
    """A name given for a new thing breaks the naming rule."""

    slug, title = "invalid-name", "Invalid name"


class ConfigurationInvalid(Exception):
    """The server cannot start as it is set up; ``messages`` holds every reason found."""

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages
