"""Figures as an API or a file tells them; both are the word of others."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stockroom_downloads.fields import MONTH, WEEK

COLUMNS = ["package", WEEK, MONTH]
MOST = 10**15
"""More than anything was ever downloaded; what has more digits is a mistake."""

Document = Mapping[str, int]


class Unreadable(ValueError):
    """What was told is no figure; the message is a sentence."""


def read_answer(body: bytes) -> Document:
    """The figures in the answer of a pypistats-shaped API.

    :raises Unreadable: it has another shape.
    """
    try:
        told: Any = json.loads(body)
        week, month = (told["data"][key] for key in ("last_week", "last_month"))
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise Unreadable("the answer has no data.last_week and data.last_month.") from error
    if not (_is_figure(week) and _is_figure(month)):
        raise Unreadable("its figures are no whole numbers from 0 on.")
    return {WEEK: week, MONTH: month}


class Line(NamedTuple):
    """One good line of the file."""

    package: str
    document: Document


def read_file(
    path: Path,
    normalize: Callable[[str], str],
    wanted: Collection[str],
    note: Callable[[str], None],
) -> Iterator[Line]:
    """The lines of a CSV file that are about ``wanted``; ``note`` is told of each that is wrong.

    :raises Unreadable: there is no such file, or it is another one.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = csv.reader(file)
            if [cell.strip() for cell in next(rows, [])] != COLUMNS:
                raise Unreadable(f"{path.name} must begin with the line {','.join(COLUMNS)}.")
            yield from _lines(rows, normalize, wanted, note)
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}.") from error
    except csv.Error as error:
        raise Unreadable(f"{path.name} is no CSV file: {error}.") from error


def _lines(
    rows: Any,
    normalize: Callable[[str], str],
    wanted: Collection[str],
    note: Callable[[str], None],
) -> Iterator[Line]:
    seen: dict[str, int] = {}
    for cells in rows:
        number = rows.line_num
        if not cells:
            continue
        figures = [_whole(cell) for cell in cells[1:]]
        if len(cells) != len(COLUMNS) or None in figures:
            note(f"line {number}: it must be a name and two whole numbers.")
            continue
        name = normalize(cells[0].strip())
        if name not in wanted:
            continue
        if name in seen:
            note(f"line {number}: {name} stands in line {seen[name]} already.")
            continue
        seen[name] = number
        yield Line(name, {WEEK: figures[0] or 0, MONTH: figures[1] or 0})


def _whole(cell: str) -> int | None:
    digits = cell.strip()
    is_whole = digits.isascii() and digits.isdigit() and len(digits) <= len(str(MOST))
    return int(digits) if is_whole else None


def _is_figure(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
