"""Which releases the retention rules name: pure rules over rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from stockroom.manage.retention import Plan, ReleaseFacts, make_plan
from stockroom.policies import RegistryPolicy

NOW = datetime(2026, 5, 31, 15, 0, tzinfo=UTC)


def release(version: str, *, age: float = 0, number: int = 0, **changes: Any) -> ReleaseFacts:
    """A release whose only file is ``age`` days old."""
    published = NOW - timedelta(days=age)
    facts = ReleaseFacts(
        release_id=number or abs(hash(version)),
        package="demo",
        status="active",
        version=version,
        created_at=published,
        published_at=published,
        downloaded_at=None,
        yanked=False,
        files=1,
        size=10,
    )
    return facts._replace(**changes)


def expired(policy: RegistryPolicy, releases: Sequence[ReleaseFacts]) -> list[str]:
    """The versions that go."""
    return [entry.release.version for entry in make_plan(policy, releases, NOW).expired]


def versions(text: str) -> list[ReleaseFacts]:
    return [release(version) for version in text.split()]


def days_ago(days: int) -> datetime:
    """A day of downloads."""
    return datetime(2026, 5, 31, tzinfo=UTC) - timedelta(days=days)


@pytest.mark.parametrize(
    ("keep", "given_versions", "gone"),
    [
        (0, "1 2 3", ""),
        (3, "1 2 3", ""),
        (1, "1 2 3", "1 2"),
        (2, "1.9 1.10 1.2", "1.2"),
        (2, "1!1 2 3", "2"),
        (1, "1 1.post1 1+local", "1 1+local"),
        (1, "1 2rc1 2.dev1", "2.dev1"),
        (1, "1 2 3rc1", "1"),
        (2, "1 2 3a1 3a2 3a3", "3a1"),
        (1, "1rc1 1", "1rc1"),
        (1, "1rc1 1rc2", "1rc1"),
    ],
)
def test_keep_newest_by_pep_440(keep: int, given_versions: str, gone: str) -> None:
    found = expired(RegistryPolicy(keep_newest=keep), versions(given_versions))

    assert found == gone.split()


def test_a_final_release_is_never_pushed_out_by_pre_releases() -> None:
    releases = [release("1.0"), *versions("2.0a1 2.0a2 2.0a3 2.0a4")]

    assert expired(RegistryPolicy(keep_newest=2), releases) == ["2.0a1", "2.0a2"]


def test_a_yanked_release_pushes_nobody_out_but_goes_in_its_turn() -> None:
    releases = [
        release("1"),
        release("2"),
        release("3", yanked=True),
        release("0", yanked=True),
    ]

    assert expired(RegistryPolicy(keep_newest=2), releases) == ["0"]


@pytest.mark.parametrize(
    ("version", "age", "goes"),
    [
        ("1.0rc1", 90, True),
        ("1.0rc1", 89.9, False),
        ("1.0.dev5", 91, True),
        ("1.0.post1.dev2", 91, True),
        ("1.0b1.post1", 91, True),
        ("1.0", 1000, False),
        ("1.0.post1", 1000, False),
        ("1.0+local.rc1", 1000, False),
    ],
)
def test_drop_prereleases_after_days(version: str, age: float, goes: bool) -> None:
    policy = RegistryPolicy(drop_prereleases_after_days=90)

    assert expired(policy, [release(version, age=age)]) == ([version] if goes else [])


@pytest.mark.parametrize(
    ("age", "downloaded", "goes"),
    [
        (100, None, True),
        (100, 31, True),
        (100, 30, False),
        (100, 0, False),
        (30, None, False),
        (31, None, True),
    ],
)
def test_drop_only_idle_days_protects_what_is_used(
    age: int, downloaded: int | None, goes: bool
) -> None:
    policy = RegistryPolicy(keep_newest=1, drop_only_idle_days=30)
    day = None if downloaded is None else days_ago(downloaded)

    assert expired(policy, [release("1", age=age, downloaded_at=day), release("2")]) == (
        ["1"] if goes else []
    )


def test_a_file_added_later_counts_as_use_but_not_as_the_age() -> None:
    fresh = release("1rc1", age=100, published_at=NOW)

    assert expired(RegistryPolicy(drop_prereleases_after_days=90), [fresh]) == ["1rc1"]
    assert (
        expired(RegistryPolicy(drop_prereleases_after_days=90, drop_only_idle_days=1), [fresh])
        == []
    )


def test_nothing_of_a_quarantined_package_goes() -> None:
    releases = [fact._replace(status="quarantined") for fact in versions("1 2 3")]

    assert expired(RegistryPolicy(keep_newest=1), releases) == []


def test_packages_are_judged_apart_and_listed_in_order() -> None:
    releases = [
        fact._replace(package=package) for package in ("b", "a") for fact in versions("2 1 3")
    ]

    plan = make_plan(RegistryPolicy(keep_newest=1), releases, NOW)

    assert [(entry.release.package, entry.release.version) for entry in plan.expired] == [
        ("a", "1"),
        ("a", "2"),
        ("b", "1"),
        ("b", "2"),
    ]
    assert (plan.files, plan.size) == (4, 40)


def test_each_is_told_with_its_rule_and_the_reason() -> None:
    policy = RegistryPolicy(keep_newest=1, drop_prereleases_after_days=90)

    plan = make_plan(policy, [release("1"), release("2rc1", age=100), release("3")], NOW)

    assert [(entry.rule, entry.reason) for entry in plan.expired] == [
        ("keep_newest", "it is not among the newest 1"),
        ("keep_newest", "it is not among the newest 1"),
    ]
    alone = make_plan(policy, [release("2rc1", age=100)], NOW)
    assert alone.expired[0].reason == "it is a pre-release 100 days old"


def test_a_plan_is_named_by_what_goes() -> None:
    policy = RegistryPolicy(keep_newest=1)
    releases = [release("1", number=1), release("2", number=2)]

    def digest(*facts: ReleaseFacts) -> str:
        return make_plan(policy, facts, NOW).digest

    assert digest(*releases) == digest(*releases[::-1])
    assert digest(*releases) != digest(releases[0]._replace(size=11), releases[1])
    assert digest(*releases) != digest(releases[0]._replace(files=2), releases[1])
    assert digest(*releases) != digest(*releases, release("3", number=3))
    assert Plan(()).digest == digest(releases[1])


ANY_VERSION = st.builds(
    "{}.{}{}{}".format,
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(["", "a1", "b2", "rc1"]),
    st.sampled_from(["", ".post1", ".dev1"]),
)
ANY_RELEASES = st.lists(
    st.builds(
        lambda version, age, idle, yanked: release(
            version,
            age=age,
            downloaded_at=None if idle is None else days_ago(min(idle, age)),
            yanked=yanked,
        ),
        ANY_VERSION,
        st.integers(0, 200),
        st.none() | st.integers(0, 200),
        st.booleans(),
    ),
    unique_by=lambda fact: Version(fact.version),
    max_size=25,
)
ANY_POLICY = st.builds(
    RegistryPolicy,
    keep_newest=st.integers(0, 5),
    drop_prereleases_after_days=st.sampled_from([0, 30, 90]),
    drop_only_idle_days=st.sampled_from([0, 7, 30]),
)


@given(ANY_POLICY, ANY_RELEASES, st.randoms())
def test_what_holds_for_every_plan(policy: RegistryPolicy, releases, random) -> None:
    plan = make_plan(policy, releases, NOW)
    gone = {entry.release.version for entry in plan.expired}
    kept = [fact for fact in releases if fact.version not in gone]

    finals = [fact for fact in releases if not Version(fact.version).is_prerelease]
    good = sorted((f for f in finals if not f.yanked), key=lambda f: Version(f.version))
    # The newest good final releases stay, whatever there is beside them.
    newest = good[-policy.keep_newest :] if policy.keep_newest else finals
    assert not gone & {fact.version for fact in newest}
    # What was used lately stays.
    if policy.drop_only_idle_days:
        since = days_ago(policy.drop_only_idle_days)
        assert all(
            (fact.downloaded_at is None or fact.downloaded_at < since)
            and fact.published_at.date() < since.date()
            for fact in releases
            if fact.version in gone
        )
    # Without rules nothing goes; applied twice, the rules find nothing more.
    if not (policy.keep_newest or policy.drop_prereleases_after_days):
        assert not gone
    assert make_plan(policy, kept, NOW).expired == ()
    # The order of the rows does not matter.
    shuffled = list(releases)
    random.shuffle(shuffled)
    assert make_plan(policy, shuffled, NOW) == plan
