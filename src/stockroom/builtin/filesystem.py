"""Files in a folder: content-addressed, written atomically, durable before they are visible."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO
from urllib.parse import SplitResult
from urllib.request import url2pathname

from stockroom.hookspecs import hookimpl
from stockroom.spi import (
    CHUNK,
    LEFTOVER_AFTER,
    BlobMissing,
    BlobStat,
    PluginSettings,
    StagedBlob,
    Storage,
    StorageFactory,
)

DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
STAGED = re.compile(r"[\w-]{1,100}", re.ASCII)


@hookimpl
def stockroom_storage_backends(settings: PluginSettings) -> Mapping[str, StorageFactory]:
    """Offer ``file:///FOLDER``."""
    return {"file": from_url}


def from_url(url: SplitResult) -> Storage:
    """Open (and make) the folder of a ``file:`` URL; raises ValueError when that cannot be."""
    if url.netloc not in ("", "localhost") or not url.path.startswith("/"):
        raise ValueError("must be an absolute folder: file:///FOLDER")
    if url.query or url.fragment:
        raise ValueError("takes no ?options")
    try:
        return FilesystemStorage(Path(url2pathname(url.path)))
    except OSError as error:
        raise ValueError(
            f"the folder cannot be used: {error.strerror}: {error.filename}"
        ) from error


class FilesystemStorage:
    """Blobs as ``sha256/ab/cd/<digest>`` below ``root``, staged in ``staging/`` beside them."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._blobs = root / "sha256"
        self._staging = root / "staging"
        for folder in (self._blobs, self._staging):
            _make_durable_folder(folder)
        probe = self._staging / f"probe-{secrets.token_hex(8)}"
        probe.touch()
        probe.unlink()

    def stage(self) -> StagedFile:
        """Begin a new blob in the staging folder, which is on the same file system."""
        return StagedFile(self._staging / secrets.token_hex(16), self._path)

    def open(self, sha256: str, start: int = 0, length: int | None = None) -> FileReader:
        """Open a blob; see :meth:`stockroom.spi.Storage.open`."""
        try:
            file = self._path(sha256).open("rb", buffering=0)
        except FileNotFoundError:
            raise BlobMissing(sha256) from None
        if start:
            file.seek(start)
        return FileReader(file, length)

    def stat(self, sha256: str) -> BlobStat | None:
        """Tell the size and the age of a blob, or None when there is none."""
        try:
            found = self._path(sha256).stat()
        except (FileNotFoundError, BlobMissing):
            return None
        return BlobStat(sha256, found.st_size, found.st_mtime)

    def local_file(self, sha256: str) -> Path:
        """The path of a blob, whether it exists or not."""
        return self._path(sha256)

    def local_root(self) -> Path:
        """The folder of all blobs."""
        return self._blobs

    def blobs(self) -> Iterator[BlobStat]:
        """Every blob, found by walking the folder; what is no blob, or goes meanwhile, is not."""
        for folder, _, names in os.walk(self._blobs):
            for name in names:
                found = self.stat(name)
                if found is not None and self._path(name).parent == Path(folder):
                    yield found

    def delete(self, sha256: str) -> None:
        """Remove a blob, durably: its row is gone for ever, and so must it be."""
        with suppress(FileNotFoundError, BlobMissing):
            path = self._path(sha256)
            path.unlink()
            _sync_folder(path.parent)

    def download_url(self, sha256: str, filename: str) -> None:
        """Nothing: clients cannot reach the folder."""

    def direct_upload(self, name: str, *, sha256: str, size: int | None, seconds: int) -> None:
        """Nothing: clients cannot reach the folder."""

    def incoming(self, name: str, max_bytes: int | None = None) -> StagedBlob:
        """Nothing ever: see :meth:`direct_upload`."""
        raise BlobMissing(name)

    def leftovers(self) -> Iterator[str]:
        """Staged files that nobody has written to for a day."""
        before = self._clock() - LEFTOVER_AFTER
        for path in self._staging.iterdir():
            try:
                if path.stat().st_mtime < before:
                    yield path.name
            except FileNotFoundError:
                continue

    def remove_leftover(self, name: str) -> None:
        """Remove a staged file; what cannot be the name of one removes nothing."""
        if STAGED.fullmatch(name):
            (self._staging / name).unlink(missing_ok=True)

    def _path(self, sha256: str) -> Path:
        if not DIGEST.fullmatch(sha256):
            raise BlobMissing(sha256)
        return self._blobs / sha256[:2] / sha256[2:4] / sha256


class StagedFile:
    """A blob being written; see :class:`stockroom.spi.StagedBlob`."""

    def __init__(self, path: Path, final: Callable[[str], Path]) -> None:
        self._temporary = path
        self._final = final
        self._file: BinaryIO = path.open("x+b")
        self._target: Path | None = None
        self._published = False

    @property
    def file(self) -> BinaryIO:
        """The staged bytes, readable and seekable."""
        return self._file

    def write(self, data: bytes | bytearray) -> None:
        """Append ``data``."""
        self._file.write(data)

    def prepare(self, sha256: str) -> None:
        """Flush the bytes to the disk and make the folder they will stand in."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._target = self._final(sha256)
        _make_durable_folder(self._target.parent)

    def publish(self) -> None:
        """Rename the file to its digest and make the rename durable."""
        if self._target is None:
            raise RuntimeError("publish() before prepare()")
        if self._published:
            return
        self._temporary.replace(self._target)
        _sync_folder(self._target.parent)
        self._published = True

    def discard(self) -> None:
        """Close the file, and delete it unless it was published."""
        with suppress(OSError):  # closing writes what is buffered, and the disk may be full
            self._file.close()
        if not self._published:
            with suppress(OSError):
                self._temporary.unlink()


class FileReader:
    """A range of an open file, in chunks."""

    def __init__(self, file: IO[bytes], length: int | None) -> None:
        self._file = file
        self._left = length

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes; stops early if the file is shorter than promised."""
        while self._left is None or self._left > 0:
            chunk = self._file.read(CHUNK if self._left is None else min(CHUNK, self._left))
            if not chunk:
                return
            if self._left is not None:
                self._left -= len(chunk)
            yield chunk

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _make_durable_folder(folder: Path) -> None:
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
