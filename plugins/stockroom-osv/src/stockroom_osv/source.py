"""The source: all records anew, whenever they have changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from stockroom.spi import Advisory, FactDocument
from stockroom.spi.advisories import EVERYTHING
from stockroom.spi.facts import FactRun
from stockroom_osv import files
from stockroom_osv.fields import SOURCE
from stockroom_osv.records import Meaning, NoRecord, meaning_of, score_of, shared_scores
from stockroom_osv.settings import OsvSettings
from stockroom_osv.steps import Scored, document_of

MAX_DOCUMENT = 900_000
"""Characters of what is kept of a package; of more, every version gets the highest score."""


class Osv:
    """Records from a folder, a zip archive, or the URL of one."""

    name = SOURCE
    title = "Known vulnerabilities (OSV)"
    tells_advisories = True

    def __init__(self, settings: OsvSettings) -> None:
        self.refresh_seconds = settings.refresh_hours * 3600.0
        self._place = settings.records
        if not settings.records:
            raise ValueError("plugin.osv.records must name a folder, a zip archive or a URL")

    def refresh(self, run: FactRun) -> Iterable[FactDocument | Advisory]:
        """Every advisory and every document, unless nothing has changed since the last time."""
        if not self._place.startswith(("http://", "https://")):
            version = files.version_of(self._place)
            if run.state.get("version") != version:
                yield from _told(files.read(self._place, run.progress, run.note), run)
            run.remember({"version": version})
            return
        before = run.state.get("etag", "") if run.state.get("url") == self._place else ""
        with files.downloaded(self._place, before, run.progress) as found:
            if found is None:
                run.remember(run.state)
                return
            name, etag = found
            yield from _told(files.read(name, run.progress, run.note), run)
            run.remember({"url": self._place, "etag": etag})


def _told(records: Iterable[files.Record], run: FactRun) -> Iterator[FactDocument | Advisory]:
    meanings: dict[str, Meaning] = {}
    is_empty = True
    for name, record in records:
        try:
            meaning = meaning_of(record)
        except NoRecord as error:
            run.note(f"{name} {error}.")
            continue
        is_empty = False
        if meaning is None:
            continue
        if meaning.id in meanings:
            run.note(f"{name} is left out: another file has the id {meaning.id}, too.")
            continue
        for mistake in meaning.mistakes:
            run.note(f"{meaning.id}: {mistake}")
        meanings[meaning.id] = meaning
        yield Advisory(meaning.id, meaning.modified, record)
    if is_empty:
        # Rather than to forget all that is known because a disk is not mounted.
        raise ValueError("there is no OSV record where they should be; nothing was changed.")
    now = datetime.now(UTC)
    for key in sorted(set(run.advisories) - meanings.keys()):
        yield Advisory(key, now, None)
    yield from _documents(meanings.values(), run)


def _documents(meanings: Iterable[Meaning], run: FactRun) -> Iterator[FactDocument]:
    known = list(meanings)
    shared = shared_scores(known)
    scored: dict[str, list[Scored]] = {}
    for meaning in known:
        for part in meaning.parts:
            one = Scored(part.affected, score_of(part, meaning, shared))
            scored.setdefault(part.package, []).append(one)
    for number, (package, found) in enumerate(sorted(scored.items())):
        run.progress(number, len(scored))
        yield FactDocument(package, _bounded(package, found, run))
    for package in sorted(set(run.known) - scored.keys()):
        yield FactDocument(package, None)


def _bounded(package: str, found: list[Scored], run: FactRun) -> Mapping[str, Any]:
    document = document_of(found)
    if len(json.dumps(document)) <= MAX_DOCUMENT:
        return document
    run.note(f"{package}: there is too much to tell, so that every version gets the highest score.")
    return document_of([Scored(EVERYTHING, document["score"])])
