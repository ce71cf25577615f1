"""Uploads as clients send them, and as no client should: parts, bodies, traces."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import func, select

from stockroom.models import Blob, Event, File, Package, Release
from tests.support.server import ServerProcess
from tests.support.site import TestSite, bearer, form_fields

BOUNDARY = "stockroom-test-boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
UPLOAD = "/v1/upload/acme/main"

UV_ACCEPT = "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7"
"""What uv asks for when it uploads (U-21)."""


@dataclass(frozen=True)
class Part:
    """One part of a form; ``headers`` are further header lines, without their line ends."""

    name: str
    content: bytes
    filename: str | None = None
    headers: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """The part with the line that begins it."""
        disposition = f'Content-Disposition: form-data; name="{self.name}"'
        if self.filename is not None:
            disposition += f'; filename="{self.filename}"'
        lines = [f"--{BOUNDARY}", disposition, *self.headers, "", ""]
        return "\r\n".join(lines).encode() + self.content + b"\r\n"


def text_parts(fields: Iterable[tuple[str, str]]) -> list[Part]:
    """A part for each pair of name and value."""
    return [Part(name, value.encode()) for name, value in fields]


def file_part(filename: str, content: bytes) -> Part:
    """The part that carries the file."""
    return Part("content", content, filename)


def parts_of(filename: str, content: bytes, changes: Mapping[str, str] = {}) -> list[Part]:
    """The parts that twine would send, the file last; ``changes`` as in ``TestSite.upload``."""
    form = {**form_fields(filename, content), **changes}
    fields = [(name, value) for name, value in form.items() if value]
    return [*text_parts(fields), file_part(filename, content)]


def encode(parts: Iterable[Part]) -> bytes:
    """The whole body."""
    return b"".join(part.encode() for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def post(
    site: TestSite,
    body: bytes | Iterable[Part],
    key: str | None,
    *,
    status: int | str = 200,
    to: str = UPLOAD,
    content_type: str = FORM,
    accept: str = "*/*",
) -> Any:
    """Send a body to a site in this process; ``to`` is the path, with its query if any."""
    return site.app.post(
        to,
        params=cast(Any, body if isinstance(body, bytes) else encode(body)),
        headers={**bearer(key), "Accept": accept, "Content-Type": content_type},
        status=status,
    )


class StreamedUpload:
    """The body of an upload of a file on disk, of which only a piece is in memory at a time."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        form = {**form_fields(path.name, b""), "sha256_digest": digest, "blake2_256_digest": ""}
        fields = text_parts((name, value) for name, value in form.items() if value)
        opening = file_part(path.name, b"").encode().removesuffix(b"\r\n")
        self._path = path
        self._head = b"".join(part.encode() for part in fields) + opening
        self._tail = f"\r\n--{BOUNDARY}--\r\n".encode()
        self.length = len(self._head) + path.stat().st_size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body in pieces."""
        yield self._head
        with self._path.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece
        yield self._tail


@dataclass(frozen=True)
class Answer:
    """What a server process answered."""

    status: int
    reason: str
    body: bytes

    @property
    def line(self) -> str:
        """The status line without the protocol."""
        return f"{self.status} {self.reason}"


def send(
    server: ServerProcess,
    body: bytes | Iterable[bytes],
    key: str | None,
    *,
    headers: Mapping[str, str] = {},
    method: str = "POST",
    path: str = UPLOAD,
) -> Answer:
    """Send a body to a server process; an iterable without a Content-Length travels in chunks."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(
            method, path, body=body, headers={"Content-Type": FORM, **bearer(key), **headers}
        )
        response = connection.getresponse()
        return Answer(response.status, response.reason, response.read())
    finally:
        connection.close()


def send_upload(server: ServerProcess, filename: str, content: bytes, key: str | None) -> Answer:
    """Upload a file to a server process as twine would."""
    return send(server, encode(parts_of(filename, content)), key)


def inventory(site: TestSite) -> tuple[dict[str, int], set[str]]:
    """How many rows the write path has made, and every file in the storage: an upload's traces."""
    tables = (Package, Release, File, Blob, Event)
    with site.database.read() as connection:
        rows = {
            table.__tablename__: connection.execute(
                select(func.count()).select_from(table)
            ).scalar_one()
            for table in tables
        }
    return rows, set(stored_files(site.folder))


def stored_files(folder: Path) -> Iterator[str]:
    """Every file below the folder of a storage, staged ones included."""
    return (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
