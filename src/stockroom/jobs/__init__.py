"""Background jobs: declared once, run by one process at a time, wherever that is.

What is due and who runs it stands in the database (:mod:`stockroom.jobs.runs`). Each process with
a consumer (:mod:`stockroom.jobs.consumer`) looks for it there; what it queues, it queues for itself
in memory, so that there is no queue to lose, to share or to guard.
"""

from stockroom.jobs.runs import Job, Run, RunLost, Runs, RunStopped, execute
from stockroom.jobs.service import Jobs

__all__ = ["Job", "Jobs", "Run", "RunLost", "RunStopped", "Runs", "execute"]
