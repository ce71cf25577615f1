"""waitress, ending as a server should: nothing that has arrived stays without an answer."""

from __future__ import annotations

import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import waitress.server
from waitress import wasyncore
from waitress.channel import HTTPChannel

DRAIN_SECONDS = 30.0
"""How long requests that have arrived may take after the first signal."""
POLL_SECONDS = 0.1


class WebServer:
    """A listening waitress server; its sockets take connections from the beginning.

    :raises OSError: the address cannot be listened on.
    :raises ValueError: an adjustment is wrong.
    """

    def __init__(self, application: Callable[..., Any], **adjustments: Any) -> None:
        # Everything that waitress waits for: listeners, their triggers, and connections.
        self._map: dict[int, Any] = {}
        try:
            self._server: Any = waitress.server.create_server(
                application, map=self._map, **adjustments
            )
        except BaseException:
            wasyncore.close_all(self._map)
            raise
        self._listeners: list[Any] = [
            part
            for part in list(self._map.values())
            if isinstance(part, waitress.server.BaseWSGIServer)
        ]
        self._stopping = False

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """Host and port of every listening socket; "unix" and its path for a Unix socket."""
        return [(part.effective_host, str(part.effective_port)) for part in self._listeners]

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then answer what has arrived; a second one ends it."""
        adjustments = self._server.adj
        with _on_signals(self._stop):
            try:
                while not self._stopping:
                    self._poll(adjustments.asyncore_loop_timeout)
                self._drain()
            except KeyboardInterrupt:
                pass
            finally:
                self._server.task_dispatcher.shutdown(timeout=1)
                wasyncore.close_all(self._map)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._stopping:
            raise KeyboardInterrupt
        self._stopping = True
        self._listeners[0].pull_trigger()

    def _poll(self, timeout: float) -> None:
        wasyncore.loop(
            timeout=timeout,
            use_poll=self._server.adj.asyncore_use_poll,
            map=self._map,
            count=1,
        )

    def _drain(self) -> None:
        for listener in self._listeners:
            while select.select([listener.socket], [], [], 0)[0]:
                listener.handle_accept()
            # Not its own close(), which would take the trigger from the threads that still work.
            wasyncore.dispatcher.close(listener)
        self._poll(0)
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            channels = [part for part in self._map.values() if isinstance(part, HTTPChannel)]
            for channel in channels:
                if not _is_busy(channel):
                    channel.handle_close()
            if not any(isinstance(part, HTTPChannel) for part in self._map.values()):
                return
            self._poll(POLL_SECONDS)


def _is_busy(channel: HTTPChannel) -> bool:
    """Whether a request is being received, worked on or answered on this connection."""
    # In this order: a thread takes its request off the list after it has written the answer.
    return bool(channel.requests or channel.request is not None or channel.total_outbufs_len)


@contextmanager
def _on_signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
