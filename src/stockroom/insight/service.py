"""The fact sources of the server: how they are, and having one asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Event

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from stockroom.db import Database
from stockroom.errors import NotFound
from stockroom.feed import emit
from stockroom.insight import queries
from stockroom.insight.queries import FactStatus
from stockroom.insight.refresh import job_of
from stockroom.jobs import Job, Run, Runs, execute
from stockroom.spi import FactSource


class NoSuchSource(NotFound):
    """No enabled plugin offers a fact source of this name."""

    slug, title = "no-such-source", "No such fact source"


class Facts:
    """The sources that enabled plugins offer, by name."""

    def __init__(self, database: Database, runs: Runs, sources: Mapping[str, FactSource]) -> None:
        self.sources = sources
        self.jobs: Sequence[Job] = [job_of(database, source) for source in sources.values()]
        self._database = database
        self._runs = runs

    def statuses(self) -> list[FactStatus]:
        """How every source is, in the order of the plugins."""
        titles = {name: source.title for name, source in self.sources.items()}
        with self._database.read() as connection:
            return queries.statuses(connection, titles)

    def status(self, name: str) -> FactStatus:
        """How one source is; raises NoSuchSource."""
        self._job(name)
        with self._database.read() as connection:
            return self._status(connection, name)

    def refresh_soon(self, session: Session, actor: str, name: str) -> FactStatus:
        """Have a source asked for everything as soon as a process with jobs looks.

        A refresh that is going on is not disturbed.

        :raises NoSuchSource: there is none of this name.
        """
        self._runs.make_due(session, self._job(name).name)
        emit(session, "facts.asked", actor, source=name)
        session.flush()
        return self._status(session.connection(), name)

    def refresh_now(self, name: str, watch: Callable[[Run], None]) -> str | None:
        """Ask a source for everything, here and now, and tell what went wrong.

        ``watch`` is given the run whenever it has progressed. Nothing happens while another process
        refreshes the source.

        :raises NoSuchSource: there is none of this name.
        """
        job = self._job(name)
        self._runs.declare([job])
        with self._database.transaction() as session:
            self._runs.make_due(session, job.name)
        run = self._runs.begin(job, Event())
        if run is None:
            return "Another process is refreshing it at this moment."
        run.watch = watch
        return execute(run)

    def _status(self, connection: Connection, name: str) -> FactStatus:
        [status] = queries.statuses(connection, {name: self.sources[name].title})
        return status

    def _job(self, name: str) -> Job:
        for job in self.jobs:
            if job.name == f"{queries.JOB}{name}":
                return job
        known = ", ".join(self.sources) or "none"
        raise NoSuchSource(f"there is no fact source {name}, only: {known}")
