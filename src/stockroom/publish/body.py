"""Reading a multipart upload: fields into memory, within bounds; the file to disk, hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from stockroom.dists.quoting import quoted
from stockroom.errors import BadRequest, ContentTooLarge
from stockroom.policies import MIB
from stockroom.publish.problems import UploadRefused
from stockroom.spi import CHUNK, StagedBlob, Violation

MAX_FIELD_BYTES = 8 * 1024 * 1024
"""All parts but the file together, with their names (U-06)."""
MAX_PARTS = 5000
MOST_SHOWN = 20
"""How many parts of the wrong kind are told of."""

FILE_FIELD = "content"
IGNORED_FILES = frozenset({"gpg_signature"})


class ReceivedFile:
    """A file on its way in: its bytes go to ``staged``, and are counted and hashed meanwhile."""

    def __init__(self, filename: str, staged: StagedBlob, max_bytes: int | None = None) -> None:
        self.filename = filename
        self.staged = staged
        self.size = 0
        self._max_bytes = max_bytes
        self._sha256 = hashlib.sha256()
        self._blake2b_256 = hashlib.blake2b(digest_size=32)

    def write(self, data: bytes | bytearray) -> None:
        """Append ``data``; raises UploadRefused when the file gets too large (U-72)."""
        if self._max_bytes is not None and self.size + len(data) > self._max_bytes:
            raise UploadRefused([file_too_large(self._max_bytes)])
        self.staged.write(data)
        self._count(data)

    @classmethod
    def of_staged(cls, filename: str, staged: StagedBlob) -> ReceivedFile:
        """A file all of whose bytes are there; reads them once."""
        received = cls(filename, staged)
        staged.file.seek(0)
        while chunk := staged.file.read(CHUNK):
            received._count(chunk)
        return received

    def _count(self, data: bytes | bytearray) -> None:
        self.size += len(data)
        self._sha256.update(data)
        self._blake2b_256.update(data)

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written, in lower-case hex."""
        return self._sha256.hexdigest()

    @property
    def blake2b_256(self) -> str:
        """The BLAKE2b digest of 32 bytes of what was written, in lower-case hex."""
        return self._blake2b_256.hexdigest()

    def digest(self, algorithm: str) -> str:
        """Any digest, in lower-case hex: ``blake2_256``, or by hashlib's name of the algorithm.

        What was not computed meanwhile takes reading the file again.
        """
        match algorithm:
            case "sha256":
                return self.sha256
            case "blake2_256":
                return self.blake2b_256
        known = hashlib.new(algorithm, usedforsecurity=False)
        self.staged.file.seek(0)
        while chunk := self.staged.file.read(CHUNK):
            known.update(chunk)
        return known.hexdigest()


def file_too_large(max_bytes: int) -> Violation:
    """What is said of a file of more than ``max_bytes`` (U-72)."""
    message = f"File too large: files may have up to {max_bytes // MIB} MiB here"
    return Violation("content", "file-too-large", message)


@dataclass(slots=True)
class Received:
    """The parts of an upload; ``violations`` tells of parts that are of the wrong kind."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    file: ReceivedFile | None = None
    violations: list[Violation] = field(default_factory=list)


def read_upload(
    environ: dict[str, Any], stage: Callable[[], StagedBlob], max_file_bytes: int | None = None
) -> Received:
    """Read the request body to its end (U-06, U-07).

    ``max_file_bytes`` bounds the file (U-72).

    :raises BadRequest: it is not multipart, broken, or ends early.
    :raises ContentTooLarge: the parts other than the file are too large.
    :raises UploadRefused: the file is.
    """
    kind, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data":
        raise BadRequest("the body must be multipart/form-data, as twine and uv send it")
    if not boundary:
        raise BadRequest("the Content-Type of the body names no multipart boundary")
    reader = _Reader(stage, max_file_bytes)
    try:
        with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
            read = _bounded(environ)
            while not parser.closed:
                chunk = read()
                for event in parser.parse(chunk):
                    reader.take(event)
                if not chunk:
                    break
    except MultipartError as error:
        raise BadRequest(
            f"the multipart body is broken or ends too early: {error}; upload the file again"
        ) from error
    except UnicodeDecodeError as error:
        raise BadRequest("the multipart body has a field that is not UTF-8") from error
    return reader.received


def read_raw(environ: dict[str, Any], file: ReceivedFile) -> None:
    """Read a body that is nothing but the file.

    :raises BadRequest: it ends early.
    :raises UploadRefused: the file is too large.
    """
    read = _bounded(environ)
    while chunk := read():
        file.write(chunk)
    announced = environ.get("CONTENT_LENGTH") or ""
    if announced and file.size != int(announced):
        raise BadRequest("the body ends too early; upload the file again")


def _bounded(environ: dict[str, Any]) -> Callable[[], bytes]:
    """A function that reads the next chunk of the body, b"" at its end."""
    stream = environ["wsgi.input"]
    text = environ.get("CONTENT_LENGTH") or ""
    if not text:
        # A chunked body, which the server has decoded and whose end it reports.
        return lambda: stream.read(CHUNK)
    if not text.isascii() or not text.isdigit():
        raise BadRequest("Content-Length is not a number")
    left = int(text)

    def read() -> bytes:
        nonlocal left
        data: bytes = stream.read(min(CHUNK, left)) if left else b""
        left -= len(data)
        return data

    return read


class _Reader:
    """Sorts the parser's events into fields and the file."""

    def __init__(self, stage: Callable[[], StagedBlob], max_file_bytes: int | None) -> None:
        self.received = Received()
        self._stage = stage
        self._max_file_bytes = max_file_bytes
        self._name = ""
        self._is_text = False
        self._value = bytearray()
        self._field_bytes = 0
        self._file: ReceivedFile | None = None

    def take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif event is None:
            self._end()
        else:
            self._data(event)

    def _begin(self, segment: MultipartSegment) -> None:
        name = self._name = segment.name or ""
        self._value.clear()
        self._file = None
        self._is_text = segment.filename is None
        if segment.filename is None:
            self._count(len(name))
        elif name in IGNORED_FILES:
            return
        elif name != FILE_FIELD:
            self._refuse(name, "file-part", f"the field {quoted(name)} must be text, not a file")
        elif self.received.file is not None:
            message = "an upload holds one file; send each in a request of its own"
            self._refuse(FILE_FIELD, "second-file", message)
        else:
            self._file = ReceivedFile(segment.filename, self._stage(), self._max_file_bytes)
            self.received.file = self._file

    def _data(self, data: bytes | bytearray) -> None:
        if self._file is not None:
            self._file.write(data)
        elif self._is_text:
            self._count(len(data))
            self._value += data

    def _end(self) -> None:
        if self._file is None and self._is_text:
            self.received.fields.setdefault(self._name, []).append(self._value.decode())
        self._file = None

    def _count(self, size: int) -> None:
        self._field_bytes += size
        if self._field_bytes > MAX_FIELD_BYTES:
            raise ContentTooLarge(
                f"the form's fields are larger than {MAX_FIELD_BYTES // 1024**2} MiB together; "
                "shorten the description"
            )

    def _refuse(self, name: str, code: str, message: str) -> None:
        if len(self.received.violations) < MOST_SHOWN:
            self.received.violations.append(Violation(name, code, message))
