"""Sending the bytes of a file: whole, in ranges, by nginx, by the storage itself, or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from stockroom.index.ranges import Range, Unsatisfiable, parse_ranges
from stockroom.resolution import FileDetail
from stockroom.settings import Settings
from stockroom.spi import CHUNK, Storage
from stockroom.web import NOSNIFF, SANDBOX, Headers, Ready

CACHE_CONTROL = ("Cache-Control", "private, max-age=31536000, immutable")
CONTENT_TYPE = "application/octet-stream"
Environ = dict[str, Any]


class Delivery:
    """Answers requests for file bytes. Memory does not grow with the file."""

    def __init__(self, storage: Storage, settings: Settings) -> None:
        self._storage = storage
        self._accelerate = settings.x_accel_redirect

    def deliver(self, file: FileDetail, environ: Environ) -> Ready:
        """200, 206, 302, 304, 412 or 416 for ``file``, by the conditions and ranges of the request.

        :raises BlobMissing: the storage has lost the bytes.
        """
        etag = f'"{file.sha256}"'
        modified = file.uploaded_at.astimezone(UTC).replace(microsecond=0)
        shared: Headers = [
            ("ETag", etag),
            ("Last-Modified", format_datetime(modified, usegmt=True)),
            CACHE_CONTROL,
            ("Vary", "Authorization"),
            ("Accept-Ranges", "bytes"),
            NOSNIFF,
            SANDBOX,
        ]
        if not _precondition_holds(environ, etag):
            return Ready("412 Precondition Failed", [*shared, ("Content-Length", "0")], ())
        if _is_unchanged(environ, etag, modified):
            return Ready("304 Not Modified", shared, ())
        # nginx compares If-Match before it knows the ETag, and a storage has ETags of its own: both
        # would refuse what holds here.
        if "HTTP_IF_MATCH" not in environ:
            elsewhere = self._by_nginx(file, shared) or self._by_storage(file, environ)
            if elsewhere:
                return elsewhere
        try:
            ranges = _wanted_ranges(environ, etag, modified, file.size)
        except Unsatisfiable:
            headers = [*shared, ("Content-Range", f"bytes */{file.size}"), ("Content-Length", "0")]
            return Ready("416 Range Not Satisfiable", headers, ())
        if not ranges:
            return self._whole(file, shared, environ)
        if len(ranges) == 1:
            return self._part(file, shared, ranges[0], environ)
        return self._parts(file, shared, ranges, environ)

    def _by_nginx(self, file: FileDetail, shared: Headers) -> Ready | None:
        if not self._accelerate:
            return None
        path, root = self._storage.local_file(file.sha256), self._storage.local_root()
        if path is None or root is None:
            return None
        target = f"{self._accelerate}/{path.relative_to(root).as_posix()}"
        headers = [
            # nginx adds its own, and would send both.
            *(header for header in shared if header[0] != "Accept-Ranges"),
            ("X-Accel-Redirect", target),
            ("Content-Type", CONTENT_TYPE),
            ("Content-Length", "0"),
        ]
        return Ready("200 OK", headers, ())

    def _by_storage(self, file: FileDetail, environ: Environ) -> Ready | None:
        """Send the client to the storage, which answers ranges too; HEAD needs only the row.

        302, which every client that ever followed a redirect knows: for GET it means what 307
        does. It is not stored, because the URL stops working.
        """
        if environ["REQUEST_METHOD"] == "HEAD":
            return None
        url = self._storage.download_url(file.sha256, file.filename)
        if url is None:
            return None
        headers = [("Location", url), ("Cache-Control", "no-store"), ("Content-Length", "0")]
        return Ready("302 Found", headers, ())

    def _whole(self, file: FileDetail, shared: Headers, environ: Environ) -> Ready:
        headers = [*shared, ("Content-Type", CONTENT_TYPE), ("Content-Length", str(file.size))]
        if environ["REQUEST_METHOD"] == "HEAD":
            return Ready("200 OK", headers, ())
        wrapper = environ.get("wsgi.file_wrapper")
        path = self._storage.local_file(file.sha256)
        if wrapper is not None and path is not None and path.exists():
            return Ready("200 OK", headers, wrapper(path.open("rb"), CHUNK))
        return Ready("200 OK", headers, self._storage.open(file.sha256))

    def _part(self, file: FileDetail, shared: Headers, part: Range, environ: Environ) -> Ready:
        start, length = part
        headers = [
            *shared,
            ("Content-Type", CONTENT_TYPE),
            ("Content-Range", f"bytes {start}-{start + length - 1}/{file.size}"),
            ("Content-Length", str(length)),
        ]
        if environ["REQUEST_METHOD"] == "HEAD":
            return Ready("206 Partial Content", headers, ())
        return Ready("206 Partial Content", headers, self._storage.open(file.sha256, *part))

    def _parts(
        self, file: FileDetail, shared: Headers, ranges: list[Range], environ: Environ
    ) -> Ready:
        boundary = secrets.token_hex(16)
        heads = [
            f"\r\n--{boundary}\r\nContent-Type: {CONTENT_TYPE}\r\n"
            f"Content-Range: bytes {start}-{start + length - 1}/{file.size}\r\n\r\n".encode()
            for start, length in ranges
        ]
        tail = f"\r\n--{boundary}--\r\n".encode()
        total = sum(map(len, heads)) + sum(length for _, length in ranges) + len(tail)
        headers = [
            *shared,
            ("Content-Type", f"multipart/byteranges; boundary={boundary}"),
            ("Content-Length", str(total)),
        ]
        if environ["REQUEST_METHOD"] == "HEAD":
            return Ready("206 Partial Content", headers, ())
        pieces = _pieces(self._storage, file.sha256, list(zip(heads, ranges, strict=True)), tail)
        return Ready("206 Partial Content", headers, pieces)


def _pieces(
    storage: Storage, sha256: str, parts: list[tuple[bytes, Range]], tail: bytes
) -> Iterator[bytes]:
    for head, (start, length) in parts:
        yield head
        reader = storage.open(sha256, start, length)
        try:
            yield from reader
        finally:
            reader.close()
    yield tail


def _precondition_holds(environ: Environ, etag: str) -> bool:
    wanted = environ.get("HTTP_IF_MATCH", "")
    return not wanted or "*" in _tags(wanted) or etag in _tags(wanted)


def _is_unchanged(environ: Environ, etag: str, modified: datetime) -> bool:
    tags = environ.get("HTTP_IF_NONE_MATCH", "")
    if tags:
        known = [tag.removeprefix("W/") for tag in _tags(tags)]
        return etag in known or "*" in known
    return _compare_date(environ.get("HTTP_IF_MODIFIED_SINCE", ""), modified.__le__)


def _wanted_ranges(environ: Environ, etag: str, modified: datetime, size: int) -> list[Range]:
    header = environ.get("HTTP_RANGE", "")
    if not header:
        return []
    condition = environ.get("HTTP_IF_RANGE", "").strip()
    if condition.startswith(('"', "W/")):
        # A weak tag never matches here: ranges of different bytes must not be joined.
        if condition != etag:
            return []
    elif condition and not _compare_date(condition, modified.__eq__):
        return []
    return parse_ranges(header, size)


def _tags(header: str) -> list[str]:
    return [tag.strip() for tag in header.split(",")]


def _compare_date(header: str, compare: Callable[[datetime], bool]) -> bool:
    if not header:
        return False
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, IndexError, TypeError, OverflowError):
        return False
    return compare(date if date.tzinfo else date.replace(tzinfo=UTC)) is True
