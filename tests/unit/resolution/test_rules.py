"""Which registries provide a package, and the fate of each file (S-60, S-64)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from stockroom.resolution import FileDetail, Resolution
from stockroom.resolution.rules import Documents, Holding, Question, resolve
from stockroom.resources import Groups, Member
from tests.support.filtering import LANGUAGE

NOW = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def file(filename: str, sha256: str = "", *, days: float = 0) -> FileDetail:
    """A file that was uploaded so many days before the first of October."""
    return FileDetail(
        filename,
        filename.split("-")[1].removesuffix(".whl").removesuffix(".tar.gz"),
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
    created = min((one.uploaded_at for one in files), default=NOW)
    return Holding(status, reason, created, files)


def ask(
    groups: Groups,
    held: Mapping[int, Holding],
    at: datetime | None = None,
    now: datetime = NOW,
    documents: Documents | None = None,
) -> Resolution:
    """Resolve pkg."""
    texts = {member.filter for group in groups for member in group if member.filter}
    filters = {text: LANGUAGE.parse(text) for text in texts}
    return resolve(Question("pkg", groups, filters, lambda _: documents or {}, now, at), held)


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

    found = ask(groups(*ids), held)

    assert tuple(seen.registry_id for seen in found.files) == expected
    assert (found.winner is None) == (not expected)


def test_s64_a_package_without_files_counts_as_had() -> None:
    held = {1: holding(), 2: holding(file("pkg-1.whl"))}

    found = ask(groups((1,), (2,)), held)

    assert (found.winner, found.detail.files) == (0, [])


def test_s64_of_two_files_with_one_name_the_earlier_registrys_is_taken() -> None:
    held = {1: holding(file("pkg-1.whl", "a")), 2: holding(file("pkg-1.whl", "b"))}

    found = ask(groups((2, 1)), held)

    assert fates(found) == [(2, "b", "shown"), (1, "a", "shadowed")]


def test_s60_a_quarantined_file_is_not_replaced_by_a_later_registrys() -> None:
    held = {
        1: holding(file("pkg-1.whl", "a"), status="quarantined"),
        2: holding(file("pkg-1.whl", "b"), file("pkg-2.whl", "c"), status="deprecated"),
    }

    found = ask(groups((1, 2)), held)

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
    found = ask(groups((1, 2)), held)

    assert (found.detail.status, found.detail.status_reason) == expected


def test_what_was_uploaded_later_neither_exists_nor_shadows() -> None:
    held = {
        1: holding(file("pkg-1.whl", "a", days=0), file("pkg-2.whl", "b", days=9)),
        2: holding(file("pkg-1.whl", "c", days=8)),
    }

    found = ask(groups((1, 2)), held, NOW - 8 * DAY)

    assert fates(found) == [(1, "a", "too-late"), (1, "b", "shown"), (2, "c", "shown")]


def test_a_package_that_is_younger_lets_a_later_group_have_it() -> None:
    held = {1: holding(file("pkg-1.whl", "a")), 2: holding(file("pkg-1.whl", "b", days=9))}

    past = ask(groups((1,), (2,)), held, NOW - DAY)
    present = ask(groups((1,), (2,)), held)

    assert (fates(past), present.winner) == ([(2, "b", "shown")], 0)
    assert past.groups[0].registries[0].has is False


def test_a_package_that_was_brought_with_its_history_is_as_old_as_its_first_file() -> None:
    brought = Holding("active", None, NOW, [file("pkg-1.whl", days=9)])

    found = ask(groups((1,)), {1: brought}, NOW - 9 * DAY)

    assert found.winner == 0


def filtered(*ids: tuple[tuple[int, str | None], ...]) -> Groups:
    return tuple(tuple(Member(*member) for member in group) for group in ids)


def test_s64_a_filter_that_denies_the_name_lets_a_later_group_have_it() -> None:
    held = {1: holding(file("pkg-1.whl", "a")), 2: holding(file("pkg-1.whl", "b"))}

    found = ask(filtered(((1, 'package.name != "pkg"'),), ((2, None),)), held)

    assert fates(found) == [(2, "b", "shown")]
    [denied] = found.groups[0].registries
    assert (denied.has, denied.by_name, denied.status) == (False, False, "active")


def test_s64_within_a_group_a_denied_registry_adds_and_shadows_nothing() -> None:
    held = {1: holding(file("pkg-1.whl", "a")), 2: holding(file("pkg-1.whl", "b"))}

    found = ask(filtered(((1, 'package.name != "pkg"'), (2, None))), held)

    assert fates(found) == [(2, "b", "shown")]


@pytest.mark.parametrize(
    "text",
    [
        "package.age_days >= 7",
        'release.version == "9"',
        'package.upload_time <= "2020-01-01"',
        "package.downloads >= 1",
        'package.name == "pkg" and file.age_days >= 7',
        'package.name != "pkg" or file.age_days >= 7',
    ],
)
def test_s64_a_package_that_is_hidden_as_a_whole_never_falls_through(text: str) -> None:
    held = {1: holding(file("pkg-1.whl", "a")), 2: holding(file("pkg-1.whl", "b", days=99))}

    found = ask(filtered(((1, text),), ((2, None),)), held)

    assert (found.winner, fates(found)) == (0, [(1, "a", "filtered")])


def test_s64_a_filtered_file_is_not_replaced_by_a_later_registrys() -> None:
    held = {1: holding(file("pkg-1.whl", "a")), 2: holding(file("pkg-1.whl", "b", days=99))}

    found = ask(filtered(((1, "file.age_days >= 7"), (2, None))), held)

    assert fates(found) == [(1, "a", "filtered"), (2, "b", "shadowed")]


def test_a_registry_may_be_in_several_groups_with_other_filters() -> None:
    held = {1: holding(file("pkg-1.whl", "a"))}

    found = ask(filtered(((1, 'package.name == "other"'),), ((1, "file.age_days < 7"),)), held)

    assert (found.winner, fates(found)) == (1, [(1, "a", "shown")])


def test_the_first_upload_counts_in_its_own_registry_whatever_is_hidden() -> None:
    old, new = file("pkg-1.tar.gz", "a", days=30), file("pkg-1.whl", "b", days=1)
    held = {1: holding(old, new), 2: holding(file("pkg-2.whl", "c", days=5))}
    text = 'release.age_days >= 7 and package.age_days >= 7 and ".whl" in file.name'

    found = ask(filtered(((1, text), (2, text))), held)

    assert fates(found) == [(1, "a", "filtered"), (1, "b", "shown"), (2, "c", "filtered")]


def test_the_next_change_is_the_earliest_of_all_registries() -> None:
    held = {1: holding(file("pkg-1.whl", days=5)), 2: holding(file("pkg-2.whl", days=6))}

    found = ask(filtered(((1, "file.age_days >= 7"), (2, "file.age_days >= 7"))), held)

    assert found.changes_at == NOW + DAY


def test_what_is_shadowed_or_quarantined_does_not_change() -> None:
    held = {
        1: holding(file("pkg-1.whl", days=5)),
        2: holding(file("pkg-1.whl", days=6)),
        3: holding(file("pkg-3.whl", days=6.5), status="quarantined"),
    }
    text = "file.age_days >= 7"

    found = ask(filtered(((1, text), (2, text), (3, text))), held)

    assert found.changes_at == NOW + 2 * DAY


def test_time_stands_still_at_an_instant_that_has_passed() -> None:
    held = {1: holding(file("pkg-1.whl", days=10), file("pkg-2.whl", days=30))}
    view = filtered(((1, "file.age_days >= 7"),))

    found = ask(view, held, at=NOW - 5 * DAY)

    assert fates(found) == [(1, "pkg-1.whl", "filtered"), (1, "pkg-2.whl", "shown")]
    assert found.changes_at is None


@pytest.mark.parametrize(("after", "expected"), [(1, None), (3, NOW + 2 * DAY)])
def test_time_goes_on_until_an_instant_that_is_to_come(
    after: int, expected: datetime | None
) -> None:
    held = {1: holding(file("pkg-1.whl", days=5))}

    found = ask(filtered(((1, "file.age_days >= 7"),)), held, at=NOW + after * DAY)

    assert (fates(found), found.changes_at) == ([(1, "pkg-1.whl", "filtered")], expected)


def test_facts_are_asked_for_where_they_are_needed_only() -> None:
    asked: list[frozenset[str]] = []

    def look_up(sources: Collection[str]) -> Documents:
        asked.append(frozenset(sources))
        return {"facts": {"downloads": 5}}

    text = "package.downloads >= 5"
    view = filtered(((1, None),), ((2, text), (3, f'package.name == "pkg" and {text}')))
    filters = {one: LANGUAGE.parse(one) for one in (text, view[1][1].filter or "")}
    question = Question("pkg", view, filters, look_up, NOW)

    first = resolve(question, {1: holding(), 2: holding(file("pkg-1.whl"))})
    second = resolve(question, {2: holding(file("pkg-1.whl")), 3: holding(file("pkg-2.whl"))})

    assert asked == [frozenset({"facts"})]
    assert (fates(first), [fate for *_, fate in fates(second)]) == ([], ["shown", "shown"])
