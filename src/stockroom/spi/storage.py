"""What a storage backend is: a place for immutable bytes named by their SHA-256.

Blobs are written in two steps so that the slow part happens before the database transaction and
the visible part right before its commit: a :class:`StagedBlob` takes the bytes, ``prepare`` makes
them durable, ``publish`` makes them readable under their digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import SplitResult

CHUNK = 256 * 1024
"""Bytes read or written at a time wherever file content passes through the server."""


class BlobMissing(LookupError):
    """There is no blob of that digest in the storage."""


@dataclass(frozen=True, slots=True)
class BlobStat:
    """What a storage knows of one blob without reading it; ``size`` in bytes.

    ``modified_at`` is when its bytes were written last, in seconds since the epoch. Where that is
    None, bytes without a row are never swept, since they may belong to a running upload.
    """

    sha256: str
    size: int
    modified_at: float | None = None


@dataclass(frozen=True, slots=True)
class DirectUpload:
    """Where a client may put bytes without any other credential, and with which headers."""

    url: str
    headers: Mapping[str, str]


class BlobReader(Protocol):
    """The bytes of a blob, or of one range of it, in chunks; must be closed."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes in chunks of at most :data:`CHUNK` bytes."""
        ...

    def close(self) -> None:
        """Release what is behind the reader; may be called more than once."""
        ...


class StagedBlob(Protocol):
    """Bytes on their way into the storage; invisible until :meth:`publish`."""

    @property
    def file(self) -> BinaryIO:
        """The bytes written so far, as a seekable file to inspect."""
        ...

    def write(self, data: bytes | bytearray) -> None:
        """Append ``data``."""
        ...

    def prepare(self, sha256: str) -> None:
        """Make the bytes durable. The slow step, called outside of any transaction.

        ``sha256`` is the hex digest of all bytes written.
        """
        ...

    def publish(self) -> None:
        """Make the prepared bytes readable under their digest, atomically; idempotent."""
        ...

    def discard(self) -> None:
        """Forget the bytes unless they were published; never raises, may be called twice."""
        ...


class Storage(Protocol):
    """A storage backend. Digests are 64 lower-case hex digits; every method is thread-safe."""

    def stage(self) -> StagedBlob:
        """Begin a new blob."""
        ...

    def open(self, sha256: str, start: int = 0, length: int | None = None) -> BlobReader:
        """Read ``length`` bytes (default: to the end) from offset ``start``.

        :raises BlobMissing: there is no such blob.
        """
        ...

    def stat(self, sha256: str) -> BlobStat | None:
        """Tell the size of a blob, or None when there is none."""
        ...

    def direct_upload(
        self, name: str, *, sha256: str, size: int | None, seconds: int
    ) -> DirectUpload | None:
        """Where a client may put these bytes straight into the storage as ``name``."""
        ...

    def incoming(self, name: str) -> StagedBlob:
        """What a client has put as ``name``, to inspect and publish.

        :raises BlobMissing: nothing was put under that name.
        """
        ...

    def local_file(self, sha256: str) -> Path | None:
        """The blob as a local file below :meth:`local_root`, or None where there are none."""
        ...

    def local_root(self) -> Path | None:
        """The folder that holds all local files, for ``X-Accel-Redirect``."""
        ...

    def blobs(self) -> Iterator[BlobStat]:
        """Every blob in the storage, in no particular order."""
        ...

    def delete(self, sha256: str) -> None:
        """Remove a blob; one that is not there needs no removing."""
        ...

    def leftovers(self) -> Iterator[str]:
        """Names of staged bytes that no process works on any more (left by a crash)."""
        ...

    def remove_leftover(self, name: str) -> None:
        """Remove what :meth:`leftovers` has named; one that is gone needs no removing."""
        ...


StorageFactory = Callable[[SplitResult], Storage]
"""Makes the backend from the parsed ``stockroom.storage`` URL.

Raises ValueError with a sentence for the operator when the URL cannot be used.
"""
