"""Finding a file as a view shows it, and its core metadata."""

from __future__ import annotations

from stockroom.errors import NotFound
from stockroom.index.delivery import CACHE_CONTROL
from stockroom.index.pages import Page
from stockroom.index.shelf import Entry, Shelf
from stockroom.resolution import Fate, FileDetail, Resolution, Resolver, SeenFile
from stockroom.resolution.moments import ViewAt
from stockroom.resolution.problems import Quarantined, hidden_by_filter
from stockroom.resources import Directory
from stockroom.security.scopes import Scope
from stockroom.spi import Storage

METADATA_SUFFIX = ".metadata"


class Files:
    """Looks up files of packages: one query each, none for what was asked for before.

    It is the only way to the bytes of a file, and to whatever else is about one (metadata,
    provenance): a door that does not come here would serve what the view hides.
    """

    def __init__(
        self, resolver: Resolver, directory: Directory, storage: Storage, shelf: Shelf
    ) -> None:
        self._resolver = resolver
        self._directory = directory
        self._storage = storage
        self._shelf = shelf

    def find(self, view: ViewAt, name: str, sha256: str, filename: str) -> FileDetail:
        """The file with this name and digest.

        :raises NotFound: the view has no such file.
        :raises HiddenByFilter: the view hides it, though its registry has it.
        :raises Quarantined: its package is quarantined.
        """
        return self._find(view, name, sha256, filename).value

    def metadata(self, view: ViewAt, name: str, sha256: str, filename: str) -> Page:
        """The core metadata of a wheel, byte for byte as in the archive (S-55).

        :raises NotFound: the view has no such file, or none with announced metadata.
        :raises HiddenByFilter: the view hides it, though its registry has it.
        :raises Quarantined: its package is quarantined.
        """

        def make() -> Entry[Page]:
            found = self._find(view, name, sha256, filename)
            if not found.value.announces_metadata:
                raise NotFound(f"{filename} has no separate metadata file")
            reader = self._storage.open(found.value.metadata_sha256)
            try:
                body = b"".join(reader)
            finally:
                reader.close()
            headers = [
                ("Content-Type", "application/octet-stream"),
                CACHE_CONTROL,
                ("Vary", "Authorization"),
            ]
            return Entry(Page(body, headers), found.until, len(body))

        variant = (filename + METADATA_SUFFIX, sha256)
        return self._shelf.get(view, name, variant, make).value

    def _find(self, view: ViewAt, name: str, sha256: str, filename: str) -> Entry[FileDetail]:
        def make() -> Entry[FileDetail]:
            found = self._resolver.file(view.row, name, filename, view.at)
            if found is None:
                raise _no_file(view, sha256, filename)
            return Entry(self._shown(found, view, sha256, filename), found.changes_at)

        return self._shelf.get(view, name, (filename, sha256), make)

    def _shown(self, found: Resolution, view: ViewAt, sha256: str, filename: str) -> FileDetail:
        for seen in found.files:
            # Of a file that another has taken the place of, nobody learns that there is one.
            if seen.file.sha256 != sha256:
                continue
            match seen.fate:
                case Fate.SHOWN:
                    return seen.file
                case Fate.QUARANTINED:
                    raise _quarantined(found, seen)
                case Fate.FILTERED:
                    registry = self._directory.snapshot().names[Scope("registry", seen.registry_id)]
                    why = self._resolver.explain(found, seen)
                    raise hidden_by_filter(view, found.name, registry, seen, why)
        raise _no_file(view, sha256, filename)


def _quarantined(found: Resolution, seen: SeenFile) -> Quarantined:
    reason = found.asked(seen.registry_id).status_reason
    return Quarantined(f"the package {found.name} is quarantined{f': {reason}' if reason else ''}")


def _no_file(view: ViewAt, sha256: str, filename: str) -> NotFound:
    return NotFound(f"{view.name} has no file {filename} with the digest {sha256}")
