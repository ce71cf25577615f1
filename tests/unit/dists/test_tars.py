"""The readers of gzip streams and of tar archives."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.dists.gzips import GzipStream
from stockroom.dists.limits import BOMB_BYTES, MAX_EXTENSION_BYTES, MAX_MEMBERS
from stockroom.dists.refusals import ArchiveRefused
from stockroom.dists.tars import BLOCK, Kind, TarReader
from tests.archives import make_gzip, make_tar

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
LONG = "/".join(["directory" * 5] * 4)
END = bytes(2 * BLOCK)


def reader(tar):
    return TarReader(GzipStream(io.BytesIO(make_gzip(tar, level=1))))


def members(tar):
    return list(reader(tar))


def refusal(tar):
    with pytest.raises(ArchiveRefused) as refused:
        members(tar)
    return refused.value.violation


def stream_refusal(data):
    with pytest.raises(ArchiveRefused) as refused:
        GzipStream(io.BytesIO(data)).rest_is_zero()
    return refused.value.violation


def header(name="a", *, kind=tarfile.REGTYPE, size=0, link="", tar_format=tarfile.USTAR_FORMAT):
    """One header block as the standard library writes it."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info.tobuf(tar_format)


def signed(block):
    """Give a changed header its right checksum."""
    total = sum(block) - sum(block[148:156]) + 8 * 32
    return block[:148] + b"%06o\0 " % total + block[156:]


def changed(block, at, data):
    return signed(block[:at] + data + block[at + len(data) :])


def extended(content, kind=tarfile.XHDTYPE):
    """An extended header with the given content."""
    return header("x", kind=kind, size=len(content)) + content + bytes(-len(content) % BLOCK)


def record(key, value):
    """One line of an extended header."""
    body = b" %s=%s\n" % (key, value)
    length = len(body) + 1
    while len(b"%d" % length) + len(body) != length:
        length += 1
    return b"%d" % length + body


@pytest.mark.parametrize("tar_format", FORMATS)
def test_files_are_listed_and_read(tar_format):
    tar = make_tar({"a": "alpha", "b/": "", "b/c": "x" * 1000}, tar_format=tar_format)
    archive = reader(tar)

    contents = [(m.name.rstrip("/"), m.kind, archive.content()) for m in archive]

    assert contents == [
        ("a", Kind.FILE, b"alpha"),
        ("b", Kind.DIRECTORY, b""),
        ("b/c", Kind.FILE, b"x" * 1000),
    ]


@pytest.mark.parametrize("tar_format", FORMATS)
def test_long_names_are_read(tar_format):
    name = LONG if tar_format == tarfile.USTAR_FORMAT else f"{LONG}/ü"

    [member] = members(make_tar({name: "x"}, tar_format=tar_format))

    assert (member.name, member.size) == (name, 1)


@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_links_are_read(tar_format):
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, LONG

    [member] = members(make_tar({}, links=[link], tar_format=tar_format))

    assert (member.name, member.kind, member.link) == ("link", Kind.SYMLINK, LONG)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (tarfile.AREGTYPE, Kind.FILE),
        (tarfile.CONTTYPE, Kind.FILE),
        (tarfile.LNKTYPE, Kind.HARDLINK),
        (tarfile.SYMTYPE, Kind.SYMLINK),
        (tarfile.CHRTYPE, Kind.SPECIAL),
        (tarfile.BLKTYPE, Kind.SPECIAL),
        (tarfile.FIFOTYPE, Kind.SPECIAL),
        (b"?", Kind.SPECIAL),
    ],
)
def test_kinds_are_told_apart(kind, expected):
    assert [member.kind for member in members(header(kind=kind) + END)] == [expected]


def test_a_file_with_a_slash_of_the_oldest_format_is_a_directory():
    block = changed(header("a", kind=tarfile.AREGTYPE), 0, b"a/")

    assert [member.kind for member in members(block + END)] == [Kind.DIRECTORY]


def test_global_headers_are_no_members():
    comment = extended(record(b"comment", b"1234567"), tarfile.XGLTYPE)

    assert [member.name for member in members(comment + header("a") + END)] == ["a"]


def test_binary_sizes_are_read():
    block = changed(header("a", size=5), 124, b"\x80" + bytes(10) + b"\5")

    assert [member.size for member in members(block + b"alpha" + bytes(507) + END)] == [5]


def test_content_that_is_not_asked_for_is_passed_over():
    tar = make_tar({"a": "x" * 3_000_000, "b": ""})

    assert [member.name for member in members(tar)] == ["a", "b"]


