"""Columns: the values of the fields of one package, for all its releases or files at once."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from packaging.utils import canonicalize_name

from stockroom.filters.literals import version
from stockroom.filters.tree import Literal, Operand, Reference, level_of
from stockroom.spi import (
    FilterField,
    FilterFile,
    FilterFunction,
    FilterPackage,
    FilterRelease,
    Level,
    ValueType,
)

log = logging.getLogger(__name__)

_PYTHON_TYPES: dict[ValueType, frozenset[type]] = {
    ValueType.TEXT: frozenset({str}),
    ValueType.NUMBER: frozenset({int, float}),
    ValueType.BOOLEAN: frozenset({bool}),
    ValueType.NAME: frozenset({str}),
    ValueType.VERSION: frozenset({str}),
    ValueType.INSTANT: frozenset({datetime}),
}


class Columns:
    """What is known of a package at a time; each field is asked for once, None is unknown."""

    def __init__(self, package: FilterPackage, files: Sequence[FilterFile], now: datetime) -> None:
        self.package = package
        self.files = files
        self.now = now
        self._releases: dict[FilterRelease, int] | None = None
        self._release_of_file: Sequence[int] = ()
        self._values: dict[str, Sequence[Any]] = {}

    def count(self, level: Level) -> int:
        """How many items the package has of a level."""
        return len(self._items(level))

    def values(self, operand: Operand, level: Level) -> Sequence[Any]:
        """The values of an operand for every item of ``level``, which is its own or narrower.

        They are ``str`` where it is a name or a version; an age gives the instant behind it.
        """
        if isinstance(operand, Literal):
            value = operand.value
            plain = str(value) if operand.type is ValueType.VERSION else value
            return [plain] * self.count(level)
        if isinstance(operand, Reference):
            field = operand.instant or operand.field
            if field.name not in self._values:
                self._values[field.name] = self._asked(field)
            return self.spread(self._values[field.name], field.level, level)
        own = level_of(operand)
        arguments = [self.values(argument, own) for argument in operand.arguments]
        rows = zip(*arguments, strict=True) if arguments else [()] * self.count(own)
        return self.spread(_called(operand.function, rows), own, level)

    def spread(self, values: Sequence[Any], level: Level, narrower: Level) -> Sequence[Any]:
        """Values of one level for the items of a narrower one, or of the same."""
        if level is narrower:
            return values
        if level is Level.PACKAGE:
            return [values[0]] * self.count(narrower)
        self._items(Level.RELEASE)
        return [values[position] for position in self._release_of_file]

    def _items(self, level: Level) -> Sequence[Any]:
        if level is Level.PACKAGE:
            return (self.package,)
        if level is Level.FILE:
            return self.files
        if self._releases is None:
            releases = [file.release for file in self.files]
            self._releases = {one: at for at, one in enumerate(dict.fromkeys(releases))}
            self._release_of_file = [self._releases[release] for release in releases]
        return tuple(self._releases)

    def _asked(self, field: FilterField) -> Sequence[Any]:
        """The values of a field; one that breaks its promise is unknown."""
        items = self._items(field.level)
        if field.values is None:
            raise TypeError(f"{field.name} has no values of its own")
        try:
            values = field.values(self.package, items)
            if len(values) != len(items):
                raise ValueError(f"{len(values)} values for {len(items)} items")
            return _known(values, field.type, field.name)
        except Exception:
            log.exception("the filter field %s fails for %s", field.name, self.package.name)
            return [None] * len(items)


def comparable(values: Sequence[Any], type_: ValueType) -> Sequence[Any]:
    """Values in the form in which those of their type are compared."""
    if type_ is ValueType.VERSION:
        return [None if value is None else version(value) for value in values]
    if type_ is ValueType.NAME:
        return [None if value is None else canonicalize_name(value) for value in values]
    return values


def shifted(instant: datetime, delta: timedelta) -> datetime | None:
    """The instant at a distance; None if the calendar does not reach so far."""
    try:
        return instant + delta
    except OverflowError:
        return None


def _called(function: FilterFunction, rows: Iterable[Sequence[Any]]) -> Sequence[Any]:
    """The value of a function for every row of arguments."""
    values: list[Any] = []
    failures = 0
    known: dict[Sequence[Any], Any] = {}
    for row in rows:
        if row not in known:
            value, failed = _answer(function, row, quiet=failures > 0)
            failures += failed
            known[row] = value
        values.append(known[row])
    return values


def _answer(function: FilterFunction, arguments: Sequence[Any], *, quiet: bool) -> tuple[Any, bool]:
    """The value of a function, and whether it has failed; a failure is logged unless ``quiet``."""
    if None in arguments:
        return None, False
    try:
        [value] = _known([function.call(*arguments)], function.returns, f"{function.name}()")
    except Exception:
        if not quiet:
            log.exception("the filter function %s fails", function.name)
        return None, True
    return value, False


def _known(values: Sequence[Any], type_: ValueType, what: str) -> Sequence[Any]:
    """The values; those that are not of the type are unknown, which is logged."""
    allowed = _PYTHON_TYPES[type_]
    if not set(map(type, values)) - {type(None)} <= allowed:
        log.error("%s gives values that are not of its type, %s: they are unknown", what, type_)
        values = [value if type(value) in allowed else None for value in values]
    if unfit := _UNFIT.get(type_):
        return [None if value is None or unfit(value) else value for value in values]
    return values


_UNFIT: dict[ValueType, Callable[[Any], bool]] = {
    # No order has a place for what is not a number, nor for a time without a zone.
    ValueType.NUMBER: math.isnan,
    ValueType.INSTANT: lambda value: value.tzinfo is None,
}
