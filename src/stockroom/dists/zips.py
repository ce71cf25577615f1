"""A reader of zip archives that come from outside.

It reads the records itself, because they are what is to be checked: readers of zip archives differ
in what they believe, and a library hides where they differ. The central directory, of a bounded
size, is held in memory; members are unpacked in pieces, up to their stated size.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO, NamedTuple

from stockroom.dists.limits import MAX_DIRECTORY_BYTES, MAX_MEMBERS
from stockroom.dists.quoting import quoted
from stockroom.dists.refusals import ArchiveRefused
from stockroom.dists.zip_ends import END_MAGIC, bad_end, find_end, read_end
from stockroom.dists.zip_extras import (
    FULL32,
    SIZE64,
    ZIP64,
    not_accepted,
    read_extras,
    widened,
)

STORED = 0
DEFLATED = 8
ENCRYPTED = 0x0001

LOCAL_MAGIC = b"PK\x03\x04"
_ENTRY = Struct("<4s6H3L5H2L")
_ENTRY_MAGIC = b"PK\x01\x02"
_LOCAL = Struct("<4s5H3L2H")

_READ = 64 * 1024
_UNPACK = 256 * 1024


class ZipMember(NamedTuple):
    """One entry of the central directory; a named tuple, because there may be 100,000.

    ``version`` is what a reader must understand, ``offset`` is where its local header starts,
    ``packed`` and ``unpacked`` are sizes in bytes, ``comment`` is the length of one. Bytes of the
    name that are no UTF-8 are lone surrogates.
    """

    name: str
    version: int
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    offset: int
    attributes: int
    extra: bytes
    comment: int


class LocalHeader(NamedTuple):
    """What stands before the data of a member, which begin at ``data``."""

    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    extras: dict[int, bytes]
    data: int


@dataclass(frozen=True, slots=True)
class ZipArchive:
    """An open archive: its members in the order of the central directory, which ``start``s there.

    ``size`` is that of the file.
    """

    file: BinaryIO
    size: int
    start: int
    members: tuple[ZipMember, ...]

    def local_header(self, member: ZipMember) -> LocalHeader:
        """Read the header before a member's data.

        Raises ArchiveRefused if there is none, or if it has another name.
        """
        at = member.offset
        self.file.seek(min(at, self.size))
        fixed = self.file.read(_LOCAL.size)
        if at + _LOCAL.size > self.start or not fixed.startswith(LOCAL_MAGIC):
            raise not_accepted(
                "zip-member-missing", f"{quoted(member.name)} is not where the directory says"
            )
        _, _, flags, method, _, _, crc, packed, unpacked, *lengths = _LOCAL.unpack(fixed)
        data = at + _LOCAL.size + sum(lengths)
        if data > self.start:
            raise _outside(member)
        name, extra = self.file.read(lengths[0]), self.file.read(lengths[1])
        if name != member.name.encode("utf-8", "surrogateescape"):
            raise not_accepted(
                "zip-names-differ", f"{quoted(member.name)} has another name in its local header"
            )
        extras = read_extras(extra, member.name)
        if extras or FULL32 in (packed, unpacked):
            field = extras.get(ZIP64)
            # Here one size stands for both, which is the truth only of what is stored.
            if field is not None and len(field) == SIZE64 and method == STORED:
                field *= 2
            unpacked, packed = widened(field, (unpacked, packed), member.name)
        return LocalHeader(flags, method, crc, packed, unpacked, extras, data)

    def read(self, member: ZipMember) -> bytes:
        """Unpack a member, whose stated size the caller has found acceptable.

        Raises ArchiveRefused if its content is not what the central directory says.
        """
        return b"".join(self.pieces(member))

    def pieces(self, member: ZipMember) -> Iterator[bytes]:
        """Unpack a member piece by piece.

        Raises ArchiveRefused, at the latest after the last piece, if the content is not what the
        central directory says.
        """
        if member.flags & ENCRYPTED:
            raise encrypted(member)
        if member.method not in (STORED, DEFLATED):
            raise unknown_method(member)
        data = self.local_header(member).data
        if data + member.packed > self.start:
            raise _outside(member)
        if member.method == STORED and member.packed != member.unpacked:
            raise _other_content(member)
        size = crc = 0
        packed = self._packed(data, member.packed)
        for piece in packed if member.method == STORED else _inflated(packed, member):
            size += len(piece)
            crc = zlib.crc32(piece, crc)
            yield piece
        if size != member.unpacked or crc != member.crc:
            raise _other_content(member)

    def _packed(self, at: int, count: int) -> Iterator[bytes]:
        self.file.seek(at)
        while count and (piece := self.file.read(min(count, _READ))):
            count -= len(piece)
            yield piece


def open_zip(file: BinaryIO) -> ZipArchive:
    """Read the central directory of ``file``, a buffered, seekable file.

    Raises ArchiveRefused if it is no zip archive, a damaged one, or one with too many members.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    begins = file.read(4) in (LOCAL_MAGIC, END_MAGIC)
    end = find_end(file, size)
    if end is None and not begins:
        raise ArchiveRefused(
            "zip-invalid", "The file is not a zip archive; build the distribution anew."
        )
    if not begins:
        raise not_accepted("zip-leading-bytes", "bytes precede the first member")
    if end is None:
        raise not_accepted("zip-damaged", "it has no end record, or one that is cut off")
    count, length, start = read_end(*end)
    if count > MAX_MEMBERS or length > MAX_DIRECTORY_BYTES:
        raise ArchiveRefused(
            "archive-too-many-members",
            f"The archive has more than {MAX_MEMBERS} members, or very long names; split the"
            " distribution.",
        )
    file.seek(start)
    members = _read_directory(file.read(length), count)
    return ZipArchive(file=file, size=size, start=start, members=members)


