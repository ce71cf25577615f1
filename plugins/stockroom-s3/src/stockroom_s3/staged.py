"""Bytes on their way into the bucket: in a local file, where they can be looked at."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from typing import BinaryIO, cast

from stockroom.spi import CHUNK, BlobMissing, BlobTooLarge, StorageUnavailable
from stockroom_s3.bucket import Bucket, ObjectMissing, Opened
from stockroom_s3.client import store_errors


class StagedObject:
    """A blob being written; see :class:`stockroom.spi.StagedBlob`.

    ``prepare`` puts it under its digest at once. That harms nobody: the digest was computed by the
    server, so whoever puts this object puts these bytes, and nobody asks for them before a row
    names them. An upload that breaks off afterwards leaves a blob without a row.
    """

    def __init__(self, bucket: Bucket, key_of: Callable[[str], str]) -> None:
        self._bucket = bucket
        self._key_of = key_of
        self._file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - discard() closes it
        self._prepared: str | None = None

    @property
    def file(self) -> BinaryIO:
        """The staged bytes, readable and seekable."""
        return self._file

    def write(self, data: bytes | bytearray) -> None:
        """Append ``data``."""
        self._file.write(data)

    def prepare(self, sha256: str) -> None:
        """Put the bytes into the bucket and prove that they are there."""
        self._put(sha256)
        self._prepared = sha256

    def publish(self) -> None:
        """Make sure that nobody has swept the object meanwhile, as nothing named it yet."""
        if self._prepared is None:
            raise RuntimeError("publish() before prepare()")
        key = self._key_of(self._prepared)
        with store_errors(f"looking for {key}"):
            found = self._bucket.size(key)
        if found != self._file.seek(0, 2):
            self._put(self._prepared)

    def _put(self, sha256: str) -> None:
        key = self._key_of(sha256)
        with store_errors(f"putting {key}"):
            self._bucket.put(key, self._file, sha256)

    def discard(self) -> None:
        """Close the local file, which has no name and is gone with that."""
        with suppress(OSError):  # closing writes what is buffered, and the disk may be full
            self._file.close()


class IncomingObject(StagedObject):
    """What a client has put into the bucket, copied to a local file to be looked at."""

    def __init__(
        self,
        bucket: Bucket,
        key_of: Callable[[str], str],
        key: str,
        may_copy: Callable[[str], bool],
        max_bytes: int | None,
    ) -> None:
        self._key = key
        self._may_copy = may_copy
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        with store_errors(f"getting {key}"):
            opened = _open(bucket, key)
            self._etag = opened.etag
            with closing(opened.body):
                # The store may have taken anything: look before there is a file to fill.
                limit = sys.maxsize if max_bytes is None else max_bytes
                if opened.length is not None and opened.length > limit:
                    raise BlobTooLarge(key)
                super().__init__(bucket, key_of)
                self._fetch(opened, limit)

    def _fetch(self, opened: Opened, limit: int) -> None:
        try:
            for chunk in opened.body.iter_chunks(CHUNK):
                if self._file.tell() + len(chunk) > limit:
                    raise BlobTooLarge(self._key)
                self._file.write(chunk)
                self._md5.update(chunk)
                self._sha256.update(chunk)
            self._file.flush()
            self._file.seek(0)
        except BaseException:
            self.discard()
            raise

    def prepare(self, sha256: str) -> None:
        """Have the store copy the object to its digest, or put what was looked at there.

        The client may put other bytes until its URL expires. So the store only copies if it
        compares first, and the bytes that were looked at are put again if there is any doubt.
        """
        key = self._key_of(sha256)
        if self._sha256.hexdigest() != sha256:
            raise ValueError(f"the bytes have the digest {self._sha256.hexdigest()}, not {sha256}")
        with store_errors(f"copying {self._key} to {key}"):
            copied = self._may_copy(self._key) and self._bucket.copy(
                self._key, key, etag=self._etag, md5=self._md5.hexdigest()
            )
        if not copied:
            self._put(sha256)
        self._prepared = sha256

    def publish(self) -> None:
        """Make sure that the object is there; the incoming one is removed, or left over."""
        super().publish()
        with suppress(StorageUnavailable), store_errors(f"removing {self._key}"):
            self._bucket.remove(self._key)


def _open(bucket: Bucket, key: str) -> Opened:
    try:
        return bucket.open(key)
    except ObjectMissing:
        raise BlobMissing(key) from None
