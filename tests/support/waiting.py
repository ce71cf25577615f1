"""Waiting for what another thread or process does, without ever sleeping longer than needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

STEP = 0.005
SECONDS = 20.0
"""For what must happen at some time: long enough for a machine that has other things to do."""


def wait_until(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Return as soon as ``holds()``; a try that begins after ``seconds`` is the last one."""
    deadline = time.monotonic() + seconds
    while True:
        is_last = time.monotonic() > deadline
        if holds():
            return
        if is_last:
            raise AssertionError(f"it did not happen within {seconds} s")
        time.sleep(STEP)


class Worker(Thread):
    """A thread whose result, or exception, is handed to who waits for it."""

    def __init__(self, run: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._function = run
        self._result: Any = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Run the function."""
        try:
            self._result = self._function()
        except BaseException as error:
            self._error = error

    def result(self) -> Any:
        """Wait for the end; what was raised in the thread is raised here."""
        self.join(SECONDS)
        if self.is_alive():
            raise AssertionError("the thread does not end")
        if self._error is not None:
            raise self._error
        return self._result


class Gate:
    """Stops a thread at one place until the test lets it go on."""

    def __init__(self) -> None:
        self._reached = Event()
        self._open = Event()

    def stop_here(self) -> None:
        """Called by the thread."""
        self._reached.set()
        if not self._open.wait(SECONDS):
            raise AssertionError("nobody opened the gate")

    def wait(self) -> None:
        """Wait until the thread stands at the gate."""
        if not self._reached.wait(SECONDS):
            raise AssertionError("the thread did not come to the gate")

    def open(self) -> None:
        """Let it go on."""
        self._open.set()
