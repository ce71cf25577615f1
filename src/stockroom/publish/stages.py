"""Stages: many files of one release that become visible together (PEP 694, U-201 to U-206).

Every change is a transaction of its own, so that a publication that fails leaves its reason behind.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from packaging.utils import canonicalize_version
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stockroom.db import Database
from stockroom.dists import is_valid_name, normalize, parse_version
from stockroom.dists.quoting import quoted
from stockroom.errors import Problem
from stockroom.feed import emit
from stockroom.models import UploadFile, UploadSession
from stockroom.publish import queries
from stockroom.publish.examiner import Examiner
from stockroom.publish.files import CheckedFile
from stockroom.publish.problems import (
    NoSuchUpload,
    SessionExists,
    UploadRefused,
)
from stockroom.publish.service import Draft, Publisher
from stockroom.publish.states import (
    EDITABLE,
    FileStatus,
    SessionStatus,
    StateForbids,
    move_session,
)
from stockroom.publish.target import Target
from stockroom.spi import Violation

LIFETIME = timedelta(days=7)
"""How long a stage is kept at first."""
LONGEST = timedelta(days=30)
"""How long a stage can be kept at most, counted from its beginning."""
LONGEST_VERSION = 200
"""In characters; the name, the version and tags must fit into a filename (U-70)."""
REMEMBERED = timedelta(days=1)
"""How long an ended stage still tells how it ended (U-207)."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage and its files as they are now."""

    session: UploadSession
    files: list[UploadFile]


class Stages:
    """Creates, fills, publishes and cancels stages of a registry."""

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

    def create(self, target: Target, name: str, version: str) -> Stage:
        """Begin a stage for a release, which may be there already.

        :raises UploadRefused: the name or the version cannot be published here.
        :raises SessionExists: there is a live stage for the release (U-201).
        """
        self._examiner.admit(target)
        parsed = parse_version(version)
        if not is_valid_name(name) or parsed is None or len(str(parsed)) > LONGEST_VERSION:
            raise UploadRefused(_invalid(name, version))
        self._examiner.judge_release(target, normalize(name))
        now = self._clock()
        session = UploadSession(
            token=secrets.token_hex(32),
            kind="stage",
            registry_id=target.registry.id,
            package=normalize(name),
            display_name=name,
            version=str(parsed),
            canonical_version=canonicalize_version(parsed),
            created_at=now,
            created_by=target.actor,
            expires_at=now.replace(microsecond=0) + LIFETIME,
        )
        try:
            with self._database.transaction(target.origin) as database:
                queries.end_expired_stages(database, target.registry.id, now)
                database.add(session)
                database.flush()
                self._emit("stage.created", session, target, database, before=None)
        except IntegrityError:
            with self._database.transaction(target.origin) as database:
                other = queries.live_stage(
                    database, target.registry.id, session.package, session.canonical_version
                )
            if other is None:
                # It has ended meanwhile.
                return self.create(target, name, version)
            raise SessionExists(
                f"there is a stage for {session.package} {session.version} already; go on with it, "
                "or cancel it first",
                other.token,
            ) from None
        return Stage(session, [])

    def find(self, target: Target, token: str) -> Stage:
        """A stage by its token; raises NoSuchUpload."""
        with self._database.reading() as database:
            session = find_stage(database, target, token, self._clock())
            return Stage(session, queries.files_of_session(database, session.id))

    def extend(self, target: Target, token: str, seconds: int) -> Stage:
        """Keep a stage for so many seconds from now; never shortens (U-207)."""
        with self._database.transaction(target.origin) as database:
            session = edit_stage(database, target, token, self._clock())
            # A client may ask for more than any date can tell.
            kept = timedelta(seconds=min(seconds, LONGEST.total_seconds()))
            wanted = self._clock().replace(microsecond=0) + kept
            latest = session.created_at + LONGEST
            session.expires_at = max(session.expires_at, min(wanted, latest))
            return Stage(session, queries.files_of_session(database, session.id))

    def cancel(self, target: Target, token: str) -> None:
        """End a stage and forget its files."""
        with self._database.transaction(target.origin) as database:
            session = lock_stage(database, target, token, self._clock())
            before = session.status
            session.status = move_session(session.status, SessionStatus.CANCELED)
            session.expires_at = self._clock() + REMEMBERED
            queries.delete_files_of_session(database, session.id)
            self._emit("stage.canceled", session, target, database, before=before)

    def publish(self, target: Target, token: str) -> Stage:
        """Make all files visible at once, or none (U-206).

        :raises StateForbids: a file is not completed, or there is none.
        :raises Problem: the registry does not take the files; the stage is in ``error`` then.
        """
        self._examiner.admit(target)
        try:
            return self._publish(target, token)
        except StateForbids:
            raise
        except Problem:
            self._mark_failed(target, token)
            raise

    def _publish(self, target: Target, token: str) -> Stage:
        with self._database.transaction(target.origin) as database:
            session = edit_stage(database, target, token, self._clock())
            files = queries.files_of_session(database, session.id)
            waiting = [file.filename for file in files if file.status != FileStatus.COMPLETED]
            if waiting or not files:
                raise StateForbids(
                    f"not every file is completed: {', '.join(waiting)}"
                    if waiting
                    else "the stage holds no file; add one, or cancel the stage"
                )
            session.status = move_session(session.status, SessionStatus.PROCESSING)
            checked = [CheckedFile.of_facts(file.facts) for file in files]
            self._publisher.commit(Draft(target, checked), database)
            session.status = move_session(session.status, SessionStatus.PUBLISHED)
            session.expires_at = self._clock() + REMEMBERED
            self._emit("stage.published", session, target, database, before="open")
            return Stage(session, files)

    def _mark_failed(self, target: Target, token: str) -> None:
        with self._database.transaction(target.origin) as database:
            session = lock_stage(database, target, token, self._clock())
            if session.status in EDITABLE:
                session.status = SessionStatus.ERROR.value

    @staticmethod
    def _emit(
        kind: str, session: UploadSession, target: Target, database: Session, *, before: str | None
    ) -> None:
        # Without the package's name: nothing that readers see has changed.
        emit(
            database,
            kind,
            target.actor,
            team_id=target.registry.team.id,
            registry_id=target.registry.id,
            name=session.package,
            version=session.version,
            before=before,
            after=session.status,
        )


