"""The states of upload sessions and of their files, and which may follow which (U-202, U-204)."""

from __future__ import annotations

from enum import StrEnum

from stockroom.errors import Conflict


class SessionStatus(StrEnum):
    """Where a session stands. What is in ``error`` can be edited like what is ``open``."""

    OPEN = "open"
    PROCESSING = "processing"
    PUBLISHED = "published"
    ERROR = "error"
    CANCELED = "canceled"


class FileStatus(StrEnum):
    """Where a file of a session stands. From ``error`` a file can only be deleted."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    ERROR = "error"


EDITABLE = frozenset({SessionStatus.OPEN, SessionStatus.ERROR})

SESSION_MOVES: dict[SessionStatus, frozenset[SessionStatus]] = {
    SessionStatus.OPEN: frozenset({SessionStatus.PROCESSING, SessionStatus.CANCELED}),
    SessionStatus.PROCESSING: frozenset({SessionStatus.PUBLISHED, SessionStatus.ERROR}),
    SessionStatus.ERROR: frozenset({SessionStatus.PROCESSING, SessionStatus.CANCELED}),
    SessionStatus.PUBLISHED: frozenset(),
    SessionStatus.CANCELED: frozenset(),
}
FILE_MOVES: dict[FileStatus, frozenset[FileStatus]] = {
    FileStatus.PENDING: frozenset({FileStatus.PROCESSING}),
    FileStatus.PROCESSING: frozenset({FileStatus.COMPLETED, FileStatus.ERROR}),
    FileStatus.COMPLETED: frozenset(),
    FileStatus.ERROR: frozenset(),
}


class StateForbids(Conflict):
    """The session, or the file, is in a state that does not allow this (U-202, U-204)."""

    slug, title = "state-forbids", "Not possible in this state"


def move_session(current: str, to: SessionStatus) -> str:
    """The status after the move; raises StateForbids when there is no way there."""
    if to not in SESSION_MOVES[SessionStatus(current)]:
        raise StateForbids(f"the session is {current} and cannot become {to.value}")
    return to.value


def move_file(current: str, to: FileStatus) -> str:
    """The status after the move; raises StateForbids when there is no way there."""
    if to not in FILE_MOVES[FileStatus(current)]:
        raise StateForbids(f"the file is {current} and cannot become {to.value}")
    return to.value
