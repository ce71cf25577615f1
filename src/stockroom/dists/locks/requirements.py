"""Reading requirements files (the format of pip's ``-r``) as lock files: ``name==version``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import Requirement

from stockroom.dists.locks.rows import (
    MAX_ENTRIES,
    MAX_FILES,
    Lock,
    LockInvalid,
    Pin,
    PinnedFile,
    Unchecked,
    checked_name,
)
from stockroom.dists.quoting import plain
from stockroom.dists.requirements import parse_requirement
from stockroom.dists.versions import parse_version

MAX_LINES = 1_000
"""Lines that are joined by backslashes; each is a hash, as a rule."""
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_OPTION = re.compile(r"[ \t]--[a-z-]+[= \t].*")
_HASH = re.compile(r"--hash[= \t][ \t]*(\w+):([0-9A-Za-z_=-]+)")
_SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w+.-]+://|[\w+.-]+:[/.]|[./~\\]|[A-Za-z]:\\|.*\.(?:whl|tar\.gz|zip)$")
_EXACT = ("==", "===")


def read_requirements(text: str) -> Lock:
    """The pins of a requirements file; raises LockInvalid for a line that says nothing.

    What names other files, URLs or indexes is not followed, and stands in ``unchecked``.
    """
    pins, unchecked = [], []
    for number, line in _logical_lines(text):
        found = _read(line, number)
        if isinstance(found, Pin):
            pins.append(found)
        else:
            unchecked.append(found)
        if len(pins) + len(unchecked) > MAX_ENTRIES:
            raise LockInvalid(f"it has more than {MAX_ENTRIES} entries", number)
    return Lock(tuple(pins), tuple(unchecked))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines joined where they end in a backslash, without comments, with their first number."""
    parts: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), 1):
        if not parts:
            first = number
        is_comment = line.lstrip().startswith("#")
        goes_on = line.rstrip("\r").endswith("\\") and not is_comment
        parts.append(line.rstrip("\r").removesuffix("\\") if goes_on else _COMMENT.sub("", line))
        if len(parts) > MAX_LINES:
            raise LockInvalid(f"more than {MAX_LINES} lines are joined by backslashes", first)
        if not goes_on:
            if joined := " ".join(parts).strip():
                yield first, joined
            parts = []
    if joined := " ".join(parts).strip():
        yield first, joined


def _read(line: str, number: int) -> Pin | Unchecked:
    if line.startswith("-"):
        return Unchecked(plain(line), number, "options are not followed")
    text = _OPTION.sub("", line).strip()
    if _ADDRESS.match(text):
        return Unchecked(plain(text), number, "it comes from no index")
    requirement = parse_requirement(text)
    if isinstance(requirement, str):
        raise LockInvalid(f"{plain(text)} is no requirement: {requirement}", number)
    if requirement.url is not None:
        return Unchecked(plain(text), number, "it comes from no index")
    name = checked_name(requirement.name, number)
    version = _exact(requirement)
    if version is None:
        return Unchecked(plain(text), number, "it pins no version with ==")
    return Pin(name, version, number, _files(line, number))


def _exact(requirement: Requirement) -> str | None:
    specifiers = list(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator not in _EXACT:
        return None
    version = specifiers[0].version
    return None if parse_version(version) is None else version


def _files(line: str, number: int) -> tuple[PinnedFile, ...]:
    digests = []
    for algorithm, digest in _HASH.findall(line):
        if algorithm != "sha256":
            continue
        if not _SHA256.fullmatch(digest):
            raise LockInvalid(f"{plain(digest)} is no SHA-256", number)
        digests.append(digest.lower())
    if len(digests) > MAX_FILES:
        raise LockInvalid(f"it has more than {MAX_FILES} hashes", number)
    return tuple(PinnedFile(None, digest) for digest in digests)
