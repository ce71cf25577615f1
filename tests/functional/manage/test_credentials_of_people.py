"""Keys, sessions, invitations and robots: nobody makes what is wider than what they came with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from stockroom.accounts.joining import Links, find_link
from stockroom.accounts.problems import LinkOver
from stockroom.security.permissions import Access
from tests.functional.manage.people import People
from tests.support.databases import MakeUrl
from tests.support.site import TestSite

NUMBERS = count(1)


@pytest.fixture(scope="module")
def shared(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("files"))
    site.create_workspace("zeta")
    yield site
    site.close()


class Team(People):
    """The team and workspace ``acme-N`` with the owner ``ann-N`` and the admin ``bob-N``."""

    def __init__(self, site: TestSite) -> None:
        super().__init__(site)
        number = next(NUMBERS)
        self.team = f"acme-{number}"
        site.create_workspace(self.team)
        self.ann, self.bob = f"ann-{number}", f"bob-{number}"
        self.add(self.ann, **{self.team: "owner"})
        self.add(self.bob, **{self.team: "admin"})
        self.base = f"teams/{self.team}"

    def make_key(self, who: Any, status: int = 201, **body: Any) -> Any:
        """Make a key of one's own."""
        return self.call(who, "POST", "me/keys", {"name": "x", **body}, status=status).json


@pytest.fixture
def team(shared: TestSite) -> Team:
    return Team(shared)


