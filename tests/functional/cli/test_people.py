"""People, robots, invitations and roles, on the database of a server and with --server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from stockroom.manage.users import Users
from tests.support.cli import AnyCommandLine
from tests.support.databases import MakeUrl
from tests.support.server import ServerProcess
from tests.support.site import TestSite


@dataclass(frozen=True)
class Hall:
    """A server with a workspace and a user of one number, and a command line to manage it."""

    site: TestSite
    server: ServerProcess
    cli: AnyCommandLine
    number: int

    @property
    def team(self) -> str:
        return f"acme-{self.number}"

    @property
    def user(self) -> str:
        return f"ann-{self.number}"

    def words(self, *texts: str) -> list[str]:
        """TEAM and USER are the names of this hall's."""
        return [text.replace("TEAM", self.team).replace("USER", self.user) for text in texts]

    def run(self, *texts: str) -> str:
        return self.cli.run(*self.words(*texts))

    def refuse(self, *texts: str) -> str:
        return self.cli.refuse(*self.words(*texts))


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count(1)


@pytest.fixture(scope="module")
def served(
    make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestSite, ServerProcess]]:
    url, folder = make_sqlite(), tmp_path_factory.mktemp("hall")
    site = TestSite(url, folder / "files")
    server = ServerProcess(folder / "server", url, files=folder / "files").start()
    yield site, server
    server.stop()
    site.close()


@pytest.fixture(params=["local", "remote"])
def hall(
    request: pytest.FixtureRequest,
    served: tuple[TestSite, ServerProcess],
    numbers: Iterator[int],
) -> Hall:
    """Each kind of command line in turn."""
    site, server = served
    cli = AnyCommandLine("-c", server.ini)
    if request.param == "remote":
        key = site.create_key("owner", "*")
        cli = AnyCommandLine("--server", server.base, STOCKROOM_KEY=key)
    hall = Hall(site, server, cli, next(numbers))
    site.create_workspace(hall.team)
    with site.database.transaction() as session:
        Users(session, "test").create(hall.user, f"{hall.user}@acme.example", "Ann")
    return hall


def test_users_are_found_and_shut_out(hall: Hall) -> None:
    told = [hall.run("user", "disable", "USER")]
    [row] = hall.cli.json("user", "list", "--query", f"{hall.user}@")
    told.append(hall.run("user", "enable", "USER"))
    [again] = hall.cli.json("user", "list", "--query", f"{hall.user}@")

    assert told == hall.words("disabled the user USER\n", "enabled the user USER\n")
    assert (row["name"], row["full_name"], row["role"]) == (hall.user, "Ann", None)
    assert (row["disabled"], again["disabled"]) == (True, False)


def test_a_user_is_made_a_member_and_removed(hall: Hall) -> None:
    role = ("team:TEAM", "user:USER")

    told = [hall.run("grant", "set", *role, "owner"), hall.run("grant", "set", *role, "owner")]
    members = hall.cli.json("team", "members", hall.team)
    refused = hall.refuse("grant", "remove", *role)

    assert told == hall.words("user:USER is owner of team:TEAM now\n") * 2
    assert [(row["name"], row["role"]) for row in members] == [(hall.user, "owner")]
    assert "the team would be left without an owner" in refused


@pytest.mark.parametrize("scope", ["TEAM", "TEAM/main", "TEAM/main/demo", "*"])
def test_roles_are_given_listed_and_taken(hall: Hall, scope: str) -> None:
    role = (scope, "user:USER")
    [place] = hall.words(scope)

    hall.run("grant", "set", *role, "reader")
    told = [hall.run("grant", "set", *role, "writer")]
    rows = hall.cli.json("grant", "list", place)
    told.append(hall.run("grant", "remove", *role))

    held = {row["subject"]: (row["role"], row["scope"]) for row in rows}
    assert held[f"user:{hall.user}"] == ("writer", place)
    assert told == hall.words(
        f"user:USER is writer of {scope} now\n",
        f"user:USER has no role of its own on {scope} any more\n",
    )
    assert hall.user in hall.refuse("grant", "remove", *role)