def find_stage(
    database: Session, target: Target, token: str, now: datetime, *, lock: bool = False
) -> UploadSession:
    """A stage of a registry by its token; raises NoSuchUpload."""
    session = queries.stage(database, target.registry.id, token, lock=lock)
    is_mine = target.packages is None or (session and session.package in target.packages)
    if session is None or session.expires_at <= now or not is_mine:
        raise NoSuchUpload("there is no such stage in this registry, or not any more")
    return session


def lock_stage(database: Session, target: Target, token: str, now: datetime) -> UploadSession:
    """The same, locked until the end of the transaction."""
    return find_stage(database, target, token, now, lock=True)


def edit_stage(database: Session, target: Target, token: str, now: datetime) -> UploadSession:
    """The same, and it may be changed; raises StateForbids where it has ended."""
    session = lock_stage(database, target, token, now)
    if session.status not in EDITABLE:
        raise StateForbids(f"the stage is {session.status} and cannot be changed any more")
    return session


def _invalid(name: str, version: str) -> list[Violation]:
    found = []
    if not is_valid_name(name):
        message = f"{quoted(name)} is not a valid project name"
        found.append(Violation("name", "invalid-name", message))
    parsed = parse_version(version)
    if parsed is None:
        message = f"{quoted(version)} is not a valid version (PEP 440)"
        found.append(Violation("version", "invalid-version", message))
    elif len(str(parsed)) > LONGEST_VERSION:
        message = f"the version has more than {LONGEST_VERSION} characters; shorten it"
        found.append(Violation("version", "version-too-long", message))
    return found
