"""Choosing the form and the coding of an index page (S-10 to S-18, S-73)."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.errors import BadRequest, NotAcceptable
from stockroom.index.negotiation import Coding, Representation, choose_coding, negotiate
from tests.support.pages import HTML, TEXT_HTML
from tests.support.site import JSON, PYX_JSON, PYX_MSGPACK

PIP = f"{JSON}, {HTML}; q=0.1, {TEXT_HTML}; q=0.01"
UV = f"{JSON}, {HTML};q=0.2, {TEXT_HTML};q=0.01"
UV_NATIVE = f"{PYX_MSGPACK}, {PYX_JSON};q=0.9, {JSON};q=0.8, {HTML};q=0.2, {TEXT_HTML};q=0.01"
POETRY = f"{JSON}, */*;q=0.1"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
LATEST = "application/vnd.pypi.simple.latest"


def chosen(accept: str, query: str = "") -> str:
    return negotiate(accept, query).value


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", TEXT_HTML),
        ("*/*", TEXT_HTML),
        (TEXT_HTML, TEXT_HTML),
        (PIP, JSON),
        (UV, JSON),
        (POETRY, JSON),
        (f"{JSON}, {HTML}", JSON),
        (f"{HTML}, {JSON}", JSON),
        (f"{JSON};q=0, */*", TEXT_HTML),
        (BROWSER, TEXT_HTML),
        (HTML, HTML),
        (JSON.upper(), JSON),
        ("Text/HTML", TEXT_HTML),
    ],
)
def test_s13_outcome(accept: str, expected: str) -> None:
    assert chosen(accept) == expected


@pytest.mark.parametrize(
    "header",
    [" ", ",", ";;;", "garbage", "*", "text/", "/html", f"{JSON};q=high", "a b/c d", "\xe9"],
)
def test_s13_an_unparseable_header_counts_as_none(header: str) -> None:
    assert chosen(header) == TEXT_HTML


def test_s13_what_is_unparseable_does_not_spoil_the_rest() -> None:
    assert chosen(f"garbage, {JSON}") == JSON


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (f"{JSON};q=0.3, {HTML};q=0.8", HTML),
        (f"{HTML};q=0.8, {JSON};q=0.3", HTML),
        (f"{TEXT_HTML}, {JSON};q=0.999", TEXT_HTML),
        (f"{JSON} ; Q=0.2 , {TEXT_HTML} ; q=0.1", JSON),
    ],
)
def test_s11_the_highest_quality_wins_in_any_order(accept: str, expected: str) -> None:
    assert chosen(accept) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (f"{TEXT_HTML};q=0.1, */*;q=0.9", JSON),
        (f"*/*;q=0.9, {TEXT_HTML};q=0.1", JSON),
        (f"{TEXT_HTML};q=0, application/*;q=0, {JSON}", JSON),
        (f"text/*;q=0, */*;q=0.5, {HTML};q=0.1", JSON),
    ],
)
def test_s11_a_specific_range_beats_a_wildcard(accept: str, expected: str) -> None:
    assert chosen(accept) == expected


def test_s12_equal_and_named_is_json_then_html_then_text() -> None:
    assert chosen(f"{TEXT_HTML}, {HTML}, {JSON}") == JSON
    assert chosen(f"{TEXT_HTML}, {HTML}") == HTML


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (f"{JSON};q=0.5, */*;q=0.5", JSON),
        (f"*/*, {HTML}", HTML),
        ("text/*", TEXT_HTML),
        ("application/*", JSON),
        ("text/*, application/*", TEXT_HTML),
    ],
)
def test_s12_what_only_a_wildcard_covers_ranks_last(accept: str, expected: str) -> None:
    assert chosen(accept) == expected


@pytest.mark.parametrize(("suffix", "expected"), [("+json", JSON), ("+html", HTML)])
def test_s14_latest_is_answered_with_the_concrete_type(suffix: str, expected: str) -> None:
    assert chosen(LATEST + suffix) == expected


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/vnd.pypi.simple.v2+json",
        "image/png, application/xml",
        f"{JSON};q=0",
        "*/*;q=0",
        f"{TEXT_HTML};q=0, {JSON};q=0, {HTML};q=0, */*;q=0",
    ],
)
def test_s15_nothing_acceptable_is_refused_with_the_supported_types(accept: str) -> None:
    with pytest.raises(NotAcceptable) as refusal:
        negotiate(accept, "")

    assert all(kind.value in refusal.value.detail for kind in Representation)


@pytest.mark.parametrize("value", [JSON, HTML, TEXT_HTML, PYX_JSON, PYX_MSGPACK])
def test_s16_format_wins_over_accept(value: str) -> None:
    assert chosen("image/png", f"format={quote(value, safe='')}") == value


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"format={JSON}", JSON),
        (f"format={JSON.upper().replace('+', '%2B')}", JSON),
        (f"format={LATEST}%2Bhtml", HTML),
        (f"a=1&format={JSON}&b=2", JSON),
        ("&".join([f"a{n}=1" for n in range(500)] + ["format=text/html"]), TEXT_HTML),
        ("format=", JSON),
        ("xformat=text/html", JSON),
        ("reformat=1", JSON),
    ],
)
def test_s16_how_format_is_found_in_the_query(query: str, expected: str) -> None:
    assert chosen(JSON, query) == expected


@pytest.mark.parametrize("value", ["json", "application/json", "x", "%FF", "text/html%00"])
def test_s16_an_unknown_format_is_not_acceptable(value: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiate("*/*", f"format={value}")


@pytest.mark.parametrize(
    "query",
    [
        "format=*/*",
        "format=text/*",
        f"format={TEXT_HTML},{TEXT_HTML}",
        f"format={TEXT_HTML};q=1",
        f"format={TEXT_HTML}%3Bq%3D0.5",
        f"format={TEXT_HTML}&format={TEXT_HTML}",
    ],
)
def test_s16_wildcards_lists_and_parameters_are_bad_requests(query: str) -> None:
    with pytest.raises(BadRequest):
        negotiate("*/*", query)


@pytest.mark.parametrize("accept", ["", "*/*", "application/*", f"{JSON};q=0, application/*;q=1"])
def test_s18_pyx_types_are_never_covered_by_a_wildcard(accept: str) -> None:
    assert chosen(accept) not in (PYX_JSON, PYX_MSGPACK)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (UV_NATIVE, PYX_MSGPACK),
        (PYX_JSON, PYX_JSON),
        (f"{PYX_JSON};q=0.1", PYX_JSON),
        (f"{PYX_MSGPACK};q=0.2, {JSON};q=0.3", JSON),
    ],
)
def test_s18_pyx_types_are_chosen_when_named(accept: str, expected: str) -> None:
    assert chosen(accept) == expected


def test_a_header_without_end_is_read_to_a_limit_only() -> None:
    assert chosen(f"{JSON}, " + "text/html;q=0.1, " * 10_000) == JSON


@given(st.text(max_size=80), st.text(max_size=80))
def test_s13_no_header_or_query_is_a_defect(accept: str, query: str) -> None:
    try:
        found = negotiate(accept, f"format={query}" if query else "")
    except (NotAcceptable, BadRequest):
        return

    assert found in Representation


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", Coding.IDENTITY),
        ("identity", Coding.IDENTITY),
        ("br, deflate", Coding.IDENTITY),
        ("*", Coding.IDENTITY),
        ("gzip", Coding.GZIP),
        ("x-gzip", Coding.GZIP),
        ("GZIP", Coding.GZIP),
        ("gzip;q=0", Coding.IDENTITY),
        ("zstd;q=0, gzip;q=0.1", Coding.GZIP),
        ("gzip, deflate, zstd", Coding.ZSTD),
        ("zstd,gzip,deflate", Coding.ZSTD),
        ("gzip;q=1.0, zstd;q=0.5", Coding.GZIP),
        ("zstd;q=0.5, gzip;q=1.0", Coding.GZIP),
        ("gzip;q=nonsense", Coding.IDENTITY),
        ("gzip;q=2", Coding.IDENTITY),
    ],
)
def test_s73_choice_of_the_coding(header: str, expected: Coding) -> None:
    assert choose_coding(header) is expected
