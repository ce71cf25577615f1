"""Reading lock files in TOML: bounded, and typed where they are looked at."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

from stockroom.dists.locks.rows import MAX_ENTRIES, MAX_FILES, LockInvalid, PinnedFile
from stockroom.dists.quoting import plain, quoted

T = TypeVar("T")
Table = Mapping[str, Any]

MAX_DOTS = 20
"""In one line outside of texts. Reading a key takes time by the square of its parts."""
SHA256 = re.compile(r"[0-9a-f]{64}")
# A text without an end takes the rest of its line, so that no place is looked at twice.
_TEXTS = re.compile(r""""(?:[^"\\]|\\.)*+(?:"|\\?$)|'[^']*+(?:'|$)""")
_NAMES: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    dict: "a table",
    list: "a list",
}


class Entry(NamedTuple):
    """One of the tables ``[[name]]``, and the line on which it begins."""

    table: Table
    line: int


def read_document(text: str) -> Table:
    """The document that ``text`` is; raises LockInvalid."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS and _TEXTS.sub('""', line).count(".") > MAX_DOTS:
            raise LockInvalid("a key has too many parts", number)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise LockInvalid("it is nested too deeply") from None
    except ValueError as error:  # also from int(), which refuses thousands of digits
        raise LockInvalid(f"it is not TOML: {plain(str(error))}") from None


def entries(document: Table, name: str, text: str) -> Iterator[Entry]:
    """The tables of the list ``name``; raises LockInvalid."""
    found = get(document, name, list, 1) or []
    if len(found) > MAX_ENTRIES:
        raise LockInvalid(f"it has {len(found)} packages, at most {MAX_ENTRIES} are read")
    head = re.compile(rf"^[ \t]*\[\[[ \t]*{name}[ \t]*\]\]", re.MULTILINE)
    lines, start, line = [], 0, 1
    for match in head.finditer(text):
        line += text.count("\n", start, match.start())
        start = match.start()
        lines.append(line)
    # Where the list is written in another way, its beginning is as near as it gets.
    is_known = len(lines) == len(found)
    for number, table in enumerate(found):
        place = lines[number] if is_known else 1
        yield Entry(_checked(table, dict, name, place), place)


def get(table: Table, key: str, kind: type[T], line: int) -> T | None:
    """What stands under ``key``, None if nothing does; raises LockInvalid."""
    value = table.get(key)
    return None if value is None else _checked(value, kind, key, line)


def need(table: Table, key: str, kind: type[T], line: int) -> T:
    """What stands under ``key``; raises LockInvalid."""
    value = get(table, key, kind, line)
    if value is None:
        raise LockInvalid(f"{key} is missing", line)
    return value


def file_tables(package: Table, line: int) -> list[Table]:
    """The sdist and the wheels of a package; raises LockInvalid."""
    sdist = get(package, "sdist", dict, line)
    wheels = get(package, "wheels", list, line) or []
    if len(wheels) > MAX_FILES:
        raise LockInvalid(f"it has {len(wheels)} wheels, at most {MAX_FILES} are read", line)
    wheels = [_checked(wheel, dict, "wheels", line) for wheel in wheels]
    return wheels if sdist is None else [sdist, *wheels]


def pinned_file(file: Table, name_key: str, sha256: str | None, line: int) -> PinnedFile:
    """A file by its name, or else by the end of its URL or path; raises LockInvalid."""
    if sha256 is not None and not SHA256.fullmatch(sha256):
        raise LockInvalid(f"{quoted(sha256)} is no SHA-256", line)
    name = get(file, name_key, str, line)
    if name is None:
        url, path = get(file, "url", str, line), get(file, "path", str, line)
        name = _last(url, line) if url else re.split(r"[/\\]", path or "")[-1]
    return PinnedFile(name or None, sha256)


def _last(url: str, line: int) -> str:
    try:
        return unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:
        raise LockInvalid(f"{quoted(url)} is no URL", line) from None


def _checked(value: Any, kind: type[T], key: str, line: int) -> T:
    if not isinstance(value, kind):
        raise LockInvalid(f"{key} must be {_NAMES[kind]}", line)
    return value
