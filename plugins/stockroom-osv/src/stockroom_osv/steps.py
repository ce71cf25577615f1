"""The highest score of each version of a package, as steps along the line of all versions.

That is a list of ``[version, after, score]`` in ascending order: from that version on (or, if
``after``, right after it) versions have this score. The first step has no version. So a version
that is published later than the records were read has its score as well, and to find it is a
bisection.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from packaging.utils import canonicalize_version
from packaging.version import Version

from stockroom.spi.advisories import Affected, parse

LOWEST = Version("0.dev0")
Key = tuple[int, Version, int]
BEGINNING: Key = (0, LOWEST, 0)
END: Key = (2, LOWEST, 0)
Steps = list[list[Any]]


class Scored(NamedTuple):
    """What one advisory says of a package, and how bad it is."""

    affected: Affected
    score: float


def document_of(scored: Sequence[Scored]) -> Mapping[str, Any]:
    """What is kept of a package."""
    versions: dict[str, float] = {}
    for affected, score in scored:
        for version in affected.versions:
            versions[version] = max(score, versions.get(version, 0.0))
    return {
        "score": max((one.score for one in scored), default=0.0),
        "steps": _steps(scored),
        "versions": versions,
    }


def score_of(document: Mapping[str, Any], versions: Sequence[str]) -> list[float | None]:
    """The score of each version of a package with this document; None for what is no version.

    A local version has at least that of the public one that it is made of.
    """
    line = _Line(document.get("steps", []))
    listed: Mapping[str, float] = document.get("versions", {})

    def score(version: Version) -> float:
        stepped = line.score(version)
        if not listed:
            return stepped
        return max(stepped, listed.get(canonicalize_version(str(version)), 0.0))

    found: list[float | None] = []
    for text in versions:
        version = parse(text)
        if version is None:
            found.append(None)
        elif version.local is None:
            found.append(score(version))
        else:
            found.append(max(score(version), score(parse(version.public) or version)))
    return found


class _Line:
    """Steps made ready for many questions: comparing versions is what costs the time."""

    def __init__(self, steps: Steps) -> None:
        self._versions: list[Version] = []
        self._at: list[float] = []
        self._after: list[float] = []
        self._before = before = 0.0
        for text, after, score in steps:
            version = None if text is None else parse(text)
            if version is None:
                self._before = before = score
                continue
            if not self._versions or self._versions[-1] != version:
                self._versions.append(version)
                self._at.append(before)
                self._after.append(before)
            if not after:
                self._at[-1] = score
            self._after[-1] = before = score

    def score(self, version: Version) -> float:
        at = bisect_right(self._versions, version) - 1
        if at < 0:
            return self._before
        is_there = self._versions[at] == version
        return self._at[at] if is_there else self._after[at]


def _steps(scored: Sequence[Scored]) -> Steps:
    starts, ends = [], []
    for number, (lower, upper, score) in enumerate(_bounds(scored)):
        if lower < upper:
            starts.append((lower, score, number))
            ends.append((upper, number))
    over: set[int] = set()
    # The highest score is at the top; what is over is taken off when it gets there.
    heap: list[tuple[float, int]] = []
    steps: list[tuple[Key, float]] = []
    keys = sorted({start[0] for start in starts} | {end[0] for end in ends})
    # From their ends, which are cheap to take off.
    starts.sort(reverse=True)
    ends.sort(reverse=True)
    for key in keys:
        while starts and starts[-1][0] == key:
            _, score, number = starts.pop()
            heapq.heappush(heap, (-score, number))
        while ends and ends[-1][0] == key:
            over.add(ends.pop()[1])
        while heap and heap[0][1] in over:
            heapq.heappop(heap)
        top = -heap[0][0] if heap else 0.0
        if key != END and top != (steps[-1][1] if steps else 0.0):
            steps.append((key, top))
    return [[_text(key), bool(key[2]), score] for key, score in steps]


def _bounds(scored: Iterable[Scored]) -> Iterable[tuple[Key, Key, float]]:
    for affected, score in scored:
        for span in affected.spans:
            upper = END if span.upper is None else _key(span.upper, after=span.inclusive)
            yield _key(span.lower, after=False), upper, score


def _key(version: str | None, *, after: bool) -> Key:
    parsed = None if version is None else parse(version)
    return BEGINNING if parsed is None else (1, parsed, int(after))


def _text(key: Key) -> str | None:
    return None if key == BEGINNING else str(key[1])
