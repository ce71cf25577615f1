"""The reader of zip archives."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from stockroom.dists.limits import MAX_DIRECTORY_BYTES, MAX_MEMBERS
from stockroom.dists.refusals import ArchiveRefused
from stockroom.dists.zips import ends_as_zip, open_zip
from tests.archives import make_zip

FILES: dict[str, str | bytes] = {
    "a.txt": "alpha" * 100,
    "b/": "",
    "b/ü.txt": "",
    "b/c.bin": bytes(range(256)),
}
END = 22
ENTRY_NAME = 46


def opened(data):
    return open_zip(io.BytesIO(data))


def refusal(data):
    with pytest.raises(ArchiveRefused) as refused:
        opened(data)
    assert refused.value.violation.field == "content"
    return refused.value.violation


def read_refusal(data, name="a.txt"):
    archive = opened(data)
    [member] = [member for member in archive.members if member.name == name]
    with pytest.raises(ArchiveRefused) as refused:
        archive.read(member)
    return refused.value.violation


def patched(data, at, layout, *values):
    """Replace bytes in the archive; a negative offset counts from its end."""
    changed = bytearray(data)
    struct.pack_into(layout, changed, at % len(data), *values)
    return bytes(changed)


def entry_of(data, name=b"a.txt"):
    """The offset of a member's entry in the central directory."""
    return data.rindex(name) - ENTRY_NAME


def as_zip64(data, **changes):
    """Give an archive a ZIP64 end record, with the usual values but for the ``changes``."""
    _, _, _, _, count, size, start, _ = struct.unpack("<4s4H2LH", data[-END:])
    record = {"length": 44, "here": count, "count": count, "size": size, "start": start} | changes
    at = len(data) - END
    return (
        data[:-END]
        + struct.pack("<4sQ2H2L", b"PK\x06\x06", record["length"], 45, 45, 0, 0)
        + struct.pack("<4Q", record["here"], record["count"], record["size"], record["start"])
        + struct.pack("<4sLQL", b"PK\x06\x07", 0, changes.get("at", at), 1)
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, *[0xFFFF] * 2, *[0xFFFFFFFF] * 2, 0)
    )


@pytest.mark.parametrize("compress", [True, False])
def test_members_are_listed_and_read(compress):
    data = make_zip(FILES, compress=compress)

    archive = opened(data)

    assert [member.name for member in archive.members] == list(FILES)
    assert [archive.read(member) for member in archive.members] == [
        content.encode() if isinstance(content, str) else content for content in FILES.values()
    ]


def test_the_members_are_those_that_the_standard_library_sees():
    data = make_zip(FILES)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        expected = [
            (i.filename, i.compress_type, i.CRC, i.compress_size, i.file_size, i.header_offset)
            for i in archive.infolist()
        ]

    members = opened(data).members

    assert [(m.name, m.method, m.crc, m.packed, m.unpacked, m.offset) for m in members] == expected


def test_u109_an_empty_archive_is_read():
    assert opened(make_zip({})).members == ()


def test_u109_a_comment_at_the_end_is_accepted():
    buffer = io.BytesIO(make_zip(FILES))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"c" * 0xFFFF

    assert len(opened(buffer.getvalue()).members) == len(FILES)


def test_u109_a_zip64_end_record_is_read():
    archive = opened(as_zip64(make_zip(FILES)))

    assert [archive.read(member) for member in archive.members][2] == b""
    assert len(archive.members) == len(FILES)


def test_u109_zip64_sizes_are_read():
    data = make_zip({"a.txt": "alpha"}, compress=False)
    entry, size = entry_of(data), 5
    extra = struct.pack("<HHHH", 0x7777, 4, 0, 0) + struct.pack("<HHQQ", 1, 16, size, size)
    wide = patched(data, entry + 20, "<LL", 0xFFFFFFFF, 0xFFFFFFFF)
    wide = patched(wide, entry + 30, "<H", len(extra))
    at = entry + ENTRY_NAME + len("a.txt")
    wide = wide[:at] + extra + wide[at:]
    wide = patched(wide, 12 - END, "<L", at + len(extra) - entry)

    archive = opened(wide)

    assert archive.read(archive.members[0]) == b"alpha"


