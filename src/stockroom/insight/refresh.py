"""One refresh: asking a source, and keeping what it tells while it does."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from stockroom.db import Database
from stockroom.insight import keeping, queries
from stockroom.jobs import Job, Run
from stockroom.spi import Advisory, FactDocument, FactSource

BATCH = 500
"""Documents and advisories in one transaction."""
BATCH_BYTES = 4_000_000
"""Of the same as JSON, about: they are in memory, and others wait to write meanwhile."""
MAX_STATE = 100_000
"""Characters of what a run leaves for the next one, as JSON."""


class Refresh:
    """What a source sees of its run; a ``stockroom.spi.FactRun``."""

    def __init__(self, database: Database, source: str, run: Run) -> None:
        self.state: Mapping[str, Any] = run.state
        self._database = database
        self._source = source
        self._run = run

    @cached_property
    def packages(self) -> Sequence[str]:
        """The names of all packages of this server."""
        with self._database.read() as connection:
            return queries.package_names(connection)

    @cached_property
    def known(self) -> Collection[str]:
        """The names of which a document is kept."""
        with self._database.read() as connection:
            return queries.known_names(connection, self._source)

    @cached_property
    def advisories(self) -> Mapping[str, datetime]:
        """When the advisories that are kept were modified, by their ids."""
        with self._database.read() as connection:
            return queries.advisories_kept(connection, self._source)

    def records(self, ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """Those of these advisories that are kept."""
        with self._database.read() as connection:
            return queries.records(connection, [self._source], ids)

    def progress(self, done: int, total: int | None = None) -> None:
        """Note it; it is written down every few seconds."""
        self._run.check()
        self._run.progress(done, total)

    def note(self, sentence: str) -> None:
        """Keep what had to be left out."""
        self._run.note(sentence)

    def remember(self, state: Mapping[str, Any]) -> None:
        """Leave something for the next run; raises ValueError if that is too much, or no JSON."""
        if len(json.dumps(state, allow_nan=False)) > MAX_STATE:
            raise ValueError(f"more than {MAX_STATE:,} characters cannot be remembered.")
        self._run.left = state


def job_of(database: Database, source: FactSource) -> Job:
    """The job that refreshes a source."""
    return Job(
        f"{queries.JOB}{source.name}",
        source.refresh_seconds,
        work=partial(_refresh, database, source),
        first_success=partial(keeping.announce_ready, source=source.name),
    )


def _refresh(database: Database, source: FactSource, run: Run) -> None:
    batch: list[FactDocument | Advisory] = []
    size = 0
    for told in source.refresh(Refresh(database, source.name, run)):
        run.check()
        batch.append(told)
        size += keeping.size_of(told)
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            _keep(database, source.name, run, batch)
            batch.clear()
            size = 0
    if batch:
        _keep(database, source.name, run, batch)


def _keep(
    database: Database, source: str, run: Run, batch: Sequence[FactDocument | Advisory]
) -> None:
    documents = [told for told in batch if isinstance(told, FactDocument)]
    advisories = [told for told in batch if not isinstance(told, FactDocument)]
    with database.transaction() as session:
        run.hold(session)
        changed = keeping.keep_documents(session, source, documents)
        keeping.keep_advisories(session, source, advisories)
        told = set(changed.told)
    untold = [name for name in changed.names if name not in told]
    if untold:
        _tell_newcomers(database, source, untold)


def _tell_newcomers(database: Database, source: str, names: Collection[str]) -> None:
    # The first file of a package may have been committed while the documents were: that
    # transaction did not see the package yet, but its page was made without the documents.
    with database.read() as connection:
        new = queries.held(connection, names)
    if new:
        with database.transaction() as session:
            keeping.announce(session, source, new)
