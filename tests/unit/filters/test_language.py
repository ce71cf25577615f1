"""A language is made of fields and functions; its filters are values."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from stockroom.filters import Language
from stockroom.spi import FilterField, FilterFunction, ValueType
from tests.support.filtering import FIELDS, FUNCTIONS, LANGUAGE

NUMBERS = FilterField("file.number", ValueType.NUMBER, "A number.", lambda package, items: [])
TIMES = FilterField("file.time", ValueType.INSTANT, "A time.", lambda package, items: [])
AGES = FilterField("file.since", ValueType.AGE, "Days since then.", age_of="file.time")
TWICE = FilterFunction(
    "twice", (ValueType.NUMBER,), ValueType.NUMBER, "Twice.", lambda number: 2 * number
)


def test_filter_knows_what_it_reads() -> None:
    rule = LANGUAGE.parse(
        'package.scan_age_days < 7 and below(file.name, "x") or release.score >= 3'
    )

    assert rule.fields == {"package.scan_age_days", "file.name", "release.score"}
    assert rule.sources == {"facts", "scores"}
    assert rule.depends_on_time


def test_filter_without_ages_does_not_depend_on_time() -> None:
    rule = LANGUAGE.parse('file.upload_time < "2025-01-01"')

    assert not rule.depends_on_time
    assert rule.sources == frozenset()


def test_filter_keeps_its_text_and_prints_its_meaning() -> None:
    text = " ( 7 <= file.age_days<30 )\nand not(package.name in['A_b',\"c\"])"

    rule = LANGUAGE.parse(text)

    assert rule.text == text
    assert str(rule) == (
        'file.age_days >= 7 and file.age_days < 30 and package.name not in ["A_b", "c"]'
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('package.name == "A_b"', "package.name=='a-B'"),
        ('release.version == "1.0"', 'release.version == "1"'),
        ('file.upload_time > "2025-01-01"', 'file.upload_time > "2025-01-01T01:00+01:00"'),
        ("file.age_days > 7", "7.0 < file.age_days"),
        ("file.signed and (file.signed and True)", "file.signed and file.signed and True"),
        ("1 < package.downloads < 3", "1 < package.downloads and package.downloads < 3"),
    ],
)
def test_filters_that_say_the_same_are_equal(one: str, other: str) -> None:
    assert LANGUAGE.parse(one) == LANGUAGE.parse(other)
    assert len({LANGUAGE.parse(one), LANGUAGE.parse(other)}) == 1


def test_filters_of_other_values_differ() -> None:
    texts = ["True", "False", "package.downloads == 1", "file.signed == True", "file.signed"]

    assert len({LANGUAGE.parse(text) for text in texts}) == len(texts)


def test_parsed_filter_is_kept_and_cannot_be_changed() -> None:
    rule = LANGUAGE.parse("file.signed")

    with pytest.raises(FrozenInstanceError):
        rule.text = "True"  # type: ignore[misc]

    assert LANGUAGE.parse("file.signed") is rule


@pytest.mark.parametrize(
    ("offered", "message"),
    [
        ([NUMBERS, NUMBERS], "two filter fields are called file.number"),
        ([replace(NUMBERS, name="number")], "'number' cannot be the name of a filter field"),
        ([replace(NUMBERS, name="team.number")], "'team.number' cannot be the name"),
        ([replace(NUMBERS, name="file.Number")], "'file.Number' cannot be the name"),
        ([replace(NUMBERS, name="file.__class__")], "'file.__class__' cannot be the name"),
        ([replace(NUMBERS, name="file.in")], "'file.in' cannot be the name"),
        ([replace(NUMBERS, name="file.a\n")], "cannot be the name"),
        ([replace(NUMBERS, values=None)], "file.number needs values"),
        ([TIMES, replace(NUMBERS, age_of="file.time")], "file.number needs values, and no age_of"),
        ([AGES], "the name of an instant of its file"),
        ([NUMBERS, replace(AGES, age_of="file.number")], "the name of an instant of its file"),
        ([TIMES, replace(AGES, name="package.since")], "the name of an instant of its package"),
        ([TIMES, replace(AGES, values=TIMES.values)], "instead of values it needs age_of"),
        ([TWICE, TWICE], "two filter functions are called twice"),
        ([replace(TWICE, name="Twice")], "'Twice' cannot be the name of a filter function"),
        ([replace(TWICE, name="not")], "'not' cannot be the name"),
        ([replace(TWICE, name="file")], "'file' cannot be the name"),
        ([replace(TWICE, returns=ValueType.AGE)], "twice has an age"),
        ([replace(TWICE, parameters=(ValueType.AGE,))], "twice has an age"),
    ],
)
def test_fields_and_functions_that_fit_no_language_are_refused(
    offered: list[Any], message: str
) -> None:
    fields = [one for one in offered if isinstance(one, FilterField)]
    functions = [one for one in offered if isinstance(one, FilterFunction)]

    with pytest.raises(ValueError, match=message):
        Language(fields, functions)


def test_language_of_the_tests_has_every_type() -> None:
    assert {field.type for field in FIELDS} == set(ValueType)
    assert {function.returns for function in FUNCTIONS} == {ValueType.BOOLEAN, ValueType.NUMBER}
