"""Core metadata: METADATA of a wheel, PKG-INFO of an sdist (U-60 to U-62).

Archives come from every tool of the last twenty years, so reading is lenient: what can be read is
kept, what cannot is told as a warning. What the index and the resolvers stand on must be right:
Metadata-Version, Name, Version, Requires-Dist and Requires-Python. ``metadata_values`` holds the
rules about the other fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stockroom.dists.core_metadata import CoreMetadata
from stockroom.dists.headers import KNOWN_FIELDS, Headers, read_headers
from stockroom.dists.licenses import canonical_expression
from stockroom.dists.metadata_values import value_findings
from stockroom.dists.names import is_valid_name, normalize
from stockroom.dists.policies import PolicyFinding
from stockroom.dists.quoting import plain, quoted
from stockroom.dists.refusals import MetadataRefused
from stockroom.dists.requirements import (
    has_long_number,
    parse_constraint,
    parse_requirement,
    strict_constraint,
    strict_requirement,
)
from stockroom.dists.versions import parse_version
from stockroom.spi.violations import Violation

__all__ = [
    "CoreMetadata",
    "MetadataReading",
    "ResolverMetadata",
    "read_metadata",
    "resolver_metadata",
]

# 2.0 was never finished, but tools have written it for years.
_KNOWN_VERSIONS = frozenset({"1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6"})
_NEWEST_MAJOR = 2
_METADATA_VERSION = re.compile(r"([1-9][0-9]{0,3})\.([0-9]{1,4})\Z")

# Enough to see what is wrong; a file may hold thousands of bad requirements or odd fields.
_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class MetadataReading:
    """What came out of a metadata file.

    ``metadata`` is None if Metadata-Version, Name or Version cannot be used; ``violations`` are
    all the reasons to refuse the file, ``warnings`` are sentences about what was passed over, and
    ``findings`` are what a registry may decide about.
    """

    metadata: CoreMetadata | None
    violations: tuple[Violation, ...]
    warnings: tuple[str, ...]
    findings: tuple[PolicyFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolverMetadata:
    """What a resolver needs to know of a version, in strings that every resolver can read."""

    requires_python: str | None
    requires_dist: tuple[str, ...]
    provides_extra: tuple[str, ...]


def read_metadata(data: bytes) -> MetadataReading:
    """Read a metadata file leniently (U-61); any bytes give a reading, nothing is raised."""
    try:
        headers = read_headers(data)
    except MetadataRefused as refused:
        return MetadataReading(None, (refused.violation,), ())
    identity = (
        *_settled(headers, "Metadata-Version", _metadata_version_violations),
        *_settled(headers, "Name", _name_violations),
        *_settled(headers, "Version", _version_violations),
    )
    values = tuple(value_findings(headers, _format_version(headers)))
    violations = (
        *identity,
        *_requirement_violations(headers),
        *_constraint_violations(headers),
        *(finding for finding in values if isinstance(finding, Violation)),
    )
    metadata = None if identity else _core_metadata(headers)
    headers.warnings.extend(finding for finding in values if isinstance(finding, str))
    if unknown := sorted(headers.fields.keys() - KNOWN_FIELDS.keys())[:_MOST_SHOWN]:
        headers.warnings.append(
            f"Unknown metadata fields are ignored: {plain(', '.join(unknown))}."
        )
    return MetadataReading(
        metadata,
        violations,
        tuple(dict.fromkeys(headers.warnings)),
        tuple(finding for finding in values if isinstance(finding, PolicyFinding)),
    )


def resolver_metadata(metadata: CoreMetadata) -> ResolverMetadata | None:
    """Give what a page may state about a version for resolvers (uv-client.md 4.3).

    None when in doubt: one text that a resolver cannot read would make it drop the whole page,
    whereas for a version without such a statement it reads the file.
    """
    requires_dist = [strict_requirement(text) for text in metadata.requires_dist]
    requires_python = strict_constraint(metadata.requires_python or "")
    if requires_python is None or None in requires_dist or has_long_number(metadata.version):
        return None
    extras = (normalize(extra) for extra in metadata.provides_extra if is_valid_name(extra))
    return ResolverMetadata(
        requires_python=requires_python or None,
        requires_dist=tuple(filter(None, requires_dist)),
        provides_extra=tuple(dict.fromkeys(extras)),
    )


def _settled(
    headers: Headers, name: str, check: Callable[[str, Headers], Iterator[Violation]]
) -> Iterator[Violation]:
    """Check the value of a field that must be there and must not have several values."""
    values = set(headers.raw(name))
    key = _key(name)
    if len(values) > 1:
        yield Violation(
            key, f"{_slug(key)}-repeated", f"{name} is given more than once; give it once."
        )
    elif not any(values):
        yield Violation(
            key, f"{_slug(key)}-missing", f"The metadata has no {name}; add it and rebuild."
        )
    else:
        yield from check(values.pop(), headers)


def _metadata_version_violations(value: str, headers: Headers) -> Iterator[Violation]:
    """U-40 as far as it concerns archives: an unknown minor version is no obstacle."""
    match = _METADATA_VERSION.match(value)
    if match is None:
        yield Violation(
            "metadata_version",
            "metadata-version-invalid",
            f"Metadata-Version {quoted(value)} is not a version of the core metadata; rebuild with"
            " a current build backend.",
        )
    elif int(match[1]) > _NEWEST_MAJOR:
        yield Violation(
            "metadata_version",
            "metadata-version-unsupported",
            f"Metadata-Version {quoted(value)} is newer than this server understands; use a"
            f" version below {_NEWEST_MAJOR + 1}.0.",
        )
    elif value not in _KNOWN_VERSIONS:
        headers.warnings.append(f"Metadata-Version {quoted(value)} is not known.")


def _format_version(headers: Headers) -> tuple[int, int]:
    values = headers.raw("Metadata-Version")
    match = _METADATA_VERSION.match(values[0]) if values else None
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _name_violations(value: str, _headers: Headers) -> Iterator[Violation]:
    if not is_valid_name(value):
        yield Violation(
            "name",
            "name-invalid",
            f"Name {quoted(value)} is not a valid project name; it must start and end with a"
            " letter or digit and hold only ASCII letters, digits, ., _ and -.",
        )


def _version_violations(value: str, _headers: Headers) -> Iterator[Violation]:
    if parse_version(value) is None:
        yield Violation(
            "version",
            "version-invalid",
            f"Version {quoted(value)} is not a valid version (PEP 440); use one like 1.2.3.",
        )


def _requirement_violations(headers: Headers) -> Iterator[Violation]:
    bad = 0
    for text in headers.raw("Requires-Dist"):
        reason = parse_requirement(text)
        if isinstance(reason, str) and (bad := bad + 1) <= _MOST_SHOWN:
            yield Violation(
                "requires_dist",
                "requires-dist-invalid",
                f"Requires-Dist {quoted(text)} is not a valid requirement (PEP 508):"
                f" {plain(reason)}. Correct the dependency and rebuild.",
            )


def _constraint_violations(headers: Headers) -> Iterator[Violation]:
    values = set(headers.raw("Requires-Python"))
    if len(values) > 1:
        yield Violation(
            "requires_python",
            "requires-python-repeated",
            "Requires-Python is given more than once; give it once.",
        )
        return
    for text in values:
        if parse_constraint(text) is None:
            yield Violation(
                "requires_python",
                "requires-python-invalid",
                f"Requires-Python {quoted(text)} is not a valid version specifier (PEP 440);"
                " use one like >=3.11.",
            )


def _core_metadata(headers: Headers) -> CoreMetadata:
    one, many = headers.one, headers.many
    return CoreMetadata(
        metadata_version=headers.raw("Metadata-Version")[0],
        name=headers.raw("Name")[0],
        version=headers.raw("Version")[0],
        summary=one("Summary"),
        description=_description(headers),
        description_content_type=one("Description-Content-Type"),
        keywords=_keywords(one("Keywords")),
        home_page=one("Home-page"),
        download_url=one("Download-URL"),
        author=one("Author"),
        author_email=one("Author-email"),
        maintainer=one("Maintainer"),
        maintainer_email=one("Maintainer-email"),
        license=headers.text("License"),
        license_expression=_license_expression(one("License-Expression")),
        license_files=many("License-File"),
        classifiers=many("Classifier"),
        platforms=many("Platform"),
        supported_platforms=many("Supported-Platform"),
        requires_python=one("Requires-Python"),
        requires_dist=tuple(headers.raw("Requires-Dist")),
        provides_extra=many("Provides-Extra"),
        project_urls=tuple(_labelled(value) for value in many("Project-URL")),
        dynamic=many("Dynamic"),
        import_names=many("Import-Name") if "import-name" in headers.fields else None,
        import_namespaces=many("Import-Namespace"),
        requires=many("Requires"),
        provides=many("Provides"),
        obsoletes=many("Obsoletes"),
        requires_external=many("Requires-External"),
        provides_dist=many("Provides-Dist"),
        obsoletes_dist=many("Obsoletes-Dist"),
    )


def _description(headers: Headers) -> str | None:
    """The description stands below the headers, until metadata 2.1 in one of them."""
    header = headers.text("Description")
    body = headers.body if headers.body.strip() else None
    if header and body:
        headers.warnings.append("There are two descriptions; the one below the fields is used.")
    return body or header


def _license_expression(value: str | None) -> str | None:
    """The expression in its canonical case (U-52); what is none is kept as it is."""
    return value and (canonical_expression(value) or value)


def _keywords(value: str | None) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, (value or "").split(","))))


def _labelled(value: str) -> tuple[str, str]:
    label, _, url = value.partition(",")
    return label.strip(), url.strip()


def _key(name: str) -> str:
    return name.lower().replace("-", "_")


def _slug(key: str) -> str:
    return key.replace("_", "-")
