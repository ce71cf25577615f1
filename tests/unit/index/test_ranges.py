"""Byte ranges (S-58, RFC 9110 section 14)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.index.ranges import MAX_RANGES, Unsatisfiable, parse_ranges

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-499", [(0, 500)]),
        ("bytes=500-", [(500, 500)]),
        ("bytes=-1", [(999, 1)]),
        ("bytes=-1000", [(0, 1000)]),
        ("bytes=-5000", [(0, 1000)]),
        ("bytes=999-5000", [(999, 1)]),
        ("BYTES=1-2", [(1, 2)]),
        ("bytes = 1-2", [(1, 2)]),
        ("bytes=1-2,", [(1, 2)]),
    ],
)
def test_s58_a_single_range(header: str, expected: list[tuple[int, int]]) -> None:
    assert parse_ranges(header, SIZE) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0,-1", [(0, 1), (999, 1)]),
        ("bytes=500-600, 0-9", [(0, 10), (500, 101)]),
        ("bytes=0-9, 5-14", [(0, 15)]),
        ("bytes=0-9,10-19", [(0, 20)]),
        ("bytes=0-99,20-29,200-201", [(0, 100), (200, 2)]),
        ("bytes=5-6,5000-6000", [(5, 2)]),
    ],
)
def test_s58_several_ranges_are_sorted_and_joined(
    header: str, expected: list[tuple[int, int]]
) -> None:
    assert parse_ranges(header, SIZE) == expected


@pytest.mark.parametrize(
    "header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0", "bytes=1000-1001,-0"]
)
def test_s58_ranges_behind_the_end_are_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_ranges(header, SIZE)


def test_s58_an_empty_file_has_no_range() -> None:
    with pytest.raises(Unsatisfiable):
        parse_ranges("bytes=0-", 0)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=1-2,5-2",
        "bytes=1-2-3",
        "bytes=1 - 2",
        "bytes=+1-2",
        "bytes=0x1-2",
        "bytes=\u0661-\u0662",
        "bytes=--1",
        "bytes 1-2",
        "items=1-2",
        "=1-2",
    ],
)
def test_s58_malformed_and_foreign_headers_are_ignored(header: str) -> None:
    assert parse_ranges(header, SIZE) == []


def test_s58_too_many_ranges_are_ignored() -> None:
    few = ",".join(f"{n * 4}-{n * 4}" for n in range(MAX_RANGES))
    many = f"{few},999-999"

    assert len(parse_ranges(f"bytes={few}", SIZE)) == MAX_RANGES
    assert parse_ranges(f"bytes={many}", SIZE) == []


def test_s58_several_ranges_that_are_the_whole_file_are_ignored() -> None:
    assert parse_ranges("bytes=0-499,500-999", SIZE) == []
    assert parse_ranges("bytes=0-,0-,0-", SIZE) == []


def test_numbers_of_any_length_are_no_defect() -> None:
    assert parse_ranges(f"bytes=0-{'9' * 5000}", SIZE) in ([], [(0, SIZE)])


Spec = tuple[int | None, int | None]
number = st.integers(0, 40)
specs = st.lists(
    st.one_of(
        st.tuples(number, number), st.tuples(number, st.none()), st.tuples(st.none(), number)
    ),
    min_size=1,
    max_size=6,
)


def wanted_bytes(spec: Spec, size: int) -> set[int]:
    """The positions that a range names, found by looking at every one."""
    first, last = spec
    if first is None:
        assert last is not None
        return {position for position in range(size) if position >= size - last}
    return {
        position
        for position in range(size)
        if position >= first and (last is None or position <= last)
    }


def written(spec: Spec) -> str:
    return "-".join("" if end is None else str(end) for end in spec)


@given(specs, st.integers(0, 30))
def test_s58_the_bytes_are_those_of_a_naive_reading(wanted: list[Spec], size: int) -> None:
    header = "bytes=" + ",".join(map(written, wanted))
    sets = [wanted_bytes(spec, size) for spec in wanted]
    union = set().union(*sets)

    try:
        found = parse_ranges(header, size)
    except Unsatisfiable:
        assert not union
        return

    if any(f is not None and last is not None and last < f for f, last in wanted):
        assert found == []
    elif found:
        covered = [position for start, length in found for position in range(start, start + length)]
        assert covered == sorted(union)
        assert all(length > 0 for _, length in found)
    else:
        assert len(union) == size
        assert sum(map(bool, sets)) > 1


@given(st.text(max_size=30), st.integers(0, 50))
def test_s58_no_header_is_a_defect(text: str, size: int) -> None:
    try:
        found = parse_ranges(f"bytes={text}", size)
    except Unsatisfiable:
        return

    assert all(start >= 0 and length > 0 and start + length <= size for start, length in found)
