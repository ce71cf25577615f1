"""Which states of sessions and files may follow which (U-202, U-204, U-208)."""

from __future__ import annotations

import pytest

from stockroom.publish.states import (
    FileStatus,
    SessionStatus,
    StateForbids,
    move_file,
    move_session,
)

SESSION_PATHS = {
    ("open", "processing"),
    ("open", "canceled"),
    ("processing", "published"),
    ("processing", "error"),
    ("error", "processing"),
    ("error", "canceled"),
}
FILE_PATHS = {
    ("pending", "processing"),
    ("processing", "completed"),
    ("processing", "error"),
}


@pytest.mark.parametrize("to", SessionStatus)
@pytest.mark.parametrize("current", SessionStatus)
def test_u202_sessions_move_as_the_draft_says(current: SessionStatus, to: SessionStatus) -> None:
    if (current.value, to.value) in SESSION_PATHS:
        assert move_session(current.value, to) == to.value
        return

    with pytest.raises(StateForbids, match=f"the session is {current.value}"):
        move_session(current.value, to)


@pytest.mark.parametrize("to", FileStatus)
@pytest.mark.parametrize("current", FileStatus)
def test_u204_files_move_as_the_draft_says(current: FileStatus, to: FileStatus) -> None:
    if (current.value, to.value) in FILE_PATHS:
        assert move_file(current.value, to) == to.value
        return

    with pytest.raises(StateForbids, match=f"the file is {current.value}"):
        move_file(current.value, to)
