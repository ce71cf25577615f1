"""Bytes that are in the storage already, in the shape of bytes on their way there."""

from __future__ import annotations

from contextlib import ExitStack, closing
from tempfile import TemporaryFile
from typing import BinaryIO

from stockroom.spi import Storage


class StoredBlob:
    """A blob to inspect; there is nothing left to do to publish it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @property
    def file(self) -> BinaryIO:
        """The bytes, readable and seekable."""
        return self._file

    def write(self, data: bytes | bytearray) -> None:
        """A blob never changes."""
        raise TypeError("a stored blob takes no more bytes")

    def prepare(self, sha256: str) -> None:
        """The bytes are durable already."""

    def publish(self) -> None:
        """The bytes are readable already."""

    def discard(self) -> None:
        """Close the file."""
        self._file.close()


def open_stored(storage: Storage, sha256: str) -> StoredBlob:
    """Open a blob to inspect it, if need be as a copy on the local disk.

    :raises BlobMissing: there is no such blob.
    """
    path = storage.local_file(sha256)
    if path is not None and path.exists():
        return StoredBlob(path.open("rb"))
    reader = storage.open(sha256)
    with closing(reader), ExitStack() as on_error:
        copy = on_error.enter_context(TemporaryFile())
        copy.writelines(reader)
        copy.seek(0)
        on_error.pop_all()
        return StoredBlob(copy)
