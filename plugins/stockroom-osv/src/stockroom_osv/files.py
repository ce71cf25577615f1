"""Records as they lie in a folder, in a zip archive, or behind a URL; all may be hostile."""

from __future__ import annotations

import json
import math
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

import urllib3
from urllib3.exceptions import HTTPError

MAX_RECORD = 1_000_000
"""Bytes of a record as Stockroom keeps it, and of its file."""
MAX_ARCHIVE = 256 * 1024**2
MAX_FILES = 1_000_000
MAX_CONTENT = 8 * 1024**3
"""Bytes of all files of an archive together."""
CHUNK = 1024 * 1024
TIMEOUT = urllib3.Timeout(connect=10, read=30)


class Unreadable(ValueError):
    """There is nothing to read where records should be; the message is a sentence."""


class Record(NamedTuple):
    """A record; ``name`` is that of its file."""

    name: str
    record: Mapping[str, Any]


class Refused(ValueError):
    """A file is no record; the message is a sentence without a subject."""


Progress = Callable[[int, int | None], None]
Note = Callable[[str], None]


def version_of(place: str) -> str:
    """What changes when a folder or an archive does.

    :raises Unreadable: it is not there.
    """
    path = Path(place)
    try:
        if not path.is_dir():
            found = path.stat()
            return f"{place}:{found.st_mtime_ns}:{found.st_size}"
        stats = [one.stat() for one in _files_in(path)]
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}.") from error
    newest = max((one.st_mtime_ns for one in stats), default=0)
    return f"{place}:{newest}:{len(stats)}:{sum(one.st_size for one in stats)}"


def read(place: str, progress: Progress, note: Note) -> Iterator[Record]:
    """The records in a folder or a zip archive; ``note`` is told of each file that is none.

    :raises Unreadable: it is neither.
    """
    path = Path(place)
    return _in_folder(path, progress, note) if path.is_dir() else _in_zip(path, progress, note)


@contextmanager
def downloaded(url: str, etag: str, progress: Progress) -> Iterator[tuple[str, str] | None]:
    """A zip archive from a URL, as a temporary file, and its ETag; None if it still has ``etag``.

    :raises Unreadable: it cannot be got.
    """
    headers = {"User-Agent": "stockroom-osv", **({"If-None-Match": etag} if etag else {})}
    with urllib3.PoolManager(headers=headers, timeout=TIMEOUT) as pool:
        try:
            answer = pool.request("GET", url, redirect=False, retries=False, preload_content=False)
            with answer, tempfile.NamedTemporaryFile(suffix=".zip") as file:
                if answer.status == 304:
                    yield None
                    return
                if answer.status != 200:
                    raise Unreadable(f"the server of the records answers {answer.status}.")
                _copy(answer, file, progress)
                yield file.name, answer.headers.get("ETag", "")
        except HTTPError as error:
            raise Unreadable(f"the records cannot be got: {type(error).__name__}.") from error


def _copy(answer: urllib3.BaseHTTPResponse, file: IO[bytes], progress: Progress) -> None:
    size = 0
    while chunk := answer.read(CHUNK):
        size += len(chunk)
        if size > MAX_ARCHIVE:
            raise Unreadable(f"the archive has more than {MAX_ARCHIVE:,} bytes.")
        file.write(chunk)
        progress(0, None)
    file.flush()


def _files_in(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(parent, name) for name in sorted(names) if name.endswith(".json"))


def _in_folder(folder: Path, progress: Progress, note: Note) -> Iterator[Record]:
    paths = list(_files_in(folder))
    for number, path in enumerate(paths):
        progress(number, len(paths))
        name = str(path.relative_to(folder))
        try:
            if not path.is_file():
                raise Refused("is no file")
            with path.open("rb") as file:
                yield Record(name, parsed(file.read(MAX_RECORD + 1)))
        except Refused as error:
            note(f"{name} {error}.")
        except OSError as error:
            note(f"{name} cannot be read: {error.strerror}.")


def _in_zip(path: Path, progress: Progress, note: Note) -> Iterator[Record]:
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}.") from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Unreadable(f"{path.name} is no zip archive.") from error
    with archive:
        infos = [one for one in archive.infolist() if one.filename.endswith(".json")]
        if len(infos) > MAX_FILES:
            raise Unreadable(f"{path.name} has more than {MAX_FILES:,} files.")
        size = 0
        for number, info in enumerate(infos):
            progress(number, len(infos))
            try:
                data = _unpacked(archive, info)
                size += len(data)
                if size > MAX_CONTENT:
                    raise Unreadable(f"{path.name} unpacks to more than {MAX_CONTENT:,} bytes.")
                yield Record(info.filename, parsed(data))
            except Refused as error:
                note(f"{info.filename[:200]} {error}.")


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    # Other ways of packing are unpacked without a bound to what comes out.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused("is packed in a way that is not read")
    # What its directory says of its size may be a lie, so that no more is unpacked than can be.
    try:
        with archive.open(info) as file:
            return file.read(MAX_RECORD + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
        raise Refused("cannot be unpacked") from error


def parsed(data: bytes) -> Mapping[str, Any]:
    """A record as it can be kept; raises Refused."""
    if len(data) > MAX_RECORD:
        raise Refused(f"has more than {MAX_RECORD:,} bytes")
    try:
        found = json.loads(data, parse_constant=_refuse, parse_float=_finite)
        # Escapes may make it longer.
        text = json.dumps(found, separators=(",", ":"))
        if "\\ud" in text:
            # Halves of characters cannot be told to anybody.
            found = json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError) as error:
        raise Refused("is no JSON") from error
    if not isinstance(found, dict):
        raise Refused("is no record")
    if len(text) > MAX_RECORD:
        raise Refused(f"has more than {MAX_RECORD:,} bytes")
    return found


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)
