"""Looking at every statement that goes to a database.

SQLAlchemy's listeners must not come and go while another thread, such as the change feed's, sends
statements; so they are here once for all engines, and only what they call comes and goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

Watcher = Callable[[str], None]
"""Called with a statement, in the thread that sends it."""

_before: tuple[tuple[object, Watcher], ...] = ()
_after: tuple[tuple[object, Watcher], ...] = ()


@contextmanager
def watched(
    *engines: Engine, before: Watcher | None = None, after: Watcher | None = None
) -> Iterator[None]:
    """Call ``before`` and ``after`` around every statement sent through ``engines`` meanwhile."""
    global _before, _after  # noqa: PLW0603 - listeners are for all engines, see above
    befores = tuple((engine.pool, before) for engine in engines if before)
    afters = tuple((engine.pool, after) for engine in engines if after)
    _before, _after = _before + befores, _after + afters
    try:
        yield
    finally:
        _before = tuple(entry for entry in _before if entry not in befores)
        _after = tuple(entry for entry in _after if entry not in afters)


@event.listens_for(Engine, "before_cursor_execute")
def _note_before(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    _call(_before, connection, statement)


@event.listens_for(Engine, "after_cursor_execute")
def _note_after(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    _call(_after, connection, statement)


def _call(
    watchers: tuple[tuple[object, Watcher], ...], connection: Connection, statement: str
) -> None:
    for pool, watcher in watchers:
        if connection.engine.pool is pool:
            watcher(statement)
