"""Zip archives changed at random: what is accepted, every reader reads alike (U-84)."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from stockroom.dists import inspect, parse_filename
from stockroom.dists.refusals import ArchiveRefused
from stockroom.dists.zip_framing import framing_findings
from stockroom.dists.zips import open_zip
from stockroom.spi.violations import Violation
from tests.corpus.wheels import FILENAME, FRAMING_ACCEPTED, FRAMING_REFUSED, wheel_entries
from tests.corpus.zip_builder import DEFLATED, STORED, UTF_8, Entry, build_zip, zip64

DATA = b"text" * 5
SMALL = st.sampled_from([0, 1, len(DATA), len(DATA) + 1, 0xFFFF, 2**31, 2**32 - 2, 2**32 - 1])
SIZES = SMALL | st.integers(0, 2**32 - 1)
WIDE = SMALL | st.sampled_from([2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)
EXTRAS = (
    st.lists(WIDE, max_size=4).map(lambda sizes: zip64(*sizes))
    | st.binary(max_size=12)
    | st.just(zip64(len(DATA), len(DATA)))
)
NAMES = st.sampled_from(["a", "b", "a/b", "a/", "A", "\u00fc", "../a", ""])
COMMON = {
    "name": NAMES.map(str.encode),
    "version": st.sampled_from([10, 45, 63, 64]),
    "flags": st.sampled_from([0, UTF_8, 1, 6, 8, 0x20, 0x40]),
    "method": st.sampled_from([STORED, DEFLATED, 12]),
    "crc": SIZES,
    "packed": SIZES,
    "unpacked": SIZES,
    "extra": EXTRAS,
}
CENTRAL = COMMON | {
    "offset": SIZES,
    "comment": st.binary(max_size=3),
    "disk": st.integers(0, 1),
    "attributes": SIZES,
}
JUNK = st.binary(max_size=8) | st.just(b"PK\x03\x04" + bytes(26))


def changes(fields: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A value for one of some fields."""
    return st.sampled_from(sorted(fields)).flatmap(
        lambda key: st.fixed_dictionaries({key: fields[key]})
    )


def seldom(usual: Any, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Something else than the usual, in one of six cases."""
    return st.integers(0, 5).flatmap(lambda number: strategy if number == 5 else st.just(usual))


ENTRIES = st.lists(
    st.builds(
        Entry,
        name=NAMES,
        data=st.sampled_from([b"", DATA]),
        method=st.sampled_from([STORED, DEFLATED]),
        local=seldom({}, changes(COMMON)),
        central=seldom({}, changes(CENTRAL)),
        before=seldom(b"", JUNK),
        after=seldom(b"", JUNK),
        stored=seldom(True, st.just(False)),
        listed=seldom(True, st.just(False)),
    ),
    max_size=3,
    unique_by=lambda entry: entry.name,
)
END_FIELDS = ("disk", "directory_disk", "here", "count", "size", "start", "comment_length")
END = seldom({}, changes({key: st.integers(0, 0xFFFF) for key in END_FIELDS}))
END64_FIELDS = ("here", "count", "size", "start", "length", "at")
END64 = seldom(None, st.just({}) | changes(dict.fromkeys(END64_FIELDS, WIDE)))


def accepted(data: bytes) -> dict[str, bytes] | None:
    """The names and contents of an archive, None if it is refused."""
    try:
        archive = open_zip(io.BytesIO(data))
        if any(isinstance(finding, Violation) for finding in framing_findings(archive)):
            return None
        return {member.name: archive.read(member) for member in archive.members}
    except ArchiveRefused:
        return None


def read_from_the_front(data: bytes) -> dict[str, bytes]:
    """What a reader sees that knows local headers only."""
    members, at = {}, 0
    while data[at : at + 4] == b"PK\x03\x04":
        method, packed, unpacked, name, extra = struct.unpack_from("<8xH8xLLHH", data, at)
        at += 30 + name + extra
        fields = data[at - extra : at]
        if 0xFFFFFFFF in (packed, unpacked):
            packed = int.from_bytes(fields[-8:], "little")
        content = data[at : at + packed]
        if method == DEFLATED:
            content = zlib.decompress(content, -zlib.MAX_WBITS)
        members[data[at - extra - name : at - extra].decode()] = content
        at += packed
    return members


def read_by_the_library(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            info.filename
            if info.flag_bits & UTF_8
            else info.filename.encode("cp437").decode(): archive.read(info)
            for info in archive.infolist()
        }


def assert_read_alike(data: bytes) -> None:
    members = accepted(data)
    event("refused" if members is None else f"accepted with {len(members)} members")
    if members is not None:
        assert read_by_the_library(data) == members
        assert read_from_the_front(data) == members


@settings(max_examples=150)
@given(ENTRIES, END, END64)
@example([Entry(name="a", data=DATA, local={"extra": zip64(20, 20)})], {}, {})
def test_what_is_accepted_is_read_alike_by_all(entries, end, end64):
    assert_read_alike(build_zip(entries, end=end, end64=end64))


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=3))
def test_changed_bytes_are_refused_or_read_alike(edits):
    changed = bytearray(build_zip([Entry(name="a", data=DATA), Entry(name="b", data=DATA)]))
    for at, value in edits:
        changed[at % len(changed)] = value

    assert_read_alike(bytes(changed))


@given(
    st.sampled_from([*FRAMING_REFUSED, *FRAMING_ACCEPTED]),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=4),
)
def test_changed_archives_of_the_corpus_give_an_inspection(case, edits):
    changed = bytearray(case.data)
    for at, value in edits:
        changed[at % len(changed)] = value

    inspection = inspect(io.BytesIO(bytes(changed)), parse_filename(case.filename))

    assert inspection.violations or inspection.metadata


@given(ENTRIES, END, END64)
def test_wheels_with_odd_members_give_an_inspection(entries, end, end64):
    data = build_zip(wheel_entries(*entries), end=end, end64=end64)

    inspection = inspect(io.BytesIO(data), parse_filename(FILENAME))

    assert inspection.violations or inspection.metadata


def test_sizes_beyond_what_a_file_can_have_are_refused():
    full = 0xFFFFFFFF
    entries = [
        Entry(
            name="a",
            local={"packed": full, "unpacked": full, "extra": zip64(0, 2**63)},
            central={"packed": full, "extra": zip64(2**63)},
        ),
        Entry(name="b", central={"offset": full, "extra": zip64(2**64 - 1)}),
    ]
    archive = open_zip(io.BytesIO(build_zip(entries)))

    [finding] = framing_findings(archive)

    assert isinstance(finding, Violation)
    assert finding.code == "zip-members-overlap"
