"""When the storage or the database fails in an upload: an honest answer, and no trace (U-93)."""

from __future__ import annotations

import errno

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from stockroom.builtin.filesystem import FilesystemStorage, StagedFile
from tests.archives import make_wheel
from tests.support.site import TestSite
from tests.support.uploads import inventory

WHEEL = make_wheel("demo-pkg", "1.0")


def fail(*_args: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (FilesystemStorage, "stage"),
        (StagedFile, "write"),
        (StagedFile, "prepare"),
        (StagedFile, "publish"),
    ],
)
def test_u93_a_full_disk_leaves_no_trace_and_the_retry_works(
    site: TestSite, monkeypatch: pytest.MonkeyPatch, owner: type, step: str
) -> None:
    key = site.create_key()
    before = inventory(site)
    monkeypatch.setattr(owner, step, fail)

    answer = site.upload(*WHEEL, key, status=507)

    assert answer.status == "507 the server's storage is full; tell its operator"
    assert inventory(site) == before
    monkeypatch.undo()
    assert site.upload(*WHEEL, key).status == "200 OK"


def test_u93_a_database_that_fails_at_commit_leaves_no_row(
    both: TestSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = both.create_key()
    rows, _ = inventory(both)

    def refuse(_session: Session) -> None:
        raise OperationalError("COMMIT", None, Exception("the connection is lost"))

    event.listen(Session, "before_commit", refuse)
    try:
        answer = both.upload(*WHEEL, key, status=503)
    finally:
        event.remove(Session, "before_commit", refuse)

    after, _ = inventory(both)
    assert "try again" in answer.status
    assert after == rows
    assert both.upload(*WHEEL, key).status == "200 OK"
