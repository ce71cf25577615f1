"""Truth in three values, and how the leaves of a tree come by theirs.

Truth is a number here: 0 is false, 1 is unknown, 2 is true. So Kleene's ``and`` is the least of
its terms, his ``or`` the greatest, and ``not`` is the distance from 2.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

from stockroom.filters.columns import Columns, comparable, shifted
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
    Operator,
    Or,
    level_of,
    operands,
    references,
)

FALSE: Final = 0
UNKNOWN: Final = 1
TRUE: Final = 2

Vector: TypeAlias = tuple[int, ...]
"""The truth of every leaf, in the order of the program."""
Combination: TypeAlias = Callable[[Vector], int]

_COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}


def truth_of(value: bool) -> int:
    """The number for what is known."""
    return TRUE if value else FALSE


def combination(condition: Condition, position: Mapping[Leaf, int]) -> Combination:
    """A function from the truths of the leaves to that of the condition."""
    match condition:
        case And(terms):
            return partial(_least, [combination(term, position) for term in terms])
        case Or(terms):
            return partial(_greatest, [combination(term, position) for term in terms])
        case Not(term):
            return partial(_opposite, combination(term, position))
        case Always(value):
            truth = truth_of(value)
            return lambda vector: truth
        case _:
            return operator.itemgetter(position[condition])


def _least(terms: Iterable[Combination], vector: Vector) -> int:
    least = TRUE
    for term in terms:
        truth = term(vector)
        if truth == FALSE:
            return FALSE
        least = min(least, truth)
    return least


def _greatest(terms: Iterable[Combination], vector: Vector) -> int:
    greatest = FALSE
    for term in terms:
        truth = term(vector)
        if truth == TRUE:
            return TRUE
        greatest = max(greatest, truth)
    return greatest


def _opposite(term: Combination, vector: Vector) -> int:
    return TRUE - term(vector)


class CompiledLeaf:
    """A leaf that is ready for work: made once, asked for each package."""

    def __init__(self, leaf: Leaf) -> None:
        found = operands(leaf)
        self.leaf = leaf
        self.level = level_of(*found)
        self.by_name = {one.field.name for one in references(*found)} <= {"package.name"}
        """Whether its truth follows from the name of the package alone."""
        self.clock = Clock(leaf) if isinstance(leaf, AgeTest) else None

    def truths(self, columns: Columns) -> Sequence[int]:
        """Its truth for every item of its level."""
        if self.clock:
            return self.clock.truths(columns.values(self.clock.test.age, self.level), columns.now)
        verdicts = _verdicts(self.leaf, partial(columns.values, level=self.level))
        return [UNKNOWN if verdict is None else TRUE if verdict else FALSE for verdict in verdicts]


class Clock:
    """A test of an age: it changes its truth once, a fixed time after an instant."""

    def __init__(self, test: AgeTest) -> None:
        self.test = test
        self.after = truth_of(test.value_when_reached)
        self.before = TRUE - self.after
        try:
            self._delta: timedelta | None = timedelta(microseconds=test.microseconds)
        except OverflowError:
            self._delta = None

    def truths(self, instants: Sequence[datetime | None], now: datetime) -> Sequence[int]:
        """Its truth at ``now``, for each of the instants."""
        before, after = self.before, self.after
        limit = None if self._delta is None else shifted(now, -self._delta)
        if limit is None:
            # So long an age has been reached by all, or by none.
            certain = after if self.test.microseconds < 0 else before
            return [UNKNOWN if instant is None else certain for instant in instants]
        return [
            UNKNOWN if instant is None else after if instant <= limit else before
            for instant in instants
        ]

    def flip(self, instant: datetime) -> datetime | None:
        """When the test about ``instant`` changes its truth; None if that is beyond all dates."""
        return None if self._delta is None else shifted(instant, self._delta)


def _verdicts(leaf: Leaf, values: Callable[[Any], Sequence[Any]]) -> Iterable[bool | None]:
    """What a leaf without an age says of each item; None is unknown."""
    match leaf:
        case Comparison(left, operation, Literal(value=wanted)):
            compare = _COMPARE[operation]
            column = comparable(values(left), left.type)
            return [None if value is None else compare(value, wanted) for value in column]
        case Comparison(left, operation, right):
            compare = _COMPARE[operation]
            columns = (comparable(values(side), side.type) for side in (left, right))
            return [
                None if one is None or other is None else compare(one, other)
                for one, other in zip(*columns, strict=True)
            ]
        case Contains(part, whole):
            columns = (comparable(values(side), side.type) for side in (part, whole))
            return [
                None if one is None or other is None else one in other
                for one, other in zip(*columns, strict=True)
            ]
        case Holds(operand):
            return values(operand)
        case AgeTest():
            raise TypeError("an age has a clock")
        case _:
            choices = frozenset(choice.value for choice in leaf.choices)
            column = comparable(values(leaf.operand), leaf.operand.type)
            return [None if value is None else value in choices for value in column]
