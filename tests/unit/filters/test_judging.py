"""Which files a filter shows, what unknown values do, and when that changes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from stockroom.builtin.fields import stockroom_filter_fields
from stockroom.filters import Language
from stockroom.spi import (
    FilterField,
    FilterFile,
    FilterFunction,
    FilterPackage,
    FilterRelease,
    ValueType,
)
from stockroom.spi.filters import Values
from tests.support.filtering import DAY, LANGUAGE, NOW, package, release, sdist, wheel


def shown(text: str, of: FilterPackage, *files: FilterFile, now: datetime = NOW) -> list[bool]:
    return list(LANGUAGE.parse(text).judge(of, files, now).shown)


def change(text: str, of: FilterPackage, *files: FilterFile) -> datetime | None:
    return LANGUAGE.parse(text).judge(of, files, NOW).changes_at


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('package.name == "demo"', True),
        ('package.name == "De.mo"', False),
        ('package.name != "Demo"', False),
        ('package.name in ["other", "DEMO"]', True),
        ('"em" in package.name', True),
        ('"E" in package.name', True),
        ('package.upload_time <= "2025-12-01"', True),
        ('package.upload_time < "2025-11-21T12:00:00Z"', False),
        ('package.upload_time == "2025-11-21T13:00:00+01:00"', True),
        ("package.age_days >= 100", True),
        ("package.age_days > 100", False),
        ("99.5 < package.age_days <= 100", True),
        ('release.version == "1"', True),
        ('release.version >= "1.0rc1"', True),
        ('release.version < "1.0.post1"', True),
        ('release.version not in ["0.9", "1.0.0"]', False),
        ('release.version == "1.0+local"', False),
        ('".whl" in file.name', True),
        ('".WHL" in file.name', False),
        ("file.upload_time == release.upload_time", True),
        ("release.upload_time > package.upload_time", True),
        ("package.name in file.name", True),
        ("length(file.name) == 25", True),
        ('below(package.name, "de") and not below(file.name, "x")', True),
        ("package.downloads >= 1000", True),
        ("package.downloads == 1000.0", True),
        ('package.owner == "Ada"', True),
        ('package.owner == "ada"', False),
        ('package.successor == "Demo_2"', True),
        ('package.latest > "1.9"', True),
        ("release.version < package.latest", True),
        ("file.signed", True),
        ("not file.signed", False),
        ("file.signed == False", False),
        ("release.score < 7 or False", True),
        ("True", True),
    ],
)
def test_condition_on_a_known_value(text: str, expected: bool) -> None:
    of = package(
        downloads=1000,
        owner="Ada",
        latest="1.10",
        successor="demo-2",
        signed={wheel().filename: True},
        scores={"1.0": 6.9},
    )

    assert shown(text, of, wheel()) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("package.downloads >= 10", False),
        ("not package.downloads >= 10", False),
        ("package.downloads < 10 or package.downloads >= 10", False),
        ('package.downloads >= 10 or package.name == "demo"', True),
        ("package.downloads not in [3]", False),
        ("file.signed", False),
        ("not file.signed", False),
        ('release.version < package.latest or ".whl" in file.name', True),
        ("length(package.owner) >= 0", False),
        ("package.scan_age_days < 7", False),
        ("not package.scan_age_days < 7", False),
    ],
)
def test_unknown_value_hides_unless_the_rest_decides(text: str, expected: bool) -> None:
    assert shown(text, package(), wheel()) == [expected]


def test_each_file_is_judged_by_itself() -> None:
    old, new = release("1.0", age=30), release("2.0", age=3)
    files = [wheel(old), sdist(old, age=1), wheel(new), sdist(new)]

    assert shown("release.age_days >= 7", package(), *files) == [True, True, False, False]
    assert shown("file.age_days >= 2", package(), *files) == [True, False, True, True]
    assert shown('".whl" in file.name', package(), *files) == [True, False, True, False]
    assert shown('release.version == "2.0" and ".tar" in file.name', package(), *files) == [
        False,
        False,
        False,
        True,
    ]


def test_package_without_files_is_judged() -> None:
    assert LANGUAGE.parse("file.age_days >= 7").judge(package(), [], NOW) == ([], None)


def test_age_is_reached_to_the_microsecond() -> None:
    file = wheel(release(age=7))
    instant = timedelta(microseconds=1)

    assert shown("file.age_days >= 7", package(), file, now=NOW - instant) == [False]
    assert shown("file.age_days >= 7", package(), file, now=NOW) == [True]
    assert shown("file.age_days > 7", package(), file, now=NOW) == [False]
    assert shown("file.age_days > 7", package(), file, now=NOW + instant) == [True]
    assert shown("file.age_days <= 7", package(), file, now=NOW) == [True]
    assert shown("file.age_days < 7", package(), file, now=NOW) == [False]


@pytest.mark.parametrize("days", ["3000000", "999999999999999", "0.0000000000001", "3000000.5"])
def test_age_beyond_all_dates_is_never_reached(days: str) -> None:
    reached = days.startswith("0.")

    assert shown(f"file.age_days >= {days}", package(), wheel()) == [reached]
    assert shown(f"file.age_days >= -{days}", package(), wheel()) == [True]
    assert change(f"file.age_days >= {days}", package(), wheel()) is None


def test_change_is_that_of_the_file_that_changes_first() -> None:
    files = [wheel(release("1", age=30)), wheel(release("2", age=3)), wheel(release("3", age=5))]

    assert change("release.age_days >= 7", package(), *files) == NOW + 2 * DAY
    assert change("not release.age_days >= 7", package(), *files) == NOW + 2 * DAY
    assert change("release.age_days > 7", package(), *files) == NOW + 2 * DAY + timedelta(
        microseconds=1
    )


def test_instant_at_which_no_file_changes_is_no_change() -> None:
    files = [wheel(release(age=5)), sdist(release(age=4))]

    assert change('file.age_days >= 7 or ".whl" in file.name', package(), *files) == NOW + 3 * DAY
    assert change('file.age_days >= 7 and package.name != "demo"', package(), *files) is None
    assert change("file.age_days >= 7 and file.age_days < 7", package(), *files) is None
    assert change("file.age_days >= 7 and package.downloads > 3", package(), *files) is None
    assert change("file.age_days >= 3", package(), *files) is None


def test_file_may_appear_and_disappear_again() -> None:
    rule = LANGUAGE.parse("7 <= file.age_days < 8")

    first = rule.judge(package(), [wheel()._replace(upload_time=NOW)], NOW)
    then = rule.judge(package(), [wheel()._replace(upload_time=NOW)], NOW + 7 * DAY)

    assert first == ([False], NOW + 7 * DAY)
    assert then == ([True], NOW + 8 * DAY)


def test_field_is_asked_once_for_all_items_of_its_level() -> None:
    asked = []

    def values(of: FilterPackage, releases: Sequence[FilterRelease]) -> Sequence[float]:
        asked.append([one.version for one in releases])
        return [float(one.version) for one in releases]

    language = Language([FilterField("release.risk", ValueType.NUMBER, "Risk.", values)])
    files = [wheel(release("1")), sdist(release("1")), wheel(release("2"))]

    judged = language.parse("release.risk > 0 and release.risk < 2").judge(package(), files, NOW)

    assert judged.shown == [True, True, False]
    assert asked == [["1", "2"]]


def test_function_that_raises_is_unknown_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    of = package("broken")

    assert shown('below(package.name, "b")', of, wheel()) == [False]
    assert shown('not below(package.name, "b")', of, wheel()) == [False]
    assert caplog.record_tuples[0][:2] == ("stockroom.filters.columns", logging.ERROR)
    assert "the filter function below fails" in caplog.text
    assert "this name breaks it" in caplog.text


@pytest.mark.parametrize("value", ["1000", True, float("nan"), {}])
def test_value_of_another_type_is_unknown(value: object) -> None:
    assert shown("package.downloads >= 10", package(downloads=value), wheel()) == [False]
    assert shown("package.downloads != 10", package(downloads=value), wheel()) == [False]


def test_time_without_a_zone_is_unknown() -> None:
    of = package(scanned=NOW.replace(tzinfo=None))

    assert shown('package.scanned != "2025-01-01T00:00:00Z"', of, wheel()) == [False]


def test_version_that_is_none_is_unknown() -> None:
    of = package(latest="newest")

    assert shown('package.latest != "1.0"', of, wheel()) == [False]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ('package.name != "demo"', "demo", False),
        ('package.name != "demo"', "other", True),
        ('package.name != "demo" and file.age_days >= 7', "demo", False),
        ('package.name != "demo" and file.age_days >= 7', "other", None),
        ('package.name == "demo" or file.age_days >= 7', "demo", True),
        ('not (package.name == "demo" and file.age_days >= 7)', "other", True),
        ('"acme-" in package.name', "acme-tools", True),
        ('below(package.name, "acme-")', "other", False),
        ('below(package.name, "acme-")', "broken", None),
        ("package.age_days >= 7", "demo", None),
        ("package.downloads >= 7", "demo", None),
        ("True", "demo", True),
        ("False", "demo", False),
    ],
)
def test_what_the_name_alone_decides(text: str, name: str, expected: bool | None) -> None:
    assert LANGUAGE.parse(text).by_name(name) is expected


def too_few(of: FilterPackage, items: Sequence[FilterFile]) -> Sequence[float]:
    return [1.0] * (len(items) - 1)


def failing(of: FilterPackage, items: Sequence[FilterFile]) -> Sequence[float]:
    raise LookupError("the figures are gone")


@pytest.mark.parametrize(
    ("values", "reason"), [(failing, "the figures are gone"), (too_few, "1 values for 2 items")]
)
def test_field_that_breaks_its_promise_is_unknown_and_logged(
    values: Values, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    language = Language([FilterField("file.risk", ValueType.NUMBER, "Risk.", values)])

    judged = language.parse("file.risk < 3 or file.risk >= 3").judge(
        package(), [wheel(), sdist()], NOW
    )

    assert judged.shown == [False, False]
    assert caplog.messages == ["the filter field file.risk fails for demo"]
    assert reason in caplog.text


def test_function_is_called_once_for_equal_arguments_and_its_failure_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    called = []

    def risk(version: str, name: str) -> float:
        called.append((version, name))
        raise ValueError("no risk is known")

    parameters = (ValueType.VERSION, ValueType.NAME)
    function = FilterFunction("risk", parameters, ValueType.NUMBER, "Risk.", risk)
    language = Language(stockroom_filter_fields(), [function])
    files = [wheel(release("1.0")), sdist(release("1.0")), wheel(release("2.0"))]

    judged = language.parse('risk(release.version, "De_Mo") < 3').judge(package(), files, NOW)

    assert judged.shown == [False, False, False]
    assert called == [("1.0", "de-mo"), ("2.0", "de-mo")]
    assert caplog.messages == ["the filter function risk fails"]
