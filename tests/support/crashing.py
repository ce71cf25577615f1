"""A server process that is killed at a chosen moment of an upload, as by a power cut.

:class:`CrashingServer` runs the application by :func:`main` below, which puts the mine and hands
over to the real entry point. Nothing in Stockroom itself knows of this.
"""

from __future__ import annotations

import http.client
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from stockroom import app
from stockroom.app import Application
from stockroom.builtin.filesystem import StagedFile
from stockroom.publish.service import Publisher
from stockroom.publish.staging import BlobTransaction
from tests.support.server import ServerProcess
from tests.support.site import TestSite

ROOT = Path(__file__).parents[2]
VARIABLE = "STOCKROOM_TEST_CRASH"
USUAL = "use = egg:stockroom"
MINED = "paste.app_factory = tests.support.crashing:main"


def die() -> None:
    """End this process at once, without any cleaning up."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(global_config: dict[str, str], **local: str) -> Application:
    """PasteDeploy's entry point: the application with the mine that the environment names."""
    MINES[os.environ[VARIABLE]]()
    return app.main(global_config, **local)


def _after(owner: type, method: str) -> Callable[[], None]:
    """A mine that goes off at the end of a method."""

    def put() -> None:
        original = getattr(owner, method)

        def replacement(*args: Any, **named: Any) -> None:
            original(*args, **named)
            die()

        setattr(owner, method, replacement)

    return put


def _after_commit() -> None:
    """Put a mine behind the commit of the database."""

    def committed(session: Session) -> None:
        if session.info.get("events"):
            die()

    event.listen(Session, "after_commit", committed)


MINES: dict[str, Callable[[], None]] = {
    "in the middle of staging": _after(StagedFile, "write"),
    "when the first blob is durable": _after(StagedFile, "prepare"),
    "when the rows are written": _after(Publisher, "commit"),
    "when the first blob is public": _after(StagedFile, "publish"),
    "between blobs and commit": _after(BlobTransaction, "tpc_vote"),
    "between commit and end": _after_commit,
    "between end and answer": _after(BlobTransaction, "tpc_finish"),
}
"""The moments of an upload, in order."""


class CrashingServer(ServerProcess):
    """A server process with the data of a site that dies at ``moment`` of the first upload."""

    def __init__(self, folder: Path, site: TestSite, moment: str) -> None:
        super().__init__(
            folder,
            site.values["sqlalchemy.url"],
            files=site.folder,
            environment={VARIABLE: moment, "PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT)])},
        )
        self.ini.write_text(self.ini.read_text().replace(USUAL, MINED))

    def crash(self, upload: Callable[[ServerProcess], object]) -> None:
        """Start, let ``upload`` run into the mine, and wait for the end."""
        self.start()
        try:
            upload(self)
        except (http.client.HTTPException, ConnectionError):
            ended = self.process.wait(20) if self.process else None
            assert ended == -signal.SIGKILL, self.log.read_text()
        else:
            self.stop()
            raise AssertionError("the server has survived the upload")
