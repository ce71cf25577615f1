"""Finding a file as a view shows it, and its core metadata."""

from __future__ import annotations

from stockroom.db import Database
from stockroom.errors import Forbidden, NotFound
from stockroom.index import queries
from stockroom.index.delivery import CACHE_CONTROL
from stockroom.index.detail import FileDetail
from stockroom.index.pages import Page, Pages
from stockroom.resources import ViewRow
from stockroom.spi import Storage

METADATA_SUFFIX = ".metadata"


class Quarantined(Forbidden):
    """The package is quarantined: nothing of it is served (S-60)."""

    slug, title = "quarantined", "Package is quarantined"


class Files:
    """Looks up files of packages: one query each, none for what was asked for before."""

    def __init__(self, database: Database, storage: Storage, pages: Pages) -> None:
        self._database = database
        self._storage = storage
        self._pages = pages

    def find(self, view: ViewRow, name: str, sha256: str, filename: str) -> FileDetail:
        """The file with this name and digest.

        :raises NotFound: the view shows no such file.
        :raises Quarantined: its package is quarantined.
        """

        def look_up() -> FileDetail:
            if "\0" in filename:  # which PostgreSQL refuses to compare with
                raise _no_file(view, sha256, filename)
            with self._database.read() as connection:
                located = queries.located_file(connection, view.groups, name, filename)
            return _shown(located, view, name, sha256, filename)

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


def _shown(
    located: queries.LocatedFile | None, view: ViewRow, name: str, sha256: str, filename: str
) -> FileDetail:
    if located is not None and located.file is None:
        reason = f": {located.status_reason}" if located.status_reason else ""
        raise Quarantined(f"the package {name} is quarantined{reason}")
    if located is None or located.file is None or located.file.sha256 != sha256:
        raise _no_file(view, sha256, filename)
    return located.file


def _no_file(view: ViewRow, sha256: str, filename: str) -> NotFound:
    return NotFound(f"{view.name} has no file {filename} with the digest {sha256}")
