"""What holds for every filter, against a naive reading of the language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stockroom.filters import FilterInvalid, Mistake
from stockroom.spi import FilterFile, FilterPackage
from tests.support.conditions import Node, conditions, moments, packages, text_of, truth
from tests.support.filtering import LANGUAGE, NOW

Given = tuple[FilterPackage, list[FilterFile]]
MANY = settings(max_examples=60, deadline=None)


def naive(condition: Node, given_: Given, at: datetime) -> list[bool]:
    package, files = given_
    return [truth(condition, package, file, at) is True for file in files]


@MANY
@given(conditions())
def test_printed_filter_is_the_same_filter(condition: Node) -> None:
    rule = LANGUAGE.parse(text_of(condition))

    again = LANGUAGE.parse(str(rule))

    assert again == rule
    assert hash(again) == hash(rule)
    assert str(again) == str(rule)
    assert again.fields == rule.fields


@settings(MANY, max_examples=150)
@given(conditions(), packages())
def test_judgement_is_what_the_language_means_until_the_next_change(
    condition: Node, given_: Given
) -> None:
    judged = LANGUAGE.parse(text_of(condition)).judge(*given_, NOW)

    changes = [
        moment
        for moment in moments(condition, *given_)
        if naive(condition, given_, moment) != list(judged.shown)
    ]
    assert list(judged.shown) == naive(condition, given_, NOW)
    assert judged.changes_at == (changes[0] if changes else None)


@MANY
@given(conditions(), packages())
def test_explanation_is_that_of_the_judgement(condition: Node, given_: Given) -> None:
    package, files = given_
    rule = LANGUAGE.parse(text_of(condition))

    explained = [rule.explain(package, file, NOW) for file in files]

    assert [one.shown for one in explained] == naive(condition, given_, NOW)
    for file, one in zip(files, explained, strict=True):
        visible = [
            moment
            for moment in moments(condition, package, [file])
            if truth(condition, package, file, moment) is True
        ]
        assert one.visible_at == (visible[0] if visible and not one.shown else None)
        assert bool(one.terms) is not one.shown
        for term in one.terms:
            # A term is a filter of its own, which hides the file by itself.
            assert not LANGUAGE.parse(term.text).explain(package, file, NOW).shown
            assert term.value is not True


@MANY
@given(conditions(), packages("demo"))
def test_what_the_name_decides_holds_whatever_else_is_known(condition: Node, given_: Given) -> None:
    rule = LANGUAGE.parse(text_of(condition))

    decided = rule.by_name("demo")

    if decided is not None:
        assert set(naive(condition, given_, NOW)) <= {decided}
        assert set(rule.judge(*given_, NOW).shown) <= {decided}


WORDS = r"""
    package.name release.version file.age_days below( ( ) [ ] , . - + == != < >= = and or not in is
    if else for lambda None True "x" "1.0" 'y' " ' f"z" b'z' 7 7.5 1e9 1j 0x1 ... : := ; # \ * ** @
    __class__ { } ` ~ é await yield import
"""
TOKENS = st.sampled_from(
    [*WORDS.split(), "\x00", "\u2028", "\ud800", "\u212a", "\n", "\t", "\r", "\r\n"]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(TOKENS, max_size=20).map(" ".join)))
@example("a" * 4_001)
@example("(" * 3_999)
@example("[" * 2_000 + "]" * 2_000)
@example("not " * 999 + "True")
@example("-" * 3_999 + "1")
@example("below(" * 600)
@example("package" + ".name" * 700)
@example("9" * 3_999)
@example("True and " * 400 + "True")
@example("1 < " * 900 + "1")
@example("'\\d' in file.name")
@example("file.name, file.name")
def test_any_text_is_a_filter_or_has_mistakes_with_their_places(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    for line, column, message in mistakes_in(text):
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1
        assert message.endswith((".", "?"))


def mistakes_in(text: str) -> Sequence[Mistake]:
    try:
        LANGUAGE.parse(text)
    except FilterInvalid as error:
        return error.mistakes or [Mistake(0, 0, "refused without a reason")]
    return ()


@pytest.mark.parametrize(
    "text",
    [
        "package.__class__",
        "package.name.__class__",
        'package.name.upper() == "X"',
        'package.__class__.__mro__[1].__subclasses__() == "x"',
        "().__class__",
        '"".join(["a"]) == "a"',
        '__import__("os")',
        'open("/etc/passwd")',
        "eval(file.name)",
        "below",
        "below.__globals__",
        'below.__globals__["log"]',
        "below(*[file.name])",
        "below(text=file.name)",
        'below(file.name, "x")(1)',
        'getattr(package, "name") == "x"',
        "package",
        "package[0]",
        'package["name"] == "x"',
        "[name for name in file]",
        "{package.name}",
        "(file.name for file in package)",
        "lambda: True",
        "(found := True)",
        "True if file.signed else False",
        "await file.signed",
        "(yield file.signed)",
        'f"{file.name}"',
        "file.signed; import os",
        "file.signed\nimport os",
        'file.name == "a" * 999999999',
        "2 ** 999999999 > 3",
        "@file.signed",
        "print",
        "None",
        "...",
    ],
)
def test_nothing_in_the_language_reaches_python(text: str) -> None:
    with pytest.raises(FilterInvalid):
        LANGUAGE.parse(text)
