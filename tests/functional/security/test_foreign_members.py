"""Views that show registries of other workspaces: who defines, and who reads, must read those, too.

Always 403 for who is known and may read the view, never 404: a client would go on to its next
index, and take there what the view means to come from here (S-61, S-64).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from stockroom.security.permissions import Access
from tests.archives import make_wheel
from tests.functional.manage.people import People
from tests.support.databases import MakeUrl
from tests.support.nodes import open_pair
from tests.support.site import TestSite
from tests.support.waiting import wait_until

NUMBERS = count(1)
WHEEL = make_wheel("demo-pkg", "1.0")
DIGEST = hashlib.sha256(WHEEL[1]).hexdigest()


@pytest.fixture(scope="module")
def shared(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("files"))
    yield site
    site.close()


@dataclass(frozen=True)
class Fair:
    """The workspaces home and away; home/all shows away/main, where demo-pkg is, behind its own."""

    people: People
    home: str
    away: str

    @property
    def site(self) -> TestSite:
        return self.people.site

    @property
    def doors(self) -> list[str]:
        """Everything that can be asked of the view."""
        index = f"/simple/{self.home}/all"
        file = f"{index}/-/demo-pkg/{DIGEST}/{WHEEL[0]}"
        pages = [f"{index}/", index, f"{index}/demo-pkg/", f"{index}/demo-pkg", f"{index}/none/"]
        return [*pages, f"{index}/no..name/", file, f"{file}.metadata"]

    def statuses(self, key: str | None) -> set[int]:
        """What the doors answer."""
        return {self.site.get(door, key, status="*").status_int for door in self.doors}

    def reads(self, key: str | None) -> bool:
        """Whether they let somebody in; what is not there is 404 then."""
        found = self.statuses(key)
        assert found in ({200, 301, 404}, {401}, {403}, {404})
        return 200 in found

    def open(self, workspace: str, visibility: str) -> None:
        """Change who may read a workspace."""
        admin = self.site.create_key("admin", workspace)
        body = {"visibility": visibility}
        self.people.call(admin, "PATCH", f"workspaces/{workspace}", body)


def furnish(site: TestSite) -> Fair:
    number = next(NUMBERS)
    fair = Fair(People(site), f"home-{number}", f"away-{number}")
    for name in (fair.home, fair.away):
        site.create_workspace(name)
    site.upload(*WHEEL, site.create_key("writer", fair.away), to=f"{fair.away}/main")
    site.create_view(f"{fair.home}/all", f"{fair.home}/main", f"{fair.away}/main")
    return fair


@pytest.fixture
def fair(shared: TestSite) -> Fair:
    return furnish(shared)


def test_s61_who_may_not_read_a_member_gets_403_at_every_door(fair: Fair) -> None:
    reader = fair.site.create_key("reader", fair.home)

    assert fair.statuses(reader) == {403}
    assert fair.statuses(None) == {401}
    assert fair.statuses(fair.site.create_key("reader", fair.away)) == {404}
    told = fair.site.get(fair.doors[0], reader, status=403).json
    assert told["type"] == "urn:stockroom:problem:forbidden"
    assert "of other workspaces" in told["detail"]
    assert fair.away not in told["detail"]


@pytest.mark.parametrize("place", ["AWAY", "AWAY/main", "team:AWAY", "*"])
def test_a_role_on_the_member_or_around_it_opens_the_view(fair: Fair, place: str) -> None:
    fair.people.add("ann" + fair.home)
    ann = fair.people.keys["ann" + fair.home]
    fair.people.grant("ann" + fair.home, "reader", f"{fair.home}/all")
    assert fair.statuses(ann) == {403}

    fair.people.grant("ann" + fair.home, "reader", place.replace("AWAY", fair.away))

    assert fair.reads(ann)


@pytest.mark.parametrize("place", ["AWAY/main/demo-pkg", "AWAY/window", "HOME"])
def test_a_role_on_less_or_elsewhere_does_not(fair: Fair, place: str) -> None:
    fair.site.create_view(f"{fair.away}/window", f"{fair.away}/main, {fair.home}/main")
    name = "ann" + fair.home
    fair.people.add(name)
    fair.people.grant(name, "owner", fair.home)

    fair.people.grant(name, "owner", place.replace("AWAY", fair.away).replace("HOME", fair.home))

    assert fair.statuses(fair.people.keys[name]) == {403}


def test_a_key_that_is_limited_to_the_view_is_judged_by_its_owner(fair: Fair) -> None:
    name = "ann" + fair.home
    fair.people.add(name)
    for place in (fair.home, fair.away):
        fair.people.grant(name, "owner", place)
    keys = [
        fair.people.key(name, access, [place])
        for access in Access
        for place in (f"{fair.home}/all", fair.home)
    ]
    elsewhere = fair.people.key(name, Access.ADMIN, [fair.away])

    assert [fair.reads(key) for key in keys] == [True] * 6
    assert fair.statuses(elsewhere) == {404}
    owner = fair.site.create_key("owner", "*")
    path = f"workspaces/{fair.away}/grants/user:{name}"
    fair.people.call(owner, "DELETE", path, status=204)
    assert {frozenset(fair.statuses(key)) for key in keys} == {frozenset({403})}


def test_visibility_of_both_workspaces_decides_for_those_without_roles(fair: Fair) -> None:
    stranger = fair.people.add("sue" + fair.home)

    found = {}
    for home in ("global", "public"):
        for away in ("team", "global", "public"):
            fair.open(fair.home, home)
            fair.open(fair.away, away)
            found[home, away] = (fair.statuses(stranger), fair.statuses(None))

    seen = {200, 301, 404}
    assert found == {
        ("global", "team"): ({403}, {401}),
        ("global", "global"): (seen, {401}),
        ("global", "public"): (seen, {401}),
        ("public", "team"): ({403}, {401}),
        ("public", "global"): (seen, {401}),
        ("public", "public"): (seen, seen),
    }


def test_the_definition_stays_in_sight_of_readers_of_the_view(fair: Fair) -> None:
    """So that they can see why they are refused, and an admin can mend it."""
    reader = fair.site.create_key("reader", fair.home)
    admin = fair.site.create_key("admin", fair.home)
    path = f"workspaces/{fair.home}/views/all"

    assert fair.people.get(reader, path)["groups"][1][0]["registry"] == f"{fair.away}/main"
    fair.people.call(reader, "DELETE", path, status=403)
    fair.people.call(admin, "PUT", path, {"groups": [[{"registry": f"{fair.home}/main"}]]})
    assert fair.reads(reader)


def test_a_warm_page_of_ten_foreign_members_costs_no_query(fair: Fair) -> None:
    names = [f"far-{number}-{fair.home}" for number in range(10)]
    for name in names:
        fair.site.create_workspace(name)
    fair.site.create_view(f"{fair.home}/many", *(f"{name}/main" for name in names))
    fair.people.add("ann" + fair.home)
    for place in (fair.home, *names):
        fair.people.grant("ann" + fair.home, "reader", place)
    key = fair.people.keys["ann" + fair.home]
    path = f"/simple/{fair.home}/many/"
    fair.site.get(path, key)

    with fair.site.count_queries() as statements:
        fair.site.get(path, key)

    assert [statement for statement in statements if "PRAGMA" not in statement] == []


def test_a_view_of_one_foreign_registry_is_no_part_of_it(fair: Fair) -> None:
    """Its roles do not open the view, nor do those on packages of it (design section 8)."""
    fair.site.create_view(f"{fair.home}/one", f"{fair.away}/main")
    path = f"/simple/{fair.home}/one/demo-pkg/"

    for place in (f"{fair.away}/main", f"{fair.away}/main/demo-pkg"):
        fair.site.get(path, fair.site.create_key("owner", place), status=404)
    both = fair.people.add("ann" + fair.home)
    fair.people.grant("ann" + fair.home, "reader", f"{fair.away}/main")
    fair.people.grant("ann" + fair.home, "reader", f"{fair.home}/one")
    fair.site.get(path, both)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_revoked_role_closes_the_view_on_every_node(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    url: str = request.getfixturevalue(f"{kind}_url")
    with open_pair(url, tmp_path / "files") as (one, other):
        fair = furnish(one)
        there = Fair(People(other), fair.home, fair.away)
        key = fair.people.add("ann")
        fair.people.grant("ann", "reader", fair.home)
        fair.people.grant("ann", "reader", fair.away)
        wait_until(lambda: there.reads(key))

        owner = one.create_key("owner", "*")
        fair.people.call(owner, "DELETE", f"workspaces/{fair.away}/grants/user:ann", status=204)
        assert fair.statuses(key) == {403}
        wait_until(lambda: there.statuses(key) == {403})
        fair.open(fair.away, "global")

        assert fair.reads(key)
        wait_until(lambda: there.reads(key))
