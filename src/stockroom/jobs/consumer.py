"""The consumer: huey's scheduler and workers as threads of this process."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from threading import Event, Lock
from typing import Any

import huey.consumer
from huey import MemoryHuey
from sqlalchemy.exc import SQLAlchemyError

from stockroom.jobs.runs import Job, Run, RunLost, Runs, execute

log = logging.getLogger(__name__)

POLL_SECONDS = 5
"""How often a consumer looks for what is due."""
TAKE_SECONDS = 0.5
"""How often a worker looks whether there is something for it."""
CLOSE_SECONDS = 5.0
"""How long the end of the process waits for runs to notice it."""


class Consumer:
    """Runs jobs when they are due, each in a thread of its own, until it is closed."""

    def __init__(self, runs: Runs, jobs: Sequence[Job]) -> None:
        self._runs = runs
        self._stopping = Event()
        self._lock = Lock()
        self._going_on: set[Run] = set()
        # In memory: a shared queue would tell nothing that the database does not, and what huey
        # reads from one it unpickles, so that whoever may write there could run code here.
        self._huey = MemoryHuey("stockroom", results=False)
        for job in jobs:
            self._add(job)
        self._threads = _Threads(
            self._huey,
            workers=len(jobs),
            initial_delay=TAKE_SECONDS,
            backoff=1,
            max_delay=TAKE_SECONDS,
            scheduler_interval=1,
            shutdown_timeout=CLOSE_SECONDS,
        )

    def start(self) -> None:
        """Start the threads."""
        self._threads.start()

    def close(self) -> None:
        """Stop the threads; what still goes on a few seconds later is left to other processes."""
        self._stopping.set()
        self._threads.stop(graceful=True)
        with self._lock:
            stuck = list(self._going_on)
        for run in stuck:
            try:
                run.release()
            except (RunLost, SQLAlchemyError):
                # It will be taken for dead, then.
                log.warning("%s could not be left to others", run.job.name, exc_info=True)

    def _add(self, job: Job) -> None:
        def is_due(_now: datetime) -> bool:
            try:
                return not self._stopping.is_set() and self._runs.is_due(job.name)
            except SQLAlchemyError:
                log.warning("cannot tell whether %s is due", job.name, exc_info=True)
                return False

        def work() -> None:
            run = self._runs.begin(job, self._stopping)
            if run is None:
                return
            with self._lock:
                self._going_on.add(run)
            try:
                execute(run)
            finally:
                with self._lock:
                    self._going_on.discard(run)

        self._huey.periodic_task(is_due, name=job.name)(work)


class _Scheduler(huey.consumer.Scheduler):
    """Asks more often than once a minute."""

    periodic_task_seconds = POLL_SECONDS


class _Threads(huey.consumer.Consumer):
    """huey's threads alone: signals are for the program around them."""

    scheduler_class = _Scheduler

    def _create_process(self, process: Any, name: str) -> Any:
        return super()._create_process(process, f"stockroom-jobs-{name.lower()}")

    def _set_signal_handlers(self) -> None:
        pass
