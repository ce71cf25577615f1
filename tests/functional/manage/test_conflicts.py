"""Files of one name and different contents in the registries that a view merges (S-64)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.archives import make_wheel
from tests.functional.manage.people import People
from tests.support.databases import MakeUrl
from tests.support.library import create_registry
from tests.support.site import TestSite

PATH = "workspaces/acme/views"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stocked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    """Registries main, side and far/main with demo-pkg 1.0 and other 1.0, each made of its own."""
    make: MakeUrl = request.getfixturevalue(f"make_{request.param}")
    site = TestSite(make(), tmp_path_factory.mktemp("files"))
    site.create_workspace()
    create_registry(site, "side", "acme")
    site.create_workspace("far", "public")
    site.create_workspace("secret")
    writer = site.create_key("writer", "*")
    for number, registry in enumerate(("acme/main", "acme/side", "far/main")):
        for name in ("demo-pkg", "other"):
            wheel = make_wheel(name, "1.0", description=f"number {number}")
            site.upload(*wheel, writer, to=registry)
        site.upload(*make_wheel("same", "1.0"), writer, to=registry)
        site.upload(*make_wheel("demo-pkg", f"2.{number}"), writer, to=registry)
    yield site
    site.close()


def conflicts_of(site: TestSite, *groups: str, query: str = "") -> Any:
    """What is told of a view of these groups."""
    people, key = People(site), site.create_key("admin", "acme")
    site.create_view("acme/all", *groups)
    found = people.get(key, f"{PATH}/all/conflicts{query}")
    people.call(key, "DELETE", f"{PATH}/all", status=204)
    return found


def test_s64_a_conflict_is_told_with_every_file_and_which_is_taken(stocked: TestSite) -> None:
    found = conflicts_of(stocked, "acme/side, far/main, acme/main")

    [demo, other] = found["conflicts"]
    assert (demo["package"], other["package"], found["next"]) == ("demo-pkg", "other", None)
    assert demo["filename"] == "demo_pkg-1.0-py3-none-any.whl"
    assert demo["taken"] == "acme/side"
    assert [file["registry"] for file in demo["files"]] == ["acme/side", "far/main", "acme/main"]
    assert len({file["sha256"] for file in demo["files"]}) == 3
    shown = {
        file["filename"]: file for file in stocked.page("demo-pkg", stocked.create_key())["files"]
    }[demo["filename"]]
    [main] = [file for file in demo["files"] if file["registry"] == "acme/main"]
    assert (main["sha256"], main["size"]) == (shown["hashes"]["sha256"], shown["size"])
    assert main["uploaded_at"][:19] == shown["upload-time"][:19]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["acme/main", "acme/side"], []),
        (["acme/main"], []),
        # The first group has both, so that the second one never wins.
        (["acme/main", "acme/side, far/main"], []),
        (['acme/main[package.name == "demo-pkg"]', "acme/side, far/main"], ["other"]),
        # It has demo-pkg, though it shows none of it.
        (["acme/main[package.age_days < 0]", "acme/side, far/main"], []),
        (['acme/main[package.name != "other"], acme/side', "far/main"], ["demo-pkg"]),
        # A filter that hides the file decides nothing: the earlier registry's is taken.
        (['acme/main[release.version != "1.0"], acme/side'], ["demo-pkg", "other"]),
    ],
)
def test_only_the_group_that_provides_a_package_counts(
    stocked: TestSite, groups: list[str], expected: list[str]
) -> None:
    found = conflicts_of(stocked, *groups)["conflicts"]

    assert [conflict["package"] for conflict in found] == expected


def test_conflicts_come_in_pages_of_one_statement(stocked: TestSite) -> None:
    groups = "acme/main, acme/side"
    first = conflicts_of(stocked, groups, query="?limit=1")
    second = conflicts_of(stocked, groups, query=f"?limit=1&after={first['next']}")

    assert [page["conflicts"][0]["package"] for page in (first, second)] == ["demo-pkg", "other"]
    assert second["next"] is None
    stocked.create_view("acme/kept", groups)
    key = stocked.create_key("admin", "acme")
    People(stocked).get(key, f"{PATH}/kept")
    with stocked.count_queries() as statements:
        People(stocked).get(key, f"{PATH}/kept/conflicts")
    assert len([statement for statement in statements if "files" in statement]) == 1


def test_the_view_gives_the_file_that_is_told_to_be_taken(stocked: TestSite) -> None:
    """Also where the rules of two groups, of names and of merging come together."""
    groups = ['acme/main[package.name != "other"]', "far/main, acme/side, acme/main"]
    [conflict] = conflicts_of(stocked, *groups)["conflicts"]
    stocked.create_view("acme/shown", *groups)

    page = stocked.page("other", stocked.create_key("reader", "acme"), index="acme/shown")

    digests = {file["filename"]: file["hashes"]["sha256"] for file in page["files"]}
    assert conflict["taken"] == "far/main"
    assert digests[conflict["filename"]] == conflict["files"][0]["sha256"]


def test_who_may_not_read_a_member_is_not_told_of_its_files(stocked: TestSite) -> None:
    stocked.create_view("acme/hidden", "acme/main, secret/main")
    people, reader = People(stocked), stocked.create_key("reader", "acme")

    people.get(reader, f"{PATH}/hidden")
    refused = people.get(reader, f"{PATH}/hidden/conflicts", 403)

    assert "of other workspaces" in refused["detail"]
