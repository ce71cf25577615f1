"""The core metadata of one distribution as plain, typed, immutable data (U-62)."""

from __future__ import annotations

from dataclasses import dataclass

# What a resolver reads; an sdist that declares one of them dynamic tells it only when built.
_RESOLVER_FIELDS = frozenset(
    {"name", "version", "requires-dist", "requires-python", "provides-extra"}
)
_DYNAMIC_SINCE = (2, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMetadata:
    """Every field of the core metadata, as the archive states it.

    Metadata-Version, Name and Version are valid; no other field is promised to be. A field that is
    absent, empty or ``UNKNOWN`` is None or an empty tuple. ``project_urls`` are pairs of label and
    URL. ``import_names`` is None where the file does not say, and empty where it says that there
    are none (PEP 794). Texts are free of NUL and of lone surrogates.
    """

    metadata_version: str
    name: str
    version: str
    summary: str | None = None
    description: str | None = None
    description_content_type: str | None = None
    keywords: tuple[str, ...] = ()
    home_page: str | None = None
    download_url: str | None = None
    author: str | None = None
    author_email: str | None = None
    maintainer: str | None = None
    maintainer_email: str | None = None
    license: str | None = None
    license_expression: str | None = None
    license_files: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    supported_platforms: tuple[str, ...] = ()
    requires_python: str | None = None
    requires_dist: tuple[str, ...] = ()
    provides_extra: tuple[str, ...] = ()
    project_urls: tuple[tuple[str, str], ...] = ()
    dynamic: tuple[str, ...] = ()
    import_names: tuple[str, ...] | None = None
    import_namespaces: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    obsoletes: tuple[str, ...] = ()
    requires_external: tuple[str, ...] = ()
    provides_dist: tuple[str, ...] = ()
    obsoletes_dist: tuple[str, ...] = ()

    @property
    def format_version(self) -> tuple[int, int]:
        """Metadata-Version as numbers."""
        major, _, minor = self.metadata_version.partition(".")
        return int(major), int(minor)

    @property
    def is_static_for_resolver(self) -> bool:
        """Whether every wheel built from this sdist has the same dependencies (S-56, PEP 643)."""
        if self.format_version < _DYNAMIC_SINCE:
            return False
        return _RESOLVER_FIELDS.isdisjoint(field.lower() for field in self.dynamic)
