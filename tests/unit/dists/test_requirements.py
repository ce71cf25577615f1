"""Requirements: PEP 508 as we read it, and as every resolver can (uv-client.md 4.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from stockroom.dists.limits import MAX_REQUIREMENT_LENGTH
from stockroom.dists.requirements import (
    parse_constraint,
    parse_requirement,
    strict_constraint,
    strict_requirement,
)


def test_a_requirement_is_parsed():
    assert parse_requirement("a>=1") == Requirement("a>=1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "a b",
        "a>=1.*",
        "a>=1; nonsense == 'x'",
        pytest.param("a; " + "(" * 5000 + "os_name == 'a'" + ")" * 5000, id="nested"),
        pytest.param("a" * (MAX_REQUIREMENT_LENGTH + 1), id="long"),
    ],
)
def test_the_reason_is_given_where_a_requirement_is_invalid(text):
    reason = parse_requirement(text)

    assert isinstance(reason, str)
    assert reason


@pytest.mark.parametrize(
    ("text", "strict"),
    [
        ("a (>=1,<2)", "a<2,>=1"),
        ("a>=1,", "a>=1"),
        ("A.b[X,y] ; os.name=='nt'", 'A.b[X,y]; os_name == "nt"'),
        ("a===1.0", "a===1.0"),
    ],
)
def test_a_requirement_is_rewritten_for_resolvers(text, strict):
    assert strict_requirement(text) == strict


@pytest.mark.parametrize(
    "text",
    [
        "a b",
        "a===one",
        "a @ https://files.example/a-1.0-py3-none-any.whl",
        "a>=20240101120000123456",
        "a; os_name === 'x'",
        "a; 'x' in dependency_groups",
    ],
)
def test_a_requirement_that_some_resolver_may_not_read_is_in_doubt(text):
    assert strict_requirement(text) is None


@given(st.text("ab10.-_ ()[]<>=!~;,'\"@"))
def test_any_text_is_a_requirement_or_has_a_reason(text):
    requirement = parse_requirement(text)

    assert isinstance(requirement, Requirement) or requirement
    strict = strict_requirement(text)
    assert strict is None or Requirement(strict) == requirement


@pytest.mark.parametrize("text", ["", ">=3.8", ">=3.8,<4", "~=3.8", "!=3.9.*"])
def test_a_constraint_is_parsed(text):
    assert parse_constraint(text) == SpecifierSet(text)


@pytest.mark.parametrize("text", ["3.8", ">=3.8.*", ">=x", "a" * (MAX_REQUIREMENT_LENGTH + 1)])
def test_an_invalid_constraint_is_refused(text):
    assert parse_constraint(text) is None


@pytest.mark.parametrize(
    ("text", "strict"),
    [("", ""), (" >=3.8, ", ">=3.8"), ("===one", None), (">=20240101120000123456", None)],
)
def test_a_constraint_is_rewritten_for_resolvers(text, strict):
    assert strict_constraint(text) == strict
