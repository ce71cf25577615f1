"""The end of a zip archive: one or two records that say where its central directory is."""

from __future__ import annotations

from struct import Struct
from typing import BinaryIO

from stockroom.dists.refusals import ArchiveRefused
from stockroom.dists.zip_extras import FULL16, FULL32, not_accepted

_END = Struct("<4s4H2LH")
END_MAGIC = b"PK\x05\x06"
_LOCATOR = Struct("<4sLQL")
_LOCATOR_MAGIC = b"PK\x06\x07"
_END64 = Struct("<4sQ2H2L4Q")
_END64_MAGIC = b"PK\x06\x06"
_END64_SIZE = _END64.size - 12  # the record does not count its first two fields

_LONGEST_COMMENT = 0xFFFF


def find_end(file: BinaryIO, size: int) -> tuple[int, bytes] | None:
    """Find the end record, with its comment the last bytes of the file (U-107).

    Returns its offset and the bytes right before and up to its comment; raises ArchiveRefused if
    anything else follows.
    """
    before = _END64.size + _LOCATOR.size
    tail_start = max(0, size - before - _END.size - _LONGEST_COMMENT)
    file.seek(tail_start)
    tail = file.read(size - tail_start)
    # The last one counts: a comment that holds another one would be read differently elsewhere.
    at = tail.rfind(END_MAGIC)
    if at < 0 or at + _END.size > len(tail):
        return None
    if at + _END.size + _END.unpack_from(tail, at)[-1] != len(tail):
        raise not_accepted("zip-trailing-bytes", "its end record is not at the end of the file")
    return tail_start + at, tail[max(0, at - before) : at + _END.size]


def read_end(at: int, records: bytes) -> tuple[int, int, int]:
    """Read count, size and offset of the central directory; they must fit exactly (U-106)."""
    _, *disks, count, length, start, _ = _END.unpack(records[-_END.size :])
    end = at
    locator = records[: -_END.size][-_LOCATOR.size :]
    if locator.startswith(_LOCATOR_MAGIC):
        end, *wide = _read_end64(at, records)
        for narrow, value, full in zip(
            (disks[-1], count, length, start),
            wide,
            (FULL16, FULL16, FULL32, FULL32),
            strict=True,
        ):
            if narrow not in (full, value):
                raise bad_end("its two end records contradict each other")
        disks[-1], count, length, start = wide
    if disks != [0, 0, count] or start + length != end:
        raise bad_end("its end record does not fit its central directory")
    return count, length, start


def _read_end64(at: int, records: bytes) -> tuple[int, int, int, int, int]:
    """Read the ZIP64 end record, right before its locator: offset, two counts, size, offset."""
    end64_at = at - _LOCATOR.size - _END64.size
    if end64_at < 0:
        raise bad_end("its ZIP64 end record is missing")
    _, disk, stated_at, disk_count = _LOCATOR.unpack(records[_END64.size : -_END.size])
    magic, length, _, _, *disks, here, count, size, start = _END64.unpack_from(records)
    if magic != _END64_MAGIC or length != _END64_SIZE or stated_at != end64_at:
        raise bad_end("its ZIP64 end record is not where it belongs")
    if disks != [0, 0] or disk != 0 or disk_count > 1:
        raise bad_end("it is one of several parts")
    return end64_at, here, count, size, start


def bad_end(reason: str) -> ArchiveRefused:
    """Say that an archive contradicts its end record (U-106)."""
    return not_accepted("zip-end-record", reason)
