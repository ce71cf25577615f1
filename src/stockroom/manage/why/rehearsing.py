"""What would become of a project's pins if a view were made of something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice, repeat

from stockroom.dists.locks import Lock, Pin
from stockroom.manage.why.explaining import Question
from stockroom.manage.why.matching import Match, Miss, Shelf
from stockroom.manage.why.reasons import NameOf, Reasons
from stockroom.manage.why.rows import (
    MissingFile,
    Outcome,
    PinReport,
    RehearsalCounts,
    RehearsalDocument,
    UncheckedReport,
)
from stockroom.manage.why.seeing import Eyes
from stockroom.resolution import Resolution
from stockroom.resolution.problems import FilterBroken
from stockroom.resources import Groups, ViewRow

MAX_MISSING = 20
"""Of the files of one pin that are told of."""
ORDER: tuple[Outcome, ...] = ("vanished", "reduced", "available")


class Rehearsals:
    """Asks ``eyes`` for every pin; ``names`` gives registries as people write them."""

    def __init__(self, eyes: Eyes, names: NameOf) -> None:
        self._eyes = eyes
        self._names = names

    def rehearse(
        self, address: str, view: ViewRow, draft: Groups | None, lock: Lock, at: datetime | None
    ) -> RehearsalDocument:
        """What each pin finds in the view, or in what it would be if made of ``draft``.

        :raises FilterBroken: a filter of what is rehearsed cannot be read any more.
        """
        rehearsed = view if draft is None else replace(view, groups=draft)
        by_name: dict[str, list[Pin]] = {}
        for pin in lock.pins:
            by_name.setdefault(pin.name, []).append(pin)
        names = list(by_name)
        present: Iterable[Resolution | None] = (
            repeat(None) if draft is None else self._present(view, names, at)
        )
        pins: list[PinReport] = []
        # Where nothing is drafted there is no end to what there is to compare with.
        for found, before in zip(self._eyes.each(rehearsed, names, at), present, strict=False):
            question = Question(address, found.name, at=at)
            package = _Package(self._eyes, self._names, rehearsed, question, found)
            shelf = None if before is None else Shelf(before)
            pins += [package.report(pin, shelf) for pin in by_name[found.name]]
        pins.sort(key=lambda pin: (ORDER.index(pin.outcome), pin.line))
        return RehearsalDocument(
            address,
            draft is not None,
            at,
            _counts(pins),
            pins,
            [UncheckedReport(*entry) for entry in lock.unchecked],
        )

    def _present(
        self, view: ViewRow, names: Sequence[str], at: datetime | None
    ) -> Iterator[Resolution | None]:
        """What the view shows now; nobody knows that while a filter cannot be read any more."""
        try:
            yield from self._eyes.each(view, names, at)
        except FilterBroken:
            # Whoever mends the view must be able to rehearse that.
            yield from repeat(None)


class _Package:
    """A package as the rehearsed view has it."""

    def __init__(
        self, eyes: Eyes, names: NameOf, view: ViewRow, question: Question, found: Resolution
    ) -> None:
        self._eyes = eyes
        self._names = names
        self._view = view
        self._question = question
        self._found = found
        self._shelf = Shelf(self._found)
        self._reasons = Reasons(eyes, self._found, names)
        self._outranked: tuple[Resolution, Shelf] | None = None

    def report(self, pin: Pin, present: Shelf | None) -> PinReport:
        """What is said of a pin of this package."""
        match = self._shelf.match(pin)
        before = None if present is None else present.match(pin).outcome
        missing = [self._missing(miss, pin) for miss in islice(match.misses, MAX_MISSING)]
        return PinReport(
            pin.name, pin.version, pin.line, pin.source, match.outcome, before, missing
        )

    def _missing(self, miss: Miss, pin: Pin) -> MissingFile:
        file, reason, seen = miss
        if seen is None:
            return self._absent(miss, pin)
        registry = self._reasons.registry(seen.registry_id)
        if reason == "other-digest":
            detail = f"{registry} has a file of that name with the SHA-256 {seen.file.sha256}"
            return MissingFile(*file, reason, detail, registry, None, None)
        cause = self._reasons.of(seen)
        return MissingFile(*file, reason, cause.detail, registry, seen.filter, cause.visible_at)

    def _absent(self, miss: Miss, pin: Pin) -> MissingFile:
        if miss.reason == "no-package":
            detail = self._reasons.nobody(self._question.address)
            return MissingFile(*miss.file, miss.reason, detail, None, None, None)
        later = self._later(pin)
        if later is not None:
            detail = f"{later} has it, but {self._reasons.providers()} comes first"
            return MissingFile(*miss.file, "outranked", detail, later, None, None)
        what = "such file" if miss.reason == "no-file" else pin.version
        detail = f"{self._reasons.providers()} has no {what}"
        return MissingFile(*miss.file, miss.reason, detail, None, None, None)

    def _later(self, pin: Pin) -> str | None:
        """A registry of a later group that gives something for the pin."""
        winner = self._found.winner
        groups = self._view.groups[(winner or 0) + 1 :]
        if winner is None or not groups:
            return None
        if self._outranked is None:
            view = replace(self._view, groups=groups)
            found = self._eyes.asked(view, self._found.name, self._question.at)
            self._outranked = (found, Shelf(found))
        found, shelf = self._outranked
        match: Match = shelf.match(pin)
        if found.winner is None or match.outcome == "vanished":
            return None
        return Reasons(self._eyes, found, self._names).providers()


def _counts(pins: Sequence[PinReport]) -> RehearsalCounts:
    outcomes = Counter(pin.outcome for pin in pins)
    drafted = [pin for pin in pins if pin.present is not None]
    return RehearsalCounts(
        outcomes["available"],
        outcomes["reduced"],
        outcomes["vanished"],
        sum(pin.outcome == "vanished" != pin.present for pin in drafted),
        sum(pin.present == "vanished" != pin.outcome for pin in drafted),
    )
