"""Literals: what is written in a filter, as the type that its place asks for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from stockroom.filters.tree import Literal
from stockroom.spi import ValueType

MAX_NUMBER = 10**15
"""Largest number; far below it, floats are exact to a thousandth."""
WORDS = {
    ValueType.TEXT: "a text",
    ValueType.NUMBER: "a number",
    ValueType.BOOLEAN: "true or false",
    ValueType.NAME: "a name",
    ValueType.VERSION: "a version",
    ValueType.INSTANT: "a time",
    ValueType.AGE: "an age in days",
}
"""What a value of each type is, for people."""
WRITTEN_AS = {
    ValueType.TEXT: 'a text in quotes, such as ".whl"',
    ValueType.NUMBER: "a number without quotes, such as 7 or 4.5",
    ValueType.BOOLEAN: "True or False",
    ValueType.NAME: 'the name of a package in quotes, such as "flask"',
    ValueType.VERSION: 'a version in quotes, such as "1.2"',
    ValueType.INSTANT: 'a date or an instant in quotes, such as "2025-01-01"',
    ValueType.AGE: "a number of days without quotes, such as 7",
}

_VALID_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_PART_OF_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    rf"{_DATE.pattern}[T ]"
    r"([01]\d|2[0-3]):\d{2}(:\d{2}([.]\d{1,6})?)?"
    r"(Z|[+-]\d{2}:\d{2})?",
    re.ASCII,
)


def literal(value: str | float | bool, wanted: ValueType) -> Literal:
    """The literal of type ``wanted`` that a value from the text is.

    :raises ValueError: with a sentence, if it is not one.
    """
    if wanted is ValueType.AGE:
        wanted = ValueType.NUMBER
    if not isinstance(value, _PYTHON_TYPES[wanted]) or (
        isinstance(value, bool) and wanted is not ValueType.BOOLEAN
    ):
        raise ValueError(f"Write {WRITTEN_AS[wanted]}.")
    written = value if isinstance(value, str) else repr(value)
    return Literal(_READERS[wanted](value), wanted, written)


def part_of_name(written: str) -> Literal:
    """A literal to look for within names, in the form that names have there.

    :raises ValueError: with a sentence, if no name can have it.
    """
    if not _PART_OF_NAME.fullmatch(written):
        raise ValueError("No name has this in it: names have letters, digits, -, _ and . only.")
    return Literal(_normalized(written), ValueType.TEXT, written)


def is_date(written: str) -> bool:
    """Whether an instant was written as a date alone."""
    return _DATE.fullmatch(written) is not None


@lru_cache(maxsize=50_000)
def version(text: str) -> Version | None:
    """The version that a text is (PEP 440), None if it is none; kept, since packages share them."""
    if not text.isascii() or text != text.strip():
        return None
    try:
        return Version(text)
    except ValueError:  # also from int(), which refuses thousands of digits
        return None


def _normalized(name: str) -> str:
    return str(canonicalize_name(name))


def _number(value: float) -> float:
    if not abs(value) <= MAX_NUMBER:
        raise ValueError(f"Numbers go up to {MAX_NUMBER:,}.")
    return value


def _name(text: str) -> str:
    if not _VALID_NAME.fullmatch(text):
        raise ValueError(
            f'"{text}" cannot be the name of a package: names have letters, digits, -, _ and . '
            "only, and begin and end with a letter or digit."
        )
    return _normalized(text)


def _version(text: str) -> Version:
    found = version(text)
    if found is None:
        hint = ' Write two comparisons, such as >= "1" and < "2", for a range.' * ("*" in text)
        raise ValueError(f'"{text}" is not a version (PEP 440).{hint}')
    return found


def _instant(text: str) -> datetime:
    found = None
    if is_date(text) or _INSTANT.fullmatch(text):
        try:
            found = datetime.fromisoformat(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):  # there is no such day, or it is none in UTC
            pass
    raise ValueError(
        f'"{text}" is not a time: write a date such as "2025-01-01", which is its midnight in '
        'UTC, or an instant such as "2025-01-01T12:00:00Z".'
    )


_PYTHON_TYPES: dict[ValueType, type | tuple[type, ...]] = {
    ValueType.TEXT: str,
    ValueType.NUMBER: (int, float),
    ValueType.BOOLEAN: bool,
    ValueType.NAME: str,
    ValueType.VERSION: str,
    ValueType.INSTANT: str,
}
_READERS: dict[ValueType, Callable[[Any], Any]] = {
    ValueType.TEXT: str,
    ValueType.NUMBER: _number,
    ValueType.BOOLEAN: bool,
    ValueType.NAME: _name,
    ValueType.VERSION: _version,
    ValueType.INSTANT: _instant,
}
