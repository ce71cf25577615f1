"""Finding a file as a view shows it, and its core metadata."""

from __future__ import annotations

from stockroom.errors import NotFound
from stockroom.index.delivery import CACHE_CONTROL
from stockroom.index.pages import Page, Pages
from stockroom.resolution import Fate, FileDetail, Resolution, Resolver, SeenFile
from stockroom.resolution.problems import Quarantined
from stockroom.resources import ViewRow
from stockroom.spi import Storage

METADATA_SUFFIX = ".metadata"


class Files:
    """Looks up files of packages: one query each, none for what was asked for before."""

    def __init__(self, resolver: Resolver, storage: Storage, pages: Pages) -> None:
        self._resolver = resolver
        self._storage = storage
        self._pages = pages

    def find(self, view: ViewRow, name: str, sha256: str, filename: str) -> FileDetail:
        """The file with this name and digest.

        :raises NotFound: the view shows no such file.
        :raises Quarantined: its package is quarantined.
        """

        def look_up() -> FileDetail:
            found = self._resolver.file(view, name, filename)
            return _shown(found, view, sha256, filename)

        return self._pages.keep(FileDetail, view, name, (filename, sha256), look_up)

    def metadata(self, view: ViewRow, name: str, sha256: str, filename: str) -> Page:
        """The core metadata of a wheel, byte for byte as in the archive (S-55).

        :raises NotFound: the view shows no such file, or none with announced metadata.
        :raises Quarantined: its package is quarantined.
        """

        def make() -> Page:
            file = self.find(view, name, sha256, filename)
            if not file.announces_metadata:
                raise NotFound(f"{filename} has no separate metadata file")
            reader = self._storage.open(file.metadata_sha256)
            try:
                body = b"".join(reader)
            finally:
                reader.close()
            headers = [
                ("Content-Type", "application/octet-stream"),
                CACHE_CONTROL,
                ("Vary", "Authorization"),
            ]
            return Page(body, headers)

        return self._pages.keep(Page, view, name, (filename + METADATA_SUFFIX, sha256), make)


def _shown(found: Resolution | None, view: ViewRow, sha256: str, filename: str) -> FileDetail:
    if found is not None:
        for seen in found.files:
            if seen.file.sha256 == sha256 and seen.fate == Fate.SHOWN:
                return seen.file
            if seen.file.sha256 == sha256 and seen.fate == Fate.QUARANTINED:
                raise _quarantined(found, seen)
    raise _no_file(view, sha256, filename)


def _quarantined(found: Resolution, seen: SeenFile) -> Quarantined:
    reason = found.asked(seen.registry_id).status_reason
    return Quarantined(f"the package {found.name} is quarantined{f': {reason}' if reason else ''}")


def _no_file(view: ViewRow, sha256: str, filename: str) -> NotFound:
    return NotFound(f"{view.name} has no file {filename} with the digest {sha256}")
