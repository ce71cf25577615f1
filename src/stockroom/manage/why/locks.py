"""Reading the lock files that callers send."""

from __future__ import annotations

from stockroom.dists.locks import Lock, LockInvalid, LockKind, kind_of, read_lock
from stockroom.errors import BadRequest

KINDS = ", ".join(LockKind)


class InvalidLock(BadRequest):
    """A lock file cannot be read; the member ``line`` says where, null where that is unclear."""

    slug, title = "invalid-lock-file", "Invalid lock file"


def read_pins(text: str, filename: str, kind: str | None) -> Lock:
    """What a lock file pins, of ``kind`` or else of the kind that its name tells.

    :raises InvalidLock: it cannot be read, or its kind is unknown.
    """
    found = kind_of(filename) if kind is None else LockKind(kind)
    if found is None:
        raise InvalidLock(
            f"what kind of lock file is {filename!r}? say that it is one of {KINDS}", line=None
        )
    try:
        return read_lock(found, text)
    except LockInvalid as error:
        raise InvalidLock(f"the lock file cannot be read: {error}", line=error.line) from error