def test_u104_a_zip64_size_that_is_missing_is_refused():
    data = make_zip({"a.txt": "alpha"})

    violation = refusal(patched(data, entry_of(data) + 20, "<L", 0xFFFFFFFF))

    assert violation.code == "zip-zip64-extra"


@pytest.mark.parametrize("data", [b"", b"PK", b"\x1f\x8b" + bytes(100), bytes(1000)])
def test_what_does_not_begin_as_a_zip_is_refused(data):
    assert refusal(data).code == "zip-invalid"


def test_u107_bytes_before_the_archive_are_refused():
    assert refusal(b"#!/bin/sh\n" + make_zip(FILES)).code == "zip-leading-bytes"


def test_u107_bytes_after_the_archive_are_refused():
    assert refusal(make_zip(FILES) + b"\0").code == "zip-trailing-bytes"


def test_a_second_end_record_in_the_comment_is_refused():
    inner = make_zip({})
    data = patched(make_zip(FILES), -2, "<H", len(inner) + 3) + inner + b"..."

    assert refusal(data).code == "zip-trailing-bytes"


def test_a_truncated_archive_is_refused():
    assert refusal(make_zip(FILES)[:-1]).code == "zip-damaged"


@pytest.mark.parametrize(
    ("offset", "layout", "value"),
    [
        pytest.param(4, "<H", 1, id="disk"),
        pytest.param(6, "<H", 1, id="disk-of-directory"),
        pytest.param(8, "<H", 3, id="members-here"),
        pytest.param(10, "<H", 3, id="members"),
        pytest.param(10, "<H", 0xFFFF, id="saturated"),
        pytest.param(12, "<L", 1, id="size"),
        pytest.param(16, "<L", 1, id="offset"),
        pytest.param(16, "<L", 0xFFFFFFFF, id="offset-outside"),
    ],
)
def test_u106_an_end_record_that_does_not_fit_is_refused(offset, layout, value):
    data = patched(make_zip(FILES), offset - END, layout, value)

    assert refusal(data).code == "zip-end-record"


def test_u106_both_counts_wrong_is_refused():
    data = patched(make_zip(FILES), 8 - END, "<HH", 3, 3)

    assert "central directory" in refusal(data).message


@pytest.mark.parametrize(
    "changes",
    [
        {"length": 60},
        {"at": 0},
        {"at": 2**63},
        {"count": 3},
        {"here": 2**64 - 1},
        {"size": 2**64 - 1},
        {"start": 2**64 - 1},
    ],
)
def test_u106_a_zip64_end_record_that_does_not_fit_is_refused(changes):
    assert refusal(as_zip64(make_zip(FILES), **changes)).code == "zip-end-record"


def test_u106_one_of_several_parts_is_refused():
    data = as_zip64(make_zip(FILES))

    assert "several parts" in refusal(patched(data, -END - 20 - 40, "<L", 1)).message


def test_u106_end_records_that_differ_are_refused():
    data = patched(as_zip64(make_zip(FILES)), 12 - END, "<L", 1)

    assert "contradict" in refusal(data).message


def test_a_locator_without_its_record_is_refused():
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)

    assert refusal(b"PK\x03\x04" + locator + make_zip({})).code == "zip-end-record"


def test_u79_too_many_members_are_refused_before_they_are_read():
    directory = bytes(46) * 2
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, len(directory), 4, 0)
    many = MAX_MEMBERS + 1

    data = as_zip64(b"PK\x03\x04" + directory + end, here=many, count=many)

    assert refusal(data).code == "archive-too-many-members"


def test_u79_a_huge_central_directory_is_refused_before_it_is_read():
    size = MAX_DIRECTORY_BYTES + 1
    file = io.BytesIO(b"PK\x03\x04")
    file.seek(4 + size)
    file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, size, 4, 0))

    with pytest.raises(ArchiveRefused) as refused:
        open_zip(file)

    assert refused.value.violation.code == "archive-too-many-members"


