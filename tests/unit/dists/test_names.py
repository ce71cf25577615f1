"""Project names (S-03, S-04, U-66)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.dists import is_stdlib_module, is_valid_name, normalize, ultra_normalized
from stockroom.dists.names import MAX_NAME_LENGTH


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("sample", "sample"),
        ("Foo.Bar__baz", "foo-bar-baz"),
        ("a-._-b", "a-b"),
        ("A1", "a1"),
    ],
)
def test_s03_spellings_of_a_name_have_one_normal_form(name, normal):
    assert normalize(name) == normal


@pytest.mark.parametrize("name", ["a", "7", "Foo.Bar__baz", "a-b", "A" * MAX_NAME_LENGTH])
def test_s04_valid_names(name):
    assert is_valid_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-a",
        "a-",
        ".a",
        "a_",
        "a b",
        "a/b",
        "a\n",
        "a\0",
        "é",
        pytest.param("\u017fample", id="long-s"),
        pytest.param("\u212aelvin", id="kelvin-sign"),
        pytest.param("a" * (MAX_NAME_LENGTH + 1), id="too-long"),
    ],
)
def test_s04_invalid_names(name):
    assert not is_valid_name(name)


@given(st.text())
def test_normalizing_twice_changes_nothing_more(name):
    assert normalize(normalize(name)) == normalize(name)


@given(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,50}[A-Za-z0-9])?", fullmatch=True))
def test_the_normal_form_of_a_valid_name_is_a_valid_name(name):
    assert is_valid_name(name)
    assert is_valid_name(normalize(name))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("sample", "samp1e"),
        ("Foo.Bar_-baz", "f00barbaz"),
        ("lIlI-O0", "111100"),
        ("numpy", "numpy"),
    ],
)
def test_u66_names_that_look_alike_have_one_form(name, form):
    assert ultra_normalized(name) == form


@given(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,50}[A-Za-z0-9])?", fullmatch=True))
def test_u66_spellings_of_a_name_look_alike(name):
    assert ultra_normalized(normalize(name)) == ultra_normalized(name)


@pytest.mark.parametrize("name", ["json", "JSON", "ConfigParser", "this", "py-compile"])
def test_u66_modules_of_the_standard_library_are_known(name):
    assert is_stdlib_module(name)


@pytest.mark.parametrize("name", ["json5", "future", "thread", "jso-n", "numpy"])
def test_u66_other_names_are_no_modules_of_the_standard_library(name):
    assert not is_stdlib_module(name)
