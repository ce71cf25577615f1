"""Inspecting whatever comes: only an inspection comes out, and nothing runs away."""

from __future__ import annotations

import io
import tarfile
import tempfile
import time
import tracemalloc
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.dists import inspect, parse_filename
from tests.archives import make_gzip, make_metadata, make_sdist, make_tar, make_wheel, make_zip
from tests.corpus.large import FILENAME, write_large_wheel
from tests.corpus.zip_builder import Entry, build_zip, extra

WHEEL = make_wheel(requires=["a"], requires_python=">=3.8", compress=False)
ZIP_SDIST = (
    "sample-1.0.zip",
    make_zip({"sample-1.0/PKG-INFO": make_metadata(requires=["a"]), "sample-1.0/x": b"y" * 99}),
)
PACKED_WHEEL = make_wheel(requires=["a"], description="text " * 100)
SDIST = make_sdist(requires=["a"], requires_python=">=3.8")
TAR = make_tar({"sample-1.0/PKG-INFO": make_metadata(requires=["a"]), "sample-1.0/x": b"y"})

EDITS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8)


def inspected(filename, data):
    """Inspect, and see that the result says yes or why not."""
    inspection = inspect(
        io.BytesIO(data), parse_filename(filename, legacy=filename.endswith(".zip"))
    )
    assert inspection.violations or (inspection.metadata and inspection.metadata_file is not None)
    for violation in inspection.violations:
        assert violation.message.isprintable()
        assert violation.message.endswith(".")
    return inspection


def edited(data, edits):
    changed = bytearray(data)
    for at, value in edits:
        changed[at % len(changed)] = value
    return bytes(changed)


@pytest.mark.parametrize("dist", [WHEEL, PACKED_WHEEL, SDIST, ZIP_SDIST])
def test_a_good_distribution_is_accepted(dist):
    assert inspected(*dist).violations == ()


@pytest.mark.parametrize(
    ("filename", "data"),
    [
        ("sample-1.0.tar.gz", WHEEL[1]),
        ("sample-1.0-py3-none-any.whl", SDIST[1]),
        ("sample-1.0.tar.gz", b""),
        ("sample-1.0-py3-none-any.whl", b""),
    ],
)
def test_a_distribution_of_another_kind_is_refused(filename, data):
    assert inspected(filename, data).violations


@pytest.mark.parametrize("dist", [WHEEL, PACKED_WHEEL, SDIST, ZIP_SDIST])
def test_every_truncation_is_refused(dist):
    filename, data = dist

    for length in range(len(data)):
        assert inspected(filename, data[:length]).violations


@pytest.mark.parametrize("dist", [WHEEL, PACKED_WHEEL, SDIST, ZIP_SDIST])
def test_a_flip_of_any_bit_gives_an_inspection(dist):
    filename, data = dist

    for at in range(len(data)):
        inspected(filename, edited(data, [(at, data[at] ^ (1 << at % 8))]))


@given(st.sampled_from([WHEEL, PACKED_WHEEL, SDIST, ZIP_SDIST]), EDITS)
def test_any_changed_bytes_give_an_inspection(dist, edits):
    filename, data = dist

    inspected(filename, edited(data, edits))


@given(EDITS)
def test_any_changed_bytes_below_the_compression_give_an_inspection(edits):
    inspected("sample-1.0.tar.gz", make_gzip(edited(TAR, edits)))


@given(st.sampled_from([WHEEL, PACKED_WHEEL, SDIST, ZIP_SDIST]), st.data())
def test_any_piece_taken_out_or_doubled_gives_an_inspection(dist, draw):
    filename, data = dist
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(0, len(data)))

    inspected(filename, data[:start] + data[end:])


@given(st.sampled_from([WHEEL[0], SDIST[0]]), st.binary(max_size=2000))
def test_any_bytes_give_an_inspection(filename, data):
    magic = b"PK\x03\x04" if filename.endswith(".whl") else b"\x1f\x8b\x08"

    assert inspected(filename, magic + data).violations


