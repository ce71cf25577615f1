"""Processes that are killed at a chosen moment, as by a power cut: of an upload, or of a sweep.

:class:`CrashingServer` runs the application by :func:`main` below, :func:`crash_command` the
command line by this module itself: both put the mine and hand over to the real entry point. Nothing
in Stockroom itself knows of this.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import event
from sqlalchemy.orm import Session

from stockroom import app
from stockroom.app import Application
from stockroom.builtin.filesystem import FilesystemStorage, StagedFile
from stockroom.cli import main as command_line
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


def put_mine() -> None:
    """Put the mine that the environment names."""
    {**MINES, **MINES_OF_SWEEP}[os.environ[VARIABLE]]()


def main(global_config: dict[str, str], **local: str) -> Application:
    """PasteDeploy's entry point: the application with the mine that the environment names."""
    put_mine()
    return app.main(global_config, **local)


def _before(owner: type, method: str) -> Callable[[], None]:
    """A mine that goes off at the beginning of a method."""

    def put() -> None:
        setattr(owner, method, lambda *_args, **_named: die())

    return put


def _after(owner: type, method: str) -> Callable[[], None]:
    """A mine that goes off at the end of a method."""

    def put() -> None:
        original = getattr(owner, method)

        def replacement(*args: Any, **named: Any) -> None:
            original(*args, **named)
            die()

        setattr(owner, method, replacement)

    return put


def _while_inspected() -> None:
    """Put a mine into the staged file: it is read back only when the archive is looked into."""
    usual = vars(StagedFile)["file"].fget

    def mined(staged: StagedFile) -> BinaryIO:
        file: BinaryIO = usual(staged)
        read, reads = file.read, 0

        def read_and_die(size: int = -1) -> bytes:
            nonlocal reads
            reads += 1
            if reads == 3:
                die()
            return read(size)

        file.read = read_and_die  # type: ignore[method-assign]
        return file

    setattr(StagedFile, "file", property(mined))  # noqa: B010 - mypy knows it as read-only


def _after_commit() -> None:
    """Put a mine behind the commit of the database."""

    def committed(session: Session) -> None:
        if session.info.get("events"):
            die()

    event.listen(Session, "after_commit", committed)


MINES: dict[str, Callable[[], None]] = {
    "in the middle of staging": _after(StagedFile, "write"),
    "while the archive is inspected": _while_inspected,
    "when the first blob is durable": _after(StagedFile, "prepare"),
    "when the rows are written": _after(Publisher, "commit"),
    "when the first blob is public": _after(StagedFile, "publish"),
    "between blobs and commit": _after(BlobTransaction, "tpc_vote"),
    "between commit and end": _after_commit,
    "between end and answer": _after(BlobTransaction, "tpc_finish"),
}
"""The moments of an upload, in order."""

MINES_OF_SWEEP: dict[str, Callable[[], None]] = {
    "when a session has gone": _after_commit,
    "when a row is deleted": _before(FilesystemStorage, "delete"),
    "when the bytes are deleted": _after(FilesystemStorage, "delete"),
    "when leftovers are looked for": _before(FilesystemStorage, "leftovers"),
}
"""The moments of a sweep, in order."""


def environment(moment: str) -> dict[str, str]:
    """What a process needs to find this module, and to die at ``moment``."""
    return {VARIABLE: moment, "PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT)])}


def crash_command(ini: Path, moment: str, *arguments: str) -> None:
    """Run the `stockroom` command into a mine."""
    command = [sys.executable, "-m", "tests.support.crashing", "-c", str(ini), *arguments]
    ended = subprocess.run(
        command, env={**os.environ, **environment(moment)}, check=False, capture_output=True
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


class CrashingServer(ServerProcess):
    """A server process with the data of a site that dies at ``moment`` of the first upload."""

    def __init__(self, folder: Path, site: TestSite, moment: str) -> None:
        super().__init__(
            folder,
            site.values["sqlalchemy.url"],
            files=site.folder,
            environment=environment(moment),
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


if __name__ == "__main__":
    put_mine()
    command_line()
