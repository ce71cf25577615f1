"""The source: all figures once in a while, those of new packages soon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from packaging.utils import canonicalize_name

from stockroom.spi import FactDocument
from stockroom.spi.facts import FactRun
from stockroom_downloads.api import Api
from stockroom_downloads.fields import SOURCE
from stockroom_downloads.figures import read_file
from stockroom_downloads.settings import DownloadsSettings

LOOK_SECONDS = 900.0
"""How often it looks for packages that nobody has asked for yet."""


class Downloads:
    """Figures from an API or a file; raises ValueError unless the settings name one of them."""

    name = SOURCE
    title = "Downloads from PyPI"
    refresh_seconds = LOOK_SECONDS
    tells_advisories = False

    def __init__(self, settings: DownloadsSettings) -> None:
        if (settings.url is None) == (settings.csv is None):
            raise ValueError("set either plugin.downloads.url or plugin.downloads.csv")
        self._settings = settings

    def refresh(self, run: FactRun) -> Iterable[FactDocument]:
        """All figures when they are old or the file is another one, else those that are missing.

        A package without figures has an empty document, so that it is not taken for a new one.
        """
        names = [name for name in run.packages if not self._is_excluded(name)]
        now, version = datetime.now(UTC), self._version()
        told = run.state if run.state.get("version") == version else {}
        is_old = now - _instant(told.get("at")) >= timedelta(hours=self._settings.refresh_hours)
        if is_old:
            yield from (FactDocument(name, None) for name in sorted(set(run.known) - set(names)))
        wanted = names if is_old else [name for name in names if name not in run.known]
        yield from self._ask(wanted, run)
        run.remember({"at": now.isoformat() if is_old else told["at"], "version": version})

    def _ask(self, names: Sequence[str], run: FactRun) -> Iterator[FactDocument]:
        if not names:
            return
        if self._settings.url is None:
            yield from self._read(names, run)
            return
        for told in Api(self._settings.url, self._settings).ask(names, run.progress):
            if told.document is None:
                run.note(f"{told.package}: {told.reason}")
            else:
                yield FactDocument(told.package, told.document)

    def _read(self, names: Sequence[str], run: FactRun) -> Iterator[FactDocument]:
        missing = set(names)
        for name, document in read_file(self._path, canonicalize_name, frozenset(names), run.note):
            missing.discard(name)
            run.progress(len(names) - len(missing), len(names))
            yield FactDocument(name, document)
        yield from (FactDocument(name, {}) for name in sorted(missing))

    @property
    def _path(self) -> Path:
        return Path(self._settings.csv or "")

    def _version(self) -> str:
        """What changes with the file, and where the figures come from."""
        if self._settings.url is not None:
            return self._settings.url
        try:
            found = self._path.stat()
        except OSError:
            return ""
        return f"{self._path}:{found.st_mtime_ns}:{found.st_size}"

    def _is_excluded(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self._settings.exclude)


def _instant(value: object) -> datetime:
    return (
        datetime.fromisoformat(value)
        if isinstance(value, str)
        else datetime.min.replace(tzinfo=UTC)
    )
