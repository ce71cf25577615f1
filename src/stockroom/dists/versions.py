"""Versions as PEP 440 defines them, read from text that nobody has checked."""

from __future__ import annotations

from packaging.version import Version


def parse_version(text: str) -> Version | None:
    """Read a version; None if ``text`` is not one or has white space around it."""
    if text != text.strip():
        return None
    try:
        return Version(text)
    except ValueError:  # also from int(), which refuses thousands of digits
        return None
