"""The rules against a model that knows nothing of speed: it looks at one file name at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stockroom.resolution.rules import Holding, Question, resolve
from stockroom.resources import Groups, Member
from stockroom.spi import FilterFile, FilterPackage, FilterRelease
from tests.support.filtering import LANGUAGE
from tests.unit.resolution.test_rules import file

NOW = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FILTERS = (
    None,
    'package.name == "pkg"',
    'package.name != "pkg"',
    'package.name != "pkg" and file.age_days >= 3',
    "file.age_days >= 3",
    "release.age_days >= 3 and package.age_days < 6",
    'package.name == "pkg" or file.age_days >= 3',
    '".whl" in file.name',
)
FILENAMES = ("pkg-1.whl", "pkg-1.tar.gz", "pkg-2.whl")

held_files = st.dictionaries(st.sampled_from(FILENAMES), st.integers(0, 8))
holdings = st.dictionaries(
    st.integers(1, 4),
    st.tuples(held_files, st.sampled_from(["active", "archived", "quarantined"])),
)
groups = st.lists(
    st.lists(
        st.builds(Member, st.integers(1, 4), st.sampled_from(FILTERS)),
        min_size=1,
        unique_by=lambda member: member.registry_id,
    ).map(tuple),
    max_size=3,
).map(tuple)
Held = dict[int, tuple[dict[str, int], str]]


def model(view: Groups, held: Held, at: datetime | None) -> tuple[dict[str, int], str] | None:
    """The files that are shown, with their registries, and the status; None if nobody has it."""
    then = NOW if at is None else min(at, NOW)

    def exists(number: int) -> bool:
        ages = held[number][0].values() if number in held else ()
        return number in held and (at is None or created(ages) <= at)

    for group in view:
        having = [
            member
            for member in group
            if exists(member.registry_id)
            and (member.filter is None or LANGUAGE.parse(member.filter).by_name("pkg") is not False)
        ]
        if not having:
            continue
        shown = {}
        for filename in FILENAMES:
            owner = next((one for one in having if visible(held, one, filename, at)), None)
            if owner is None or held[owner.registry_id][1] == "quarantined":
                continue
            if owner.filter is None or passes(held, owner, filename, then):
                shown[filename] = owner.registry_id
        statuses = [held[one.registry_id][1] for one in having]
        open_ = [status for status in statuses if status != "quarantined"]
        return shown, (open_ or statuses)[0]
    return None


def created(ages: object) -> datetime:
    return NOW - max(ages, default=0) * DAY  # type: ignore[call-overload]


def visible(held: Held, owner: Member, filename: str, at: datetime | None) -> bool:
    age = held[owner.registry_id][0].get(filename)
    return age is not None and (at is None or NOW - age * DAY <= at)


def passes(held: Held, owner: Member, filename: str, then: datetime) -> bool:
    ages = held[owner.registry_id][0]
    version = filename.removesuffix(".whl").removesuffix(".tar.gz")
    oldest = max(age for name, age in ages.items() if name.startswith(version))
    release = FilterRelease(version.removeprefix("pkg-"), NOW - oldest * DAY)
    package = FilterPackage("pkg", created(ages.values()), {})
    item = FilterFile(filename, NOW - ages[filename] * DAY, release)
    return LANGUAGE.parse(owner.filter or "").judge(package, [item], then).shown[0]


@given(groups, holdings, st.none() | st.integers(-1, 9).map(lambda days: NOW - days * DAY))
def test_s60_s64_the_rules_do_what_they_say(view: Groups, held: Held, at: datetime | None) -> None:
    real = {
        number: Holding(
            status,
            None,
            created(ages.values()),
            [file(name, days=age) for name, age in ages.items()],
        )
        for number, (ages, status) in held.items()
    }
    filters = {text: LANGUAGE.parse(text) for text in FILTERS if text}

    found = resolve(Question("pkg", view, filters, lambda _: {}, NOW, at), real)

    expected = model(view, held, at)
    if expected is None:
        assert found.winner is None
    else:
        shown = {one.file.filename: one.registry_id for one in found.files if one.fate == "shown"}
        assert (shown, found.detail.status) == expected
        assert {one.filename for one in found.detail.files} == shown.keys()
