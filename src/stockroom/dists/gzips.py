"""A reader of gzip streams that come from outside: forward only, in bounded memory (U-79, U-81)."""

from __future__ import annotations

import io
import zlib
from typing import BinaryIO

from stockroom.dists.limits import unpacks_too_large
from stockroom.dists.refusals import ArchiveRefused

_MAGIC = b"\x1f\x8b"
_READ = 64 * 1024
_UNPACK = 256 * 1024


class GzipStream:
    """The unpacked bytes of ``file``, a buffered, seekable file, from its beginning.

    Every method raises ArchiveRefused if the file is no gzip stream, is damaged, has bytes after
    its end, or unpacks to more than the limits allow.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._packed = file.seek(0, io.SEEK_END)
        self._unpacked = 0
        file.seek(0)
        if file.read(2) != _MAGIC:
            raise ArchiveRefused(
                "gzip-invalid", "The file is not compressed with gzip; build the sdist anew."
            )
        file.seek(0)
        self._inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        self._buffer = b""
        self._at = 0

    def read(self, count: int) -> bytes:
        """Read ``count`` bytes, fewer only at the end of the stream; the caller bounds it."""
        at, end = self._at, self._at + count
        if end <= len(self._buffer):
            self._at = end
            return self._buffer[at:end]
        parts = [self._buffer[at:]]
        missing = count - len(parts[0])
        while missing and self._fill():
            parts.append(self._buffer[:missing])
            self._at = len(parts[-1])
            missing -= self._at
        return b"".join(parts)

    def skip(self, count: int) -> bool:
        """Pass over ``count`` bytes; False if the stream ends before."""
        count += self._at
        while count > len(self._buffer):
            count -= len(self._buffer)
            if not self._fill():
                return False
        self._at = count
        return True

    def rest_is_zero(self) -> bool:
        """Read to the end, which proves the checksum; tell whether there were only zero bytes."""
        zero = not self._buffer[self._at :].strip(b"\0")
        while self._fill():
            zero = zero and not self._buffer.strip(b"\0")
        return zero

    def _fill(self) -> bool:
        """Replace the buffer by the bytes that follow it; False, and an empty one, at the end."""
        self._buffer, self._at = b"", 0
        while not self._inflate.eof:
            data = self._inflate.unconsumed_tail or self._file.read(_READ)
            try:
                self._buffer = self._inflate.decompress(data, _UNPACK)
            except zlib.error:
                raise _damaged("it cannot be unpacked") from None
            if self._buffer:
                self._count(len(self._buffer))
                return True
            if not data and not self._inflate.eof:
                raise _damaged("it ends in the middle")
        # Some readers go on with a second stream behind the first, some stop, some complain.
        if self._inflate.unused_data or self._file.read(1):
            raise _damaged("bytes follow its end")
        return False

    def _count(self, unpacked: int) -> None:
        self._unpacked += unpacked
        if unpacks_too_large(self._unpacked, self._packed):
            raise ArchiveRefused(
                "archive-unpacks-too-large",
                "The archive unpacks to much more than its own size; leave out what inflates it.",
            )


def _damaged(reason: str) -> ArchiveRefused:
    return ArchiveRefused(
        "gzip-damaged", f"The gzip stream is damaged: {reason}; build the sdist anew."
    )