def ends_as_zip(file: BinaryIO) -> bool:
    """Tell whether ``file``, whatever it begins with, ends with the end record of a zip (U-78)."""
    try:
        return find_end(file, file.seek(0, io.SEEK_END)) is not None
    except ArchiveRefused:
        return False


def encrypted(member: ZipMember) -> ArchiveRefused:
    """Say that nobody can read a member (U-108)."""
    return not_accepted(
        "zip-encrypted", f"the member {quoted(member.name)} is encrypted", "store it in clear"
    )


def unknown_method(member: ZipMember) -> ArchiveRefused:
    """Say that not every installer can unpack a member (U-80)."""
    return ArchiveRefused(
        "zip-compression-method",
        f"The member {quoted(member.name)} is compressed with method {member.method};"
        " use deflate, or none.",
    )


def _read_directory(data: bytes, count: int) -> tuple[ZipMember, ...]:
    members: list[ZipMember] = []
    unpack, at, length = _ENTRY.unpack_from, 0, len(data)
    while len(members) < count and at + _ENTRY.size <= length:
        fields = unpack(data, at)
        magic, _, version, flags, method, _, _, crc, packed, unpacked = fields[:10]
        name_length, extra_length, comment, disk, _, attributes, offset = fields[10:]
        name_at = at + _ENTRY.size
        extra_at = name_at + name_length
        at = extra_at + extra_length + comment
        if magic != _ENTRY_MAGIC or disk or at > length:
            break
        name = data[name_at:extra_at].decode("utf-8", "surrogateescape")
        extra = data[extra_at : extra_at + extra_length]
        if extra or FULL32 in (packed, unpacked, offset):
            field = read_extras(extra, name).get(ZIP64)
            unpacked, packed, offset = widened(field, (unpacked, packed, offset), name)
        numbers = (version, flags, method, crc, packed, unpacked, offset, attributes)
        members.append(ZipMember(name, *numbers, extra, comment))
    if len(members) != count or at != length:
        raise bad_end("its central directory is not what the end record says")
    return tuple(members)


def _inflated(packed: Iterator[bytes], member: ZipMember) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    # One byte more than stated, so that a longer content shows.
    left = member.unpacked + 1
    while not stream.eof:
        data = stream.unconsumed_tail or next(packed, b"")
        try:
            piece = stream.decompress(data, min(left, _UNPACK))
        except zlib.error:
            raise not_accepted("zip-damaged", f"{quoted(member.name)} cannot be unpacked") from None
        left -= len(piece)
        if not left or not (data or piece):
            raise _other_content(member)
        yield piece
    if stream.unused_data or next(packed, None):
        raise _other_content(member)


def _outside(member: ZipMember) -> ArchiveRefused:
    return not_accepted("zip-damaged", f"{quoted(member.name)} lies outside of the archive")


def _other_content(member: ZipMember) -> ArchiveRefused:
    return not_accepted(
        "zip-damaged", f"the content of {quoted(member.name)} has another size or checksum"
    )
