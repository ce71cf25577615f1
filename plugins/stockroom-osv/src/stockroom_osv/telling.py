"""What is told of records, wherever they come from: advisories, and a document of each package."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from stockroom.spi import Advisory, FactDocument
from stockroom.spi.advisories import EVERYTHING
from stockroom.spi.facts import FactRun
from stockroom_osv.records import Meaning, NoRecord, meaning_of, score_of, shared_scores
from stockroom_osv.steps import Scored, document_of

MAX_DOCUMENT = 900_000
"""Characters of what is kept of a package; of more, every version gets the highest score."""


class Reader:
    """Reads records one by one; ``note`` is told of what cannot be understood."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self.meanings: dict[str, Meaning] = {}
        self.is_empty = True
        """Whether there was no record, not even a withdrawn one."""
        self._note = note

    def read(self, name: str, record: Mapping[str, Any]) -> Advisory | None:
        """Remember what a record means; None if it is none, or means nothing."""
        try:
            meaning = meaning_of(record)
        except NoRecord as error:
            self._note(f"{name} {error}.")
            return None
        self.is_empty = False
        if meaning is None:
            return None
        if meaning.id in self.meanings:
            self._note(f"{name} is left out: another file has the id {meaning.id}, too.")
            return None
        for mistake in meaning.mistakes:
            self._note(f"{meaning.id}: {mistake}")
        self.meanings[meaning.id] = meaning
        return Advisory(meaning.id, meaning.modified, record)


def scored_by_package(meanings: Iterable[Meaning]) -> Mapping[str, Sequence[Scored]]:
    """What advisories say of each package, and how bad it is."""
    known = list(meanings)
    shared = shared_scores(known)
    scored: dict[str, list[Scored]] = {}
    for meaning in known:
        for part in meaning.parts:
            one = Scored(part.affected, score_of(part, meaning, shared))
            scored.setdefault(part.package, []).append(one)
    return scored


def documents_of(scored: Mapping[str, Sequence[Scored]], run: FactRun) -> Iterator[FactDocument]:
    """The document of each package."""
    for number, (package, found) in enumerate(sorted(scored.items())):
        run.progress(number, len(scored))
        yield FactDocument(package, _bounded(package, found, run))


def _bounded(package: str, found: Sequence[Scored], run: FactRun) -> Mapping[str, Any]:
    document = document_of(found)
    if len(json.dumps(document)) <= MAX_DOCUMENT:
        return document
    run.note(f"{package}: there is too much to tell, so that every version gets the highest score.")
    return document_of([Scored(EVERYTHING, document["score"])])
