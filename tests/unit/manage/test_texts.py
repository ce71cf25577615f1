"""Reasons, notes and entity tags."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stockroom.manage.preconditions import check_if_match, etag_of
from stockroom.manage.problems import InvalidText, PreconditionFailed
from stockroom.manage.texts import MAX_NOTES, MAX_REASON, clean_notes, clean_reason, excerpt

THEN = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("blank", [None, "", " ", "\n\t "])
def test_s44_s48_a_blank_reason_is_none(blank: str | None) -> None:
    assert clean_reason(blank) is None
    assert clean_notes(blank) is None


def test_white_space_around_a_reason_goes() -> None:
    assert clean_reason("  broken \n") == "broken"


def test_indentation_at_the_beginning_of_notes_stays() -> None:
    assert clean_notes("    code\n") == "    code"


@pytest.mark.parametrize("bad", ["a\0", "\ud800", "x\udfff"])
def test_what_a_database_cannot_keep_is_refused(bad: str) -> None:
    for clean in (clean_reason, clean_notes):
        with pytest.raises(InvalidText, match="NUL"):
            clean(bad)


def test_length_of_a_reason_is_in_characters_and_of_notes_in_bytes() -> None:
    assert clean_reason("ü" * MAX_REASON)
    assert clean_notes("ü" * (MAX_NOTES // 2))

    with pytest.raises(InvalidText, match="1001 characters"):
        clean_reason("ü" * (MAX_REASON + 1))
    with pytest.raises(InvalidText, match="65538 bytes"):
        clean_notes("ü" * (MAX_NOTES // 2 + 1))


def test_events_hold_the_beginning_of_a_long_note() -> None:
    assert excerpt(None) is None
    assert excerpt("x" * 1000) == "x" * 1000
    assert excerpt("x" * 1001) == "x" * 1000 + "..."


def test_every_state_of_a_package_has_its_tag() -> None:
    tags = {
        etag_of(number, at, serial)
        for number in (1, 17)
        for at in (THEN, THEN.replace(microsecond=1))
        for serial in (1, 23)
    }

    assert len(tags) == 8


@pytest.mark.parametrize("header", [None, '"a"', '"b", "a"', "*", ' "a" ,"b"', 'W/"a"'])
def test_if_match_names_the_state(header: str | None) -> None:
    check_if_match(header, '"a"')


@pytest.mark.parametrize("header", ["", '"b"', 'W/"b"', "a", '"a'])
def test_if_match_names_another_state(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        check_if_match(header, '"a"')