def test_a_temporary_file_can_be_inspected():
    filename, data = WHEEL
    with tempfile.SpooledTemporaryFile(max_size=10) as file:
        file.write(data)

        inspection = inspect(cast(BinaryIO, file), parse_filename(filename))

    assert inspection.violations == ()


@pytest.mark.parametrize("make", [make_wheel, make_sdist])
def test_many_members_take_little_time(make):
    filename, data = make(files={f"sample/{n // 100}/{n}.py": "" for n in range(20_000)})

    start = time.process_time()
    inspection = inspected(filename, data)

    assert inspection.violations == ()
    assert time.process_time() - start < 2


def test_u88_half_a_gigabyte_in_20_000_members_takes_little_memory(tmp_path):
    path = tmp_path / FILENAME
    write_large_wheel(path, members=20_000, size=25_000)

    tracemalloc.start()
    with path.open("rb") as file:
        inspection = inspect(file, parse_filename(FILENAME))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert path.stat().st_size > 500_000_000
    assert inspection.violations == ()
    assert inspection.warnings == ()
    assert peak < 60 * 1024 * 1024


def test_u81_very_deep_paths_below_a_link_take_no_hours():
    link = tarfile.TarInfo("sample-1.0/" + "a/" * 250_000 + "link")
    link.type, link.linkname = tarfile.SYMTYPE, "."
    deep = tarfile.TarInfo("sample-1.0/" + "a/" * 250_000 + "b")
    tar = make_tar({"sample-1.0/PKG-INFO": make_metadata()}, links=[link, deep])

    inspection = inspect(io.BytesIO(make_gzip(tar)), parse_filename("sample-1.0.tar.gz"))

    assert inspection.violations == ()


def test_u85_a_very_long_top_directory_takes_no_hours():
    tar = make_tar({f"{'a-1' * 300_000}/PKG-INFO": make_metadata()})
    filename = parse_filename("sample-1.0.tar.gz", legacy=True)

    inspection = inspect(io.BytesIO(make_gzip(tar)), filename)

    assert "sdist-top-directory" in [violation.code for violation in inspection.violations]


def test_u79_very_long_names_are_refused_before_they_fill_the_memory():
    long = {f"sample-1.0/{n}{'/a' * 400_000}": "" for n in range(30)}

    inspection = inspected("sample-1.0.tar.gz", make_gzip(make_tar(long), level=1))

    assert "archive-too-many-members" in [v.code for v in inspection.violations]


def test_u108_names_of_nothing_but_accents_take_no_hours():
    accents = "\u0316\u0301" * 8000
    names = [f"a{accents}{n}" for n in range(1000)]
    data = build_zip([Entry(name=name) for name in names])

    inspection = inspected(FILENAME, data)

    assert "zip-name-too-long" in [violation.code for violation in inspection.violations]


def test_u104_millions_of_extra_fields_take_no_hours():
    many = extra((0x7777, b"")) * 16_000
    entries = [Entry(name=f"{n}", local={"extra": many}) for n in range(300)]

    inspection = inspected(FILENAME, build_zip(entries))

    assert "zip-extra-fields" in [violation.code for violation in inspection.violations]


def test_u91_millions_of_tags_take_little_memory():
    lines = "".join(f"Tag: {'a.' * 9}{n}-{'b.' * 9}b-{'c.' * 9}c\n" for n in range(10_000))
    wheel = make_wheel(wheel=f"Wheel-Version: 1.0\n{lines}".encode())

    tracemalloc.start()
    inspection = inspected(*wheel)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert "wheel-tags-differ" in [f.violation.code for f in inspection.findings]
    assert peak < 16 * 1024 * 1024


@pytest.mark.parametrize("make", [make_wheel, make_sdist])
def test_memory_does_not_grow_with_the_file(make):
    filename, data = make(files={"large.bin": bytes(range(256)) * 200_000})

    tracemalloc.start()
    inspected(filename, data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4 * 1024 * 1024
