"""Runs of jobs: of all processes exactly one runs a job at a time; a dead one's is run again.

Everything stands in the table ``job_runs``, and what decides is a conditional update in it.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from stockroom.db import Database, insert_if_absent
from stockroom.models import JobRun

log = logging.getLogger(__name__)

BEAT = timedelta(seconds=5)
"""How often a run shows that it lives."""
DEAD = timedelta(minutes=3)
"""Whoever has not beaten for so long is taken for dead."""
RETRY = timedelta(minutes=15)
"""How long after a failure a job is due again, unless it is due earlier anyway."""
MAX_NOTES = 100
MAX_TEXT = 2000


class RunLost(Exception):
    """The run was taken for dead, and belongs to somebody else now."""


class RunStopped(Exception):
    """The process is about to end, and another one shall begin the run anew."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every ``seconds``.

    ``work`` does it, and whatever it raises ends that run. ``first_success`` is called in the
    transaction that notes the first success ever.
    """

    name: str
    seconds: float
    work: Callable[[Run], None]
    first_success: Callable[[Session], None]


class Runs:
    """The runs of all jobs; ``now`` gives the time in UTC."""

    def __init__(
        self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.database = database
        self.now = now

    def declare(self, jobs: Iterable[Job]) -> None:
        """Have a row for each job; a new one is due at once, none later than its interval says."""
        now = self.now()
        with self.database.transaction() as session:
            for job in jobs:
                latest = now + timedelta(seconds=job.seconds)
                insert_if_absent(session, JobRun, {"name": job.name, "due_at": now, **EMPTY})
                session.execute(
                    update(JobRun)
                    .where(JobRun.name == job.name, JobRun.due_at > latest)
                    .values(due_at=latest)
                )

    def is_due(self, name: str) -> bool:
        """Whether somebody should run the job now."""
        query = select(JobRun.name).where(JobRun.name == name, _is_due(self.now()))
        with self.database.read() as connection:
            return connection.execute(query).first() is not None

    def make_due(self, session: Session, name: str) -> None:
        """Have the job run now, and from the beginning: it forgets what its last run left.

        A run that is going on is not disturbed.
        """
        session.execute(
            update(JobRun)
            .where(JobRun.name == name, JobRun.claim.is_(None))
            .values(due_at=self.now(), state={})
        )

    def begin(self, job: Job, stopping: Event) -> Run | None:
        """Claim a job that is due; None if it is not, or somebody else has it.

        ``stopping`` is set when the run shall end.
        """
        now, claim = self.now(), secrets.token_hex(16)
        values = {
            "claim": claim,
            "beat_at": now,
            "started_at": now,
            "due_at": now + timedelta(seconds=job.seconds),
            "done": 0,
            "total": None,
            "notes": [],
        }
        with self.database.transaction() as session:
            state = session.execute(
                update(JobRun)
                .where(JobRun.name == job.name, _is_due(now))
                .values(values)
                .returning(JobRun.state)
            ).scalar_one_or_none()
        return None if state is None else Run(self, job, claim, state, stopping)


class Run:
    """One run of a job, from its claim to its end."""

    def __init__(
        self, runs: Runs, job: Job, claim: str, state: Mapping[str, Any], stopping: Event
    ) -> None:
        self.job = job
        self.state = state
        """What the last successful run has left."""
        self.left = state
        """What this one leaves for the next, should it succeed."""
        self.notes: list[str] = []
        self.done = 0
        self.total: int | None = None
        self.watch: Callable[[Run], None] = lambda run: None
        """Called when ``done`` or ``total`` has changed."""
        self._runs = runs
        self._claim = claim
        self._stopping = stopping

    def check(self) -> None:
        """Go on only while the process does; raises RunStopped."""
        if self._stopping.is_set():
            raise RunStopped

    def progress(self, done: int, total: int | None) -> None:
        """Tell how far the run is; it is written down every few seconds."""
        self.done, self.total = done, total
        self.watch(self)

    def note(self, sentence: str) -> None:
        """Keep a sentence about what had to be left out; the first hundred of them are shown."""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(_cut(sentence))

    def hold(self, session: Session) -> None:
        """Make sure that the run is still ours, until the transaction of ``session`` ends.

        :raises RunLost: it is not.
        """
        self._write(session)

    def succeed(self) -> None:
        """The run is over, and all went well; raises RunLost."""
        now = self._runs.now()
        with self._runs.database.transaction() as session:
            self._write(session, error=None, finished_at=now, state=dict(self.left))
            is_first = JobRun.name == self.job.name, JobRun.succeeded_at.is_(None)
            if session.execute(select(JobRun.name).where(*is_first)).first():
                self.job.first_success(session)
            due_at = now + timedelta(seconds=self.job.seconds)
            self._write(session, succeeded_at=now, due_at=due_at, claim=None)

    def fail(self, message: str) -> None:
        """The run is over, for a reason that the server's administrators are told; may RunLost."""
        now = self._runs.now()
        due_at = now + min(RETRY, timedelta(seconds=self.job.seconds))
        with self._runs.database.transaction() as session:
            error = _cut(message)
            self._write(session, error=error, finished_at=now, due_at=due_at, claim=None)

    def release(self) -> None:
        """Leave the run to others, who shall begin it anew at once; raises RunLost."""
        with self._runs.database.transaction() as session:
            self._write(session, due_at=self._runs.now(), claim=None)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Show meanwhile that the run lives, by a thread, however long one step of it takes."""
        over = Event()
        thread = Thread(target=self._beat, args=(over,), name="stockroom-jobs-beat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _beat(self, over: Event) -> None:
        while not over.wait(BEAT.total_seconds()):
            try:
                with self._runs.database.transaction() as session:
                    self._write(session)
            except RunLost:
                return
            except SQLAlchemyError:
                log.warning("%s cannot show that it lives", self.job.name, exc_info=True)

    def _write(self, session: Session, **values: Any) -> None:
        written = session.execute(
            update(JobRun)
            .where(JobRun.name == self.job.name, JobRun.claim == self._claim)
            .values(
                beat_at=self._runs.now(),
                done=self.done,
                total=self.total,
                notes=list(self.notes),
                **values,
            )
            .returning(JobRun.name)
        )
        if written.first() is None:
            raise RunLost


EMPTY: Mapping[str, Any] = {"done": 0, "notes": [], "state": {}}


def execute(run: Run) -> str | None:
    """Do the work of a run to its end, and tell what went wrong.

    Whatever the work raises ends the run and nothing else. What is no failure of the work, such as
    Ctrl-C, is passed on, and the run left to others.
    """
    name = run.job.name
    try:
        with run.beating():
            run.job.work(run)
        run.succeed()
    except RunStopped:
        run.release()
        return "The process has ended before the run did."
    except RunLost:
        log.warning("%s was taken for dead, and is run by somebody else", name)
        return "Another process has taken this run for dead."
    except Exception as error:
        log.warning("%s has failed", name, exc_info=error)
        message = _cut(_sentence(error))
        run.fail(message)
        return message
    except BaseException:
        run.release()
        raise
    return None


def _is_due(now: datetime) -> ColumnElement[bool]:
    is_dead = and_(JobRun.claim.is_not(None), JobRun.beat_at < now - DEAD)
    return or_(and_(JobRun.claim.is_(None), JobRun.due_at <= now), is_dead)


def _sentence(error: Exception) -> str:
    """What people are told; the kind of an error only where nobody has written a sentence."""
    text = " ".join(str(error).split())
    written = text.endswith(".") and isinstance(error, ValueError | RuntimeError)
    return text if written else f"{type(error).__name__}: {text}".removesuffix(": ")


def _cut(text: str) -> str:
    """As much of a text as is kept, in characters that both databases and JSON can carry."""
    text = text.encode(errors="replace").decode().replace("\0", "?")
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}..."
