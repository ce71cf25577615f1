"""Showing rows to people as a table, to scripts as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

import click
from msgspec import Struct
from msgspec.structs import asdict

F = TypeVar("F", bound=Callable[..., Any])

SIZE_STEP = 1024
SIZE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
SIZES = frozenset({"size", "quota"})
"""Fields that are numbers of bytes."""
PIPE_COLUMNS = 10_000
"""Width of a table that no terminal limits: programs that read it want one row on one line."""


def json_option(command: F) -> F:
    """Add ``--json`` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")(command)


def show(rows: Sequence[NamedTuple | Struct], columns: Sequence[str], *, as_json: bool) -> None:
    """Print the fields ``columns`` of ``rows``, which are all of one kind; as JSON all fields."""
    values = [_fields(row) for row in rows]
    if as_json:
        print_json(values)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in values:
        table.add_row(*(_cell(name, row[name]) for name in columns))
    Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS).print(table)


def print_json(value: object) -> None:
    """Print ``value`` as JSON; instants become ISO 8601 texts."""
    click.echo(json.dumps(value, indent=2, default=_plain))


def count(number: int, noun: str) -> str:
    """A number with its noun, such as ``1 file`` and ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def human_size(size: float) -> str:
    """A number of bytes as people read it, such as ``1.5 MiB``."""
    for unit in SIZE_UNITS[:-1]:
        if size < SIZE_STEP:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= SIZE_STEP
    return f"{size:.1f} {SIZE_UNITS[-1]}"


def progress(
    label: str, total: int, *, hidden: bool
) -> AbstractContextManager[Callable[[int], None]]:
    """A function that moves a progress bar, which only people at a terminal see."""
    if hidden or not sys.stderr.isatty():
        return nullcontext(lambda _steps: None)
    return _bar(label, total)


@contextmanager
def _bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bars:
        task = bars.add_task(label, total=total)
        yield lambda steps: bars.advance(task, steps)


@contextmanager
def progress_of(label: str) -> Iterator[Callable[[int, int | None], None]]:
    """A function that is told how far something is, which only people at a terminal see."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bars:
        task = bars.add_task(label, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _fields(row: NamedTuple | Struct) -> dict[str, Any]:
    if isinstance(row, Struct):
        return asdict(row)
    return row._asdict()


def _cell(name: str, value: object) -> str:
    from rich.markup import escape

    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else ""
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case tuple() | list():
            return " ".join(map(str, value))
        case int() if name in SIZES:
            return human_size(value)
    return escape(str(value))


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Struct):
        return asdict(value)
    raise TypeError(f"{type(value)} is no JSON value")
