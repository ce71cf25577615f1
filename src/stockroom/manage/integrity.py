"""Comparing the storage with the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from stockroom.db import Database
from stockroom.manage import queries
from stockroom.spi import BlobMissing, Storage

BATCH = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    ``kind`` is ``missing``, ``wrong-size`` or ``wrong-digest``, which lose data, or
    ``unreferenced`` or ``leftover``, which only waste space. ``files`` are the files concerned.
    """

    kind: str
    blob: str
    files: tuple[str, ...] = ()

    @property
    def is_damage(self) -> bool:
        """Whether a listed file is lost."""
        return self.kind in ("missing", "wrong-size", "wrong-digest")


@dataclass(frozen=True, slots=True)
class Progress:
    """One more blob was looked at."""

    sha256: str


class Integrity:
    """Checks every blob that a row names, and every blob that no row names."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    def count(self) -> int:
        """How many blobs :meth:`check` will look at, the unreferenced ones not counted."""
        with self._database.read() as connection:
            return queries.count_blobs(connection)

    def check(self, *, deep: bool) -> Iterator[Finding | Progress]:
        """Look at everything; ``deep`` reads every byte, otherwise sizes must do."""
        for sha256, size in self._rows():
            yield Progress(sha256)
            kind = self._judge(sha256, size, deep=deep)
            if kind:
                with self._database.read() as connection:
                    names = queries.files_of_blob(connection, sha256)
                yield Finding(kind, sha256, tuple(names))
        yield from self._unreferenced()
        for name in self._storage.leftovers():
            yield Finding("leftover", name)

    def _rows(self) -> Iterator[tuple[str, int]]:
        last = ""
        while True:
            with self._database.read() as connection:
                rows = queries.blobs_after(connection, last, BATCH)
            if not rows:
                return
            yield from rows
            last = rows[-1][0]

    def _judge(self, sha256: str, size: int, *, deep: bool) -> str | None:
        found = self._storage.stat(sha256)
        if found is None:
            return "missing"
        if found.size != size:
            return "wrong-size"
        if deep and self._digest(sha256) != sha256:
            return "wrong-digest"
        return None

    def _digest(self, sha256: str) -> str | None:
        known = hashlib.sha256()
        try:
            reader = self._storage.open(sha256)
        except BlobMissing:
            return None
        try:
            for chunk in reader:
                known.update(chunk)
        finally:
            reader.close()
        return known.hexdigest()

    def _unreferenced(self) -> Iterator[Finding]:
        batch: list[str] = []
        for blob in self._storage.blobs():
            batch.append(blob.sha256)
            if len(batch) == BATCH:
                yield from self._not_in_rows(batch)
                batch = []
        yield from self._not_in_rows(batch)

    def _not_in_rows(self, batch: list[str]) -> Iterator[Finding]:
        with self._database.read() as connection:
            known = queries.known_blobs(connection, batch)
        yield from (Finding("unreferenced", sha256) for sha256 in batch if sha256 not in known)
