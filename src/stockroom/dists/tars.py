"""A reader of tar archives that come from outside: ustar, pax and GNU, as a stream.

Readers of tar archives differ where headers contradict each other, and an archive that is read in
two ways can hide a file from one of them. So a header that says a thing twice must agree with
itself, and what well-behaved writers never produce is refused rather than interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from stockroom.dists.gzips import GzipStream
from stockroom.dists.limits import MAX_EXTENSION_BYTES, MAX_MEMBERS, MAX_NAME_BYTES
from stockroom.dists.refusals import ArchiveRefused

BLOCK = 512
_ZERO = bytes(BLOCK)
_CHECKSUM = slice(148, 156)
_USTAR = b"ustar\0"
_EXTENSIONS = b"xXgLK"
_SPARSE = b"S"
_SPARSE_KEY = b"GNU.sparse."
_LONGEST_RECORD_DIGITS = 8
_OCTAL = re.compile(rb"[0-7]+\Z")


class Kind(Enum):
    """What a member of an archive becomes when it is unpacked."""

    FILE = auto()
    DIRECTORY = auto()
    SYMLINK = auto()
    HARDLINK = auto()
    SPECIAL = auto()


_KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.SPECIAL,
    b"4": Kind.SPECIAL,
    b"5": Kind.DIRECTORY,
    b"6": Kind.SPECIAL,
}


class TarMember(NamedTuple):
    """One member; ``link`` is the target of a link.

    ``size`` is in bytes. Bytes of the names that are no UTF-8 are lone surrogates.
    """

    name: str
    kind: Kind
    size: int
    link: str


class TarReader:
    """The members of an archive in order; iterate once, to the end.

    Iterating raises ArchiveRefused if the archive is damaged or ambiguous.
    """

    def __init__(self, stream: GzipStream) -> None:
        self._stream = stream
        self._unread = 0
        self._padding = 0
        self._name_bytes = 0
        self._extensions: dict[bytes, bytes] = {}

    def __iter__(self) -> Iterator[TarMember]:
        """Yield each member, and prove after the last one that nothing follows."""
        for count, block in enumerate(iter(self._next_header, b"")):
            if count >= MAX_MEMBERS or self._name_bytes > MAX_NAME_BYTES:
                raise ArchiveRefused(
                    "archive-too-many-members",
                    f"The archive has more than {MAX_MEMBERS} members, or very long names; leave"
                    " some out.",
                )
            if block[156] in _EXTENSIONS:
                self._read_extension(block)
            else:
                yield self._member(block)
        if self._extensions:
            raise _damaged("it ends after an extended header")
        if not self._stream.rest_is_zero():
            raise _damaged("data follows its end")

    def content(self) -> bytes:
        """Read the content of the member yielded last; the caller has looked at its size."""
        data = self._stream.read(self._unread)
        if len(data) < self._unread:
            raise _damaged("it ends in the middle of a member")
        self._unread = 0
        return data

    def _next_header(self) -> bytes:
        """Read the header of the next member; empty at the end of the archive."""
        if not self._stream.skip(self._unread + self._padding):
            raise _damaged("it ends in the middle of a member")
        block = self._stream.read(BLOCK)
        if not block or block == _ZERO:
            return b""
        if len(block) < BLOCK or not has_checksum(block):
            raise _damaged("a header has a wrong checksum")
        self._unread = _number(block[124:136])
        self._padding = -self._unread % BLOCK
        return block

    def _read_extension(self, block: bytes) -> None:
        """Read a header that says more about the next member, or (``g``) about all of them."""
        if self._unread > MAX_EXTENSION_BYTES:
            raise _damaged("an extended header is too large")
        content, kind = self.content(), block[156:157]
        if kind in (b"L", b"K"):
            records = {b"path" if kind == b"L" else b"linkpath": content.partition(b"\0")[0]}
        else:
            records = _pax_records(content)
        if kind == b"g":
            if not {b"path", b"linkpath", b"size"}.isdisjoint(records):
                raise _damaged("a global header names a file")
        elif not self._extensions.keys().isdisjoint(records):
            raise _damaged("two extended headers contradict each other")
        else:
            self._extensions.update(records)

    def _member(self, block: bytes) -> TarMember:
        stated, self._extensions = self._extensions, {}
        if block[156:157] == _SPARSE or any(key.startswith(_SPARSE_KEY) for key in stated):
            raise ArchiveRefused(
                "tar-sparse-member",
                "The archive holds a sparse file, which not every tool can unpack; store it whole.",
            )
        size, kind = self._unread, _KINDS.get(block[156:157], Kind.SPECIAL)
        if stated.get(b"size", b"%d" % size) != b"%d" % size:
            raise _damaged("a member states two sizes")
        name = stated.get(b"path") or _name(block)
        link = stated.get(b"linkpath") or block[157:257].partition(b"\0")[0]
        if not name or b"\0" in name or b"\0" in link:
            raise _damaged("a member has no valid name")
        self._name_bytes += len(name) + len(link)
        # Before there was a type for them, directories were files with a slash.
        if block[156] == 0 and name.endswith(b"/"):
            kind = Kind.DIRECTORY
        if size and kind is not Kind.FILE:
            raise _damaged("a member that is no file has content")
        return TarMember(_text(name), kind, size, _text(link))


def has_checksum(block: bytes) -> bool:
    """Tell whether ``block`` is the header of a member, by the checksum that it holds."""
    # The bytes of the checksum itself are counted as spaces.
    return _octal(block[_CHECKSUM]) == sum(block) - sum(block[_CHECKSUM]) + 8 * 0x20


def _name(block: bytes) -> bytes:
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0]
    if not prefix:
        return name
    # The older formats keep other things in this place.
    if block[257:263] != _USTAR:
        raise _damaged("a name prefix in a format that has none")
    return prefix + b"/" + name


def _number(digits: bytes) -> int:
    """Read a number in a header: octal, or binary if the first bit says so."""
    number = int.from_bytes(digits[1:], "big") if digits[0] == 0x80 else _octal(digits)
    if number is None:
        raise _damaged("a header has an invalid number")
    return number


def _octal(digits: bytes) -> int | None:
    digits = digits.strip(b" \0") or b"0"
    # Checked first, because int() takes signs, prefixes and underscores too.
    return int(digits, 8) if _OCTAL.match(digits) else None


def _pax_records(content: bytes) -> dict[bytes, bytes]:
    """Read ``length key=value`` lines, whose length counts itself."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(content):
        space = content.find(b" ", at, at + _LONGEST_RECORD_DIGITS)
        digits = content[at:space] if space > 0 else b""
        end = at + int(digits) if digits.isdigit() else 0
        key, equals, value = content[space + 1 : end - 1].partition(b"=")
        if not space < end <= len(content) or content[end - 1] != 10 or not equals:
            raise _damaged("an extended header cannot be read")
        if key in records:
            raise _damaged("an extended header says a thing twice")
        records[key] = value
        at = end
    return records


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _damaged(reason: str) -> ArchiveRefused:
    return ArchiveRefused(
        "tar-damaged", f"The tar archive is damaged or ambiguous: {reason}; build the sdist anew."
    )
