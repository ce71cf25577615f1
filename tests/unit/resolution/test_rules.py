"""Which registries provide a package, and the fate of each file (S-60, S-64)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from stockroom.resolution import FileDetail, Resolution
from stockroom.resolution.rules import Holding, resolve
from stockroom.resources import Groups, Member

NOW = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def file(filename: str, sha256: str = "", *, days: int = 0) -> FileDetail:
    """A file that was uploaded so many days before the first of October."""
    return FileDetail(
        filename,
        filename.split("-")[1],
        "wheel",
        sha256 or filename,
        1,
        "",
        True,
        None,
        "[]",
        "[]",
        False,
        None,
        NOW - days * DAY,
        1,
    )


def holding(*files: FileDetail, status: str = "active", reason: str | None = None) -> Holding:
    """A package with these files."""
    first = min((one.uploaded_at for one in files), default=None)
    return Holding(status, reason, first or NOW, files, first)


def groups(*ids: tuple[int, ...]) -> Groups:
    return tuple(tuple(Member(registry_id) for registry_id in group) for group in ids)


def fates(found: Resolution) -> list[tuple[int, str, str]]:
    return [(seen.registry_id, seen.file.sha256, seen.fate.value) for seen in found.files]


@pytest.mark.parametrize(
    ("ids", "having", "expected"),
    [
        ((), {1}, ()),
        (((1,),), set(), ()),
        (((1,),), {1}, (1,)),
        (((1,), (2,)), {1, 2}, (1,)),
        (((1,), (2,)), {2}, (2,)),
        (((1,), (2, 3)), {2, 3}, (2, 3)),
        (((3, 2), (1,)), {1, 2, 3}, (3, 2)),
        (((3, 2), (1,)), {2, 1}, (2,)),
        (((2,), (1, 2)), {1}, (1,)),
    ],
)
def test_s64_the_first_group_that_has_it_wins_as_a_whole(
    ids: tuple[tuple[int, ...], ...], having: set[int], expected: tuple[int, ...]
) -> None:
    held = {number: holding(file(f"pkg-{number}.whl")) for number in having}

    found = resolve(groups(*ids), "pkg", held, None)

    assert tuple(seen.registry_id for seen in found.files) == expected
    assert (found.winner is None) == (not expected)


def test_s64_a_package_without_files_counts_as_had() -> None:
    held = {1: holding(), 2: holding(file("pkg-1.whl"))}

    found = resolve(groups((1,), (2,)), "pkg", held, None)

    assert (found.winner, found.detail.files) == (0, [])


def test_s64_of_two_files_with_one_name_the_earlier_registrys_is_taken() -> None:
    held = {1: holding(file("pkg-1.whl", "a")), 2: holding(file("pkg-1.whl", "b"))}

    found = resolve(groups((2, 1)), "pkg", held, None)

    assert fates(found) == [(2, "b", "shown"), (1, "a", "shadowed")]


def test_s60_a_quarantined_file_is_not_replaced_by_a_later_registrys() -> None:
    held = {
        1: holding(file("pkg-1.whl", "a"), status="quarantined"),
        2: holding(file("pkg-1.whl", "b"), file("pkg-2.whl", "c"), status="deprecated"),
    }

    found = resolve(groups((1, 2)), "pkg", held, None)

    assert fates(found) == [(1, "a", "quarantined"), (2, "b", "shadowed"), (2, "c", "shown")]
    assert found.detail.status == "deprecated"


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({1: holding(status="archived", reason="old"), 2: holding()}, ("archived", "old")),
        ({1: holding(status="quarantined"), 2: holding()}, ("active", None)),
        (
            {
                1: holding(status="quarantined", reason="one"),
                2: holding(status="quarantined", reason="two"),
            },
            ("quarantined", "one"),
        ),
    ],
)
def test_s60_the_status_is_that_of_the_first_provider_that_is_not_quarantined(
    held: Mapping[int, Holding], expected: tuple[str, str | None]
) -> None:
    found = resolve(groups((1, 2)), "pkg", held, None)

    assert (found.detail.status, found.detail.status_reason) == expected


def test_what_was_uploaded_later_neither_exists_nor_shadows() -> None:
    held = {
        1: holding(file("pkg-1.whl", "a", days=0), file("pkg-2.whl", "b", days=9)),
        2: holding(file("pkg-1.whl", "c", days=8)),
    }

    found = resolve(groups((1, 2)), "pkg", held, NOW - 8 * DAY)

    assert fates(found) == [(1, "a", "too-late"), (1, "b", "shown"), (2, "c", "shown")]


def test_a_package_that_is_younger_lets_a_later_group_have_it() -> None:
    held = {1: holding(file("pkg-1.whl", "a")), 2: holding(file("pkg-1.whl", "b", days=9))}

    past = resolve(groups((1,), (2,)), "pkg", held, NOW - DAY)
    present = resolve(groups((1,), (2,)), "pkg", held, None)

    assert (fates(past), present.winner) == ([(2, "b", "shown")], 0)
    assert past.groups[0].registries[0].has is False


def test_a_package_that_was_brought_with_its_history_is_as_old_as_its_first_file() -> None:
    brought = Holding("active", None, NOW, [file("pkg-1.whl", days=9)], NOW - 9 * DAY)

    found = resolve(groups((1,)), "pkg", {1: brought}, NOW - 9 * DAY)

    assert found.winner == 0
