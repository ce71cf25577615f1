"""The pages that carry the core metadata of every version (S-18; uv's page of version 1.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from packaging.version import Version

from stockroom.index.documents import project_list, project_page
from stockroom.index.negotiation import Representation
from stockroom.resolution import FileDetail
from tests.support.pages import from_msgpack, make_detail, make_file

WHEEL = "sample-1.0-py3-none-any.whl"
SDIST = "sample-1.0.tar.gz"


def page(*files: FileDetail, **changes: object) -> dict[str, Any]:
    body = project_page(make_detail(*files, **changes), Representation.PYX_MSGPACK, "../")
    return from_msgpack(body)


def core_metadata(*files: FileDetail) -> dict[str, Any]:
    found: dict[str, Any] = page(*files)["core-metadata"]
    return found


def depending(filename: str, *requirements: str, **changes: object) -> FileDetail:
    return make_file(filename, requires_dist=json.dumps(requirements), **changes)


def walk(value: Any) -> Iterator[Any]:
    yield value
    children: list[Any] = []
    if isinstance(value, dict):
        children = [*value.keys(), *value.values()]
    elif isinstance(value, list):
        children = value
    for child in children:
        yield from walk(child)


def test_msgpack_and_json_hold_the_same() -> None:
    detail = make_detail(depending(WHEEL, "beta>=1"), make_file(SDIST, yanked=True))

    as_json = json.loads(project_page(detail, Representation.PYX_JSON, "../"))

    assert as_json == from_msgpack(project_page(detail, Representation.PYX_MSGPACK, "../"))


def test_a_page_with_everything() -> None:
    file = depending(
        WHEEL,
        "beta>=1",
        'gamma; extra == "gg"',
        provides_extra='["gg"]',
        requires_python=">=3.8",
        yanked=True,
        yanked_reason="broken",
    )

    found = page(file, status="archived", status_reason="old")

    assert found == {
        "meta": {"api-version": "1.1"},
        "name": "sample",
        "project-status": {"status": "archived", "reason": "old"},
        "versions": ["1.0"],
        "files": [
            {
                "filename": WHEEL,
                "url": f"../-/sample/{file.sha256}/{WHEEL}",
                "hashes": {"sha256": file.sha256},
                "requires-python": ">=3.8",
                "size": 1234,
                "upload-time": "2026-02-03T04:05:06.000789Z",
                "yanked": "broken",
                "core-metadata": {"sha256": file.metadata_sha256},
            }
        ],
        "core-metadata": {
            "1.0": {
                "requires-python": ">=3.8",
                "requires-dist": ["beta>=1", 'gamma; extra == "gg"'],
                "provides-extra": ["gg"],
            }
        },
    }


def test_nothing_is_ever_null() -> None:
    found = page(make_file(WHEEL), make_file(SDIST), status="active", status_reason=None)

    assert all(value is not None for value in walk(found))


def test_keys_are_kebab_case() -> None:
    found = page(make_file(WHEEL, requires_python=">=3.8", yanked=True))

    keys = {key for value in walk(found) if isinstance(value, dict) for key in value}
    assert not any("_" in key for key in keys)


def test_upload_time_is_text_with_a_zone() -> None:
    [file] = page(make_file(WHEEL))["files"]

    assert file["upload-time"] == "2026-02-03T04:05:06.000789Z"


def test_files_are_in_the_byte_order_of_their_names() -> None:
    names = [
        "sample-1.10.tar.gz",
        "sample-1.9.tar.gz",
        "Sample-1.0.tar.gz",
        "sample-1.0+z-py3-none-any.whl",
        "sample-1.0-py3-none-any.whl",
        "sample-1.0.tar.gz",
    ]

    found = page(*map(make_file, names))

    assert [file["filename"].encode() for file in found["files"]] == sorted(map(str.encode, names))


def test_versions_are_those_of_pep_440() -> None:
    names = ["sample-1.0.post1.tar.gz", "sample-1!0.1.tar.gz", "sample-1.0+a-py3-none-any.whl"]

    found = page(*(make_file(name, metadata_static=True) for name in names))

    assert found["core-metadata"].keys() == set(found["versions"])
    assert [str(Version(version)) for version in found["versions"]] == found["versions"]


def test_a_version_of_one_wheel_has_its_metadata() -> None:
    assert core_metadata(depending(WHEEL, "beta")) == {
        "1.0": {"requires-dist": ["beta"], "provides-extra": []}
    }


@pytest.mark.parametrize(
    ("text", "written"),
    [(">=3.8,", ">=3.8"), (">=3.8 ,, <4 ,", "<4,>=3.8"), (">= 3.8", ">=3.8"), ("", None)],
)
def test_requires_python_is_written_so_that_every_resolver_can_read_it(
    text: str, written: str | None
) -> None:
    """One text that it cannot read makes uv drop the whole page."""
    found = core_metadata(make_file(WHEEL, requires_python=text))

    assert found["1.0"].get("requires-python") == written


def test_wheels_that_agree_speak_with_one_voice() -> None:
    files = [
        depending(f"sample-1.0-cp3{minor}-cp3{minor}-linux_x86_64.whl", "beta")
        for minor in (11, 12)
    ]

    assert core_metadata(*files).keys() == {"1.0"}


@pytest.mark.parametrize(
    "change",
    [
        {"requires_dist": '["gamma"]'},
        {"requires_python": ">=3.9"},
        {"provides_extra": '["x"]'},
    ],
)
def test_a_version_whose_wheels_disagree_is_left_out(change: dict[str, str]) -> None:
    first, second = "sample-1.0-cp311-cp311-linux_x86_64.whl", "sample-1.0-cp312-cp312-win32.whl"
    other = "sample-2.0-py3-none-any.whl"

    found = core_metadata(make_file(first), make_file(second, **change), make_file(other))

    assert found.keys() == {"2.0"}


def test_a_dynamic_sdist_alone_is_left_out() -> None:
    assert core_metadata(make_file(SDIST, metadata_static=False)) == {}


def test_a_static_sdist_alone_has_its_metadata() -> None:
    file = depending(SDIST, "beta", metadata_static=True)

    assert core_metadata(file)["1.0"]["requires-dist"] == ["beta"]


def test_a_dynamic_sdist_has_no_say_beside_a_wheel() -> None:
    files = depending(WHEEL, "beta"), depending(SDIST, "old", metadata_static=False)

    assert core_metadata(*files)["1.0"]["requires-dist"] == ["beta"]


def test_a_static_sdist_that_disagrees_with_the_wheel_leaves_the_version_out() -> None:
    files = depending(WHEEL, "beta"), depending(SDIST, "gamma", metadata_static=True)

    assert core_metadata(*files) == {}


@pytest.mark.parametrize("other", [SDIST, "sample-1.0-cp312-cp312-win32.whl"])
def test_a_wheel_that_not_everybody_can_read_leaves_its_version_out(other: str) -> None:
    files = make_file(WHEEL, metadata_static=False), make_file(other, metadata_static=True)

    assert core_metadata(*files) == {}


def test_an_empty_page_has_all_its_lists() -> None:
    found = page(status="quarantined")

    assert (found["files"], found["versions"], found["core-metadata"]) == ([], [], {})


def test_s41_the_project_list_exists_in_both_forms() -> None:
    names = [("foo-bar", "Foo.Bar")]

    listing = from_msgpack(project_list(names, Representation.PYX_MSGPACK))

    assert listing["projects"] == [{"name": "Foo.Bar"}]
    assert json.loads(project_list(names, Representation.PYX_JSON)) == listing
