"""Reading ``uv.lock``."""

from __future__ import annotations

from stockroom.dists.locks.rows import (
    Lock,
    LockInvalid,
    Pin,
    Unchecked,
    checked_name,
    checked_version,
)
from stockroom.dists.locks.tables import (
    Entry,
    Table,
    entries,
    file_tables,
    get,
    need,
    pinned_file,
    read_document,
)
from stockroom.dists.quoting import plain

FORMAT = 1
"""Of the versions of the format, the only one so far; revisions of it only add things."""
SHA256 = "sha256:"


def read_uv_lock(text: str) -> Lock:
    """The pins of a ``uv.lock``; raises LockInvalid."""
    document = read_document(text)
    version = need(document, "version", int, 1)
    if version != FORMAT:
        raise LockInvalid(f"version {version} of the format is not known, only {FORMAT}")
    pins, unchecked = [], []
    for entry in entries(document, "package", text):
        found = _package(entry)
        if isinstance(found, Pin):
            pins.append(found)
        else:
            unchecked.append(found)
    return Lock(tuple(pins), tuple(unchecked))


def _package(entry: Entry) -> Pin | Unchecked:
    package, line = entry
    name = checked_name(need(package, "name", str, line), line)
    source = need(package, "source", dict, line)
    registry = get(source, "registry", str, line)
    if registry is None:
        kind = plain(next(iter(source), "nothing"))
        return Unchecked(name, line, f"it comes from no index (its source is: {kind})")
    version = checked_version(need(package, "version", str, line), line)
    files = tuple(
        pinned_file(file, "filename", _sha256(file, line), line)
        for file in file_tables(package, line)
    )
    return Pin(name, version, line, files, registry)


def _sha256(file: Table, line: int) -> str | None:
    digest = get(file, "hash", str, line)
    if digest is None or not digest.startswith(SHA256):
        return None
    return digest.removeprefix(SHA256)
