"""The text form of views: `acme/main, public/pypi[release.age_days >= 7]`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.builtin import fields
from stockroom.filters import FilterInvalid, Language
from stockroom.manage.definitions import (
    Definition,
    DefinitionMistake,
    InvalidDefinition,
    MemberText,
    parse_group,
    parse_lines,
)

LANGUAGE = Language(fields.stockroom_filter_fields())
NAME = st.from_regex(r"[a-z][a-z0-9-]{0,5}/[a-z][a-z0-9-]{0,5}", fullmatch=True)
LITERALS = st.one_of(
    st.text(st.sampled_from("a[](){}'\"\\#,\n é"), max_size=12).map(repr),
    st.text(st.sampled_from("a[]()#,"), max_size=5).map(lambda text: f'"""{text}"""'),
)
CONDITIONS = st.recursive(
    LITERALS.map(lambda text: f"file.name != {text}")
    | st.lists(LITERALS, min_size=1, max_size=3).map(
        lambda many: f"package.name in [{', '.join(many)}]"
    )
    | st.just("package.age_days >= 7"),
    lambda inner: st.tuples(
        inner, st.sampled_from([" and ", "\nand ", " or # why [\n"]), inner
    ).map(lambda parts: f"({parts[0]}{parts[1]}{parts[2]})"),
    max_leaves=4,
)


def is_right(text: str) -> bool:
    try:
        LANGUAGE.parse(text)
    except FilterInvalid:
        return False
    return True


MEMBERS = st.builds(
    MemberText,
    NAME,
    st.none() | CONDITIONS.filter(is_right) | CONDITIONS.filter(is_right).map("{} # [".format),
)
GROUPS = st.lists(MEMBERS, min_size=1, max_size=3).map(tuple)


@given(groups=st.lists(GROUPS, min_size=1, max_size=3).map(tuple))
def test_what_is_printed_is_read_as_it_was(groups: tuple[tuple[MemberText, ...], ...]) -> None:
    definition = Definition(groups)

    for group, text in zip(groups, definition.texts, strict=True):
        assert parse_group(text) == group
    assert parse_lines("\n".join(definition.texts)) == definition


@given(text=st.text(st.sampled_from("ab/[]()'\"\\,#\n \0\ud800=")))
def test_any_text_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    try:
        members = parse_group(text, 3)
    except InvalidDefinition as problem:
        [mistake] = problem.mistakes
        lines = text.split("\n")
        assert mistake.group == 3
        assert mistake.line is not None
        assert mistake.column is not None
        assert 1 <= mistake.column <= len(lines[mistake.line - 1]) + 1
    else:
        assert members
        assert all(member.registry for member in members)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme/main", [("acme/main", None)]),
        (" acme/main ,public/pypi ", [("acme/main", None), ("public/pypi", None)]),
        (
            "public/pypi[release.age_days >= 7]",
            [("public/pypi", "release.age_days >= 7")],
        ),
        ("a/b [ x in ['],', \"]\"] ], c/d", [("a/b", "x in ['],', \"]\"]"), ("c/d", None)]),
        ("a/b[x == 'it\\'s ]'],c/d", [("a/b", "x == 'it\\'s ]'"), ("c/d", None)]),
        ("a/b[x # ] no\n]", [("a/b", "x # ] no")]),
        ("a/b[]", [("a/b", "")]),
    ],
)
def test_groups_are_read(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert parse_group(text) == tuple(MemberText(*pair) for pair in expected)


@pytest.mark.parametrize(
    ("text", "line", "column", "complaint"),
    [
        ("", 1, 1, "name a registry here"),
        ("acme/main,", 1, 11, "name a registry here"),
        ("acme/main other/main", 1, 11, "put a comma"),
        ("acme/main[x", 1, 10, "not closed"),
        ("acme/main[x]]", 1, 13, "put a comma"),
        ("acme/main,\n public/pypi['", 2, 13, "not closed"),
        ("[x]", 1, 1, "name a registry here"),
        ("acme/\0", 1, 1, "no such name"),
    ],
)
def test_mistakes_have_their_place(text: str, line: int, column: int, complaint: str) -> None:
    with pytest.raises(InvalidDefinition, match=complaint) as caught:
        parse_group(text, 2)

    [mistake] = caught.value.mistakes
    assert (mistake.group, mistake.line, mistake.column) == (2, line, column)


def test_every_wrong_line_is_told() -> None:
    with pytest.raises(InvalidDefinition) as caught:
        parse_lines("acme/main other\n\nacme/main\nacme/main[")

    assert [(mistake.group, mistake.column) for mistake in caught.value.mistakes] == [
        (1, 11),
        (3, 10),
    ]


def test_lines_are_groups_and_filters_go_on_over_several() -> None:
    found = parse_lines("\nacme/main, acme/side\n\n  public/pypi[\n  package.age_days >= 7\n]\n")

    assert found == Definition(
        (
            (MemberText("acme/main"), MemberText("acme/side")),
            (MemberText("public/pypi", "package.age_days >= 7"),),
        )
    )


def test_a_mistake_says_where_it_is() -> None:
    told = [
        DefinitionMistake("it is wrong"),
        DefinitionMistake("it is wrong", 2),
        DefinitionMistake("it is wrong", 2, "acme/main", 1, 9),
        DefinitionMistake("it is wrong", 2, "acme/main", 3, 9),
    ]

    assert list(map(str, told)) == [
        "it is wrong",
        "group 2: it is wrong",
        "group 2, acme/main, column 9: it is wrong",
        "group 2, acme/main, line 3, column 9: it is wrong",
    ]
