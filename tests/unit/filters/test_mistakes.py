"""Bad filters are refused with every mistake, its place, and what to write."""

from __future__ import annotations

import pytest

from stockroom.filters import FilterInvalid, Mistake
from tests.support.filtering import LANGUAGE


def mistakes(text: str) -> list[Mistake]:
    with pytest.raises(FilterInvalid) as caught:
        LANGUAGE.parse(text)
    return list(caught.value.mistakes)


def test_misspelt_field_is_refused_with_the_right_one() -> None:
    assert mistakes('package.age_days > 3 and release.versoin == "1"') == [
        (1, 26, "There is no field release.versoin: did you mean release.version?")
    ]


def test_all_mistakes_are_told_in_the_order_of_the_text() -> None:
    with pytest.raises(FilterInvalid) as caught:
        LANGUAGE.parse('package.nme == "x"\n  and file.age_days == 7\n  and "7" >= file.age_days')

    assert str(caught.value).splitlines() == [
        "line 1, column 1: There is no field package.nme: did you mean package.name?",
        (
            "line 2, column 7: file.age_days grows all the time and never has exactly one value: "
            "write >= or <."
        ),
        "line 3, column 7: Write a number without quotes, such as 7 or 4.5.",
    ]


def test_columns_count_characters_and_lines_end_as_they_do_anywhere() -> None:
    assert mistakes('"ä\U0001f40d" in file.name and\r\n\trelease.age == 3\r')[0][:2] == (2, 2)
    assert mistakes('"ä\U0001f40d" in file.name and release.age == 3')[0][:2] == (1, 23)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        # Not of the language
        ("", 1, "Write a condition"),
        ("  \n ", 1, "Write a condition"),
        ("package.name ==", 16, "breaks off here"),
        ("and True", 1, "cannot be understood"),
        ("file.signed file.signed", 1, "cannot be understood"),
        ("(file.signed", 1, "never closed"),
        ("file.signed)", 12, "closes nothing"),
        ("(file.signed]", 13, "closes nothing"),
        ('package.name = "x"', 14, "Write == to compare"),
        ("file.signed && True", 13, "Write `and`"),
        ("file.signed || True", 13, "Write `or`"),
        ("!file.signed", 1, "Write `not`"),
        ('package.name == "x', 17, "has no end"),
        ("package.name == 'x", 17, "has no end"),
        ('package.name == "x" "y"', 21, "Two texts follow each other"),
        ('package.name == f"x"', 18, "word right before"),
        ("file.name == \\", 14, "A backslash"),
        ("file.signed # why", 13, "no comments"),
        ("ﬁle.signed", 1, "The language has no ﬁ"),
        ("file.signed\u200b", 12, "The character U+200B"),
        ('"a\tb" in file.name', 1, "cannot be seen"),
        ("file.age_days > 7d", 18, "A number ends"),
        ("file.age_days > 3 + 4", 19, "no arithmetic"),
        ("file.age_days > - -3", 17, "no arithmetic"),
        ("file.signed if True else False", 1, "no if"),
        ('package.name is "x"', 1, "write == or !="),
        ("package.owner == None", 18, "There is no None"),
        ("file.signed == true", 16, "true"),
        ("true", 1, "did you mean True?"),
        ("True == file.signed == file", 24, "file is no field"),
        ("package.name[0] == 'x'", 1, "Nothing can be taken out"),
        ("file.name.upper == 'x'", 1, "two parts"),
        # Fields and functions
        ("package.age > 7", 1, "did you mean package.age_days?"),
        ('name == "x"', 1, "did you mean package.name or file.name?"),
        ("release.zzz == 1", 1, "there are: file.age_days, file.name"),
        ('lenght("x") == 1', 1, "There is no function lenght: did you mean length?"),
        ("length == 1", 1, "write length(...)"),
        ("length() == 1", 1, "length takes a text"),
        ("length(text=file.name) == 1", 12, "Write == to compare"),
        ("length(7) == 1", 8, "Write a text in quotes"),
        ("length(file.age_days) == 1", 8, "an age in days; a text is needed"),
        ("length(['a']) == 1", 8, "A list stands behind"),
        # Conditions and values
        ("package.name", 1, "is a name, which is no condition"),
        ("length(file.name)", 1, "is a number, which is no condition"),
        ("7", 1, "A value alone is no condition"),
        ('"x" and True', 1, "A value alone is no condition"),
        ("[True]", 1, "A list is no condition"),
        ("(file.signed, True)", 1, "A list is written in [ and ]"),
        ("1 < 2", 1, "Both sides are fixed"),
        ("(file.age_days > 1) == True", 2, "A condition cannot be compared"),
        # Types
        ("package.name == 7", 17, "Write the name of a package in quotes"),
        ('package.name == "a b"', 17, '"a b" cannot be the name of a package'),
        ('package.name < "b"', 1, "which has no order: write == or !="),
        ("file.signed > False", 1, "which has no order"),
        ("file.signed == 1", 16, "Write True or False"),
        ("file.name == True", 14, "Write a text in quotes"),
        ("package.downloads > True", 21, "Write a number"),
        ("package.downloads > 1e16", 21, "Numbers go up to"),
        ("package.downloads > 1e999", 21, "Numbers go up to"),
        ('release.version >= "1.*"', 20, "Write two comparisons"),
        ('release.version >= " 1"', 20, "is not a version"),
        ("release.version >= 1.0", 20, "Write a version in quotes"),
        ('file.upload_time > "2025-02-30"', 20, "is not a time"),
        ('file.upload_time > "yesterday"', 20, "is not a time"),
        ('file.upload_time > "9999-12-31T23:00-02:00"', 20, "is not a time"),
        ('file.upload_time == "2025-01-01"', 21, "is the midnight of that day"),
        ('file.upload_time in ["2025-01-01"]', 1, "instead of a list"),
        ("file.age_days != 3", 1, "never has exactly one value"),
        ("file.age_days in [3]", 1, "instead of a list"),
        ("file.age_days > release.age_days", 17, "compare times"),
        ("package.downloads > file.age_days", 21, "compare times"),
        ("package.name == file.name", 17, "they cannot be compared"),
        # in
        ('package.name in ["a", 7]', 23, "Write the name of a package"),
        ("package.name in []", 17, "This list is empty"),
        ('package.name in ["a"] == "a"', 17, "A list stands behind"),
        ('package.name in [["a"]]', 18, "A list stands behind"),
        ("not " * 49 + 'below(file.name, "x")', 197, "nested up to 50 deep"),
        ('package.name in ("a", "b")', 17, "A list is written in [ and ]"),
        ('package.name in "abc"', 17, "Put the values in a list"),
        ("package.name in [file.name]", 18, "fixed values only"),
        ('"a" in ["a"]', 1, "Put a field before `in`"),
        ('"1" in release.version', 8, "is a version; `in` looks within texts"),
        ('"" in file.name', 1, "Nothing is within everything"),
        ('"a b" in package.name', 1, "No name has this in it"),
        ("7 in file.name", 1, "Write a text in quotes"),
        ("release.version in file.name", 1, "only texts are within a text"),
    ],
)
def test_bad_filter_is_refused_with_the_place_and_what_to_write(
    text: str, column: int, message: str
) -> None:
    [found] = mistakes(text)

    assert (found.line, found.column) == (1, column)
    assert message in found.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("True " * 801, "up to 4,000 characters, not 4,005"),
        ("(" * 51 + "True" + ")" * 51, "nested up to 50 deep"),
        ("not " * 51 + "True", "nested up to 50 deep"),
        ("length(" * 51 + '"x"' + ")" * 51 + " > 1", "nested up to 50 deep"),
        (" or ".join(["file.signed"] * 101), "up to 100 comparisons"),
        ("1 < " + "package.downloads < " * 101 + "9", "up to 100 comparisons"),
    ],
)
def test_filter_that_is_too_large_is_refused(text: str, message: str) -> None:
    assert any(message in mistake.message for mistake in mistakes(text))


def test_no_more_than_some_mistakes_are_told() -> None:
    assert len(mistakes("file.sined and " * 99 + "True")) == 20


def test_largest_filter_is_read() -> None:
    choices = ", ".join(f'"1.{number}"' for number in range(430))

    rule = LANGUAGE.parse("(" * 49 + f"not release.version in [{choices}]" + ")" * 49)

    assert rule.fields == {"release.version"}


def test_filter_may_stand_in_several_lines() -> None:
    rule = LANGUAGE.parse('\n  package.name == "demo"\n  or\n  file.signed\n')

    assert str(rule) == 'package.name == "demo" or file.signed'
