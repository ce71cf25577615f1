"""The files of a stage: announced, sent, judged (U-203 to U-205)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from stockroom.db import Database
from stockroom.dists.quoting import quoted
from stockroom.models import UploadFile, UploadSession
from stockroom.publish import queries
from stockroom.publish.body import ReceivedFile, read_raw
from stockroom.publish.digests import check_digests, differing
from stockroom.publish.examiner import Examiner
from stockroom.publish.problems import (
    FileExists,
    NoSuchUpload,
    UnknownMechanism,
    UploadRefused,
)
from stockroom.publish.service import Publisher
from stockroom.publish.stages import edit_stage, find_stage
from stockroom.publish.staging import BlobTransaction
from stockroom.publish.states import FileStatus, StateForbids, move_file
from stockroom.publish.target import Target
from stockroom.spi import Violation

MECHANISM = "http-post-bytes"
MOST_FILES = 1000
"""How many files a stage may hold; the largest releases have some hundred wheels."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A file that a client wants to add; ``digests`` are hex texts by hashlib's names."""

    filename: str
    size: int
    digests: Mapping[str, str]
    mechanism: str


@dataclass(frozen=True, slots=True)
class StageFile:
    """A file with the stage that it is in."""

    session: UploadSession
    file: UploadFile


class StageFiles:
    """Adds files to stages, takes their bytes, judges and deletes them."""

    def __init__(
        self,
        publisher: Publisher,
        examiner: Examiner,
        database: Database,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._publisher = publisher
        self._examiner = examiner
        self._database = database
        self._clock = clock

    def add(self, target: Target, token: str, announced: Announcement) -> StageFile:
        """Announce a file (U-203).

        :raises UploadRefused: the file cannot be part of this release.
        :raises UnknownMechanism: its bytes cannot be sent in that way.
        :raises FileExists: its name is published.
        :raises StateForbids: the stage has a file of that name; delete it first.
        """
        if announced.mechanism != MECHANISM:
            raise UnknownMechanism(
                f"the mechanism {quoted(announced.mechanism)} is not offered; use {MECHANISM}"
            )
        with self._database.transaction(target.origin) as database:
            session = edit_stage(database, target, token, self._clock())
            self._check(target, session, announced, database)
            if queries.has_file(database, session.id, announced.filename):
                raise StateForbids(
                    f"the stage has a file {announced.filename} already; delete it first"
                )
            file = UploadFile(
                session_id=session.id,
                token=secrets.token_hex(16),
                filename=announced.filename,
                size=announced.size,
                digests=dict(announced.digests),
                created_at=self._clock(),
            )
            database.add(file)
            database.flush()
            return StageFile(session, file)

    def find(self, target: Target, token: str, file_token: str) -> StageFile:
        """A file of a stage; raises NoSuchUpload."""
        with self._database.reading() as database:
            session = find_stage(database, target, token, self._clock())
            return StageFile(session, self._file(session, file_token, database))

    def receive(
        self,
        target: Target,
        names: tuple[str, str],
        environ: dict[str, Any],
        blobs: BlobTransaction,
        database: Session,
    ) -> None:
        """Take the bytes of a file; ``names`` are the tokens of the stage and of the file.

        What is wrong with the archive is told when the file is completed.

        :raises UploadRefused: they are not the announced bytes.
        """
        with self._database.reading() as look:
            file = self._pending(target, names, look)
        # Before the transaction of ``database`` takes its first lock, for which others wait.
        received = ReceivedFile(file.filename, blobs.stage(), target.max_file_bytes)
        read_raw(environ, received)
        wrong = list(differing(received, file.digests, file.size))
        if wrong:
            raise UploadRefused(wrong)
        found = self._examiner.inspect(received, target)
        if not isinstance(found, list):
            self._publisher.keep(found, blobs)
        file = self._pending(target, names, database)
        if isinstance(found, list):
            file.problems = [asdict(violation) for violation in found]
            file.facts, file.sha256, file.metadata_sha256 = {}, None, None
            return
        self._publisher.touch(database, found.checked.blobs)
        file.facts, file.problems = found.checked.facts(), []
        file.sha256 = found.checked.sha256
        file.metadata_sha256 = found.checked.metadata_sha256

    def complete(self, target: Target, token: str, file_token: str) -> StageFile:
        """Judge a file whose bytes have arrived; see its status.

        :raises StateForbids: they have not, or it was judged before.
        """
        with self._database.transaction(target.origin) as database:
            session = edit_stage(database, target, token, self._clock())
            file = self._file(session, file_token, database)
            if not file.facts and not file.problems:
                raise StateForbids(f"the bytes of {file.filename} have not arrived yet")
            file.status = move_file(file.status, FileStatus.PROCESSING)
            done = FileStatus.ERROR if file.problems else FileStatus.COMPLETED
            file.status = move_file(file.status, done)
            return StageFile(session, file)

    def delete(self, target: Target, token: str, file_token: str) -> None:
        """Take a file out of a stage (U-204)."""
        with self._database.transaction(target.origin) as database:
            session = edit_stage(database, target, token, self._clock())
            database.delete(self._file(session, file_token, database))

    @staticmethod
    def _file(session: UploadSession, file_token: str, database: Session) -> UploadFile:
        file = queries.file_of_session(database, session.id, file_token)
        if file is None:
            raise NoSuchUpload("the stage has no such file")
        return file

    def _pending(self, target: Target, names: tuple[str, str], database: Session) -> UploadFile:
        session = edit_stage(database, target, names[0], self._clock())
        file = self._file(session, names[1], database)
        if file.status != FileStatus.PENDING:
            raise StateForbids(f"{file.filename} is {file.status}; delete it to send other bytes")
        return file

    def _check(
        self,
        target: Target,
        session: UploadSession,
        announced: Announcement,
        database: Session,
    ) -> None:
        found = list(check_digests(announced.digests))
        found += self._examiner.judge_name(
            target, announced.filename, session.package, session.canonical_version
        )
        sizes = queries.announced_sizes(database, session.id)
        if len(sizes) >= MOST_FILES:
            message = f"a stage holds {MOST_FILES} files at most; publish it, or delete some"
            found.append(Violation("filename", "too-many-files", message))
        found += self._examiner.judge_room(
            database.connection(), target, session.package, [*sizes, announced.size]
        )
        if found:
            raise UploadRefused(found)
        uses = queries.uses_of_filename(
            database.connection(), target.registry.id, announced.filename
        )
        if any(use.blake2b_256 is not None for use in uses):
            raise FileExists(f"File already exists: {announced.filename} is published")
