"""What a lock file pins, whatever its kind."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from stockroom.dists.names import is_valid_name, normalize
from stockroom.dists.quoting import quoted
from stockroom.dists.versions import parse_version


class LockKind(StrEnum):
    """The kinds of lock files that are read."""

    UV = "uv"
    """``uv.lock``"""
    PYLOCK = "pylock"
    """``pylock.toml`` or ``pylock.NAME.toml`` (PEP 751)"""
    REQUIREMENTS = "requirements"
    """What pip takes with ``-r``."""


class PinnedFile(NamedTuple):
    """A file that may be installed for a pin; None for what the lock file does not say."""

    filename: str | None
    sha256: str | None


class Pin(NamedTuple):
    """One version of a package that comes from an index.

    ``name`` is normalised (PEP 503), ``version`` as it was written. ``files`` are those that may be
    installed, none where any is good enough. ``source`` is the index that the file names, if any.
    """

    name: str
    version: str
    line: int
    files: tuple[PinnedFile, ...] = ()
    source: str | None = None


class Unchecked(NamedTuple):
    """An entry that no index can answer for, such as a folder or a repository, and why."""

    entry: str
    line: int
    reason: str


class Lock(NamedTuple):
    """A lock file; both in the order of the file."""

    pins: tuple[Pin, ...]
    unchecked: tuple[Unchecked, ...]


class LockInvalid(ValueError):
    """A text is no lock file of its kind; ``line`` counts from 1, None where it is the whole."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


MAX_TEXT = 8 * 1024 * 1024
"""Characters of a lock file; the largest of known projects have some millions."""
MAX_ENTRIES = 5_000
"""Packages in a lock file."""
MAX_FILES = 2_000
"""Files of one package, or hashes where there are no names."""


def checked_name(text: str, line: int) -> str:
    """The normalised form of a package's name; raises LockInvalid."""
    if not is_valid_name(text):
        raise LockInvalid(f"{quoted(text)} is no name of a package", line)
    return normalize(text)


def checked_version(text: str, line: int) -> str:
    """``text``, if it is a version (PEP 440); raises LockInvalid."""
    if parse_version(text) is None:
        raise LockInvalid(f"{quoted(text)} is no version", line)
    return text
