"""The rules about single values of the core metadata (U-43, U-46, U-49 to U-55).

Each rule is a small function that takes the headers of a metadata file; a field that is absent
breaks none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from keyword import iskeyword
from urllib.parse import urlsplit

from stockroom.dists.headers import KNOWN_FIELDS, Headers
from stockroom.dists.licenses import canonical_expression, has_license_files, is_license_path
from stockroom.dists.names import is_valid_name, normalize
from stockroom.dists.policies import Finding, PolicyFinding
from stockroom.dists.quoting import quoted
from stockroom.spi.violations import Violation

MAX_SUMMARY_LENGTH = 512
"""Longest Summary in characters (U-43)."""

MAX_LABEL_LENGTH = 32
"""Longest label of a Project-URL in characters (U-46)."""

_NEVER_DYNAMIC = frozenset({"metadata-version", "name", "version"})
_EXTRAS_NORMALIZED_SINCE = (2, 3)
_CONTENT_TYPES = ("text/markdown", "text/plain", "text/x-rst")
_MARKDOWN_VARIANTS = ("CommonMark", "GFM")

# RFC 3986: the characters that a URL may have, or two hexadecimal digits for any other.
_URL = re.compile(
    r"([a-z][a-z0-9+.-]*):(?:[a-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9a-f]{2})+\Z",
    re.ASCII | re.IGNORECASE,
)
_WEB_SCHEMES = frozenset({"http", "https"})
_REPOSITORY_SCHEME = re.compile(r"(?:git|ssh|git\+[a-z]+)\Z")

# In characters; a content type and an import name are taken apart.
_LONGEST_NAME = 1000

# Enough to see what is wrong; a file may hold thousands of bad values.
_MOST_SHOWN = 20


def value_findings(headers: Headers, format_version: tuple[int, int]) -> Iterator[Finding]:
    """Apply every rule; ``format_version`` is Metadata-Version, with zeros if that is unusable."""
    for rule in _RULES:
        yield from islice(rule(headers, format_version), _MOST_SHOWN)


def _summary(headers: Headers, _version: tuple[int, int]) -> Iterator[Finding]:
    """One line, not too long (U-43)."""
    for value in headers.fields.get("summary", ())[:1]:
        summary = value.strip()
        if "\n" in summary:
            yield Violation(
                "summary", "summary-lines", "Summary must be one line; shorten it to one."
            )
        if len(summary) > MAX_SUMMARY_LENGTH:
            yield PolicyFinding(
                "U-43",
                Violation(
                    "summary",
                    "summary-too-long",
                    f"Summary has more than {MAX_SUMMARY_LENGTH} characters; shorten it and leave"
                    " the rest to the description.",
                ),
                refused=True,
            )


def _urls(headers: Headers, _version: tuple[int, int]) -> Iterator[Finding]:
    """Links for a browser, each with a short label if it can have one (U-46)."""
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
            Violation(
                field,
                "url-of-repository",
                f"{name} {quoted(url)} cannot be opened in a browser; use http or https.",
            ),
            refused=False,
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


def _dynamic(headers: Headers, _version: tuple[int, int]) -> Iterator[Finding]:
    """The names of fields, without those that identify the release (U-49)."""
    for value in headers.many("Dynamic"):
        if value.lower() in _NEVER_DYNAMIC:
            reason = "which is never dynamic; state it"
        elif value.lower() not in KNOWN_FIELDS:
            reason = "which is no field of the core metadata; correct it"
        else:
            continue
        yield Violation(
            "dynamic", "dynamic-invalid", f"Dynamic names {quoted(value)}, {reason} and rebuild."
        )


def _content_type(headers: Headers, _version: tuple[int, int]) -> Iterator[Finding]:
    """A kind of text that can be shown (U-50)."""
    for value in headers.many("Description-Content-Type")[:1]:
        reason = _content_type_fault(value)
        if reason is not None:
            yield Violation(
                "description_content_type",
                "description-content-type-invalid",
                f"Description-Content-Type {quoted(value)} is not accepted: {reason}.",
            )


def _content_type_fault(value: str) -> str | None:
    if len(value) > _LONGEST_NAME:
        return "it is too long"
    kind, *pairs = (part.strip() for part in value.split(";"))
    if kind.lower() not in _CONTENT_TYPES:
        return f"use one of {', '.join(_CONTENT_TYPES)}"
    for pair in filter(None, pairs):
        key, equals, text = (part.strip() for part in pair.partition("="))
        if not key or not equals or not text:
            return "its parameters are not of the form key=value"
        text = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
        if key.lower() == "charset" and text.lower() != "utf-8":
            return "use the charset UTF-8"
        is_variant = key.lower() == "variant" and kind.lower() == "text/markdown"
        if is_variant and text not in _MARKDOWN_VARIANTS:
            return f"use one of the variants {', '.join(_MARKDOWN_VARIANTS)}"
    return None


def _license(headers: Headers, _version: tuple[int, int]) -> Iterator[Finding]:
    """A valid SPDX expression (U-52), and then no License (U-51)."""
    for value in headers.many("License-Expression")[:1]:
        if canonical_expression(value) is None:
            yield Violation(
                "license_expression",
                "license-expression-invalid",
                f"License-Expression {quoted(value)} is not an SPDX expression; use the identifiers"
                " of the SPDX license list, or LicenseRef- and a name.",
            )
        if headers.many("License"):
            yield Violation(
                "license",
                "license-stated-twice",
                "License and License-Expression exclude each other (PEP 639); leave out License.",
            )


def _license_files(headers: Headers, version: tuple[int, int]) -> Iterator[Finding]:
    """Paths of files in the archive (U-53); that they are there is seen elsewhere."""
    for value in headers.many("License-File") if has_license_files(version) else ():
        if not is_license_path(value):
            yield Violation(
                "license_files",
                "license-file-path",
                f"License-File {quoted(value)} must be the relative path of one file, with / and"
                " without .. and *.",
            )


def _extras(headers: Headers, version: tuple[int, int]) -> Iterator[Finding]:
    """Names like those of projects (U-54)."""
    for value in headers.many("Provides-Extra"):
        if not is_valid_name(value):
            yield Violation(
                "provides_extra",
                "provides-extra-invalid",
                f"Provides-Extra {quoted(value)} is not a valid name; it must start and end with a"
                " letter or digit and hold only ASCII letters, digits, ., _ and -.",
            )
        elif version >= _EXTRAS_NORMALIZED_SINCE and normalize(value) != value:
            yield f"Provides-Extra {quoted(value)} should be {quoted(normalize(value))}."


def _import_names(headers: Headers, _version: tuple[int, int]) -> Iterator[Finding]:
    """Names that an import statement can have, each in one role (U-55, PEP 794)."""
    roles: dict[str, set[str]] = {}
    for field in ("Import-Name", "Import-Namespace"):
        names = roles.setdefault(field, set())
        for value in headers.many(field):
            name, semicolon, option = (part.strip() for part in value.partition(";"))
            names.add(name)
            if (semicolon and option != "private") or not _is_importable(name):
                yield Violation(
                    field.lower().replace("-", "_"),
                    f"{field.lower()}-invalid",
                    f"{field} {quoted(value)} must be a dotted name that can be imported, with"
                    " nothing behind it but ; private.",
                )
    for name in sorted(roles["Import-Name"] & roles["Import-Namespace"]):
        yield Violation(
            "import_name",
            "import-name-ambiguous",
            f"{quoted(name)} is an Import-Name and an Import-Namespace; leave one of them out.",
        )


def _is_importable(name: str) -> bool:
    if len(name) > _LONGEST_NAME:
        return False
    return all(part.isidentifier() and not iskeyword(part) for part in name.split("."))


_RULES: tuple[Callable[[Headers, tuple[int, int]], Iterator[Finding]], ...] = (
    _summary,
    _urls,
    _dynamic,
    _content_type,
    _license,
    _license_files,
    _extras,
    _import_names,
)
