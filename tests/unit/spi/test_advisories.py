"""Which versions a record affects: as the OSV schema evaluates it, in the order of PEP 440."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from stockroom.spi.advisories import MAX_EVENTS, Span, affected_by, affects, entries_of

VERSIONS = ["0", "0.9", "1.0a1", "1.0", "1.0.post1", "1.1", "2.0rc1", "2.0", "10.0", "1!0.1"]


def record(*ranges: list[dict[str, str]], versions: list[str] | None = None) -> dict[str, Any]:
    part: dict[str, Any] = {"package": {"ecosystem": "PyPI", "name": "Demo_Pkg"}}
    if ranges:
        part["ranges"] = [{"type": "ECOSYSTEM", "events": events} for events in ranges]
    if versions is not None:
        part["versions"] = versions
    return {"id": "A-1", "affected": [part]}


def is_affected(told: dict[str, Any], version: str) -> bool:
    return affects(affected_by(told)["demo-pkg"], version)


def as_the_schema_says(events: list[dict[str, str]], version: str) -> bool:
    """The algorithm of the schema, word by word."""
    asked = Version(version)
    limits = [event["limit"] for event in events if "limit" in event]
    if limits and not any(limit == "*" or asked < Version(limit) for limit in limits):
        return False
    order = {"fixed": 0, "introduced": 1, "last_affected": 2}
    changes = [(kind, text) for event in events for kind, text in event.items() if kind in order]
    changes.sort(key=lambda one: (one[1] != "0", Version(one[1]), order[one[0]]))
    vulnerable = False
    for kind, text in changes:
        at = Version(text)
        if kind == "introduced" and (text == "0" or asked >= at):
            vulnerable = True
        elif (kind == "fixed" and asked >= at) or (kind == "last_affected" and asked > at):
            vulnerable = False
    return vulnerable


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["introduced", "fixed", "last_affected", "limit"]),
        st.sampled_from(VERSIONS),
    ).map(lambda one: {one[0]: one[1]}),
    max_size=6,
    unique_by=lambda event: next(iter(event.values())),
)


@settings(max_examples=200)
@given(events=EVENTS, version=st.sampled_from(VERSIONS))
def test_ranges_are_what_the_algorithm_of_the_schema_gives(
    events: list[dict[str, str]], version: str
) -> None:
    told = record(events, versions=[])

    assert is_affected(told, version) is as_the_schema_says(events, version)


@pytest.mark.parametrize(
    ("events", "spans"),
    [
        ([{"introduced": "0"}], [Span(None, None)]),
        ([{"introduced": "0"}, {"fixed": "1.5"}], [Span(None, "1.5")]),
        ([{"introduced": "1.0"}, {"last_affected": "1.0"}], [Span("1.0", "1.0", True)]),
        ([{"fixed": "2.0"}, {"introduced": "1.0"}], [Span("1.0", "2.0")]),
        ([{"introduced": "1"}, {"limit": "2"}, {"limit": "3"}], [Span("1", "3")]),
        ([{"introduced": "1"}, {"limit": "*"}], [Span("1", None)]),
        ([{"introduced": "3"}, {"limit": "2"}], []),
    ],
)
def test_events_are_joined_to_spans(events: list[dict[str, str]], spans: list[Span]) -> None:
    assert list(affected_by(record(events))["demo-pkg"].spans) == spans


def test_listed_versions_are_kept_only_outside_of_ranges() -> None:
    told = record([{"introduced": "1.0"}, {"fixed": "2.0"}], versions=["1.5", "3.0.0", "v4"])

    affected = affected_by(told)["demo-pkg"]

    assert affected.versions == ("3", "4")
    assert [affects(affected, one) for one in ("1.5", "3.0", "4.0.0", "2.0")] == [
        True,
        True,
        True,
        False,
    ]


def test_a_local_version_is_affected_as_its_public_one() -> None:
    last = record([{"introduced": "0"}, {"last_affected": "1.0"}])
    fixed = record([{"introduced": "0"}, {"fixed": "1.0"}])

    assert is_affected(last, "1.0+cu118")
    assert not is_affected(fixed, "1.0+cu118")


@pytest.mark.parametrize(
    "told",
    [
        record(),
        record([{"introduced": "0"}, {"fixed": "oops"}]),
        record([{"introduced": "oops"}, {"fixed": "9"}]),
        record([{"introduced": "0"}, {"fixed": 1}]),  # type: ignore[dict-item]
        record([{"introduced": "0"}, {"limit": "oops"}]),
        record([{"introduced": "1"}] * (MAX_EVENTS + 1)),
    ],
    ids=["nothing", "fixed", "introduced", "number", "limit", "many"],
)
def test_in_doubt_a_version_is_affected(told: dict[str, Any]) -> None:
    assert is_affected(told, "0.1")


def test_what_is_no_version_is_affected() -> None:
    assert is_affected(record([{"introduced": "5"}]), "not a version")


def test_other_ecosystems_and_other_kinds_of_ranges_are_left_out() -> None:
    npm = record([{"introduced": "0"}])
    npm["affected"][0]["package"]["ecosystem"] = "npm"
    git = record([{"introduced": "0"}], versions=["1.0"])
    git["affected"][0]["ranges"][0]["type"] = "GIT"

    assert affected_by(npm) == {}
    assert not is_affected(git, "2.0")
    assert is_affected(git, "1.0")


def test_parts_about_one_package_count_together() -> None:
    told = record([{"introduced": "1"}, {"fixed": "2"}])
    told["affected"] += record(versions=["5"])["affected"]

    assert [is_affected(told, one) for one in ("1", "2", "5")] == [True, False, True]


@pytest.mark.parametrize(
    "affected",
    [
        None,
        "x",
        [None],
        [{}],
        [{"package": "x"}],
        [{"package": {"ecosystem": 1, "name": 2}}],
    ],
)
def test_what_has_another_shape_is_about_nothing(affected: Any) -> None:
    assert list(entries_of({"affected": affected})) == []


def test_what_cannot_be_read_is_told() -> None:
    told = record([{"introduced": "a b"}, {"fixed": "c d"}], versions=["e f"])

    [entry] = entries_of(told)

    assert list(entry.mistakes) == [
        "introduced: 'a b' is no version.",
        "fixed: 'c d' is no version.",
        "'e f' is no version.",
    ]
