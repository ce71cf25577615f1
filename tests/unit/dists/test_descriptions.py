"""Descriptions that can be shown, and those that cannot (U-56)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readme_renderer import markdown, rst

from stockroom.dists import CoreMetadata
from stockroom.dists.descriptions import description_findings
from stockroom.dists.limits import MAX_DESCRIPTION_CHECKED
from stockroom.dists.policies import PolicyFinding
from stockroom.dists.restructured import reading_fault

MARKDOWN = "text/markdown"


def findings_of(description, content_type=None):
    metadata = CoreMetadata(
        metadata_version="2.1",
        name="sample",
        version="1.0",
        description=description,
        description_content_type=content_type,
    )
    return list(description_findings(metadata))


def fault(description, content_type=None):
    """The message of the one finding."""
    [finding] = findings_of(description, content_type)
    assert isinstance(finding, PolicyFinding)
    assert (finding.rule, finding.policy) == ("U-56", "unrenderable_description")
    assert finding.violation.message.isprintable()
    return finding.violation.message


@pytest.mark.parametrize("content_type", [None, "text/x-rst", "TEXT/X-RST; charset=UTF-8"])
def test_u56_without_a_content_type_a_description_is_restructured_text(content_type):
    assert findings_of("Title\n=====\n\nText", content_type) == []
    assert "(WARNING/2) Inline literal start-string" in fault("Text\n\n``code", content_type)


@pytest.mark.parametrize(
    "content_type", [MARKDOWN, "Text/Markdown; variant=CommonMark", "text/markdown;variant=GFM"]
)
def test_u56_markdown_can_be_shown_unless_nothing_comes_of_it(content_type):
    assert findings_of("``code", content_type) == []
    assert findings_of("[![a](b)](c)", content_type) == []
    assert "nothing comes of it" in fault("[a]: https://docs.example", content_type)


@pytest.mark.parametrize("content_type", ["text/plain", "text/html", "nonsense"])
def test_u56_other_kinds_are_not_looked_at(content_type):
    assert findings_of("``code", content_type) == []


def test_u56_no_description_is_fine():
    assert findings_of(None, "text/x-rst") == []


@pytest.mark.parametrize("text", [".. comment", "\n", ".. meta::\n   :a: b", ".. header:: a"])
def test_u56_restructured_text_of_nothing_is_told_of(text):
    assert "nothing comes of it" in fault(text)


def test_u56_a_long_description_is_not_read():
    text = "text\n" * (MAX_DESCRIPTION_CHECKED // 5)

    assert findings_of(text) == []
    assert [isinstance(finding, str) for finding in findings_of(text + "*text")] == [True]


def test_u56_long_markdown_is_known_to_be_shown():
    assert findings_of("text\n" * MAX_DESCRIPTION_CHECKED, MARKDOWN) == []


@pytest.mark.parametrize(
    "text",
    [
        ".. include:: secret",
        ".. raw:: html\n   :file: secret",
        ".. csv-table::\n   :file: secret",
        ".. literalinclude:: secret",
        ".. raw:: html\n\n   <b>",
        ".. role:: html(raw)\n   :format: html\n\n:html:`<b>`",
    ],
)
def test_u56_neither_files_nor_html_are_taken_in(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("a,b")

    assert "cannot be shown" in fault(text)


def test_u56_no_configuration_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docutils.conf").write_text("[general]\nfile_insertion_enabled: yes\n")
    (tmp_path / "secret").write_text("text")

    assert "directive disabled" in fault(".. include:: secret")


def test_u56_nothing_is_written_to_standard_error(capfd):
    fault("`a\n\n|b|_\n\n.. nonsense::")

    assert capfd.readouterr() == ("", "")


def test_u56_what_one_text_defines_is_unknown_to_the_next():
    assert findings_of(".. role:: mine\n\n:mine:`a`") == []
    assert "mine" in fault(":mine:`a`")


def substitutions(count):
    lines = [f".. |a{n}| replace:: |a{n + 1}| |a{n + 1}|" for n in range(count)]
    return "\n".join([*lines, f".. |a{count}| replace:: b", "", "|a0|"])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(substitutions(60), id="doubled-sixty-times"),
        pytest.param(f".. |a| replace:: {'*b* ' * 2000}\n\n{'|a| ' * 2000}", id="long-times-many"),
        pytest.param("\n".join(["* " * 35] * 900), id="nested-lists"),
        pytest.param("a\n=\n\n.. contents::\n   :local:\n\n" * 1500, id="many-contents"),
        pytest.param("== ==\n" + "a  b\n" * 12_000 + "== ==\n", id="rows"),
    ],
)
def test_u56_texts_that_would_take_hours_are_given_up(text):
    assert "too complex" in fault(text)


def test_u56_deep_nesting_is_a_fault():
    assert fault("\n\n".join(" " * depth + "a" for depth in range(340)))


def test_the_readers_are_loaded_when_a_description_needs_them():
    code = "import sys, stockroom.dists; print({'docutils', 'comrak'} & sys.modules.keys())"

    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=os.environ
    )

    assert output.stdout.strip() == b"set()"


MARKDOWN_PARTS = [
    *("[a]", "[a]: b", "[^1]", "[^1]: c", "[a]: <>", "(", "[", "]", "'t'", "\\"),
    *("\n", "\n\n", " ", "    ", "\t", "\ufeff", "\xa0"),
    *("x", "<!-- y -->", "- ", "> ", "#", "```", "|", "---"),
]


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(MARKDOWN_PARTS), max_size=8).map("".join),
    st.sampled_from(["GFM", "CommonMark"]),
)
def test_u56_the_answer_for_markdown_is_that_of_the_renderer(text, variant):
    found = findings_of(text, f"text/markdown; variant={variant}")

    assert (found == []) is (markdown.render(text, variant=variant) is not None)


RST_PARTS = [
    *("a", "a_", "`a`_", "*a*", "*", "``", "|a|", "[1]_", "__", ":sub:`z`", '"', "'"),
    *("\n", "\n\n", " ", "   ", "===", "* ", "1. ", "| ", ":a: b", "-- ", "+--+", "== ==", "::"),
    *(".. ", ".. a: b", ".. _a:", ".. _a: b", ".. |a| replace:: c", ".. [1] d"),
    *(".. note::", ".. code:: none", ".. class:: x", ".. contents::", ".. image:: y", ".. math::"),
]


@settings(max_examples=100)
@given(st.lists(st.sampled_from(RST_PARTS), max_size=10).map("".join))
def test_u56_the_answer_for_restructured_text_is_that_of_the_renderer(text):
    reason = reading_fault(text)

    assert (reason is None) is (rst.render(text) is not None)
