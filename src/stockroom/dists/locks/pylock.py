"""Reading ``pylock.toml`` (PEP 751).

``packaging.pylock`` would do it, but expands the tags of every wheel to validate its name: the name
of a few hundred characters can stand for tens of thousands. Only what pins say is read here.
"""

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
from stockroom.dists.quoting import quoted
from stockroom.dists.versions import parse_version

FORMAT = 1
"""The major version of the format; a tool may read a newer minor version (PEP 751)."""
DIRECT = ("vcs", "directory", "archive")


def read_pylock(text: str) -> Lock:
    """The pins of a ``pylock.toml``; raises LockInvalid."""
    document = read_document(text)
    said = need(document, "lock-version", str, 1)
    version = parse_version(said)
    if version is None or version.major != FORMAT:
        raise LockInvalid(f"lock-version {quoted(said)} is not known, only {FORMAT}.x")
    pins, unchecked = [], []
    for entry in entries(document, "packages", text):
        found = _package(entry)
        if isinstance(found, Pin):
            pins.append(found)
        else:
            unchecked.append(found)
    return Lock(tuple(pins), tuple(unchecked))


def _package(entry: Entry) -> Pin | Unchecked:
    package, line = entry
    name = checked_name(need(package, "name", str, line), line)
    for kind in DIRECT:
        if get(package, kind, dict, line) is not None:
            return Unchecked(name, line, f"it comes from no index (its source is: {kind})")
    version = get(package, "version", str, line)
    if version is None:
        return Unchecked(name, line, "it has no version")
    files = tuple(
        pinned_file(file, "name", _sha256(file, line), line) for file in file_tables(package, line)
    )
    index = get(package, "index", str, line)
    return Pin(name, checked_version(version, line), line, files, index)


def _sha256(file: Table, line: int) -> str | None:
    return get(need(file, "hashes", dict, line), "sha256", str, line)
