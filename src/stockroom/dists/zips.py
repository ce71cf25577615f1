"""A reader of zip archives that come from outside.

It reads the records itself, because they are what is to be checked: readers of zip archives differ
in what they believe, and a library hides where they differ. The central directory, of a bounded
size, is held in memory; single members are unpacked into memory up to their stated size.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO, NamedTuple

from stockroom.dists.limits import MAX_DIRECTORY_BYTES, MAX_MEMBERS
from stockroom.dists.quoting import quoted
from stockroom.dists.refusals import ArchiveRefused

STORED = 0
DEFLATED = 8
ENCRYPTED = 0x0001

_END = Struct("<4s4H2LH")
_END_MAGIC = b"PK\x05\x06"
_LOCATOR = Struct("<4sLQL")
_LOCATOR_MAGIC = b"PK\x06\x07"
_END64 = Struct("<4sQ2H2L4Q")
_END64_MAGIC = b"PK\x06\x06"
_END64_SIZE = _END64.size - 12  # the record does not count its first two fields
_ENTRY = Struct("<4s6H3L5H2L")
_ENTRY_MAGIC = b"PK\x01\x02"
_LOCAL = Struct("<4s5H3L2H")
_LOCAL_MAGIC = b"PK\x03\x04"

_LONGEST_COMMENT = 0xFFFF
_FULL16 = 0xFFFF
_FULL32 = 0xFFFFFFFF
_ZIP64_EXTRA = 0x0001
_EXTRA = Struct("<2H")
_SIZE64 = 8


class ZipMember(NamedTuple):
    """One entry of the central directory; a named tuple, because there may be 100,000.

    ``offset`` is where its local header starts, ``packed`` and ``unpacked`` are sizes in bytes.
    Bytes of the name that are no UTF-8 are lone surrogates.
    """

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    offset: int
    attributes: int


@dataclass(frozen=True, slots=True)
class ZipArchive:
    """An open archive: its members in the order of the central directory, which ``start``s there.

    ``size`` is that of the file.
    """

    file: BinaryIO
    size: int
    start: int
    members: tuple[ZipMember, ...]

    def read(self, member: ZipMember) -> bytes:
        """Unpack a member, whose stated size the caller has found acceptable.

        Raises ArchiveRefused if its content is not what the central directory says.
        """
        if member.flags & ENCRYPTED:
            raise _damaged(f"{quoted(member.name)} is encrypted")
        if member.method not in (STORED, DEFLATED):
            raise _damaged(f"{quoted(member.name)} has an unknown compression method")
        packed = self._packed(member)
        data = packed if member.method == STORED else _inflate(packed, member)
        if len(data) != member.unpacked or zlib.crc32(data) != member.crc:
            raise _damaged(f"the content of {quoted(member.name)} has another size or checksum")
        return data

    def _packed(self, member: ZipMember) -> bytes:
        # Deflate needs five bytes for each 64 kB that it cannot compress.
        if member.packed > member.unpacked + member.unpacked // 1000 + 1024:
            raise _damaged(f"the sizes of {quoted(member.name)} contradict each other")
        name = member.name.encode("utf-8", "surrogateescape")
        header_end = member.offset + _LOCAL.size + len(name)
        if header_end > self.start:
            raise _damaged(f"{quoted(member.name)} lies outside of the archive")
        self.file.seek(member.offset)
        header = self.file.read(_LOCAL.size + len(name))
        magic, *_, name_length, extra_length = _LOCAL.unpack_from(header)
        if magic != _LOCAL_MAGIC or name_length != len(name) or header[_LOCAL.size :] != name:
            raise _damaged(f"{quoted(member.name)} has no local header of that name")
        if header_end + extra_length + member.packed > self.start:
            raise _damaged(f"{quoted(member.name)} lies outside of the archive")
        self.file.seek(header_end + extra_length)
        return self.file.read(member.packed)


def open_zip(file: BinaryIO) -> ZipArchive:
    """Read the central directory of ``file``, a buffered, seekable file.

    Raises ArchiveRefused if it is no zip archive, a damaged one, or one with too many members.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if file.read(4) not in (_LOCAL_MAGIC, _END_MAGIC):
        raise ArchiveRefused("zip-invalid", "The file is not a zip archive; build the wheel anew.")
    end = _find_end(file, size)
    if end is None:
        raise _damaged("it has no end record, or bytes after it")
    count, length, start = _read_end(*end)
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
    return _find_end(file, file.seek(0, io.SEEK_END)) is not None


