"""The rules about single values of the core metadata (U-41 to U-47, U-49 to U-55).

Each rule is a small function that takes the headers of a metadata file; a field that is absent
breaks none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from keyword import iskeyword

from stockroom.dists.addresses import bad_addresses
from stockroom.dists.classifiers import classifier_findings
from stockroom.dists.headers import KNOWN_FIELDS, Headers
from stockroom.dists.licenses import canonical_expression, has_license_files, is_license_path
from stockroom.dists.links import link_findings
from stockroom.dists.names import is_valid_name, normalize
from stockroom.dists.policies import Finding, PolicyFinding
from stockroom.dists.quoting import plain, quoted
from stockroom.dists.requirements import parse_requirement
from stockroom.dists.versions import parse_version
from stockroom.spi.violations import Violation

MAX_SUMMARY_LENGTH = 512
"""Longest Summary in characters (U-43)."""

_NEVER_DYNAMIC = frozenset({"metadata-version", "name", "version"})
_EXTRAS_NORMALIZED_SINCE = (2, 3)
_CONTENT_TYPES = ("text/markdown", "text/plain", "text/x-rst")
_MARKDOWN_VARIANTS = ("CommonMark", "GFM")

# In characters; a content type and an import name are taken apart.
_LONGEST_NAME = 1000

# Enough to see what is wrong; a file may hold thousands of bad values.
_MOST_SHOWN = 20


def value_findings(headers: Headers, format_version: tuple[int, int]) -> Iterator[Finding]:
    """Apply every rule; ``format_version`` is Metadata-Version, with zeros if that is unusable."""
    for rule in _RULES:
        yield from islice(rule(headers, format_version), _MOST_SHOWN)


def _newer_fields(headers: Headers, version: tuple[int, int]) -> Iterator[Finding]:
    """No field that the declared Metadata-Version does not have; tools write some too early (U-41).

    A warning, because the field is read all the same (U-61).
    """
    newer = [name for name in headers.fields if KNOWN_FIELDS.get(name, (0, 0)) > version > (0, 0)]
    if newer:
        needed = ".".join(map(str, max(KNOWN_FIELDS[name] for name in newer)))
        yield (
            f"Metadata-Version {version[0]}.{version[1]} has no {', '.join(newer)}; declare"
            f" {needed}."
        )


def _local_version(headers: Headers, _version: tuple[int, int]) -> Iterator[Finding]:
    """No local version, where a registry does not want them (U-42)."""
    for value in headers.raw("Version")[:1]:
        version = parse_version(value) if "+" in value else None
        if version is not None:
            yield PolicyFinding(
                "U-42",
                "local_versions",
                Violation(
                    "version",
                    "version-local",
                    f"Version {quoted(value)} has a local part; leave out what follows the +.",
                ),
            )


def _addresses(headers: Headers, _version: tuple[int, int]) -> Iterator[Finding]:
    """Addresses that somebody can write to; internal domains are as good as others (U-44)."""
    for name in ("Author-email", "Maintainer-email"):
        for value in headers.many(name)[:1]:
            for part in islice(bad_addresses(value), _MOST_SHOWN):
                yield f"{name} {quoted(part)} is no address; write them like Name <name@host>."


def _classifiers(headers: Headers, _version: tuple[int, int]) -> Iterator[Finding]:
    """Classifiers that are in use, or private (U-45)."""
    yield from classifier_findings(headers.many("Classifier"))


def _dependencies(headers: Headers, _version: tuple[int, int]) -> Iterator[Finding]:
    """Dependencies by version, which a registry can serve, instead of by URL (U-47).

    That Requires-Dist is valid is seen elsewhere.
    """
    for name in ("Requires-Dist", "Provides-Dist", "Obsoletes-Dist"):
        field = name.lower().replace("-", "_")
        for value in headers.many(name):
            requirement = parse_requirement(value)
            if isinstance(requirement, str):
                if name != "Requires-Dist":
                    yield f"{name} {quoted(value)} is not valid (PEP 508): {plain(requirement)}."
            elif requirement.url is not None:
                yield PolicyFinding(
                    "U-47",
                    "direct_references",
                    Violation(
                        field,
                        "direct-reference",
                        f"{name} {quoted(value)} names a URL; name a version, and publish what is"
                        " at the URL.",
                    ),
                )


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
                "long_summary",
                Violation(
                    "summary",
                    "summary-too-long",
                    f"Summary has more than {MAX_SUMMARY_LENGTH} characters; shorten it and leave"
                    " the rest to the description.",
                ),
            )


def _links(headers: Headers, _version: tuple[int, int]) -> Iterator[Finding]:
    """Links for a browser (U-46)."""
    yield from link_findings(headers)


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
    _newer_fields,
    _local_version,
    _summary,
    _addresses,
    _classifiers,
    _links,
    _dependencies,
    _dynamic,
    _content_type,
    _license,
    _license_files,
    _extras,
    _import_names,
)
