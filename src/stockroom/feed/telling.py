"""Telling plugins of the events that this process has written."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from queue import Full, Queue
from threading import Thread

from stockroom.db import Database
from stockroom.models import Event
from stockroom.plugins import Plugins
from stockroom.spi import AuditEvent

log = logging.getLogger(__name__)

MOST_WAITING = 10_000
PATIENCE_SECONDS = 5.0
"""How long the end of the server waits for plugins."""


class Telling:
    """A thread that tells plugins of every event; there is none without such a plugin."""

    def __init__(self, database: Database, plugins: Plugins, capacity: int = MOST_WAITING) -> None:
        self._plugins = plugins
        self._waiting: Queue[AuditEvent | None] = Queue(capacity)
        self._thread: Thread | None = None
        if plugins.listens_to_events():
            self._thread = Thread(target=self._run, name="stockroom-events", daemon=True)
            self._thread.start()
            database.written.append(self._take)

    def close(self) -> None:
        """Tell what is left, as far as that takes a few seconds."""
        if self._thread is None:
            return
        try:
            self._waiting.put(None, timeout=PATIENCE_SECONDS)
        except Full:
            return
        self._thread.join(PATIENCE_SECONDS)

    def _take(self, events: Sequence[Event]) -> None:
        for event in events:
            try:
                self._waiting.put_nowait(_of(event))
            except Full:
                log.warning("plugins are behind: they do not hear of the event %d", event.id)

    def _run(self) -> None:
        while (event := self._waiting.get()) is not None:
            self._plugins.tell(event)


def _of(event: Event) -> AuditEvent:
    return AuditEvent(
        id=event.id,
        at=event.at,
        kind=event.kind,
        actor=event.actor,
        credential=event.credential,
        address=event.address,
        team_id=event.team_id,
        registry_id=event.registry_id,
        package=event.package,
        subject=event.subject,
        data=event.data,
    )