def _find_end(file: BinaryIO, size: int) -> tuple[int, bytes] | None:
    """Find the end record, with its comment the last bytes of the file (U-107).

    Returns its offset and the bytes right before and up to its comment.
    """
    before = _END64.size + _LOCATOR.size
    tail_start = max(0, size - before - _END.size - _LONGEST_COMMENT)
    file.seek(tail_start)
    tail = file.read(size - tail_start)
    # The last one counts: a comment that holds another one would be read differently elsewhere.
    at = tail.rfind(_END_MAGIC)
    if at < 0 or at + _END.size > len(tail):
        return None
    if at + _END.size + _END.unpack_from(tail, at)[-1] != len(tail):
        return None
    return tail_start + at, tail[max(0, at - before) : at + _END.size]


def _read_end(at: int, records: bytes) -> tuple[int, int, int]:
    """Read count, size and offset of the central directory; they must fit exactly (U-106)."""
    _, *disks, count, length, start, _ = _END.unpack(records[-_END.size :])
    end = at
    locator = records[: -_END.size][-_LOCATOR.size :]
    if locator.startswith(_LOCATOR_MAGIC):
        end, *wide = _read_end64(at, records)
        for narrow, value, full in zip(
            (disks[-1], count, length, start),
            wide,
            (_FULL16, _FULL16, _FULL32, _FULL32),
            strict=True,
        ):
            if narrow not in (full, value):
                raise _damaged("its two end records contradict each other")
        disks[-1], count, length, start = wide
    if disks != [0, 0, count] or start + length != end:
        raise _damaged("the end record does not fit the central directory")
    return count, length, start


def _read_end64(at: int, records: bytes) -> tuple[int, int, int, int, int]:
    """Read the ZIP64 end record, right before its locator: offset, two counts, size, offset."""
    end64_at = at - _LOCATOR.size - _END64.size
    if end64_at < 0:
        raise _damaged("its ZIP64 end record is missing")
    _, disk, stated_at, disk_count = _LOCATOR.unpack(records[_END64.size : -_END.size])
    magic, length, _, _, *disks, here, count, size, start = _END64.unpack_from(records)
    if magic != _END64_MAGIC or length != _END64_SIZE or stated_at != end64_at:
        raise _damaged("its ZIP64 end record is not where it belongs")
    if disks != [0, 0] or disk != 0 or disk_count > 1:
        raise _damaged("it is one of several parts")
    return end64_at, here, count, size, start


def _read_directory(data: bytes, count: int) -> tuple[ZipMember, ...]:
    members: list[ZipMember] = []
    unpack, at, length = _ENTRY.unpack_from, 0, len(data)
    while len(members) < count and at + _ENTRY.size <= length:
        fields = unpack(data, at)
        magic, _, _, flags, method, _, _, crc, packed, unpacked = fields[:10]
        name_length, extra_length, comment_length, disk, _, attributes, offset = fields[10:]
        name_at = at + _ENTRY.size
        extra_at = name_at + name_length
        at = extra_at + extra_length + comment_length
        if magic != _ENTRY_MAGIC or disk or at > length:
            break
        if _FULL32 in (packed, unpacked, offset):
            extra = data[extra_at : extra_at + extra_length]
            unpacked, packed, offset = _widened(extra, unpacked, packed, offset)
        name = data[name_at:extra_at].decode("utf-8", "surrogateescape")
        members.append(ZipMember(name, flags, method, crc, packed, unpacked, offset, attributes))
    if len(members) != count or at != length:
        raise _damaged("its central directory cannot be read")
    return tuple(members)


def _widened(extra: bytes, *values: int) -> list[int]:
    """Replace each value that is all ones by its 64-bit form, which an extra field holds."""
    wide = _extra_field(extra, _ZIP64_EXTRA)
    widened = []
    for value in values:
        if value == _FULL32:
            if len(wide) < _SIZE64:
                raise _damaged("a ZIP64 size is missing")
            widened.append(int.from_bytes(wide[:_SIZE64], "little"))
            wide = wide[_SIZE64:]
        else:
            widened.append(value)
    return widened


def _extra_field(extra: bytes, wanted: int) -> bytes:
    """Give the content of the first extra field of a kind, empty if there is none."""
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if kind == wanted:
            return extra[at : at + length]
        at += length
    return b""


def _inflate(packed: bytes, member: ZipMember) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        # One byte more than stated, so that a longer content shows.
        data = stream.decompress(packed, member.unpacked + 1)
    except zlib.error:
        raise _damaged(f"{quoted(member.name)} cannot be unpacked") from None
    if not stream.eof or stream.unused_data:
        raise _damaged(f"the compressed data of {quoted(member.name)} has another size")
    return data


def _damaged(reason: str) -> ArchiveRefused:
    return ArchiveRefused(
        "zip-damaged", f"The zip archive cannot be trusted: {reason}; build the wheel anew."
    )
