"""Why a file is hidden, in terms and values, and when time alone will show it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stockroom.filters import Explanation, Term
from stockroom.spi import FilterFile, FilterPackage
from tests.support.filtering import DAY, LANGUAGE, NOW, package, release, sdist, wheel


def explained(text: str, of: FilterPackage, file: FilterFile) -> Explanation:
    return LANGUAGE.parse(text).explain(of, file, NOW)


def test_shown_file_has_no_failing_terms() -> None:
    assert explained("file.age_days >= 7", package(), wheel()) == Explanation(True, (), None)


def test_hidden_file_becomes_visible_when_its_age_is_reached() -> None:
    found = explained("release.age_days >= 7", package(), wheel(release(age=3.2)))

    assert found == Explanation(
        False,
        (Term("release.age_days >= 7", False, "release.age_days is 3.2"),),
        NOW + timedelta(days=3.8),
    )


def test_only_the_conditions_that_are_not_true_are_named() -> None:
    rule = (
        'release.age_days >= 7 and ".whl" in file.name and package.downloads >= 5 '
        'and (release.version == "2" or package.owner == "ada") and package.name == "demo"'
    )

    found = explained(rule, package(owner="bob"), sdist(release("1.0", age=10)))

    assert found.terms == (
        Term('".whl" in file.name', False, "file.name is demo-1.0.tar.gz"),
        Term("package.downloads >= 5", None, "package.downloads is unknown"),
        Term(
            'release.version == "2" or package.owner == "ada"',
            False,
            "release.version is 1.0, package.owner is bob",
        ),
    )
    assert found.visible_at is None


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("file.age_days >= 7", "file.age_days is 6.99"),
        ("not file.signed == True", "file.signed is True"),
        ("package.downloads < 1000", "package.downloads is 1000"),
        ("release.score < 7", "release.score is 7.5"),
        ('file.upload_time > "2026-03-01"', "file.upload_time is 2026-02-22T12:00:01Z"),
        ("length(package.name) > 9", "length(package.name) is 4"),
        ("release.version > package.latest", "release.version is 1.0, package.latest is 2.0"),
        ('package.successor in ["x"]', "package.successor is new-demo"),
        ("False", ""),
    ],
)
def test_values_are_told_in_words(text: str, detail: str) -> None:
    of = package(
        downloads=1000.0,
        latest="2.0",
        successor="new-demo",
        scores={"1.0": 7.5},
        signed={wheel().filename: True},
    )
    # An age is rounded down, or it would seem to be enough.
    file = wheel(release())._replace(upload_time=NOW - 7 * DAY + timedelta(seconds=1))

    [term] = explained(text, of, file).terms

    assert term.detail == detail


def test_file_that_comes_back_is_visible_at_its_next_time() -> None:
    rule = "package.age_days < 50 or file.age_days >= 30"

    found = explained(rule, package(age=60), wheel(release(age=20)))

    assert found.visible_at == NOW + 10 * DAY


def test_file_that_waits_for_two_ages_is_visible_after_the_later_one() -> None:
    rule = "package.age_days >= 7 and release.age_days >= 7 and file.age_days >= 2"

    found = explained(rule, package(age=6), wheel(release(age=3), age=1))

    assert found.visible_at == NOW + 4 * DAY
    assert len(found.terms) == 3


def test_age_of_the_past_does_not_return() -> None:
    assert explained("file.age_days < 7", package(), wheel()).visible_at is None
