"""The jobs of the application, and their consumer if this process shall have one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stockroom.jobs.runs import Job, Runs

if TYPE_CHECKING:
    from stockroom.jobs.consumer import Consumer


class Jobs:
    """Background jobs. Where none is declared there is no thread, and nothing is written."""

    def __init__(self, runs: Runs, jobs: Sequence[Job]) -> None:
        self.runs = runs
        self._jobs = jobs
        self._consumer: Consumer | None = None
        if jobs:
            runs.declare(jobs)

    def start(self) -> None:
        """Run what is due, in threads of this process, until it is closed."""
        if not self._jobs:
            return
        # huey is of no use to a server without jobs, and takes a while to load.
        from stockroom.jobs.consumer import Consumer

        self._consumer = Consumer(self.runs, self._jobs)
        self._consumer.start()

    def close(self) -> None:
        """Stop the threads within seconds; what they could not finish is left to others."""
        if self._consumer is not None:
            self._consumer.close()