@pytest.mark.parametrize(
    ("offset", "layout", "value"),
    [
        pytest.param(0, "<4s", b"PK\x01\x03", id="signature"),
        pytest.param(28, "<H", 60_000, id="name-length"),
        pytest.param(30, "<H", 60_000, id="extra-length"),
        pytest.param(32, "<H", 1, id="comment-length"),
        pytest.param(34, "<H", 1, id="disk"),
    ],
)
def test_a_broken_entry_of_the_central_directory_is_refused(offset, layout, value):
    data = make_zip(FILES)

    assert refusal(patched(data, entry_of(data) + offset, layout, value)).code == "zip-end-record"


@pytest.mark.parametrize(
    ("offset", "layout", "value", "code"),
    [
        pytest.param(8, "<H", 1, "zip-encrypted", id="encrypted"),
        pytest.param(10, "<H", 12, "zip-compression-method", id="method"),
        pytest.param(10, "<H", 0, "zip-damaged", id="not-stored"),
        pytest.param(16, "<L", 1, "zip-damaged", id="checksum"),
        pytest.param(20, "<L", 1, "zip-damaged", id="packed-too-small"),
        pytest.param(20, "<L", 1_000_000, "zip-damaged", id="packed-outside"),
        pytest.param(20, "<L", 100, "zip-damaged", id="packed-too-large"),
        pytest.param(24, "<L", 1, "zip-damaged", id="unpacked-too-small"),
        pytest.param(24, "<L", 0xFFFFFFFE, "zip-damaged", id="unpacked-too-large"),
        pytest.param(42, "<L", 1, "zip-member-missing", id="offset"),
        pytest.param(42, "<L", 0xFFFFFFFE, "zip-member-missing", id="offset-outside"),
        pytest.param(46, "<5s", b"b.txt", "zip-names-differ", id="name"),
    ],
)
def test_a_member_that_is_not_as_its_entry_says_is_refused(offset, layout, value, code):
    data = make_zip(FILES)
    name = "b.txt" if layout == "<5s" else "a.txt"

    broken = patched(data, entry_of(data) + offset, layout, value)

    assert read_refusal(broken, name).code == code


def test_a_member_with_broken_compressed_data_is_refused():
    data = make_zip({"a.txt": "alpha" * 100})

    assert "unpacked" in read_refusal(patched(data, 35, "<L", 0xFFFFFFFF)).message


def test_a_member_that_reaches_into_the_directory_is_refused():
    data = make_zip({"a.txt": ""}, compress=False)

    assert "outside" in read_refusal(patched(data, 28, "<H", 1000)).message


def test_u79_no_more_is_read_than_stated():
    data = make_zip({"a.txt": "alpha" * 1_000_000}, compress=False)
    archive = opened(patched(data, entry_of(data) + 24, "<L", 10))

    with pytest.raises(ArchiveRefused):
        next(archive.pieces(archive.members[0]))


def test_u79_no_more_is_unpacked_than_stated():
    bomb = make_zip({"a.txt": bytes(10_000_000)})
    packed = zlib.crc32(bytes(100))
    data = patched(bomb, entry_of(bomb) + 16, "<L", packed)
    data = patched(data, entry_of(bomb) + 24, "<L", 10_000)

    assert read_refusal(data).code == "zip-damaged"


def test_names_that_are_no_utf_8_keep_their_bytes():
    data = make_zip({"aXtxt": ""}).replace(b"aXtxt", b"a\xfftxt")

    archive = opened(data)

    assert archive.members[0].name.encode("utf-8", "surrogateescape") == b"a\xfftxt"
    assert archive.read(archive.members[0]) == b""


@pytest.mark.parametrize("prefix", [b"", b"anything"])
def test_u78_a_zip_is_recognised_by_its_end(prefix):
    assert ends_as_zip(io.BytesIO(prefix + make_zip(FILES)))


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", make_zip(FILES) + b"x", bytes(100_000)])
def test_u78_other_files_do_not_end_as_a_zip(data):
    assert not ends_as_zip(io.BytesIO(data))
