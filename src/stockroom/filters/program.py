"""The compiled filter: which files it shows, when that changes, and why.

The leaves are evaluated as columns, each at its own level: once for a package, once for every
release, or once for every file. What follows from their truths is worked out once for each
combination of truths that occurs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from stockroom.filters.columns import Columns
from stockroom.filters.tree import LEVELS, And, Condition, leaves
from stockroom.filters.truths import (
    FALSE,
    TRUE,
    UNKNOWN,
    Combination,
    CompiledLeaf,
    Vector,
    combination,
)
from stockroom.filters.words import values_in_words
from stockroom.spi import FilterFile, FilterPackage, Level

_NO_TIME = datetime.min.replace(tzinfo=UTC)


class Judgement(NamedTuple):
    """Which files a filter shows; ``shown`` is parallel to the files."""

    shown: Sequence[bool]
    changes_at: datetime | None
    """The earliest instant after the one asked for at which any of them changes."""


class Term(NamedTuple):
    """A condition that is not true; ``value`` is None where it is unknown."""

    text: str
    value: bool | None
    detail: str
    """The values that it looked at, such as ``release.age_days is 3.2``."""


class Explanation(NamedTuple):
    """Why a file is shown or hidden; ``terms`` are what hides it."""

    shown: bool
    terms: tuple[Term, ...]
    visible_at: datetime | None
    """When a hidden file becomes visible if nothing happens but time; None if it does not."""


class Program:
    """A compiled condition. It keeps nothing of what it is asked, so any thread may use it."""

    def __init__(self, condition: Condition) -> None:
        found = list(dict.fromkeys(leaves(condition)))
        position = {leaf: at for at, leaf in enumerate(found)}
        self._leaves = [CompiledLeaf(leaf) for leaf in found]
        self._combine = combination(condition, position)
        terms = condition.terms if isinstance(condition, And) else (condition,)
        self._terms = [(term, combination(term, position)) for term in terms]
        self.asks_for_name = any(leaf.by_name for leaf in self._leaves)
        """Whether a name can decide anything; otherwise every name is like any other."""
        self._level = max(
            (leaf.level for leaf in self._leaves), key=LEVELS.index, default=Level.PACKAGE
        )

    def by_name(self, name: str) -> bool | None:
        """What follows from the normalised name of a package alone; None if nothing does."""
        columns = Columns(FilterPackage(name, None, {}), (), _NO_TIME)
        return _known(self._partial(columns, lambda leaf: leaf.by_name))

    def judge(
        self, package: FilterPackage, files: Sequence[FilterFile], now: datetime
    ) -> Judgement:
        """Judge all files of a package at ``now``, which is aware."""
        columns = Columns(package, files, now)
        # Most packages are let through or kept out as a whole, which costs nothing for each file.
        decided = self._partial(
            columns, lambda leaf: leaf.level is Level.PACKAGE and not leaf.clock
        )
        if decided != UNKNOWN or not files:
            return Judgement([decided == TRUE] * len(files), None)
        vectors = self._vectors(columns)
        shows = _Verdicts(self._combine)
        verdicts = [shows[vector] for vector in vectors]
        return Judgement(
            columns.spread(verdicts, self._level, Level.FILE),
            self._next_change(columns, vectors, shows),
        )

    def explain(self, package: FilterPackage, file: FilterFile, now: datetime) -> Explanation:
        """Say why one file of a package is shown or hidden at ``now``, which is aware."""
        columns = Columns(package, [file], now)
        [vector] = self._vectors(columns)
        if self._combine(vector) == TRUE:
            return Explanation(True, (), None)
        failing = [
            Term(str(term), _known(truth), values_in_words(term, columns))
            for term, combine in self._terms
            if (truth := combine(vector)) != TRUE
        ]
        [flips] = self._flips(columns, [vector])
        visible = next(
            (at for at, later in _futures(vector, flips) if self._combine(later) == TRUE), None
        )
        return Explanation(False, tuple(failing), visible)

    def _partial(self, columns: Columns, is_known: Callable[[CompiledLeaf], bool]) -> int:
        """The truth with some leaves alone; unknown where it depends on the others.

        What is true or false with unknown leaves is so whatever these become: Kleene's logic is
        monotonic.
        """
        return self._combine(
            tuple(leaf.truths(columns)[0] if is_known(leaf) else UNKNOWN for leaf in self._leaves)
        )

    def _vectors(self, columns: Columns) -> list[Vector]:
        """The truths of all leaves, for every item of the program's level."""
        spread = [
            columns.spread(leaf.truths(columns), leaf.level, self._level) for leaf in self._leaves
        ]
        return list(zip(*spread, strict=True)) if spread else [()] * columns.count(self._level)

    def _flips(
        self, columns: Columns, vectors: Sequence[Vector]
    ) -> list[list[tuple[datetime, int, int]]]:
        """For every item: when which leaf gets which truth, in the order of time."""
        found: list[list[tuple[datetime, int, int]]] = [[] for _ in vectors]
        for at, leaf in enumerate(self._leaves):
            clock = leaf.clock
            if clock is None or all(vector[at] != clock.before for vector in vectors):
                continue
            instants = columns.values(clock.test.age, self._level)
            for vector, instant, flips in zip(vectors, instants, found, strict=True):
                if vector[at] == clock.before and (moment := clock.flip(instant)) is not None:
                    flips.append((moment, at, clock.after))
        for flips in found:
            flips.sort()
        return found

    def _next_change(
        self, columns: Columns, vectors: Sequence[Vector], shows: _Verdicts
    ) -> datetime | None:
        """When the first of the items changes between shown and hidden, by time alone."""
        if not any(leaf.clock for leaf in self._leaves):
            return None
        earliest: datetime | None = None
        for vector, flips in zip(vectors, self._flips(columns, vectors), strict=True):
            for moment, later in _futures(vector, flips):
                if earliest is not None and moment >= earliest:
                    break
                if shows[later] is not shows[vector]:
                    earliest = moment
                    break
        return earliest


class _Verdicts(dict[Vector, bool]):
    """Whether truths of the leaves show an item; each combination is worked out once."""

    def __init__(self, combine: Combination) -> None:
        super().__init__()
        self._combine = combine

    def __missing__(self, vector: Vector) -> bool:
        shown = self._combine(vector) == TRUE
        self[vector] = shown
        return shown


def _futures(
    vector: Vector, flips: Sequence[tuple[datetime, int, int]]
) -> Iterator[tuple[datetime, Vector]]:
    """The truths of the leaves after each instant at which any of them changes."""
    later = list(vector)
    for number, (moment, leaf, truth) in enumerate(flips, 1):
        later[leaf] = truth
        if number == len(flips) or flips[number][0] != moment:
            yield moment, tuple(later)


def _known(truth: int) -> bool | None:
    return {FALSE: False, TRUE: True}.get(truth)
