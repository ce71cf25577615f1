"""Lock files, read without trust: which versions and which files of packages they pin."""

from __future__ import annotations

import re

from stockroom.dists.locks.pylock import read_pylock
from stockroom.dists.locks.requirements import read_requirements
from stockroom.dists.locks.rows import (
    MAX_TEXT,
    Lock,
    LockInvalid,
    LockKind,
    Pin,
    PinnedFile,
    Unchecked,
)
from stockroom.dists.locks.uv import read_uv_lock

__all__ = [
    "MAX_TEXT",
    "Lock",
    "LockInvalid",
    "LockKind",
    "Pin",
    "PinnedFile",
    "Unchecked",
    "kind_of",
    "read_lock",
]

_PYLOCK = re.compile(r"pylock(?:\.[^.]+)?\.toml")
_READERS = {
    LockKind.UV: read_uv_lock,
    LockKind.PYLOCK: read_pylock,
    LockKind.REQUIREMENTS: read_requirements,
}


def kind_of(filename: str) -> LockKind | None:
    """The kind of a lock file by its name (PEP 751 for pylock); None if that does not tell."""
    name = re.split(r"[/\\]", filename)[-1]
    if name == "uv.lock":
        return LockKind.UV
    if _PYLOCK.fullmatch(name):
        return LockKind.PYLOCK
    if name.endswith((".txt", ".in")):
        return LockKind.REQUIREMENTS
    return None


def read_lock(kind: LockKind, text: str) -> Lock:
    """What a lock file pins; raises LockInvalid."""
    if len(text) > MAX_TEXT:
        raise LockInvalid(f"it has {len(text)} characters, at most {MAX_TEXT} are read")
    return _READERS[kind](text.removeprefix("\ufeff"))
