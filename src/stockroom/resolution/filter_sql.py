"""Filters as SQL, for listings: which rows of files a filter may show.

What a filter says of the core's fields is the same in SQL: a NULL makes a comparison unknown there,
too, and a row whose condition is not true is left out. What the database cannot know (versions,
facts, functions) counts as true wherever it stands, so that no file is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, false, func, literal, not_, or_, true

from stockroom.db import UTCDateTime
from stockroom.filters import Filter
from stockroom.filters.tree import (
    AgeTest,
    Always,
    And,
    Comparison,
    Condition,
    Contains,
    Holds,
    Leaf,
    Literal,
    Not,
    OneOf,
    Operand,
    Operator,
    Or,
    Reference,
    leaves,
    operands,
    references,
)
from stockroom.spi import ValueType

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_COMPARE: Mapping[Operator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Operator.EQ: eq,
    Operator.NE: ne,
    Operator.LT: lt,
    Operator.LE: le,
    Operator.GT: gt,
    Operator.GE: ge,
}


class FilterColumns(NamedTuple):
    """What the fields of the core are in a statement whose rows are files."""

    package_name: ColumnElement[str]
    """Normalised."""
    package_upload_time: ColumnElement[datetime]
    """That of the first file of the package in its registry."""
    release_upload_time: ColumnElement[datetime]
    """That of the first file of the release."""
    filename: ColumnElement[str]
    file_upload_time: ColumnElement[datetime]

    def of(self, operand: Operand) -> ColumnElement[Any]:
        """The expression for a literal or a field that the database knows."""
        if isinstance(operand, Literal):
            return literal(operand.value, UTCDateTime() if _is_instant(operand) else None)
        found: ColumnElement[Any] = getattr(self, _COLUMN_OF[_source_of(operand)])
        return found


_COLUMN_OF: Mapping[str | None, str] = {
    "package.name": "package_name",
    "package.upload_time": "package_upload_time",
    "release.upload_time": "release_upload_time",
    "file.name": "filename",
    "file.upload_time": "file_upload_time",
}


def may_show(filter_: Filter, columns: FilterColumns, now: datetime) -> ColumnElement[bool]:
    """A condition that is true for every file that the filter shows at ``now``.

    Where :func:`is_exact` says so, it is true for no other.
    """
    return _condition(filter_.tree, columns, now, negated=False)


def fields_read(filter_: Filter) -> frozenset[str]:
    """The names of the fields whose values it looks at; of an age, the field of its instant."""
    read = (one for leaf in leaves(filter_.tree) for one in references(*operands(leaf)))
    return frozenset((one.instant or one.field).name for one in read)


def is_exact(filter_: Filter) -> bool:
    """Whether the database knows everything that the filter looks at."""
    return all(map(_is_known, leaves(filter_.tree)))


def _is_known(leaf: Leaf) -> bool:
    return all(
        isinstance(operand, Literal) or _source_of(operand) in _COLUMN_OF
        for operand in operands(leaf)
    )


def _source_of(operand: Operand) -> str | None:
    """The field whose value is behind an operand, the instant behind an age; None for a call."""
    if not isinstance(operand, Reference):
        return None
    return (operand.instant or operand.field).name


def _is_instant(operand: Literal) -> bool:
    return operand.type is ValueType.INSTANT


def _condition(
    condition: Condition, columns: FilterColumns, now: datetime, *, negated: bool
) -> ColumnElement[bool]:
    # Negations go down to the leaves: the opposite of "may be" is not "may not be".
    match condition:
        case Not(term):
            return _condition(term, columns, now, negated=not negated)
        case And(terms) | Or(terms):
            join = and_ if isinstance(condition, And) is not negated else or_
            return join(*(_condition(term, columns, now, negated=negated) for term in terms))
        case Always(value):
            return true() if value is not negated else false()
        case _:
            if not _is_known(condition):
                return true()
            said = _leaf(condition, columns, now)
            return not_(said) if negated else said


def _leaf(leaf: Leaf, columns: FilterColumns, now: datetime) -> ColumnElement[bool]:
    """What the database says of a leaf that it knows."""
    match leaf:
        case AgeTest(age):
            return _age(leaf, columns.of(age), now)
        case Comparison(left, operator, right):
            return _COMPARE[operator](columns.of(left), columns.of(right))
        case Contains(part, whole):
            # LIKE takes upper and lower case for the same on SQLite.
            text = columns.of(whole)
            return func.replace(text, columns.of(part), "") != text
        case OneOf(operand, choices):
            return columns.of(operand).in_([choice.value for choice in choices])
        case Holds(operand):
            return columns.of(operand)


def _age(test: AgeTest, uploaded: ColumnElement[Any], now: datetime) -> ColumnElement[bool]:
    try:
        instant = now - timedelta(microseconds=test.microseconds)
    except OverflowError:
        # So long an age has been reached by all, or by none.
        instant = _LAST if test.microseconds < 0 else _FIRST
    limit = literal(instant, UTCDateTime())
    return uploaded <= limit if test.value_when_reached else uploaded > limit
