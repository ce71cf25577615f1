"""The examples of docs/filters.md, on a fixed set of packages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stockroom.builtin.fields import stockroom_filter_fields
from stockroom.filters import FilterInvalid, Language
from stockroom.spi import FilterFile, FilterPackage, FilterRelease
from stockroom_downloads import fields as downloads
from stockroom_osv import fields as osv

PAGE = (Path(__file__).parents[3] / "docs" / "filters.md").read_text("utf-8")
EXAMPLE = re.compile(
    r"^### ([^\n]+)\n(?:(?!^#).)*?^```filter\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
NOW = datetime(2025, 7, 1, tzinfo=UTC)

FILES = """
    lantern       1.0     lantern-1.0.tar.gz                 2023-03-01T10:00:00Z
    lantern       1.0     lantern-1.0-py3-none-any.whl       2023-03-01T10:05:00Z
    lantern       1.1     lantern-1.1.tar.gz                 2025-01-01T00:00:00Z
    lantern       1.1     lantern-1.1-py3-none-any.whl       2025-06-30T09:00:00Z
    lantern       2.0     lantern-2.0-py3-none-any.whl       2025-06-25T00:00:00Z
    quill         0.9     quill-0.9.tar.gz                   2024-12-31T23:59:59Z
    quill         1.0rc1  quill-1.0rc1-py3-none-any.whl      2025-06-24T00:00:00Z
    quill         1.0     quill-1.0-py3-none-any.whl         2025-06-24T00:00:01Z
    acme-billing  0.1     acme_billing-0.1-py3-none-any.whl  2025-02-10T08:00:00Z
    acme-billing  0.2     acme_billing-0.2-py3-none-any.whl  2025-06-28T08:00:00Z
    sprout        0.1     sprout-0.1.tar.gz                  2025-06-29T12:00:00Z
    sprout        0.1     sprout-0.1-py3-none-any.whl        2025-06-29T12:01:00Z
    mystery       1.0     mystery-1.0-py3-none-any.whl       2020-01-01T00:00:00Z
