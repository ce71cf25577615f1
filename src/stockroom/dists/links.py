"""The links of a project: URLs for a browser (U-46)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from stockroom.dists.headers import Headers
from stockroom.dists.policies import Finding, PolicyFinding
from stockroom.dists.quoting import quoted
from stockroom.spi.violations import Violation

MAX_LABEL_LENGTH = 32
"""Longest label of a Project-URL in characters (U-46)."""

# RFC 3986: the characters that a URL may have, or two hexadecimal digits for any other.
_URL = re.compile(
    r"([a-z][a-z0-9+.-]*):(?:[a-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9a-f]{2})+\Z",
    re.ASCII | re.IGNORECASE,
)
_WEB_SCHEMES = frozenset({"http", "https"})
_REPOSITORY_SCHEME = re.compile(r"(?:git|ssh|git\+[a-z]+)\Z")


def link_findings(headers: Headers) -> Iterator[Finding]:
    """Check Home-page, Download-URL and every Project-URL, which has a short label too."""
    for name in ("Home-page", "Download-URL"):
        for value in headers.many(name)[:1]:
            yield from _url(name, value)
    for value in headers.many("Project-URL"):
        label, comma, url = (part.strip() for part in value.partition(","))
        if not comma or not 0 < len(label) <= MAX_LABEL_LENGTH:
            yield Violation(
                "project_urls",
                "project-url-label",
                f"Project-URL {quoted(value)} must be a label of 1 to {MAX_LABEL_LENGTH}"
                " characters, a comma and a URL.",
            )
        if comma:
            yield from _url("Project-URL", url)


def _url(name: str, url: str) -> Iterator[Finding]:
    field = "project_urls" if name == "Project-URL" else name.lower().replace("-", "_")
    scheme = _scheme(url)
    if scheme is None:
        yield Violation(
            field,
            "url-invalid",
            f"{name} {quoted(url)} is not a URL (RFC 3986); correct it, like"
            " https://example.org/project.",
        )
    elif _REPOSITORY_SCHEME.match(scheme):
        yield PolicyFinding(
            "U-46",
            "repository_urls",
            Violation(
                field,
                "url-of-repository",
                f"{name} {quoted(url)} cannot be opened in a browser; use http or https.",
            ),
        )
    elif scheme not in _WEB_SCHEMES:
        yield Violation(
            field,
            "url-scheme",
            f"{name} {quoted(url)} has the scheme {quoted(scheme)}; use http or https.",
        )


def _scheme(url: str) -> str | None:
    """The scheme of a URL; None if it is not one."""
    match = _URL.match(url)
    if match is None:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises if it is none
    except ValueError:
        return None
    # Brackets have a meaning in a host only, and urlsplit does not mind them elsewhere. A second #
    # is wrong too, but links into some chats have it, and browsers do not mind.
    if {"[", "]"}.intersection(f"{parts.path}{parts.query}"):
        return None
    return match[1].lower()
