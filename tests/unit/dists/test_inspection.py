"""Inspecting whatever comes: only an inspection comes out, and nothing runs away."""

from __future__ import annotations

import io
import tempfile
import time
import tracemalloc
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.archives import make_gzip, make_metadata, make_sdist, make_tar, make_wheel

from stockroom.dists import inspect, parse_filename

WHEEL = make_wheel(requires=["a"], requires_python=">=3.8", compress=False)
PACKED_WHEEL = make_wheel(requires=["a"], description="text " * 100)
SDIST = make_sdist(requires=["a"], requires_python=">=3.8")
TAR = make_tar({"sample-1.0/PKG-INFO": make_metadata(requires=["a"]), "sample-1.0/x": b"y"})

EDITS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8)


def inspected(filename, data):
    """Inspect, and see that the result says yes or why not."""
    inspection = inspect(io.BytesIO(data), parse_filename(filename))
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


@pytest.mark.parametrize("dist", [WHEEL, PACKED_WHEEL, SDIST])
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


@pytest.mark.parametrize("dist", [WHEEL, PACKED_WHEEL, SDIST])
def test_every_truncation_is_refused(dist):
    filename, data = dist

    for length in range(len(data)):
        assert inspected(filename, data[:length]).violations


@pytest.mark.parametrize("dist", [WHEEL, PACKED_WHEEL, SDIST])
def test_a_flip_of_any_bit_gives_an_inspection(dist):
    filename, data = dist

    for at in range(len(data)):
        inspected(filename, edited(data, [(at, data[at] ^ (1 << at % 8))]))


@given(st.sampled_from([WHEEL, PACKED_WHEEL, SDIST]), EDITS)
def test_any_changed_bytes_give_an_inspection(dist, edits):
    filename, data = dist

    inspected(filename, edited(data, edits))


@given(EDITS)
def test_any_changed_bytes_below_the_compression_give_an_inspection(edits):
    inspected("sample-1.0.tar.gz", make_gzip(edited(TAR, edits)))


@given(st.sampled_from([WHEEL, PACKED_WHEEL, SDIST]), st.data())
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


@pytest.mark.parametrize("make", [make_wheel, make_sdist])
def test_memory_does_not_grow_with_the_file(make):
    filename, data = make(files={"large.bin": bytes(range(256)) * 200_000})

    tracemalloc.start()
    inspected(filename, data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4 * 1024 * 1024
