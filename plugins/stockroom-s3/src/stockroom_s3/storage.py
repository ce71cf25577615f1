"""The storage in a bucket: content-addressed keys, ranges, signed URLs."""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import time
from collections.abc import Callable, Iterator

import boto3
from botocore.response import StreamingBody

from stockroom.spi import (
    CHUNK,
    LEFTOVER_AFTER,
    BlobMissing,
    BlobStat,
    DirectUpload,
)
from stockroom_s3.bucket import Bucket, ObjectMissing
from stockroom_s3.client import FAILURES, Connection, explain, store_errors
from stockroom_s3.location import Location
from stockroom_s3.presigning import Presigner
from stockroom_s3.settings import WEEK, S3Settings
from stockroom_s3.staged import IncomingObject, StagedObject

DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
NAME = re.compile(r"[0-9a-f]{32}", re.ASCII)
BLOBS = "sha256/"
INCOMING = "incoming/"
PARTS = "parts/"

MAX_PUT = 5 * 1024**3
"""Bytes that S3 takes, or copies, in one request."""


class S3Storage:
    """Blobs as ``sha256/ab/cd/<digest>`` below the prefix, ``incoming/`` beside them."""

    def __init__(
        self,
        location: Location,
        settings: S3Settings,
        clock: Callable[[], float] = time.time,
        session: boto3.session.Session | None = None,
    ) -> None:
        self._location = location
        self._clock = clock
        self._redirect = settings.redirect
        connection = Connection(location, settings, session or boto3.session.Session())
        self._bucket = Bucket(connection, location, settings)
        self._presigner = Presigner(connection, settings.presign_seconds)
        self._prefix = location.prefix
        self._compares: bool | None = None

    def try_out(self) -> None:
        """Put, list and delete an object; raises ValueError with a sentence if any of it fails."""
        key = f"{INCOMING}probe-{secrets.token_hex(8)}"
        probe = io.BytesIO(b"stockroom")
        try:
            self._bucket.put(key, probe, hashlib.sha256(probe.getvalue()).hexdigest())
            next(self._bucket.objects(INCOMING), None)
            self._bucket.remove(key)
        except FAILURES as error:
            raise ValueError(explain(error, self._location)) from error

    def stage(self) -> StagedObject:
        """Begin a new blob in a local file."""
        return StagedObject(self._bucket, _key)

    def open(self, sha256: str, start: int = 0, length: int | None = None) -> ObjectReader:
        """Open a blob; see :meth:`stockroom.spi.Storage.open`."""
        key = _key(sha256)
        with store_errors(f"reading {key}"):
            if length == 0:
                if self._bucket.size(key) is None:
                    raise BlobMissing(sha256)
                return ObjectReader(key, None, 0)
            try:
                return ObjectReader(key, self._bucket.open(key, start, length).body, length)
            except ObjectMissing:
                raise BlobMissing(sha256) from None
            except EOFError:
                return ObjectReader(key, None, 0)

    def stat(self, sha256: str) -> BlobStat | None:
        """Tell the size of a blob, or None when there is none."""
        if not DIGEST.fullmatch(sha256):
            return None
        with store_errors(f"looking for {sha256}"):
            found = self._bucket.look(_key(sha256))
        return None if found is None else BlobStat(sha256, *found)

    def local_file(self, sha256: str) -> None:
        """Nothing: blobs are no local files."""

    def local_root(self) -> None:
        """Nothing: blobs are no local files."""

    def blobs(self) -> Iterator[BlobStat]:
        """Every blob, a thousand with each request."""
        last = ""
        with store_errors("listing the blobs"):
            for key, size, changed in self._bucket.objects(BLOBS):
                digest = key.rpartition("/")[2]
                # Keys are sorted, and a store may list one twice that was put twice at once.
                if key != last and DIGEST.fullmatch(digest) and key == _key(digest):
                    yield BlobStat(digest, size, changed)
                last = key

    def delete(self, sha256: str) -> None:
        """Remove a blob, if there is one."""
        if DIGEST.fullmatch(sha256):
            with store_errors(f"removing {sha256}"):
                self._bucket.remove(_key(sha256))

    def download_url(self, sha256: str, filename: str) -> str | None:
        """A signed URL, the same for half of ``plugin.s3.presign_seconds``."""
        if not self._redirect or not DIGEST.fullmatch(sha256):
            return None
        with store_errors("signing a URL"):
            key = self._prefix + _key(sha256)
            return self._presigner.download(key, filename, self._clock())

    def direct_upload(
        self, name: str, *, sha256: str, size: int | None, seconds: int
    ) -> DirectUpload | None:
        """A signed URL for exactly these bytes; nothing for what is too large for one PUT."""
        if not self._redirect or (size or 0) > MAX_PUT:
            return None
        with store_errors("signing a URL"):
            return self._presigner.upload(
                self._prefix + _incoming_key(name),
                self._clock(),
                sha256=sha256,
                size=size,
                seconds=min(seconds, WEEK),
                headers=self._bucket.encryption_headers,
            )

    def incoming(self, name: str, max_bytes: int | None = None) -> IncomingObject:
        """Fetch what a client has put, to look at it."""
        key = _incoming_key(name)
        return IncomingObject(self._bucket, _key, key, self._may_copy, max_bytes)

    def leftovers(self) -> Iterator[str]:
        """Incoming objects and uploads in parts that are a day old."""
        before = self._clock() - LEFTOVER_AFTER
        with store_errors("listing leftovers"):
            for key, _, changed in self._bucket.objects(INCOMING):
                if changed < before:
                    yield key
            for key, upload, begun in self._bucket.uploads():
                if begun < before:
                    yield f"{PARTS}{key}?{upload}"

    def remove_leftover(self, name: str) -> None:
        """Remove an incoming object, or the parts of an upload."""
        with store_errors(f"removing {name}"):
            if name.startswith(INCOMING):
                self._bucket.remove(name)
            elif name.startswith(PARTS) and "?" in name:
                key, _, upload = name.removeprefix(PARTS).partition("?")
                self._bucket.abort(key, upload)

    def _may_copy(self, key: str) -> bool:
        """Whether the store compares before it copies; asked until it is known."""
        if self._compares is None:
            self._compares = self._bucket.compares_before_copying(key, f"{key}-probe")
        return self._compares is True


class ObjectReader:
    """A range of an object, in chunks."""

    def __init__(self, key: str, body: StreamingBody | None, length: int | None) -> None:
        self._key = key
        self._body = body
        self._left = length

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes.

        :raises StorageUnavailable: the connection broke off.
        """
        while self._body is not None and (self._left is None or self._left > 0):
            with store_errors(f"reading {self._key}"):
                chunk = self._body.read(CHUNK if self._left is None else min(CHUNK, self._left))
            if not chunk:
                return
            if self._left is not None:
                self._left -= len(chunk)
            yield chunk

    def close(self) -> None:
        """Let go of the connection."""
        if self._body is not None:
            self._body.close()


def _key(sha256: str) -> str:
    if not DIGEST.fullmatch(sha256):
        raise BlobMissing(sha256)
    return f"{BLOBS}{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _incoming_key(name: str) -> str:
    if not NAME.fullmatch(name):
        raise BlobMissing(name)
    return INCOMING + name
