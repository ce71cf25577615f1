"""Cleaning a form (U-30, U-35)."""

from __future__ import annotations

import pytest

from stockroom.publish.form import SPELLINGS, clean, read_form


@pytest.mark.parametrize("values", [["UNKNOWN"], ["  UNKNOWN\n"], ["UNKNOWN", "UNKNOWN"], [""]])
def test_u30_what_says_nothing_is_absent(values: list[str]) -> None:
    assert clean({"summary": values}) == {}


def test_u30_the_other_values_stay() -> None:
    assert clean({"platform": ["UNKNOWN", "linux", "", "unknown"]}) == {
        "platform": ("linux", "", "unknown")
    }


def test_u30_nul_becomes_four_characters() -> None:
    assert clean({"summary": ["a\x00b"]}) == {"summary": (r"a\x00b",)}


@pytest.mark.parametrize(("spelling", "name"), SPELLINGS.items())
def test_u35_another_spelling_is_the_same_field(spelling: str, name: str) -> None:
    assert clean({spelling: ["a"], name: ["b"]}) == {name: ("a", "b")}


def test_u32_digests_are_compared_in_lower_case() -> None:
    form = read_form({"sha256_digest": (" ABC ",)})

    assert form.digests == {"sha256": "abc"}


def test_what_is_absent_is_empty() -> None:
    form = read_form({})

    assert (form.name, form.version, form.filetype, form.digests) == ("", "", "", {})
