"""A wheel of any size that takes hardly any room on the disk: its members are holes in the file."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from tests.archives import make_metadata, make_record, make_wheel_file
from tests.corpus.zip_builder import Entry, build_zip

FILENAME = "sample-1.0-py3-none-any.whl"
_DIST_INFO = "sample-1.0.dist-info"


def write_large_wheel(path: Path, members: int, size: int) -> None:
    """Write a wheel with ``members`` modules of ``size`` zero bytes each, stored."""
    zeros = bytes(size)
    crc = zlib.crc32(zeros)
    names = [f"sample/package_{n // 100}/module_{n}.bin" for n in range(members)]
    row = make_record({"": zeros}, _DIST_INFO).decode().partition("\n")[0]
    files = {
        f"{_DIST_INFO}/METADATA": make_metadata(),
        f"{_DIST_INFO}/WHEEL": make_wheel_file(),
    }
    record = "".join(f"{name}{row}\n" for name in names).encode()
    files[f"{_DIST_INFO}/RECORD"] = record + make_record(files, _DIST_INFO)
    directory = bytearray()
    with path.open("wb") as file:
        for name in names:
            header, entry = _headers(name, crc, size, file.tell())
            file.write(header)
            file.seek(size, 1)
            directory += entry
        start = file.tell()
        # The few files that matter come with a directory of their own, to be moved to the end.
        tail = build_zip([Entry(name=name, data=data) for name, data in files.items()])
        count, length, at = struct.unpack("<10xHLL2x", tail[-22:])
        file.write(tail[:at])
        directory += _moved(tail[at : at + length], start)
        file.write(directory)
        total = members + count
        file.write(
            struct.pack(
                "<4s4H2LH", b"PK\x05\x06", 0, 0, total, total, len(directory), start + at, 0
            )
        )


def _headers(name: str, crc: int, size: int, offset: int) -> tuple[bytes, bytes]:
    """The local header and the entry of the central directory."""
    moved = Entry(name=name, central={"crc": crc, "packed": size, "unpacked": size})
    sized = Entry(name=name, local={"crc": crc, "packed": size, "unpacked": size})
    header = build_zip([sized])[: 30 + len(name)]
    entry = build_zip([moved])[30 + len(name) : -22]
    return header, _moved(entry, offset)


def _moved(directory: bytes, by: int) -> bytes:
    """Add to the offset of each entry."""
    moved, at = bytearray(directory), 0
    while at < len(moved):
        lengths = struct.unpack_from("<3H", moved, at + 28)
        (offset,) = struct.unpack_from("<L", moved, at + 42)
        struct.pack_into("<L", moved, at + 42, offset + by)
        at += 46 + sum(lengths)
    return bytes(moved)