def test_robots_are_made_given_roles_and_deleted(hall: Hall) -> None:
    told = [
        hall.run("robot", "create", "TEAM", "ci", "--description", "builds"),
        hall.run("grant", "set", "TEAM/main", "robot:TEAM.ci", "writer"),
    ]
    robots = {row["name"]: row for row in hall.cli.json("robot", "list", hall.team)}
    roles = {
        row["subject"]: row["scope"] for row in hall.cli.json("grant", "list", f"team:{hall.team}")
    }
    told.append(hall.run("robot", "delete", "TEAM", "ci"))

    assert told == hall.words(
        "created robot:TEAM.ci\n",
        "robot:TEAM.ci is writer of TEAM/main now\n",
        "deleted robot:TEAM.ci\n",
    )
    assert robots["ci"]["description"] == "builds"
    assert roles[f"robot:{hall.team}.ci"] == f"{hall.team}/main"
    assert "ci" not in {row["name"] for row in hall.cli.json("robot", "list", hall.team)}


def test_people_are_invited(hall: Hall) -> None:
    link = hall.run("invitation", "create", "TEAM", "--role", "admin", "--email", "bo@acme.example")

    hall.site.app.get(link.strip(), status=200)
    [row] = hall.cli.json("invitation", "list", hall.team)
    told = hall.run("invitation", "revoke", "TEAM", str(row["id"]))
    [revoked] = hall.cli.json("invitation", "list", hall.team)
    assert link.startswith("/join/sti_")
    assert (row["role"], row["email"], row["status"]) == ("admin", "bo@acme.example", "open")
    assert told == f"revoked invitation {row['id']}\n"
    assert revoked["status"] == "revoked"
    assert hall.site.app.get(link.strip(), expect_errors=True).status_int >= 400


LISTS = (
    ["user", "list"],
    ["team", "members", "TEAM"],
    ["robot", "list", "TEAM"],
    ["invitation", "list", "TEAM"],
    ["grant", "list", "team:TEAM"],
    ["grant", "list", "TEAM"],
    ["grant", "list", "*"],
)


@pytest.mark.parametrize("hall", ["remote"], indirect=True)
@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_both_list_the_same(hall: Hall, command: list[str]) -> None:
    hall.run("grant", "set", "team:TEAM", "user:USER", "reader")
    hall.run("grant", "set", "TEAM", "user:USER", "writer")
    hall.run("robot", "create", "TEAM", "ci")
    hall.run("invitation", "create", "TEAM")
    local, words = AnyCommandLine("-c", hall.server.ini), hall.words(*command)

    assert hall.cli.run(*words) == local.run(*words)
    assert hall.cli.json(*words) == local.json(*words)
    assert hall.cli.json(*words)


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (["user", "disable", "nobody"], "there is no user nobody"),
        (["robot", "delete", "TEAM", "nope"], "there is no robot nope"),
        (["robot", "create", "TEAM", "A_b"], "'A_b' cannot be a name in URLs"),
        (["invitation", "revoke", "TEAM", "999999"], "there is no invitation 999999"),
        (["grant", "set", "TEAM", "user:nobody", "reader"], "no user nobody"),
        (["grant", "set", "TEAM", "ann", "reader"], "'ann' must be user:NAME"),
        (["grant", "set", "TEAM", "robot:nope.ci", "reader"], "no robot:nope.ci"),
    ],
)
def test_both_refuse_with_the_same_words(hall: Hall, command: list[str], complaint: str) -> None:
    assert hall.words(complaint)[0] in hall.refuse(*command)


@pytest.mark.parametrize(
    "command",
    [
        ["team", "members", "nope"],
        ["robot", "list", "nope"],
        ["invitation", "list", "nope"],
        ["grant", "list", "team:nope"],
        ["grant", "list", "nope/main"],
    ],
    ids=" ".join,
)
def test_a_place_that_does_not_exist_is_told(hall: Hall, command: list[str]) -> None:
    assert "nope" in hall.refuse(*command)
