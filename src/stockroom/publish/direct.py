"""Uploads whose bytes do not come with their form: announced, put, finalized (uv-client.md 7.3).

Each is a session with one file (U-208). The bytes go straight to the storage where the backend can
take them, otherwise to a URL of ours; whoever knows the URL may put these bytes and no others.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from packaging.utils import canonicalize_version
from sqlalchemy.orm import Session

from stockroom.db import Database
from stockroom.errors import BadRequest, NotFound
from stockroom.models import UploadFile, UploadSession
from stockroom.publish import queries
from stockroom.publish.body import Received, ReceivedFile, file_too_large, read_raw
from stockroom.publish.digests import differing
from stockroom.publish.examiner import Examiner
from stockroom.publish.files import Candidate
from stockroom.publish.form import UploadForm
from stockroom.publish.problems import UploadRefused
from stockroom.publish.queries import ReservedFile
from stockroom.publish.service import Draft, Publisher
from stockroom.publish.staging import BlobTransaction
from stockroom.publish.states import FileStatus, SessionStatus, move_file, move_session
from stockroom.publish.stored import open_stored
from stockroom.publish.target import Target, max_file_bytes
from stockroom.resources import Directory
from stockroom.spi import BlobMissing, BlobTooLarge, Storage

LIFETIME = timedelta(hours=1)
"""How long a reserved place is kept; an upload that takes longer has to be reserved anew."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where bytes go: to ``url``, or to our own door for ``token``; nowhere if there already."""

    url: str | None = None
    token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class DirectUploads:
    """Announces, reserves, receives and finalizes."""

    def __init__(
        self,
        publisher: Publisher,
        examiner: Examiner,
        storage: Storage,
        directory: Directory,
        database: Database,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._publisher = publisher
        self._examiner = examiner
        self._storage = storage
        self._directory = directory
        self._database = database
        self._clock = clock

    def validate(self, form: UploadForm, target: Target) -> bool:
        """Whether this very file is published already (U-74).

        :raises UploadRefused: with every rule that it will break, as far as can be told.
        :raises FileExists: its name is taken by other content.
        """
        return not self._admitted(form, target)[1]

    def reserve(self, form: UploadForm, target: Target, session: Session) -> Place | None:
        """Make a place for the bytes; None if this very file is published already.

        Raises what :meth:`validate` does.
        """
        candidate, is_new = self._admitted(form, target)
        if not is_new:
            return None
        file = self._find(target, candidate)
        if file is not None and file.sha256 is not None:
            return Place()
        token = file.token if file else self._announce(candidate, form, target, session)
        offered = self._storage.direct_upload(
            token,
            sha256=candidate.sha256,
            size=candidate.size,
            seconds=int(LIFETIME.total_seconds()),
        )
        if offered is None:
            return Place(token=token)
        return Place(url=offered.url, headers=offered.headers)

    def receive(
        self, token: str, environ: dict[str, Any], blobs: BlobTransaction, session: Session
    ) -> None:
        """Take the bytes of a reserved file. To put them twice changes nothing.

        :raises NotFound: nothing is reserved under this token any more.
        :raises UploadRefused: they are not the bytes that were announced, or too many.
        """
        with self._database.read() as connection:
            found = queries.reserved_file(connection, token, self._clock())
        registry = found and self._directory.snapshot().registries.get(found.registry_id)
        if found is None or registry is None:
            raise _nothing_reserved()
        received = ReceivedFile(found.filename, blobs.stage(), max_file_bytes(registry))
        # Before the transaction takes its first lock, for which others wait.
        read_raw(environ, received)
        _check_same(received, found)
        sha256 = received.sha256
        blobs.keep(received.staged, sha256)
        if queries.open_session(session, found.session_id, self._clock()) is None:
            raise _nothing_reserved()
        self._publisher.touch(session, {sha256: received.size})
        file = session.get_one(UploadFile, found.id)
        file.sha256, file.size = sha256, received.size

    def finalize(
        self, form: UploadForm, target: Target, blobs: BlobTransaction, session: Session
    ) -> tuple[str, ...]:
        """Publish a file whose bytes have arrived; returns the warnings for the uploader.

        :raises BadRequest: the bytes have not arrived, or nothing was reserved.
        :raises UploadRefused: with every rule that the file breaks.
        """
        candidate, is_new = self._admitted(form, target)
        if not is_new:
            return ()
        found = self._find(target, candidate)
        if found is None:
            return self._ended(candidate, target)
        received = self._received(found, target.max_file_bytes, blobs)
        staged = self._examiner.check(Received(file=received), form, target)
        if staged is None:
            return ()
        self._publisher.keep(staged, blobs)
        upload = queries.open_session(session, found.session_id, self._clock())
        if upload is None:
            return self._ended(candidate, target)
        self._publisher.commit(Draft(target, [staged.checked]), session)
        file = session.get_one(UploadFile, found.id)
        file.status = move_file(move_file(file.status, FileStatus.PROCESSING), FileStatus.COMPLETED)
        upload.status = move_session(
            move_session(upload.status, SessionStatus.PROCESSING), SessionStatus.PUBLISHED
        )
        return staged.checked.warnings

    def _find(self, target: Target, candidate: Candidate) -> ReservedFile | None:
        with self._database.read() as connection:
            return queries.direct_file(
                connection,
                target.registry.id,
                candidate.filename,
                candidate.sha256,
                self._clock(),
            )

    def _ended(self, candidate: Candidate, target: Target) -> tuple[str, ...]:
        """Answer where nothing is reserved, or not any more: somebody may just have published it.

        :raises BadRequest: nobody has.
        """
        if self._examiner.judge(target, candidate).new:
            raise BadRequest(f"nothing is reserved for {candidate.filename}; reserve a place first")
        return ()

    def _admitted(self, form: UploadForm, target: Target) -> tuple[Candidate, bool]:
        self._examiner.admit(target)
        candidate = self._examiner.announced(form, target)
        verdict = self._examiner.judge(target, candidate)
        if verdict.violations:
            raise UploadRefused(verdict.violations)
        return candidate, bool(verdict.new)

    def _announce(
        self, candidate: Candidate, form: UploadForm, target: Target, session: Session
    ) -> str:
        now = self._clock()
        upload = UploadSession(
            token=secrets.token_hex(16),
            kind="direct",
            registry_id=target.registry.id,
            package=candidate.package,
            display_name=form.name,
            version=candidate.version,
            canonical_version=canonicalize_version(candidate.version),
            created_at=now,
            created_by=target.actor,
            expires_at=now + LIFETIME,
        )
        session.add(upload)
        session.flush()
        file = UploadFile(
            session_id=upload.id,
            token=secrets.token_hex(16),
            filename=candidate.filename,
            digests=dict(form.digests),
            created_at=now,
        )
        session.add(file)
        return file.token

    def _received(
        self, file: ReservedFile, limit: int | None, blobs: BlobTransaction
    ) -> ReceivedFile:
        """The bytes, wherever they were put, hashed by us. ``limit`` in bytes (U-72)."""
        try:
            staged = (
                open_stored(self._storage, file.sha256)
                if file.sha256 is not None
                else self._storage.incoming(file.token, limit)
            )
        except BlobMissing:
            raise BadRequest(
                f"the bytes of {file.filename} have not arrived; put them to the reserved place"
            ) from None
        except BlobTooLarge:
            raise UploadRefused([file_too_large(limit or 0)]) from None
        blobs.adopt(staged)
        received = ReceivedFile.of_staged(file.filename, staged)
        _check_same(received, file)
        return received


def _nothing_reserved() -> NotFound:
    return NotFound("nothing is reserved here any more; publish the file again")


def _check_same(received: ReceivedFile, announced: ReservedFile) -> None:
    wrong = list(differing(received, announced.digests))
    if wrong:
        raise UploadRefused(wrong)