def test_an_archive_may_end_without_a_mark():
    assert [member.name for member in members(header("a"))] == ["a"]


def test_an_empty_stream_has_no_members():
    assert members(b"") == []


NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@given(
    st.lists(st.tuples(NAMES, st.binary(max_size=2000)), max_size=5),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_the_members_are_those_that_the_standard_library_sees(files, tar_format):
    tar = make_tar([(f"{name}.", data) for name, data in files], tar_format=tar_format)
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        expected = [(info.name, info.size) for info in archive]

    assert [(member.name, member.size) for member in members(tar)] == expected


@pytest.mark.parametrize(
    ("tar", "reason"),
    [
        pytest.param(b"x" * BLOCK, "wrong checksum", id="no-header"),
        pytest.param(header("a")[:-1], "wrong checksum", id="half-a-header"),
        pytest.param(
            changed(header("a"), 0, b"b")[:148] + header("a")[148:], "wrong checksum", id="checksum"
        ),
        pytest.param(header("a", size=5) + b"alph", "middle of a member", id="ends-in-content"),
        pytest.param(
            header("a", size=600) + bytes(BLOCK), "middle of a member", id="ends-in-second-block"
        ),
        pytest.param(END + header("a"), "data follows", id="data-after-the-end"),
        pytest.param(
            bytes(BLOCK) + header("a") + END, "data follows", id="data-after-one-zero-block"
        ),
        pytest.param(
            changed(header("a"), 124, b"+0000000001\0") + END, "invalid number", id="signed-size"
        ),
        pytest.param(
            changed(header("a"), 124, b"0o000000001\0") + END, "invalid number", id="prefixed-size"
        ),
        pytest.param(
            changed(header("a"), 124, b"00000000_01\0") + END, "invalid number", id="grouped-size"
        ),
        pytest.param(
            changed(header("a"), 124, b"00000000008\0") + END, "invalid number", id="decimal-size"
        ),
        pytest.param(
            changed(header("a"), 124, b"\xff" * 12) + END, "invalid number", id="negative-size"
        ),
        pytest.param(
            changed(header("a"), 124, b"\x80" + b"\xff" * 11) + END,
            "middle of a member",
            id="endless-size",
        ),
        pytest.param(changed(header("a"), 0, b"\0") + END, "no valid name", id="no-name"),
        pytest.param(
            changed(header("a", tar_format=tarfile.GNU_FORMAT), 345, b"b") + END,
            "name prefix",
            id="gnu-prefix",
        ),
        pytest.param(
            changed(header("a", kind=tarfile.SYMTYPE), 124, b"00000001000\0") + END + END,
            "has content",
            id="link-with-content",
        ),
        pytest.param(
            extended(record(b"path", b"b")), "ends after an extended", id="extension-at-the-end"
        ),
        pytest.param(extended(b"nonsense") + header("a") + END, "cannot be read", id="no-records"),
        pytest.param(
            extended(b"99 path=b\n") + header("a") + END, "cannot be read", id="record-too-long"
        ),
        pytest.param(
            extended(b"0 path=b\n") + header("a") + END, "cannot be read", id="record-of-no-length"
        ),
        pytest.param(
            extended(b"9 path=b\n9") + header("a") + END, "cannot be read", id="half-a-record"
        ),
        pytest.param(
            extended(b"6 path\n") + header("a") + END, "cannot be read", id="record-without-value"
        ),
        pytest.param(
            extended(record(b"path", b"b") * 2) + header("a") + END,
            "says a thing twice",
            id="record-given-twice",
        ),
        pytest.param(
            extended(record(b"path", b"b")) * 2 + header("a") + END,
            "contradict",
            id="extension-given-twice",
        ),
        pytest.param(
            extended(b"b\0", tarfile.GNUTYPE_LONGNAME)
            + extended(record(b"path", b"c"))
            + header("a")
            + END,
            "contradict",
            id="two-kinds-of-long-name",
        ),
        pytest.param(
            extended(record(b"path", b"b"), tarfile.XGLTYPE) + header("a") + END,
            "global header",
            id="global-path",
        ),
        pytest.param(
            extended(record(b"path", b"b\0")) + header("a") + END, "no valid name", id="nul-in-name"
        ),
        pytest.param(
            extended(record(b"linkpath", b"\0")) + header("a") + END,
            "no valid name",
            id="nul-in-link",
        ),
        pytest.param(
            extended(record(b"size", b"512")) + header("a") + END * 2, "two sizes", id="two-sizes"
        ),
        pytest.param(
            extended(bytes(MAX_EXTENSION_BYTES + 1)) + header("a") + END,
            "too large",
            id="huge-extension",
        ),
    ],
)
def test_damaged_and_ambiguous_archives_are_refused(tar, reason):
    violation = refusal(tar)

    assert violation.code == "tar-damaged"
    assert reason in violation.message


@pytest.mark.parametrize(
    "tar",
    [
        header("a", kind=b"S") + END,
        extended(record(b"GNU.sparse.major", b"1")) + header("a") + END,
        extended(record(b"GNU.sparse.size", b"1")) + header("a") + END,
    ],
)
def test_u81_sparse_members_are_refused(tar):
    assert refusal(tar).code == "tar-sparse-member"


def test_u79_too_many_members_are_refused():
    tar = header("a") * (MAX_MEMBERS + 1)

    assert refusal(tar).code == "archive-too-many-members"


@given(st.lists(st.sampled_from([header("a"), header("b", size=3), END[:BLOCK]]) | st.binary()))
def test_any_blocks_are_read_or_refused(blocks):
    tar = b"".join(block + bytes(-len(block) % BLOCK) for block in blocks)

    try:
        seen = members(tar)
    except ArchiveRefused as refused:
        seen = [refused]
    assert len(seen) <= len(blocks) + 1


@given(st.lists(st.sampled_from([b"9 path=b\n", b"9", b" ", b"=", b"\n"]) | st.binary()))
def test_any_extended_header_is_read_or_refused(pieces):
    content = b"".join(pieces)

    try:
        seen = members(extended(content) + header("a") + END)
    except ArchiveRefused:
        seen = []
    assert len(seen) <= 1


@pytest.mark.parametrize("data", [b"", b"\x1f", b"PK\x03\x04", b"BZh9" + bytes(100)])
def test_u81_only_gzip_is_accepted(data):
    assert stream_refusal(data).code == "gzip-invalid"


GOOD = make_gzip(make_tar({"a": "alpha"}))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"\x1f\x8b" + bytes(20), "cannot be unpacked", id="no-gzip-header"),
        pytest.param(GOOD[:-1], "ends in the middle", id="without-the-last-byte"),
        pytest.param(GOOD[:30], "ends in the middle", id="half"),
        pytest.param(GOOD[:-8] + bytes(8), "cannot be unpacked", id="checksum"),
        pytest.param(GOOD[:-4] + bytes(4), "cannot be unpacked", id="length"),
        pytest.param(
            GOOD[:20] + b"\xff\xff\xff\xff" + GOOD[24:], "cannot be unpacked", id="compressed-data"
        ),
        pytest.param(GOOD + b"\0", "bytes follow", id="zero-byte-after-the-end"),
        pytest.param(GOOD + b"x" * 100_000, "bytes follow", id="bytes-after-the-end"),
        pytest.param(GOOD + GOOD, "bytes follow", id="second-stream"),
    ],
)
def test_u81_a_stream_that_cannot_be_read_to_its_end_is_refused(data, reason):
    violation = stream_refusal(data)

    assert violation.code == "gzip-damaged"
    assert reason in violation.message


