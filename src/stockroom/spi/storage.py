"""What a storage backend is: a place for immutable bytes named by their SHA-256.

Blobs are written in two steps so that the slow part happens before the database transaction and
the visible part right before its commit: a :class:`StagedBlob` takes the bytes, ``prepare`` makes
them durable, ``publish`` makes them readable under their digest.

A storage that clients can reach by themselves may offer two short cuts. With ``download_url`` they
fetch a blob from the storage; with ``direct_upload`` they bring one, which is then looked at as
``incoming`` before it is published like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import SplitResult

from stockroom.errors import Problem

CHUNK = 256 * 1024
"""Bytes read or written at a time wherever file content passes through the server."""

LEFTOVER_AFTER = 24 * 3600
"""Seconds after which bytes that were never published count as left over."""

DOWNLOAD_SECONDS = 15 * 60
"""Seconds for which a download URL works at least, counted from when it was asked for."""


class BlobMissing(LookupError):
    """There is no blob of that digest, or no incoming object of that name, in the storage."""


class BlobTooLarge(Exception):
    """An incoming object has more bytes than the caller would take."""


class StorageUnavailable(Problem):
    """The storage does not do what it is asked to, and may do so later: 503.

    The detail is read by clients: a backend logs what its operator has to know.
    """

    slug, status, title = "storage-unavailable", 503, "Storage unavailable"


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
    """Where a client may PUT bytes straight into the storage; it must send ``headers`` as well."""

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
    """Bytes on their way into the storage, to be listed by nobody until :meth:`publish`."""

    @property
    def file(self) -> BinaryIO:
        """The bytes written so far, as a seekable file to inspect."""
        ...

    def write(self, data: bytes | bytearray) -> None:
        """Append ``data``."""
        ...

    def prepare(self, sha256: str) -> None:
        """Make the bytes durable. The slow step, called outside of any transaction.

        ``sha256`` is the hex digest of all bytes written. They may be readable under it from here
        on, whole or not at all: as no row names them, nobody will ask.

        :raises BlobMissing: ``sha256`` is no digest.
        :raises ValueError: incoming bytes have another digest.
        """
        ...

    def publish(self) -> None:
        """Make the prepared bytes readable under their digest, atomically; idempotent.

        :raises RuntimeError: nothing was prepared.
        """
        ...

    def discard(self) -> None:
        """Close the file, and forget the bytes unless they were published.

        Incoming bytes stay for another try. Never raises, may be called twice.
        """
        ...


class Storage(Protocol):
    """A storage backend. Digests are 64 lower-case hex digits; every method is thread-safe.

    Any of them may raise OSError for want of space, or :class:`StorageUnavailable`.
    """

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

    def download_url(self, sha256: str, filename: str) -> str | None:
        """Where anybody may GET a blob without a credential, to be saved as ``filename``.

        The URL works for :data:`DOWNLOAD_SECONDS` at least. It is the same text for every caller
        and node for some time, so that caches recognise it. Nothing is looked up: there may be no
        such blob. None where clients cannot reach the storage.
        """
        ...

    def direct_upload(
        self, name: str, *, sha256: str, size: int | None, seconds: int
    ) -> DirectUpload | None:
        """Where a client may PUT exactly these bytes, as the incoming object ``name``.

        ``name`` is 32 lower-case hex digits that cannot be guessed, ``size`` in bytes, or None if
        the client has not told it; the URL works for ``seconds``. What a client puts is only
        trusted after :meth:`incoming` has looked at it. None where clients cannot reach the
        storage.
        """
        ...

    def incoming(self, name: str, max_bytes: int | None = None) -> StagedBlob:
        """What a client has put as ``name``, to be inspected, prepared and published.

        ``write`` must not be called on it. A storage that cannot limit what clients put looks at
        the size first, so that no disk is filled with what will be refused.

        :raises BlobMissing: there is no such object.
        :raises BlobTooLarge: it has more than ``max_bytes``; no more than these were copied.
        """
        ...

    def leftovers(self) -> Iterator[str]:
        """Names of what was begun and not published, and not touched for a day.

        Staged bytes of a crash, incoming objects that nobody finished, broken uploads.
        """
        ...

    def remove_leftover(self, name: str) -> None:
        """Remove what :meth:`leftovers` has named; one that is gone needs no removing."""
        ...


StorageFactory = Callable[[SplitResult], Storage]
"""Makes the backend from the parsed ``stockroom.storage`` URL.

Raises ValueError with a sentence for the operator when the URL cannot be used.
"""