def test_a_key_is_shown_once_and_works(team: Team) -> None:
    made = team.make_key(team.cookie(team.ann), access="read", places=[team.team], days=7)
    listed = team.get(team.ann, "me/keys")["keys"]

    assert team.get(made["secret"], "me")["places"] == [team.team]
    assert made["key"] == {**listed[-1], "used_at": None, "used_from": None}
    assert listed[-1]["hint"] == made["secret"][:8]
    assert made["secret"] not in str(listed)
    lasting = datetime.fromisoformat(listed[-1]["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < lasting < timedelta(days=7)
    team.call(team.ann, "DELETE", f"me/keys/{made['key']['id']}", status=204)
    team.get(made["secret"], "me", 401)


@pytest.mark.parametrize(
    ("access", "places", "wanted", "status"),
    [
        (Access.ADMIN, None, {"access": "admin"}, 201),
        (Access.ADMIN, ["TEAM"], {"access": "write"}, 201),
        (Access.ADMIN, ["TEAM"], {"places": ["TEAM/main"]}, 201),
        (Access.ADMIN, ["TEAM"], {"places": ["TEAM/main/demo"]}, 201),
        (Access.ADMIN, ["TEAM/main"], {"places": ["TEAM"]}, 404),
        (Access.ADMIN, ["team:TEAM"], {"places": ["TEAM"]}, 201),
        (Access.ADMIN, ["TEAM"], {"places": ["team:TEAM"]}, 404),
        (Access.ADMIN, None, {"places": ["zeta"]}, 404),
        (Access.ADMIN, None, {"places": ["nowhere"]}, 404),
        (Access.ADMIN, None, {"places": ["*"]}, 400),
        (Access.ADMIN, None, {"places": []}, 400),
        (Access.ADMIN, None, {"days": 8}, 400),
        (Access.WRITE, None, {"access": "read"}, 403),
        (Access.READ, None, {"access": "read"}, 403),
    ],
)
def test_a_key_makes_no_wider_one(
    team: Team, access: Access, places: list[str] | None, wanted: dict[str, Any], status: int
) -> None:
    def named(texts: list[str]) -> list[str]:
        return [text.replace("TEAM", team.team) for text in texts]

    maker = team.key(team.ann, access, None if places is None else named(places))
    if "places" in wanted:
        wanted = {**wanted, "places": named(wanted["places"])}

    answer = team.make_key(maker, status, **wanted)

    if status == 201 and "places" not in wanted:
        assert answer["key"]["places"] == (None if places is None else named(places))


def test_s61_a_place_one_may_not_read_is_like_none(team: Team) -> None:
    hidden = team.make_key(team.ann, 404, places=["zeta/main"])
    missing = team.make_key(team.ann, 404, places=["nope/main"])

    assert hidden["detail"].replace("zeta", "nope") == missing["detail"]


def test_a_key_ends_no_later_than_the_one_that_made_it(team: Team) -> None:
    maker = team.key(team.ann, valid_for=timedelta(hours=1))
    team.call(team.ann, "POST", f"{team.base}/robots", {"name": "ci"}, status=201)

    own = team.make_key(maker, days=365)["key"]
    body = {"name": "x", "days": 365}
    robot = team.call(maker, "POST", f"{team.base}/robots/ci/keys", body, status=201).json["key"]

    limit = datetime.now(UTC) + timedelta(hours=1)
    assert datetime.fromisoformat(own["expires_at"]) <= limit
    assert datetime.fromisoformat(robot["expires_at"]) <= limit


def test_keys_and_sessions_are_not_for_keys_that_are_limited(team: Team) -> None:
    """Who finds one learns nothing of the others, and revokes none."""
    limited = team.key(team.ann, places=[team.team])
    number = team.get(team.ann, "me/keys")["keys"][0]["id"]

    for path in ("me/keys", "me/sessions", "me/teams", "me/events"):
        team.get(limited, path, 403)
    team.call(limited, "DELETE", f"me/keys/{number}", status=403)
    team.get(team.ann, "me")


def test_keys_of_others_are_not_there(team: Team) -> None:
    number = team.get(team.ann, "me/keys")["keys"][0]["id"]

    others = team.call(team.bob, "DELETE", f"me/keys/{number}", status=404)
    missing = team.call(team.bob, "DELETE", "me/keys/99999999", status=404)

    assert others.body.replace(str(number).encode(), b"99999999") == missing.body
    team.get(team.ann, "me")


def test_sessions_are_listed_and_ended(team: Team) -> None:
    browser, other = team.cookie(team.ann), team.cookie(team.ann)
    login = f"login:{team.login(team.ann)}"

    found = team.get(browser, "me/sessions")["sessions"]
    assert [(entry["kind"], entry["current"]) for entry in found] == [
        ("browser", True),
        ("browser", False),
        ("program", False),
    ]
    team.call(browser, "DELETE", f"me/sessions/{found[1]['id']}", status=204)
    team.call(browser, "DELETE", f"me/sessions/{login}", status=204)
    team.call(team.cookie(team.bob), "DELETE", f"me/sessions/{found[0]['id']}", status=404)

    team.get(other, "me", 401)
    assert [entry["id"] for entry in team.get(browser, "me/sessions")["sessions"]] == [
        found[0]["id"]
    ]
    assert team.events("login.revoked")[-1].subject == login


@pytest.mark.parametrize("id_", ["session:x", "key:1", "session:", "9", "session:" + "9" * 30])
def test_a_session_that_cannot_be_is_404(team: Team, id_: str) -> None:
    team.call(team.cookie(team.ann), "DELETE", f"me/sessions/{id_}", status=404)


def test_a_robot_does_nothing_before_it_has_roles(team: Team) -> None:
    path, body = f"{team.base}/robots", {"name": "ci", "description": "builds"}
    team.call(team.bob, "POST", path, body, status=201)
    team.call(team.bob, "POST", path, body, status=409)
    secret = team.call(team.bob, "POST", f"{path}/ci/keys", {"name": "x"}, status=201).json[
        "secret"
    ]

    team.get(secret, f"workspaces/{team.team}", 404)
    grant = f"workspaces/{team.team}/grants/robot:{team.team}.ci"
    team.call(team.bob, "PUT", grant, {"role": "reader"})
    team.get(secret, f"workspaces/{team.team}")
    tag = team.call(team.bob, "GET", f"{path}/ci").headers["ETag"]
    team.call(team.bob, "PATCH", f"{path}/ci", {"disabled": True}, if_match=tag)
    team.get(secret, "me", 401)
    team.call(team.bob, "PATCH", f"{path}/ci", {"disabled": False}, if_match=tag, status=412)
    team.call(team.bob, "PATCH", f"{path}/ci", {"disabled": False})
    team.get(secret, "me")
    team.call(team.bob, "DELETE", f"{path}/ci", status=204)

    team.get(secret, "me", 401)
    assert team.get(team.bob, f"workspaces/{team.team}/grants")["grants"] == []
    kinds = ["robot.created", "robot.changed", "robot.deleted"]
    assert all(team.events(kind)[-1].team_id is not None for kind in kinds)


def test_nobody_makes_a_key_of_a_robot_that_has_more_than_they_have(team: Team) -> None:
    """An admin would become an owner by it."""
    path = f"{team.base}/robots/ci"
    team.call(team.bob, "POST", f"{team.base}/robots", {"name": "ci"}, status=201)
    team.call(team.ann, "PUT", f"{team.base}/grants/robot:{team.team}.ci", {"role": "owner"})

    team.call(team.bob, "POST", f"{path}/keys", {"name": "x"}, status=403)
    made = team.call(team.ann, "POST", f"{path}/keys", {"name": "x"}, status=201).json

    [listed] = team.get(team.bob, f"{path}/keys")["keys"]
    assert listed["created_by"] == f"user:{team.ann}"
    team.call(team.bob, "DELETE", f"{path}/keys/{listed['id']}", status=204)
    team.get(made["secret"], "me", 401)


def test_keys_of_other_robots_are_not_revoked(team: Team) -> None:
    for name in ("ci", "cd"):
        team.call(team.bob, "POST", f"{team.base}/robots", {"name": name}, status=201)
    key = team.call(team.bob, "POST", f"{team.base}/robots/ci/keys", {"name": "x"}, status=201).json

    team.call(team.bob, "DELETE", f"{team.base}/robots/cd/keys/{key['key']['id']}", status=404)

    team.get(key["secret"], "me")


def test_an_invitation_is_good_for_one_person(team: Team) -> None:
    body = {"role": "writer", "email": "Carol@Example.org"}
    made = team.call(team.bob, "POST", f"{team.base}/invitations", body, status=201).json
    secret = made["link"].removeprefix("/join/")
    carol = f"carol-{team.team}"
    team.add(carol)

    with team.site.database.transaction() as session:
        Links(session, team.subject(carol)).take(secret, team.subject(carol))
    with pytest.raises(LinkOver):
        find_link(team.site.database, secret)

    [shown] = team.get(team.bob, f"{team.base}/invitations")["invitations"]
    assert (shown["status"], shown["email"]) == ("accepted", "carol@example.org")
    assert secret not in str(shown)
    team.call(team.bob, "DELETE", f"{team.base}/invitations/{shown['id']}", status=409)


@pytest.mark.parametrize("how", ["revoked", "old", "demoted", "disabled", "foreign", "wrong"])
def test_an_invitation_ends(team: Team, how: str) -> None:
    """One that was made by who may not any more gives nothing either."""
    body = {"role": "admin"}
    made = team.call(team.bob, "POST", f"{team.base}/invitations", body, status=201).json
    secret, number = made["link"].removeprefix("/join/"), made["invitation"]["id"]
    clock = datetime.now(UTC)
    match how:
        case "revoked":
            team.call(team.ann, "DELETE", f"{team.base}/invitations/{number}", status=204)
        case "old":
            clock += timedelta(days=7, minutes=1)
        case "demoted":
            team.call(team.ann, "PUT", f"{team.base}/members/{team.bob}", {"role": "writer"})
        case "disabled":
            root = team.add(f"root-{team.team}", server="admin")
            team.call(root, "PATCH", f"users/{team.bob}", {"disabled": True})
        case "foreign":
            secret = team.keys[team.ann]
        case "wrong":
            secret = f"{secret[:-1]}{'a' if secret[-1] != 'a' else 'b'}"

    with pytest.raises(LinkOver):
        find_link(team.site.database, secret, lambda: clock)
    with pytest.raises(LinkOver), team.site.database.transaction() as session:
        Links(session, "x", lambda: clock).take(secret, "user:1")


def test_nobody_invites_above_their_own_role(team: Team) -> None:
    team.call(team.bob, "POST", f"{team.base}/invitations", {"role": "owner"}, status=403)
    team.call(team.bob, "POST", f"{team.base}/invitations", {"role": "king"}, status=400)

    assert team.get(team.bob, f"{team.base}/invitations")["invitations"] == []
