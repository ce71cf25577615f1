"""The source: all records anew whenever they have changed, or what an API is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from stockroom.spi import Advisory, FactDocument
from stockroom.spi.facts import FactRun
from stockroom_osv import asking, files
from stockroom_osv.fields import SOURCE
from stockroom_osv.settings import OsvSettings
from stockroom_osv.telling import Reader, documents_of, scored_by_package


class Osv:
    """Records from a folder, a zip archive, the URL of one, or an API.

    :raises ValueError: the settings name neither records nor an API, or both.
    """

    name = SOURCE
    title = "Known vulnerabilities (OSV)"

    def __init__(self, settings: OsvSettings) -> None:
        if (settings.records is None) == (settings.api is None):
            raise ValueError("set either plugin.osv.records or plugin.osv.api")
        self._settings = settings
        # An API is asked for the packages of this server alone.
        self.tells_advisories = settings.api is None
        self.refresh_seconds = settings.refresh_hours * 3600.0
        if settings.api is not None:
            self.refresh_seconds = min(self.refresh_seconds, asking.LOOK_SECONDS)

    def refresh(self, run: FactRun) -> Iterable[FactDocument | Advisory]:
        """Every advisory and every document, unless nothing has changed since the last time."""
        if self._settings.api is not None:
            return asking.refresh(self._settings.api, self._settings, run)
        place = self._settings.records or ""
        return _of_url(place, run) if place.startswith(("http://", "https://")) else _of(place, run)


def _of(place: str, run: FactRun) -> Iterator[FactDocument | Advisory]:
    version = files.version_of(place)
    if run.state.get("version") != version:
        yield from _told(files.read(place, run.progress, run.note), run)
    run.remember({"version": version})


def _of_url(url: str, run: FactRun) -> Iterator[FactDocument | Advisory]:
    before = run.state.get("etag", "") if run.state.get("url") == url else ""
    with files.downloaded(url, before, run.progress) as found:
        if found is None:
            run.remember(run.state)
            return
        name, etag = found
        yield from _told(files.read(name, run.progress, run.note), run)
        run.remember({"url": url, "etag": etag})


def _told(records: Iterable[files.Record], run: FactRun) -> Iterator[FactDocument | Advisory]:
    reader = Reader(run.note)
    for name, record in records:
        advisory = reader.read(name, record)
        if advisory is not None:
            yield advisory
    if reader.is_empty:
        # Rather than to forget all that is known because a disk is not mounted.
        raise ValueError("there is no OSV record where they should be; nothing was changed.")
    now = datetime.now(UTC)
    for key in sorted(set(run.advisories) - reader.meanings.keys()):
        yield Advisory(key, now, None)
    scored = scored_by_package(reader.meanings.values())
    yield from documents_of(scored, run)
    for package in sorted(set(run.known) - scored.keys()):
        yield FactDocument(package, None)