def test_u79_a_bomb_is_refused_while_it_is_unpacked():
    bomb = make_gzip(bytes(BOMB_BYTES + 1))

    assert stream_refusal(bomb).code == "archive-unpacks-too-large"
    assert GzipStream(io.BytesIO(make_gzip(bytes(BOMB_BYTES)))).rest_is_zero()


def test_memory_does_not_grow_with_the_stream():
    data = gzip.compress(make_tar({"a": bytes(BOMB_BYTES // 2), "b": b"x"}), compresslevel=1)

    tracemalloc.start()
    names = [member.name for member in TarReader(GzipStream(io.BytesIO(data)))]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert names == ["a", "b"]
    assert peak < 4 * 1024 * 1024


@given(st.binary(max_size=3000), st.lists(st.integers(0, 1500), max_size=6))
def test_pieces_of_a_stream_make_up_the_whole(data, counts):
    stream = GzipStream(io.BytesIO(make_gzip(data)))

    pieces = [stream.read(count) for count in counts]

    assert b"".join(pieces) == data[: sum(counts)]
    rest = data[sum(counts) :]
    assert stream.rest_is_zero() is not any(rest)


def test_skipping_past_the_end_is_told():
    stream = GzipStream(io.BytesIO(make_gzip(b"12345")))

    assert stream.skip(2)
    assert stream.read(2) == b"34"
    assert not stream.skip(2)
    assert stream.read(1) == b""
