"""The HTML form of the index (S-20 to S-30): parsed, and read by regular expressions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.index.documents import project_list, project_page
from stockroom.index.negotiation import Representation
from tests.support.pages import ANCHOR_LINE, Anchor, HtmlPage, make_detail, make_file

WHEEL = "sample-1.0-py3-none-any.whl"
SDIST = "sample-1.0.tar.gz"
BOTH = pytest.mark.parametrize("form", [Representation.HTML, Representation.TEXT_HTML])
HOSTILE = [
    "<script>alert(1)</script>",
    '"><a href="https://evil.example/">x</a>',
    "a & b &amp; &lt;",
    "it's 'quoted' and \"quoted\"",
    "line\nbreak\r\nand\ttab",
    "\u2028 and \x85 are line ends, too",
]


def render(*files: object, form: Representation = Representation.HTML, **changes: object) -> bytes:
    return project_page(make_detail(*files, **changes), form, "../")  # type: ignore[arg-type]


def only_anchor(body: bytes) -> Anchor:
    [anchor] = HtmlPage(body).anchors
    return anchor


@BOTH
def test_s20_pages_begin_with_the_doctype_and_are_well_formed(form: Representation) -> None:
    pages = [render(make_file(WHEEL), form=form), project_list([("sample", "Sample")], form)]

    assert all(page.startswith(b"<!DOCTYPE html>\n") for page in pages)
    assert [HtmlPage(page).doctype for page in pages] == ["DOCTYPE html"] * 2


def test_s20_one_anchor_per_file_and_no_other() -> None:
    page = HtmlPage(render(make_file(WHEEL), make_file(SDIST)))

    assert [anchor.text for anchor in page.anchors] == [WHEEL, SDIST]


def test_s20_one_anchor_per_project_and_no_other() -> None:
    page = HtmlPage(project_list([("a", "A"), ("b-c", "B.C")], Representation.HTML))

    assert [anchor.text for anchor in page.anchors] == ["A", "B.C"]


def test_s20_a_consumer_without_a_parser_finds_everything_in_one_line_each() -> None:
    files = [
        make_file(WHEEL, requires_python=">=3.8,<4", yanked=True, yanked_reason="<a>\n</a>"),
        make_file(SDIST, requires_python="!=3.9.*"),
    ]

    body = render(*files, status="deprecated", status_reason='old <a href="x">\nsee</a>').decode()

    matches = [ANCHOR_LINE.search(line) for line in body.splitlines() if "<a " in line]
    assert [match and match[3] for match in matches] == [WHEEL, SDIST]


def test_s20_an_empty_page_is_well_formed() -> None:
    assert HtmlPage(render()).anchors == []
    assert HtmlPage(project_list([], Representation.HTML)).anchors == []


@BOTH
def test_s21_both_pages_say_version_1_4(form: Representation) -> None:
    pages = [render(make_file(WHEEL), form=form), project_list([("sample", "Sample")], form)]

    versions = [HtmlPage(page).metas["pypi:repository-version"] for page in pages]
    assert versions == ["1.4", "1.4"]


def test_s22_status_and_reason_are_meta_elements() -> None:
    page = HtmlPage(render(status="archived", status_reason='"gone" & <done>'))

    assert page.metas["pypi:project-status"] == "archived"
    assert page.metas["pypi:project-status-reason"] == '"gone" & <done>'


@pytest.mark.parametrize("reason", [None, ""])
def test_s22_without_a_reason_there_is_no_such_element(reason: str | None) -> None:
    page = HtmlPage(render(status="deprecated", status_reason=reason))

    assert "pypi:project-status-reason" not in page.metas


def test_s23_the_list_shows_display_names_and_links_normalised_ones() -> None:
    page = HtmlPage(project_list([("foo-bar", "Foo.Bar")], Representation.TEXT_HTML))

    assert page.anchors == [Anchor("foo-bar/", "Foo.Bar", {})]


def test_s24_the_link_ends_in_the_file_name_and_the_digest() -> None:
    file = make_file(WHEEL)

    anchor = only_anchor(render(file))

    assert anchor.text == WHEEL
    assert anchor.href == f"../-/sample/{file.sha256}/{WHEEL}#sha256={file.sha256}"


def test_s25_requires_python_is_escaped() -> None:
    body = render(make_file(WHEEL, requires_python=">=3.8,<4,!=3.9.*"))

    assert b'data-requires-python="&gt;=3.8,&lt;4,!=3.9.*"' in body
    assert only_anchor(body).attributes["data-requires-python"] == ">=3.8,<4,!=3.9.*"


@pytest.mark.parametrize("absent", [None, ""])
def test_s25_without_requires_python_there_is_no_attribute(absent: str | None) -> None:
    anchor = only_anchor(render(make_file(WHEEL, requires_python=absent)))

    assert "data-requires-python" not in anchor.attributes


@pytest.mark.parametrize(("reason", "expected"), [("broken", "broken"), ("", ""), (None, "")])
def test_s26_a_yanked_file_is_marked_with_its_reason(reason: str | None, expected: str) -> None:
    anchor = only_anchor(render(make_file(WHEEL, yanked=True, yanked_reason=reason)))

    assert anchor.attributes["data-yanked"] == expected


def test_s26_a_file_that_is_not_yanked_has_no_marker() -> None:
    anchor = only_anchor(render(make_file(WHEEL, yanked=False, yanked_reason="left over")))

    assert "data-yanked" not in anchor.attributes


@pytest.mark.parametrize("text", HOSTILE)
def test_s26_hostile_texts_stay_inside_of_their_attributes(text: str) -> None:
    file = make_file(WHEEL, yanked=True, yanked_reason=text, requires_python=text)

    page = HtmlPage(render(file, status="archived", status_reason=text))

    [anchor] = page.anchors
    one_line = " ".join(text.split())
    assert anchor.attributes["data-yanked"] == one_line
    assert anchor.attributes["data-requires-python"] == one_line
    assert page.metas["pypi:project-status-reason"] == one_line


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_s26_any_text_comes_back_as_it_was(text: str) -> None:
    body = render(make_file(WHEEL, yanked=True, yanked_reason=text))

    assert only_anchor(body).attributes["data-yanked"] == " ".join(text.split())


def test_s27_core_metadata_is_announced_under_both_names() -> None:
    file = make_file(WHEEL)

    attributes = only_anchor(render(file)).attributes

    assert attributes["data-core-metadata"] == f"sha256={file.metadata_sha256}"
    assert attributes["data-dist-info-metadata"] == f"sha256={file.metadata_sha256}"


def test_s27_s56_an_sdist_announces_no_metadata_file() -> None:
    anchor = only_anchor(render(make_file(SDIST, metadata_static=True)))

    assert not anchor.attributes.keys() & {"data-core-metadata", "data-dist-info-metadata"}


def test_s28_s29_s30_nothing_else_is_in_an_anchor() -> None:
    file = make_file(WHEEL, requires_python=">=3.8", yanked=True, yanked_reason="x")

    assert only_anchor(render(file)).attributes.keys() == {
        "data-requires-python",
        "data-yanked",
        "data-core-metadata",
        "data-dist-info-metadata",
    }


@pytest.mark.parametrize(
    ("filename", "quoted"),
    [
        ("sample-1.0+local.1-py3-none-any.whl", "sample-1.0%2Blocal.1-py3-none-any.whl"),
        ("sample-1!2.0.tar.gz", "sample-1%212.0.tar.gz"),
    ],
)
def test_s06_names_are_quoted_where_needed(filename: str, quoted: str) -> None:
    anchor = only_anchor(render(make_file(filename)))

    assert anchor.text == filename
    assert anchor.href.partition("#")[0].endswith(f"/{quoted}")


def test_s07_files_are_sorted_by_version_then_name() -> None:
    names = [
        "sample-1.0.tar.gz",
        "sample-1.0-py3-none-any.whl",
        "sample-1.0rc1.tar.gz",
        "sample-0.9.tar.gz",
        "sample-1.10.tar.gz",
        "sample-1.9.tar.gz",
    ]

    page = HtmlPage(render(*map(make_file, names)))

    assert [anchor.text for anchor in page.anchors] == [
        "sample-0.9.tar.gz",
        "sample-1.0rc1.tar.gz",
        "sample-1.0-py3-none-any.whl",
        "sample-1.0.tar.gz",
        "sample-1.9.tar.gz",
        "sample-1.10.tar.gz",
    ]
