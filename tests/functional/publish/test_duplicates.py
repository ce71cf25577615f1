"""Uploading a filename that is there already (U-74), and what an upload costs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stockroom.manage.places import Places
from tests.archives import make_metadata, make_sdist, make_wheel
from tests.support.site import TestSite
from tests.support.uploads import UV_ACCEPT, inventory, stored_files

WHEEL = make_wheel("demo-pkg", "1.0")
OTHER = make_wheel("demo-pkg", "1.0", files={"demo_pkg.py": "ANSWER = 43\n"})


def test_u74_the_same_bytes_are_200_and_change_nothing(both: TestSite) -> None:
    key = both.create_key()
    both.upload(*WHEEL, key)
    before = inventory(both)

    answer = both.upload(*WHEEL, key)

    assert answer.status == "200 OK"
    assert inventory(both) == before


def test_u74_other_bytes_are_400_and_change_nothing(both: TestSite) -> None:
    key = both.create_key()
    both.upload(*WHEEL, key)
    before = inventory(both)

    answer = both.upload(*OTHER, key, status=400)

    assert answer.status.startswith("400 File already exists: demo_pkg-1.0-py3-none-any.whl")
    assert answer.text.startswith("File already exists: demo_pkg-1.0-py3-none-any.whl")
    assert inventory(both) == before


def test_u74_the_first_bytes_stay(site: TestSite) -> None:
    key = site.create_key()
    site.upload(*WHEEL, key)

    site.upload(*OTHER, key, status=400)

    assert site.get(site.file_url("demo-pkg", WHEEL[0], key), key).body == WHEEL[1]


def test_u74_other_bytes_do_not_change_the_display_name(site: TestSite) -> None:
    key = site.create_key()
    site.upload(*WHEEL, key)
    metadata = make_metadata("Demo.Pkg", "1.0")

    site.upload(*make_wheel("demo-pkg", "1.0", metadata=metadata), key, status=400)

    assert "Demo.Pkg" not in site.get("/simple/acme/main/", key, accept="text/html").text


@pytest.mark.parametrize("role", ["writer", "owner"])
def test_u74_nobody_may_replace_a_file(site: TestSite, role: str) -> None:
    site.upload(*WHEEL, site.create_key())

    site.upload(*OTHER, site.create_key(role=role), status=400)


def test_u74_the_same_bytes_under_another_name_are_taken(both: TestSite) -> None:
    key = both.create_key()
    renamed = "demo_pkg-1.0-py2.py3-none-any.whl"
    both.upload(*WHEEL, key)

    both.upload(renamed, WHEEL[1], key)

    files = both.page("demo-pkg", key)["files"]
    assert {file["filename"] for file in files} == {WHEEL[0], renamed}
    assert len({file["hashes"]["sha256"] for file in files}) == 1
    assert len(list(stored_files(both.folder))) == 2


def test_u74_each_registry_is_on_its_own(site: TestSite) -> None:
    key = site.create_key()
    with site.database.transaction() as session:
        Places(session, "test").create_registry("acme", "staging")

    site.upload(*WHEEL, key, to="acme/main")
    site.upload(*OTHER, key, to="acme/staging")

    main = site.page("demo-pkg", key, index="acme/main")["files"][0]["hashes"]
    staging = site.page("demo-pkg", key, index="acme/staging")["files"][0]["hashes"]
    assert main != staging


def test_u74_form_errors_are_told_before_duplicates(site: TestSite) -> None:
    key = site.create_key()
    site.upload(*WHEEL, key)

    answer = site.upload(*OTHER, key, status=400, accept=UV_ACCEPT, filetype="")

    assert "File already exists" not in answer.text


def test_u74_a_retry_restores_bytes_that_were_lost(site: TestSite) -> None:
    """An upload of bytes that are listed puts them into the storage whatever it holds."""
    key = site.create_key()
    site.upload(*WHEEL, key)
    for path in stored_files(site.folder):
        (site.folder / path).unlink()

    site.upload(*WHEEL, key)

    assert site.get(site.file_url("demo-pkg", WHEEL[0], key), key).body == WHEEL[1]
    assert len(list(stored_files(site.folder))) == 2


def queries_of(upload: Callable[[], object], site: TestSite) -> list[str]:
    """The statements of an upload, without those by which the change feed looks for news."""
    with site.count_queries() as statements:
        upload()
    return [text for text in statements if "FROM events" not in text and "horizon" not in text]


def queries_of_a_new_file(site: TestSite, key: str, build: int) -> list[str]:
    wheel = make_wheel("demo-pkg", "1.0", build=str(build))
    return queries_of(lambda: site.upload(*wheel, key), site)


def test_queries_of_an_upload_do_not_grow_with_the_package(both: TestSite) -> None:
    key = both.create_key()
    both.upload(*make_sdist("demo-pkg", "1.0"), key)
    few = queries_of_a_new_file(both, key, 0)
    for build in range(1, 20):
        both.upload(*make_wheel("demo-pkg", "1.0", build=str(build)), key)
        both.upload(*make_wheel("demo-pkg", f"2.{build}"), key)

    many = queries_of_a_new_file(both, key, 20)

    assert len(many) == len(few)
    assert len(few) <= 14


def test_a_repeated_upload_costs_few_queries(both: TestSite) -> None:
    key = both.create_key()
    both.upload(*WHEEL, key)

    statements = queries_of(lambda: both.upload(*WHEEL, key), both)

    assert len(statements) <= 5


def test_a_refused_upload_costs_no_query(site: TestSite) -> None:
    key = site.create_key()
    site.upload(*WHEEL, key)

    statements = queries_of(lambda: site.upload(*WHEEL, key, filetype="", status=400), site)

    assert statements == []