"""
DOCUMENTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "lantern": {
        "downloads": {"last_7_days": 50_000, "last_30_days": 200_000},
        "osv": {"score": 9.8, "versions": {"1": 9.8, "1.1": 5.3}},
    },
    "quill": {"downloads": {"last_7_days": 900, "last_30_days": 4_000}, "osv": {}},
    "acme-billing": {"osv": {}},
    "sprout": {
        "downloads": {"last_7_days": 12, "last_30_days": 12},
        "osv": {"score": 7.0, "versions": {"0.1": 7.0}},
    },
    # Nothing has been told of it, not even that there is nothing to tell.
    "mystery": {},
}

VISIBLE = {
    "Packages that were known at the start of the year": """
        lantern-1.0.tar.gz lantern-1.0-py3-none-any.whl lantern-1.1.tar.gz
        lantern-1.1-py3-none-any.whl lantern-2.0-py3-none-any.whl
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl quill-1.0-py3-none-any.whl
        mystery-1.0-py3-none-any.whl
    """,
    "Everything as it was at the start of the year": """
        lantern-1.0.tar.gz lantern-1.0-py3-none-any.whl lantern-1.1.tar.gz
        quill-0.9.tar.gz mystery-1.0-py3-none-any.whl
    """,
    "No package younger than a week": """
        lantern-1.0.tar.gz lantern-1.0-py3-none-any.whl lantern-1.1.tar.gz
        lantern-1.1-py3-none-any.whl lantern-2.0-py3-none-any.whl
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl quill-1.0-py3-none-any.whl
        acme_billing-0.1-py3-none-any.whl acme_billing-0.2-py3-none-any.whl
        mystery-1.0-py3-none-any.whl
    """,
    "No release younger than a week": """
        lantern-1.0.tar.gz lantern-1.0-py3-none-any.whl lantern-1.1.tar.gz
        lantern-1.1-py3-none-any.whl
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl
        acme_billing-0.1-py3-none-any.whl mystery-1.0-py3-none-any.whl
    """,
    "No file younger than a week": """
        lantern-1.0.tar.gz lantern-1.0-py3-none-any.whl lantern-1.1.tar.gz
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl
        acme_billing-0.1-py3-none-any.whl mystery-1.0-py3-none-any.whl
    """,
    "Without a package": """
        lantern-1.0.tar.gz lantern-1.0-py3-none-any.whl lantern-1.1.tar.gz
        lantern-1.1-py3-none-any.whl lantern-2.0-py3-none-any.whl
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl quill-1.0-py3-none-any.whl
        acme_billing-0.1-py3-none-any.whl acme_billing-0.2-py3-none-any.whl
        mystery-1.0-py3-none-any.whl
    """,
    "Without several packages": """
        lantern-1.0.tar.gz lantern-1.0-py3-none-any.whl lantern-1.1.tar.gz
        lantern-1.1-py3-none-any.whl lantern-2.0-py3-none-any.whl
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl quill-1.0-py3-none-any.whl
        acme_billing-0.1-py3-none-any.whl acme_billing-0.2-py3-none-any.whl
    """,
    "Without one version of a package": """
        lantern-1.0.tar.gz lantern-1.0-py3-none-any.whl lantern-2.0-py3-none-any.whl
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl quill-1.0-py3-none-any.whl
        acme_billing-0.1-py3-none-any.whl acme_billing-0.2-py3-none-any.whl
        sprout-0.1.tar.gz sprout-0.1-py3-none-any.whl mystery-1.0-py3-none-any.whl
    """,
    "A range of versions of a package": """
        lantern-1.1.tar.gz lantern-1.1-py3-none-any.whl
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl quill-1.0-py3-none-any.whl
        acme_billing-0.1-py3-none-any.whl acme_billing-0.2-py3-none-any.whl
        sprout-0.1.tar.gz sprout-0.1-py3-none-any.whl mystery-1.0-py3-none-any.whl
    """,
    "Wheels only": """
        lantern-1.0-py3-none-any.whl lantern-1.1-py3-none-any.whl lantern-2.0-py3-none-any.whl
        quill-1.0rc1-py3-none-any.whl quill-1.0-py3-none-any.whl
        acme_billing-0.1-py3-none-any.whl acme_billing-0.2-py3-none-any.whl
        sprout-0.1-py3-none-any.whl mystery-1.0-py3-none-any.whl
    """,
    "Packages that many use": """
        lantern-1.0.tar.gz lantern-1.0-py3-none-any.whl lantern-1.1.tar.gz
        lantern-1.1-py3-none-any.whl lantern-2.0-py3-none-any.whl
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl quill-1.0-py3-none-any.whl
    """,
    "No release with a severe vulnerability": """
        lantern-1.1.tar.gz lantern-1.1-py3-none-any.whl lantern-2.0-py3-none-any.whl
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl quill-1.0-py3-none-any.whl
        acme_billing-0.1-py3-none-any.whl acme_billing-0.2-py3-none-any.whl
    """,
    "No package that ever had a severe vulnerability": """
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl quill-1.0-py3-none-any.whl
        acme_billing-0.1-py3-none-any.whl acme_billing-0.2-py3-none-any.whl
    """,
    "Our own at once, others when they are old and used enough": """
        lantern-1.0.tar.gz lantern-1.0-py3-none-any.whl lantern-1.1.tar.gz
        lantern-1.1-py3-none-any.whl
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl
        acme_billing-0.1-py3-none-any.whl acme_billing-0.2-py3-none-any.whl
    """,
    "Chosen packages, old enough and without a severe vulnerability": """
        lantern-1.1.tar.gz lantern-1.1-py3-none-any.whl
        quill-0.9.tar.gz quill-1.0rc1-py3-none-any.whl
    """,
}
"""What each example shows of the files above, listed by hand."""


LANGUAGE = Language([*stockroom_filter_fields(), *downloads.FIELDS, *osv.FIELDS])


class Upload(NamedTuple):
    """A line of the table."""

    package: str
    version: str
    filename: str
    at: datetime


def registry() -> list[tuple[FilterPackage, list[FilterFile]]]:
    """Every package of the table with its files."""
    uploads = []
    for line in FILES.strip().splitlines():
        name, version, filename, at = line.split()
        uploads.append(Upload(name, version, filename, datetime.fromisoformat(at)))
    found = []
    for name in dict.fromkeys(upload.package for upload in uploads):
        own = [upload for upload in uploads if upload.package == name]
        files = []
        for upload in own:
            first = min(other.at for other in own if other.version == upload.version)
            release = FilterRelease(upload.version, first)
            files.append(FilterFile(upload.filename, upload.at, release))
        package = FilterPackage(name, min(upload.at for upload in own), DOCUMENTS[name])
        found.append((package, files))
    return found


def examples() -> dict[str, str]:
    return dict(EXAMPLE.findall(PAGE))


@pytest.mark.parametrize("title", VISIBLE)
def test_documented_example_shows_what_it_says(title: str) -> None:
    rule = LANGUAGE.parse(examples()[title])

    shown = [
        file.filename
        for package, files in registry()
        for file, visible in zip(files, rule.judge(package, files, NOW).shown, strict=True)
        if visible
    ]

    assert shown == VISIBLE[title].split()


def test_every_documented_example_is_listed_here() -> None:
    assert list(examples()) == list(VISIBLE)
    assert PAGE.count("```filter") == len(VISIBLE)


def test_documented_fields_are_those_that_there_are() -> None:
    table = PAGE[PAGE.index("| field |") : PAGE.index("[Plugins]")]

    assert set(re.findall(r"`((?:package|release|file)\.\w+)`", table)) == set(LANGUAGE.fields)


def test_documented_mistake_is_told_like_that() -> None:
    with pytest.raises(FilterInvalid) as caught:
        LANGUAGE.parse('release.versoin == "1"')

    assert f"\n    {caught.value}\n" in PAGE


@pytest.mark.parametrize(
    "text",
    [
        "7 <= release.age_days < 30",
        "file.upload_time > release.upload_time",
        "not package.pypi_downloads_30_days < 1000",
        '"x86" in file.name',
    ],
)
def test_documented_condition_is_a_filter(text: str) -> None:
    assert f"`{text}`" in PAGE
    assert LANGUAGE.parse(text).fields


@pytest.mark.parametrize(("one", "other"), [("flask", "FLASK"), ("a-b", "a_b"), ("a-b", "a.b")])
def test_documented_spellings_are_one_name(one: str, other: str) -> None:
    rules = [LANGUAGE.parse(f'package.name == "{name}"') for name in (one, other)]

    assert rules[0] == rules[1]
