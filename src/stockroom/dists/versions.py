"""Versions as PEP 440 defines them, read from text that nobody has checked."""

from __future__ import annotations

from packaging.utils import canonicalize_version
from packaging.version import Version


def parse_version(text: str) -> Version | None:
    """Read a version; None if ``text`` is not one or has white space around it."""
    if text != text.strip():
        return None
    try:
        return Version(text)
    except ValueError:  # also from int(), which refuses thousands of digits
        return None


def canonical_version(text: str) -> str:
    """The form of all spellings of a version: 1 for 1.0.0 and v1.0; what is none stays as it is."""
    version = parse_version(text)
    return text if version is None else canonicalize_version(version)
