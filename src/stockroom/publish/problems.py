"""What an upload can be answered with, other than success."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from stockroom.errors import BadRequest, Conflict, Forbidden, NotFound, Problem
from stockroom.spi import Violation

FIRST_FIELDS = ("metadata_version", "name", "version")


class UploadRefused(BadRequest):
    """The upload breaks rules; ``errors`` lists every one of them (U-25)."""

    slug, title = "upload-refused", "Upload refused"
    plain_first = True

    def __init__(self, violations: Sequence[Violation]) -> None:
        ordered = sorted(violations, key=_headline_order)
        self._headline = ordered[0].message
        super().__init__(
            "; ".join(violation.message.rstrip(".") for violation in ordered),
            errors=[asdict(violation) for violation in ordered],
        )

    @property
    def headline(self) -> str:
        """PyPI's choice among the violations."""
        return self._headline


class FileExists(Problem):
    """The file name is taken by other content (U-74); clients look for these very words (U-23)."""

    slug, status, title = "file-exists", 400, "File already exists"
    legacy_body = plain_first = True


class TooManyUploads(Problem):
    """The quota of uploads for this minute is used up."""

    slug, status, title = "too-many-uploads", 429, "Too many uploads"
    plain_first = True

    @property
    def headers(self) -> list[tuple[str, str]]:
        """When to try again, in seconds: the window is a minute (RFC 9110 section 10.2.3)."""
        return [("Retry-After", "60")]


class UploadGone(Problem):
    """An action of the old API that is not about files (U-04)."""

    slug, status, title = "action-gone", 410, "Action not supported any more"


class NoSuchUpload(NotFound):
    """There is no such session, or file in it, or it has expired."""

    slug, title = "no-such-upload", "No such upload"


class SessionExists(Conflict):
    """There is a live stage for the release (U-201); ``token`` is its own."""

    slug, title = "session-exists", "Session exists"

    def __init__(self, detail: str, token: str) -> None:
        super().__init__(detail)
        self.token = token
        self.location = ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Where the live stage is."""
        return [("Location", self.location)]


class UnknownMechanism(Problem):
    """Bytes cannot be sent in the way that was asked for (U-203)."""

    slug, status, title = "unknown-mechanism", 422, "Unknown upload mechanism"


class PackageClosed(Forbidden):
    """The package is archived or quarantined and takes no files (S-60, U-95)."""

    slug, title = "package-closed", "Package takes no uploads"
    plain_first = True


def _headline_order(violation: Violation) -> tuple[int, str]:
    # PyPI's choice of the one error that it shows (U-25): these three, then by field name.
    if violation.field in FIRST_FIELDS:
        return FIRST_FIELDS.index(violation.field), ""
    return len(FIRST_FIELDS), violation.field
