"""Finding the files that a pin names among those that a view gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stockroom.dists import canonical_version
from stockroom.dists.locks import Pin, PinnedFile
from stockroom.manage.why.rows import Outcome, Reason
from stockroom.resolution import Fate, Resolution, SeenFile

ANY = PinnedFile(None, None)


class Miss(NamedTuple):
    """A file that is not to be had; ``seen`` is the one that stands where it would be."""

    file: PinnedFile
    reason: Reason
    seen: SeenFile | None = None


class Match(NamedTuple):
    """What a view gives for a pin."""

    outcome: Outcome
    misses: Sequence[Miss]


class Shelf:
    """The files of a package in a view, by name and by version."""

    def __init__(self, found: Resolution) -> None:
        self._has_package = found.winner is not None
        self._by_name: dict[str, list[SeenFile]] = {}
        self._by_version: dict[str, list[SeenFile]] = {}
        for seen in found.files:
            self._by_name.setdefault(seen.file.filename, []).append(seen)
            version = canonical_version(seen.file.version)
            self._by_version.setdefault(version, []).append(seen)

    def match(self, pin: Pin) -> Match:
        """What there is for a pin; one that names no files is content with any of its version."""
        of_version = self._by_version.get(canonical_version(pin.version), [])
        if pin.files:
            found = [self._look_for(file, of_version) for file in pin.files]
            misses = [miss for miss in found if miss is not None]
            return _match(len(pin.files), misses)
        if any(seen.fate is Fate.SHOWN for seen in of_version):
            return _match(1, [])
        return _match(1, [_hidden(seen) for seen in of_version] or [self._absent(of_version)])

    def _look_for(self, file: PinnedFile, of_version: Sequence[SeenFile]) -> Miss | None:
        if file.filename is not None:
            found = self._by_name.get(file.filename, [])
        else:
            found = [seen for seen in of_version if seen.file.sha256 == file.sha256]
        for seen in found:
            if seen.fate is Fate.SHOWN:
                is_same = file.sha256 in (None, seen.file.sha256)
                return None if is_same else Miss(file, "other-digest", seen)
        same = [seen for seen in found if file.sha256 in (None, seen.file.sha256)]
        if found:
            return _hidden((same or found)[0], file)
        return self._absent(of_version, file)

    def _absent(self, of_version: Sequence[SeenFile], file: PinnedFile = ANY) -> Miss:
        if not self._has_package:
            return Miss(file, "no-package")
        return Miss(file, "no-file" if of_version else "no-version")


def _hidden(seen: SeenFile, file: PinnedFile | None = None) -> Miss:
    reason: Reason = seen.fate.value  # type: ignore[assignment]
    return Miss(file or PinnedFile(seen.file.filename, seen.file.sha256), reason, seen)


def _match(wanted: int, misses: Sequence[Miss]) -> Match:
    if not misses:
        return Match("available", ())
    return Match("reduced" if len(misses) < wanted else "vanished", misses)
