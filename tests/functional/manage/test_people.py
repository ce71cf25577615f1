"""Users, members, roles and what is told of them to whom."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from stockroom.manage.people import queries
from stockroom.security.permissions import Access, Role
from stockroom.security.scopes import SERVER
from tests.functional.manage.people import People
from tests.support.databases import MakeUrl
from tests.support.site import TestSite

NUMBERS = count(1)


@pytest.fixture(scope="module")
def shared(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("files"))
    yield site
    site.close()


class Town(People):
    """The team and workspace ``acme-N`` with an owner, an admin and a reader, and a stranger."""

    def __init__(self, site: TestSite) -> None:
        super().__init__(site)
        number = next(NUMBERS)
        self.team = f"acme-{number}"
        site.create_workspace(self.team)
        for role in ("owner", "admin", "reader"):
            self.add(f"{role}-{number}", **{self.team: role})
        self.owner, self.admin, self.reader = (
            f"{role}-{number}" for role in ("owner", "admin", "reader")
        )
        self.stranger = f"stranger-{number}"
        self.add(self.stranger)
        self.base = f"teams/{self.team}"


@pytest.fixture
def town(shared: TestSite) -> Town:
    return Town(shared)


def test_members_are_listed_with_their_roles(town: Town) -> None:
    page = town.get(town.reader, f"{town.base}/members?limit=2")
    rest = town.get(town.reader, f"{town.base}/members?after={page['next']}")

    found = {member["name"]: member["role"] for member in page["members"] + rest["members"]}
    assert found == {town.owner: "owner", town.admin: "admin", town.reader: "reader"}
    assert len(page["members"]) == 2
    assert rest["next"] is None


def test_a_role_that_is_changed_holds_at_the_next_request(town: Town) -> None:
    path = f"{town.base}/members/{town.reader}"
    town.call(town.reader, "POST", f"{town.base}/robots", {"name": "x"}, status=403)

    made = town.call(town.admin, "PUT", path, {"role": "admin"})

    assert made.json["role"] == "admin"
    town.call(town.reader, "POST", f"{town.base}/robots", {"name": "x"}, status=201)
    town.call(town.admin, "DELETE", path, status=204)
    town.get(town.reader, town.base, 404)
    [*_, given] = town.events("grant.set")
    assert (given.data["before"], given.data["after"]) == ("reader", "admin")
    assert given.actor == town.subject(town.admin)
    assert str(given.credential).startswith("key:")
    assert given.address == "127.0.0.1"
    assert given.team_id is not None


@pytest.mark.parametrize(
    ("who", "body"), [("admin", {"role": "owner"}), ("admin", None), ("owner", None)]
)
def test_nobody_hands_on_or_takes_more_than_they_have(
    town: Town, who: str, body: dict[str, str] | None
) -> None:
    """An admin makes no owner and removes none, and nobody removes the last one."""
    path = f"{town.base}/members/{town.owner if body is None else town.reader}"

    answer = town.call(
        getattr(town, who), "DELETE" if body is None else "PUT", path, body, status="*"
    )

    assert answer.status_int == (409 if who == "owner" else 403)
    assert town.roles(town.owner) == {town.team: "owner"}


@pytest.mark.parametrize("access", [Access.READ, Access.WRITE])
def test_a_key_of_less_access_hands_on_nothing(town: Town, access: Access) -> None:
    """The roles of its owner do not count: no credential is widened by what it may make."""
    key = town.key(town.owner, access)

    for method, path, body in (
        ("PUT", f"{town.base}/members/{town.reader}", {"role": "owner"}),
        ("POST", f"{town.base}/invitations", {"role": "reader"}),
        ("POST", f"{town.base}/robots", {"name": "x"}),
        ("POST", "me/keys", {"name": "x", "access": "read"}),
    ):
        town.call(key, method, path, body, status=403)


def test_a_key_of_a_workspace_gives_roles_there_only(town: Town) -> None:
    key = town.key(town.owner, places=[town.team])
    subject = f"user:{town.reader}"
    inside, outside = f"workspaces/{town.team}/grants/{subject}", f"{town.base}/members"
    town.grant(town.reader, "reader", town.team)

    town.call(key, "PUT", inside, {"role": "owner"})
    town.get(key, outside, 404)

    found = town.get(town.admin, f"workspaces/{town.team}/grants")["grants"]
    assert [(grant["subject"], grant["role"]) for grant in found] == [(subject, "owner")]


def test_the_last_owner_stays_whatever_is_tried(town: Town) -> None:
    path = f"{town.base}/members/{town.owner}"

    for method, body in (("DELETE", None), ("PUT", {"role": "reader"})):
        refused = town.call(town.owner, method, path, body, status=409)
        assert refused.json["type"] == "urn:stockroom:problem:last-owner"
    town.call(town.owner, "PUT", f"{town.base}/members/{town.admin}", {"role": "owner"})
    town.call(town.owner, "DELETE", path, status=204)

    assert town.roles(town.owner) == {}


def test_an_owner_who_is_disabled_does_not_count(town: Town) -> None:
    root = town.add(f"root-{town.team}", server="owner")
    town.call(town.owner, "PUT", f"{town.base}/members/{town.admin}", {"role": "owner"})
    town.call(root, "PATCH", f"users/{town.admin}", {"disabled": True})

    town.call(town.owner, "DELETE", f"{town.base}/members/{town.owner}", status=409)


def test_s61_a_user_whom_one_does_not_know_is_like_nobody(town: Town) -> None:
    """Names cannot be tried out: the answers differ in nothing but the name."""
    for path, body in (
        (f"{town.base}/members/NAME", {"role": "reader"}),
        (f"workspaces/{town.team}/grants/user:NAME", {"role": "reader"}),
    ):
        known, unknown = (
            town.call(town.owner, "PUT", path.replace("NAME", name), body, status=404)
            for name in (town.stranger, "nobody-at-all")
        )

        assert known.body.replace(town.stranger.encode(), b"nobody-at-all") == unknown.body


def test_who_is_known_from_another_team_becomes_a_member(town: Town) -> None:
    other = f"other-{town.team}"
    town.site.create_workspace(other)
    town.grant(town.stranger, "reader", f"team:{other}")
    town.grant(town.owner, "reader", f"team:{other}")

    town.call(town.owner, "PUT", f"{town.base}/members/{town.stranger}", {"role": "writer"})
    assert town.roles(town.stranger) == {town.team: "writer", other: "reader"}

    narrow = town.key(town.owner, places=[f"team:{town.team}"])
    town.add(f"{town.stranger}-2", **{other: "reader"})
    path = f"{town.base}/members/{town.stranger}-2"
    town.call(narrow, "PUT", path, {"role": "reader"}, status=404)


def test_an_admin_of_the_server_knows_everybody(town: Town) -> None:
    root = town.add(f"root-{town.team}", server="admin")

    town.call(root, "PUT", f"{town.base}/members/{town.stranger}", {"role": "admin"})
    town.call(root, "PUT", f"{town.base}/members/{town.stranger}", {"role": "owner"}, status=403)

    assert town.roles(town.stranger) == {town.team: "admin"}


def test_roles_are_changed_only_as_they_were_seen(town: Town) -> None:
    path = f"{town.base}/members/{town.reader}"
    seen = town.call(town.admin, "GET", path).headers["ETag"]

    town.call(town.admin, "PUT", path, {"role": "writer"}, if_match=seen)
    town.call(town.admin, "DELETE", path, if_match=seen, status=412)
    absent = f"{town.base}/grants/robot:{town.team}.x"
    town.call(town.admin, "POST", f"{town.base}/robots", {"name": "x"}, status=201)

    town.call(town.admin, "PUT", absent, {"role": "reader"}, if_match="*", status=412)
    assert town.roles(town.reader) == {town.team: "writer"}


def test_one_leaves_a_team_in_the_browser_alone(town: Town) -> None:
    """Who finds a key must not be able to lock its owner out."""
    town.call(town.reader, "DELETE", f"me/teams/{town.team}", status=403)
    assert town.get(town.reader, "me/teams") == {"teams": [{"scope": town.team, "role": "reader"}]}

    browser = town.cookie(town.reader)
    town.call(browser, "DELETE", f"me/teams/{town.team}", status=204)
    town.call(browser, "DELETE", f"me/teams/{town.team}", status=404)
    town.call(town.cookie(town.owner), "DELETE", f"me/teams/{town.team}", status=409)

    assert town.roles(town.reader) == {}


def test_users_are_for_admins_of_the_server(town: Town) -> None:
    root = town.add(f"root-{town.team}", server="admin")
    name = f"new-{town.team}"

    made = town.call(
        root, "POST", "users", {"name": name, "email": f"{name}@Example.ORG"}, status=201
    )
    taken = {"name": f"{name}-2", "email": f"{name}@example.org"}
    town.call(root, "POST", "users", taken, status=409)
    found = town.get(root, f"users?q={name}@example&disabled=false")["users"]

    assert [user["name"] for user in found] == [name]
    assert made.json["email"] == f"{name}@example.org"
    for path in ("users", f"users/{name}"):
        town.get(town.owner, path, 404)


def test_who_is_disabled_can_do_nothing_at_the_next_request(town: Town) -> None:
    root = town.add(f"root-{town.team}", server="admin")
    path = f"users/{town.reader}"
    town.get(town.reader, "me")

    town.call(root, "PATCH", path, {"disabled": True})
    town.get(town.reader, "me", 401)
    town.call(root, "PATCH", path, {"disabled": False, "full_name": "Ann Smith"})

    assert town.get(town.reader, "me")["name"] == town.reader
    [changed] = [e for e in town.events("user.changed") if e.subject == town.subject(town.reader)]
    assert changed.data["before"]["full_name"] == ""
    assert changed.data["after"]["full_name"] == "Ann Smith"
    assert town.events("user.disabled")[-1].subject == town.subject(town.reader)


def test_the_last_owner_of_the_server_stays_enabled(shared: TestSite) -> None:
    people = People(shared)
    with shared.database.transaction() as session:
        owners = queries.grants_on(session.connection(), SERVER, str, limit=100)
    others = [grant for grant in owners if grant.role == "owner"]
    root = people.add("only-root", server="owner")
    for grant in others:
        people.call(root, "DELETE", f"grants/{grant.subject}", status=204)
    people.add("some-admin", server="admin")

    people.call("some-admin", "PATCH", "users/only-root", {"disabled": True}, status=403)
    people.call("some-admin", "DELETE", "grants/user:only-root", status=403)
    people.call(root, "PATCH", "users/only-root", {"disabled": True}, status=409)
    people.call(root, "DELETE", "grants/user:only-root", status=409)
    people.call(root, "PUT", "grants/user:only-root", {"role": "admin"}, status=409)
    people.call(root, "PUT", "grants/user:some-admin", {"role": "owner"})
    people.call("some-admin", "PATCH", "users/only-root", {"disabled": True})

    people.get(root, "me", 401)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("users", {"name": "Not A Name"}),
        ("users", {"name": "fine", "email": "nobody"}),
        ("users", {"name": "fine", "email": "a@b\r\nBcc: c@d"}),
        ("users", {"name": "fine", "full_name": "x" * 256}),
        ("users", {"name": "fine", "full_name": "a\nb"}),
        ("users", {"name": "fine", "role": "owner"}),
        ("teams", {"name": "a/b"}),
    ],
)
def test_what_cannot_be_is_refused(town: Town, path: str, body: dict[str, Any]) -> None:
    root = town.add(f"root-{town.team}", server="admin")

    refused = town.call(root, "POST", path, body, status=400)

    assert refused.content_type == "application/problem+json"


def test_who_makes_a_team_owns_it(town: Town) -> None:
    root, name = town.add(f"root-{town.team}", server="admin"), f"new-{town.team}"
    town.call(town.owner, "POST", "teams", {"name": name}, status=403)

    town.call(root, "POST", "teams", {"name": name}, status=201)
    town.call(root, "POST", "teams", {"name": name}, status=409)

    assert town.roles(f"root-{town.team}") == {name: "owner"}
    assert name in [team["name"] for team in town.get(root, "teams?limit=500")["teams"]]
    assert [team["name"] for team in town.get(town.owner, "teams")["teams"]] == [town.team]
    tag = town.call(root, "GET", f"teams/{name}").headers["ETag"]
    town.call(root, "PATCH", f"teams/{name}", {"settings": {"max_file_mb": 7}}, if_match=tag)
    town.call(root, "DELETE", f"teams/{name}", if_match=tag, status=412)
    town.call(root, "DELETE", f"teams/{name}", status=204)
    town.get(root, f"teams/{name}", 404)


def test_a_grant_names_a_robot_of_the_team_alone(town: Town) -> None:
    other = f"other-{town.team}"
    town.site.create_workspace(other)
    root = town.add(f"root-{town.team}", server="owner")
    for team in (town.team, other):
        town.call(root, "POST", f"teams/{team}/robots", {"name": "ci"}, status=201)
    path = f"workspaces/{town.team}/registries/main/packages/Demo.Pkg/grants"

    town.call(town.admin, "PUT", f"{path}/robot:{town.team}.ci", {"role": "writer"})
    town.call(town.admin, "PUT", f"{path}/robot:{other}.ci", {"role": "writer"}, status=404)
    town.call(root, "PUT", f"{path}/robot:{other}.ci", {"role": "writer"}, status=404)
    town.call(town.admin, "PUT", f"{path}/ci", {"role": "writer"}, status=400)
    town.call(
        town.admin, "PUT", f"{town.base}/grants/user:{town.reader}", {"role": "writer"}, status=400
    )

    [found] = town.get(town.admin, f"{path}")["grants"]
    assert (found["subject"], found["role"]) == (f"robot:{town.team}.ci", "writer")
    assert found["scope"] == f"{town.team}/main/demo-pkg"
    everything = town.get(town.admin, f"{town.base}/grants?limit=500")["grants"]
    assert found in everything
    assert len(everything) == 4


def test_an_admin_of_a_workspace_cannot_try_out_robots(town: Town) -> None:
    """They see the team's robots no more than those of other teams."""
    town.grant(town.stranger, "admin", town.team)
    town.call(town.admin, "POST", f"{town.base}/robots", {"name": "ci"}, status=201)
    path = f"workspaces/{town.team}/grants/robot:{town.team}"

    known, unknown = (
        town.call(town.stranger, "PUT", f"{path}.{name}", {"role": "reader"}, status=404)
        for name in ("ci", "xx")
    )

    assert known.body.replace(b".ci", b".xx") == unknown.body


@pytest.mark.parametrize("role", Role)
def test_me_says_what_the_credential_carries(town: Town, role: Role) -> None:
    name = f"some-{role}-{town.team}"
    town.add(name, **{town.team: role})
    key = town.key(name, Access.WRITE, [town.team])

    whole, limited = town.get(name, "me"), town.get(key, "me")

    assert whole["roles"] == [{"scope": f"team:{town.team}", "role": role}]
    assert (whole["places"], whole["access"]) == (None, "admin")
    lower = "reader" if role is Role.READER else "writer"
    assert limited["roles"] == [{"scope": town.team, "role": lower}]
    assert (limited["places"], limited["access"]) == ([town.team], "write")
