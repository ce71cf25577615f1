"""A writer of zip archives that writes whatever it is told to, however wrong."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

STORED = 0
DEFLATED = 8
DATA_DESCRIPTOR = 0x0008
UTF_8 = 0x0800
FULL16 = 0xFFFF
FULL32 = 0xFFFFFFFF
ZIP64 = 0x0001
UNICODE_PATH = 0x7075

END = struct.Struct("<4s4H2LH")
LOCATOR = struct.Struct("<4sLQL")
END64 = struct.Struct("<4sQ2H2L4Q")

Fields = Mapping[str, int | bytes]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A member; by default its headers state the truth.

    ``local`` and ``central`` replace what one of the headers says: ``name``, ``version``,
    ``flags``, ``method``, ``crc``, ``packed``, ``unpacked``, ``extra``, and in the central
    directory ``offset``, ``comment``, ``disk`` and ``attributes``. ``before`` and ``after`` are
    bytes around the member; it may be absent from the archive or from the directory.
    """

    name: str
    data: bytes = b""
    method: int = STORED
    flags: int = UTF_8
    local: Fields = field(default_factory=dict)
    central: Fields = field(default_factory=dict)
    before: bytes = b""
    after: bytes = b""
    stored: bool = True
    listed: bool = True

    @property
    def packed(self) -> bytes:
        """The data as they stand in the archive."""
        if self.method != DEFLATED:
            return self.data
        stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return stream.compress(self.data) + stream.flush()

    def header(self, changes: Fields) -> dict[str, int | bytes]:
        """What both headers say, with changes."""
        truth: dict[str, int | bytes] = {
            "name": self.name.encode("utf-8", "surrogateescape"),
            "version": 20,
            "flags": self.flags,
            "method": self.method,
            "crc": zlib.crc32(self.data),
            "packed": len(self.packed),
            "unpacked": len(self.data),
            "extra": b"",
            "comment": b"",
            "disk": 0,
            "attributes": (0o40755 << 16 | 0x10) if self.name.endswith("/") else 0o100644 << 16,
        }
        return truth | dict(changes)


def build_zip(
    entries: Iterable[Entry],
    *,
    prefix: bytes = b"",
    before_directory: bytes = b"",
    before_end: bytes = b"",
    comment: bytes = b"",
    suffix: bytes = b"",
    end: Fields | None = None,
    end64: Mapping[str, int] | None = None,
    locator: bool = True,
) -> bytes:
    """Build an archive.

    ``end`` replaces what the end record says: ``disk``, ``directory_disk``, ``here``, ``count``,
    ``size``, ``start`` and ``comment_length``. With ``end64`` there is a ZIP64 end record too, in
    which it replaces values of the same names, and ``length``, ``extension`` (zero bytes that
    follow), ``at`` and ``disks`` (in its locator).
    """
    body, directory = bytearray(prefix), bytearray()
    count = 0
    for entry in entries:
        body += entry.before
        offset = len(body)
        if entry.stored:
            body += _local(entry.header(entry.local)) + entry.packed + entry.after
        if entry.listed:
            directory += _central(entry.header({"offset": offset, **entry.central}))
            count += 1
    body += before_directory
    start = len(body)
    body += directory + before_end
    truth = {
        "disk": 0,
        "directory_disk": 0,
        "here": count,
        "count": count,
        "size": len(directory),
        "start": start,
        "comment_length": len(comment),
    }
    if end64 is not None:
        body += _end64(len(body), truth | {"length": END64.size - 12} | dict(end64), locator)
        saturated = {"here": FULL16, "count": FULL16, "size": FULL32, "start": FULL32}
        truth |= saturated
    said = {**truth, **(end or {})}
    body += END.pack(b"PK\x05\x06", *(said[key] for key in truth)) + comment + suffix
    return bytes(body)


def extra(*fields: tuple[int, bytes]) -> bytes:
    """Extra fields of the given kinds and contents."""
    return b"".join(struct.pack("<2H", kind, len(data)) + data for kind, data in fields)


def zip64(*sizes: int, disk: bytes = b"") -> bytes:
    """A ZIP64 extra field."""
    return extra((ZIP64, struct.pack(f"<{len(sizes)}Q", *sizes) + disk))


def unicode_path(name: bytes, header_name: bytes) -> bytes:
    """An extra field that names the member anew."""
    return extra((UNICODE_PATH, struct.pack("<BL", 1, zlib.crc32(header_name)) + name))


def _local(fields: Mapping[str, int | bytes]) -> bytes:
    name, more = fields["name"], fields["extra"]
    assert isinstance(name, bytes)
    assert isinstance(more, bytes)
    sizes = (fields["crc"], fields["packed"], fields["unpacked"])
    return (
        struct.pack("<4s3H", b"PK\x03\x04", fields["version"], fields["flags"], fields["method"])
        + struct.pack("<2H", 0, 0x21)
        + struct.pack("<3L2H", *sizes, len(name), len(more))
        + name
        + more
    )


def _central(fields: Mapping[str, int | bytes]) -> bytes:
    name, more, comment = fields["name"], fields["extra"], fields["comment"]
    assert isinstance(name, bytes)
    assert isinstance(more, bytes)
    assert isinstance(comment, bytes)
    sizes = (fields["crc"], fields["packed"], fields["unpacked"])
    return (
        struct.pack("<4s2H", b"PK\x01\x02", 0x314, fields["version"])
        + struct.pack("<4H", fields["flags"], fields["method"], 0, 0x21)
        + struct.pack("<3L3H", *sizes, len(name), len(more), len(comment))
        + struct.pack("<2H2L", fields["disk"], 0, fields["attributes"], fields["offset"])
        + name
        + more
        + comment
    )


def _end64(at: int, said: Mapping[str, int], locator: bool) -> bytes:
    numbers = [said[key] for key in ("here", "count", "size", "start")]
    record = END64.pack(
        b"PK\x06\x06", said["length"], 45, 45, said["disk"], said["directory_disk"], *numbers
    ) + bytes(said.get("extension", 0))
    if not locator:
        return record
    return record + LOCATOR.pack(b"PK\x06\x07", 0, said.get("at", at), said.get("disks", 1))
