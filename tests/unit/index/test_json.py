"""The JSON form of the index (S-40 to S-51)."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from stockroom.index.documents import project_list, project_page
from stockroom.index.negotiation import Representation
from tests.support.pages import make_detail, make_file

WHEEL = "sample-1.0-py3-none-any.whl"
SDIST = "sample-1.0.tar.gz"


def page(*files: object, **changes: object) -> dict[str, Any]:
    detail = make_detail(*files, **changes)  # type: ignore[arg-type]
    document: dict[str, Any] = json.loads(project_page(detail, Representation.JSON, "../"))
    return document


def only_file(**changes: object) -> dict[str, Any]:
    [file] = page(make_file(WHEEL, **changes))["files"]
    return dict(file)


def test_s40_both_pages_carry_the_version_as_a_string() -> None:
    listing = json.loads(project_list([("sample", "Sample")], Representation.JSON))

    assert page()["meta"]["api-version"] == listing["meta"]["api-version"] == "1.4"


def test_s41_the_list_holds_one_object_per_project() -> None:
    names = [("a", "A"), ("foo-bar", "Foo.Bar")]

    listing = json.loads(project_list(names, Representation.JSON))

    assert listing["projects"] == [{"name": "A"}, {"name": "Foo.Bar"}]


def test_s42_an_empty_package_has_empty_lists() -> None:
    empty = page()

    assert (empty["name"], empty["versions"], empty["files"]) == ("sample", [], [])


def test_s42_keys_of_the_page() -> None:
    assert page(make_file(WHEEL)).keys() == {"meta", "name", "project-status", "versions", "files"}


def test_s43_versions_are_those_of_the_files_each_once_in_order() -> None:
    names = ["sample-1.10.tar.gz", "sample-1.9.tar.gz", "sample-1.9-py3-none-any.whl"]

    assert page(*map(make_file, names))["versions"] == ["1.9", "1.10"]


@pytest.mark.parametrize("status", ["active", "archived", "quarantined", "deprecated"])
def test_s44_status_is_a_key_of_the_page_itself(status: str) -> None:
    found = page(status=status, status_reason="because")

    assert found["project-status"] == {"status": status, "reason": "because"}
    assert "project-status" not in found["meta"]


@pytest.mark.parametrize("reason", [None, ""])
def test_s44_there_is_never_an_empty_reason(reason: str | None) -> None:
    assert page(status="archived", status_reason=reason)["project-status"] == {"status": "archived"}


def test_s45_mandatory_keys_of_a_file() -> None:
    made = make_file(WHEEL)

    file = only_file()

    assert file["filename"] == WHEEL
    assert file["url"] == f"../-/sample/{made.sha256}/{WHEEL}"
    assert file["hashes"] == {"sha256": made.sha256}
    assert file["size"] == 1234


def test_s46_requires_python_is_that_of_the_file() -> None:
    assert only_file(requires_python=">=3.8,<4")["requires-python"] == ">=3.8,<4"


@pytest.mark.parametrize("absent", [None, ""])
def test_s46_requires_python_is_never_empty(absent: str | None) -> None:
    assert only_file(requires_python=absent).get("requires-python") is None


def test_s47_core_metadata_of_a_wheel_is_its_digest() -> None:
    assert only_file()["core-metadata"] == {"sha256": make_file(WHEEL).metadata_sha256}


def test_s47_core_metadata_of_an_sdist_is_false() -> None:
    [file] = page(make_file(SDIST, metadata_static=True))["files"]

    assert file["core-metadata"] is False


def test_s47_the_old_names_are_not_in_json() -> None:
    assert not only_file().keys() & {"dist-info-metadata", "data-dist-info-metadata"}


@pytest.mark.parametrize(
    ("yanked", "reason", "expected"),
    [
        (False, None, False),
        (False, "left over", False),
        (True, None, True),
        (True, "", True),
        (True, "broken", "broken"),
        (True, 'a\n"b" <c>', 'a\n"b" <c>'),
    ],
)
def test_s48_yanked(yanked: bool, reason: str | None, expected: bool | str) -> None:
    assert only_file(yanked=yanked, yanked_reason=reason)["yanked"] == expected


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), "2026-02-03T04:05:06Z"),
        (datetime(2026, 2, 3, 4, 5, 6, 120000, tzinfo=UTC), "2026-02-03T04:05:06.120000Z"),
    ],
)
def test_s49_upload_time_is_utc_with_a_literal_z(instant: datetime, expected: str) -> None:
    assert only_file(uploaded_at=instant)["upload-time"] == expected


def test_s50_there_is_no_provenance_yet() -> None:
    assert only_file().get("provenance") is None


@pytest.mark.parametrize("form", list(Representation))
def test_s07_s51_bytes_do_not_depend_on_the_order_of_the_rows(form: Representation) -> None:
    files = [make_file(name) for name in (WHEEL, SDIST, "sample-2.0.tar.gz")]

    bodies = {
        project_page(make_detail(*order), form, "../") for order in itertools.permutations(files)
    }

    assert len(bodies) == 1


@pytest.mark.parametrize("form", list(Representation))
def test_s51_texts_of_people_are_utf_8(form: Representation) -> None:
    detail = make_detail(make_file(WHEEL, yanked=True, yanked_reason="schön 💥"))

    body = project_page(detail, form, "../")

    assert "schön 💥".encode() in body


@pytest.mark.parametrize("form", list(Representation))
def test_s06_absolute_urls_begin_with_the_given_prefix(form: Representation) -> None:
    prefix = "https://packages.example/simple/acme/main/"
    file = make_file(WHEEL)

    body = project_page(make_detail(file), form, prefix)

    assert f"{prefix}-/sample/{file.sha256}/{WHEEL}".encode() in body
