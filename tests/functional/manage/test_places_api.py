"""Making, opening and deleting teams, workspaces and registries below /v1/."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count
from threading import Barrier

import pytest
from sqlalchemy import delete, select

from stockroom.manage.closing import Closing
from stockroom.manage.places import Places
from stockroom.models import ApiKey, Grant
from stockroom.security.keys import digest
from tests.archives import make_wheel
from tests.functional.manage.people import People
from tests.support.databases import MakeUrl
from tests.support.site import TestSite
from tests.support.waiting import Worker

NUMBERS = count(1)
ROUNDS = 8


@pytest.fixture(scope="module")
def shared(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("files"))
    site.create_workspace("zeta")
    yield site
    site.close()


class Team(People):
    """The owner ``ann`` of a new team with a workspace of its name."""

    def __init__(self, site: TestSite) -> None:
        super().__init__(site)
        self.team = f"acme-{next(NUMBERS)}"
        site.create_workspace(self.team)
        self.keys["ann"] = self.add(f"ann-{self.team}", **{self.team: "owner"})


@pytest.fixture
def people(shared: TestSite) -> Team:
    return Team(shared)


def test_a_team_makes_workspaces_and_registries(people: Team) -> None:
    name = f"new-{people.team}"
    body = {"name": name, "visibility": "global"}

    made = people.call("ann", "POST", f"teams/{people.team}/workspaces", body, status=201)
    people.call("ann", "POST", f"teams/{people.team}/workspaces", body, status=409)
    people.call("ann", "POST", f"workspaces/{name}/registries", {"name": "side"}, status=201)
    people.call("ann", "POST", f"workspaces/{name}/registries", {"name": "side"}, status=409)

    assert made.json["registries"] == ["main"]
    found = people.get("ann", f"workspaces/{name}")
    assert found["registries"] == found["views"] == ["main", "side"]
    registries = people.get("ann", f"workspaces/{name}/registries")["registries"]
    assert [registry["name"] for registry in registries] == ["main", "side"]
    [main, _] = people.get("ann", f"workspaces/{name}/views")["views"]
    assert main == {
        "name": "main",
        "registries": [["main"]],
        "groups": [f"{name}/main"],
        "revision": 1,
        "default": True,
        "index": f"/simple/{name}/main/",
    }
    for path in (f"teams/{people.team}/workspaces", "workspaces"):
        listed = people.get("ann", f"{path}?limit=1")
        assert [entry["name"] for entry in listed["workspaces"]] == [people.team]
        [second] = people.get("ann", f"{path}?after={listed['next']}")["workspaces"]
        assert second["name"] == name


def test_a_workspace_is_opened_as_it_was_seen(people: Team) -> None:
    path = f"workspaces/{people.team}"
    seen = people.call("ann", "GET", path).headers["ETag"]

    opened = people.call("ann", "PATCH", path, {"visibility": "public"}, if_match=seen)
    people.call("ann", "PATCH", path, {"visibility": "team"}, if_match=seen, status=412)
    people.call("ann", "PATCH", path, {"visibility": "team"}, if_match=opened.headers["ETag"])

    assert people.get("ann", path)["visibility"] == "team"
    assert [event.data["after"] for event in people.events("workspace.changed")[-2:]] == [
        {"visibility": "public"},
        {"visibility": "team"},
    ]


def test_what_holds_packages_is_not_deleted(people: Team) -> None:
    writer = people.site.create_key("writer", people.team)
    people.site.upload(*make_wheel("demo", "1.0"), writer, to=f"{people.team}/main")
    path = f"workspaces/{people.team}"

    for target in (f"{path}/registries/main", path, f"teams/{people.team}"):
        refused = people.call("ann", "DELETE", target, status=409)
        assert refused.json["type"] == "urn:stockroom:problem:not-empty"
    people.call("ann", "DELETE", f"{path}/registries/main/packages/demo?confirm=demo")
    seen = people.call("ann", "GET", f"{path}/registries/main").headers["ETag"]
    change = {"settings": {"max_file_mb": 7}}
    people.call("ann", "PATCH", f"{path}/registries/main", change, if_match=seen)
    people.call("ann", "DELETE", f"{path}/registries/main", if_match=seen, status=412)
    people.call("ann", "DELETE", f"{path}/registries/main", status=204)
    people.call("ann", "DELETE", path, status=204)

    people.get("ann", path, 404)
    [deleted] = [e for e in people.events("registry.deleted") if e.data["workspace"] == people.team]
    assert deleted.data["before"] == {"settings": {"max_file_mb": "7"}, "burnt_filenames": 1}
    assert deleted.registry_id is not None


def test_a_number_that_comes_again_brings_no_role_and_no_trail(people: Team) -> None:
    """SQLite gives the number of a deleted last row to the next one."""
    path = f"workspaces/{people.team}"
    people.add(f"bob-{people.team}")
    bob = f"bob-{people.team}"
    for text in (people.team, f"{people.team}/main", f"{people.team}/main/demo"):
        people.grant(bob, "owner", text)
    limited = people.key(f"ann-{people.team}", places=[people.team, f"{people.team}/main"])
    people.call("ann", "DELETE", path, status=204)

    people.call("ann", "POST", f"teams/{people.team}/workspaces", {"name": people.team}, status=201)

    people.get(bob, path, 404)
    people.get(bob, f"{path}/registries/main", 404)
    people.get(limited, path, 404)
    kinds = {e["kind"] for e in people.get("ann", f"{path}/registries/main/events")["events"]}
    assert kinds == {"registry.created"}
    with people.site.database.read() as connection:
        query = select(ApiKey.places).where(ApiKey.digest == digest(limited))
        assert connection.execute(query).scalar_one() == []


@pytest.fixture(scope="module")
def postgresql(
    make_postgresql: MakeUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    site = TestSite(make_postgresql(), tmp_path_factory.mktemp("files"))
    yield site
    site.close()


@pytest.fixture(params=["shared", "postgresql"])
def racing(request: pytest.FixtureRequest) -> People:
    site: TestSite = request.getfixturevalue(request.param)
    return People(site)


@pytest.mark.parametrize("where", ["team", "server"])
def test_two_last_owners_cannot_remove_each_other(racing: People, where: str) -> None:
    """Whatever the order is, one of them stays."""
    for _ in range(ROUNDS):
        name = f"race-{where}-{next(NUMBERS)}"
        if where == "team":
            racing.site.create_workspace(name)
        owners = [f"{name}-{letter}" for letter in "ab"]
        for owner in owners:
            racing.add(owner, **{name if where == "team" else "server": "owner"})
        paths = {
            "team": [f"teams/{name}/members/{owner}" for owner in owners],
            "server": [f"users/{owner}" for owner in owners],
        }[where]
        barrier = Barrier(2)

        def attack(who: str, path: str, barrier: Barrier = barrier) -> int:
            barrier.wait(10)
            if where == "team":
                return racing.call(who, "DELETE", path, status="*").status_int
            return racing.call(who, "PATCH", path, {"disabled": True}, status="*").status_int

        pairs = zip(owners, reversed(paths), strict=True)
        others = [Worker(partial(attack, who, path)) for who, path in pairs]
        statuses = sorted(worker.result() for worker in others)

        assert statuses[0] in (200, 204)
        assert statuses[1] in (401, 403, 404, 409)
        if where == "server":  # the next round begins without others
            with racing.site.database.transaction() as session:
                session.execute(delete(Grant).where(Grant.scope_kind == "server"))


def test_a_role_that_two_give_at_once_is_given_once(racing: People) -> None:
    for _ in range(ROUNDS):
        name = f"give-{next(NUMBERS)}"
        racing.site.create_workspace(name)
        racing.add(f"{name}-a", **{name: "owner"})
        racing.add(f"{name}-b")
        racing.add(f"{name}-root", server="admin")
        barrier = Barrier(2)

        def give(role: str, name: str = name, barrier: Barrier = barrier) -> int:
            barrier.wait(10)
            path = f"teams/{name}/members/{name}-b"
            return racing.call(f"{name}-root", "PUT", path, {"role": role}).status_int

        workers = [Worker(partial(give, role)) for role in ("reader", "writer")]

        assert [worker.result() for worker in workers] == [200, 200]
        assert racing.roles(f"{name}-b")[name] in ("reader", "writer")


def test_a_workspace_comes_before_the_end_of_its_team_or_not_at_all(postgresql: TestSite) -> None:
    """No order of the two makes the server err."""
    for _ in range(ROUNDS):
        name = f"gone-{next(NUMBERS)}"
        with postgresql.database.transaction() as session:
            Places(session, "test").create_team(name)
        barrier = Barrier(2)

        def end(name: str = name, barrier: Barrier = barrier) -> str:
            barrier.wait(10)
            try:
                with postgresql.database.transaction() as session:
                    Closing(session, "test").delete_team(name)
            except Exception as error:
                return type(error).__name__
            return ""

        def begin(name: str = name, barrier: Barrier = barrier) -> str:
            barrier.wait(10)
            try:
                with postgresql.database.transaction() as session:
                    Places(session, "test").create_workspace(name, team=name)
            except Exception as error:
                return type(error).__name__
            return ""

        results = [worker.result() for worker in (Worker(end), Worker(begin))]

        assert results in (["", "NoSuchPlace"], ["NotEmpty", ""])
