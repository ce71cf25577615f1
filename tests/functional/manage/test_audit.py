"""The audit trail: whose it is, what it is asked for, that it is only ever added to."""

from __future__ import annotations

import ast
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from webob import Request
from zope.sqlalchemy import mark_changed

import stockroom
from stockroom.models import Event
from tests.archives import make_wheel
from tests.functional.manage.people import People
from tests.support.databases import MakeUrl
from tests.support.site import TestSite, bearer

NUMBERS = count(1)
SOURCE = Path(stockroom.__file__).parent
MANY = 10_000


@pytest.fixture(scope="module")
def shared(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("files"))
    yield site
    site.close()


@pytest.fixture(scope="module")
def postgresql(
    make_postgresql: MakeUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    site = TestSite(make_postgresql(), tmp_path_factory.mktemp("files"))
    yield site
    site.close()


class Team(People):
    """The owner ``ann`` of a new team with a workspace, and ``root`` of the server."""

    def __init__(self, site: TestSite) -> None:
        super().__init__(site)
        self.team = f"acme-{next(NUMBERS)}"
        site.create_workspace(self.team)
        self.keys["ann"] = self.add(f"ann-{self.team}", **{self.team: "owner"})
        self.keys["root"] = self.add(f"root-{self.team}", server="admin")

    def trail(self, who: str, path: str) -> list[dict[str, Any]]:
        """The events of a page."""
        found: list[dict[str, Any]] = self.get(who, path)["events"]
        return found


@pytest.fixture
def team(shared: TestSite) -> Team:
    return Team(shared)


def test_the_trail_of_a_team_is_its_own_and_that_of_its_registries(team: Team) -> None:
    writer = team.site.create_key("writer", team.team)
    team.site.upload(*make_wheel("demo", "1.0"), writer, to=f"{team.team}/main")
    team.call("ann", "POST", f"teams/{team.team}/robots", {"name": "ci"}, status=201)
    Team(team.site)

    found = team.trail("ann", f"teams/{team.team}/events?limit=500")

    kinds = [event["kind"] for event in found]
    assert kinds[:2] == ["robot.created", "file.published"]
    assert {"team.created", "workspace.created", "registry.created", "grant.set"} <= set(kinds)
    assert len({event["team_id"] for event in found}) == 1
    assert len(found) < len(team.trail("root", "events?limit=500"))


def test_events_are_asked_for_by_what_they_say(team: Team) -> None:
    path = f"teams/{team.team}/robots"
    for name in ("ci", "cd"):
        team.call("ann", "POST", path, {"name": name}, status=201)
    trail = f"teams/{team.team}/events"
    ann = team.subject(f"ann-{team.team}")
    made = team.trail("ann", f"{trail}?kind=robot&actor={ann}")
    later, earlier = made

    assert [event["data"]["name"] for event in made] == ["cd", "ci"]
    assert team.trail("ann", f"{trail}?subject={later['subject']}") == [later]
    since = later["at"].replace("+00:00", "Z")
    assert team.trail("ann", f"{trail}?kind=robot.created&since={since}") == [later]
    assert team.trail("ann", f"{trail}?kind=robot&until={since}") == [earlier]
    assert team.trail("ann", f"{trail}?kind=robot&after={later['id']}") == [earlier]
    assert team.trail("ann", f"{trail}?kind=rob") == []


@pytest.mark.parametrize("wrong", ["since=x", "until=2026-01-01", "since=2026-01-01T00:00:00"])
def test_an_instant_without_a_zone_is_refused(team: Team, wrong: str) -> None:
    refused = team.call("root", "GET", f"events?{wrong}", status=400)

    assert "2026-01-31T12:00:00Z" in refused.json["detail"]


def test_one_sees_what_one_did_and_what_was_done_to_one(team: Team) -> None:
    """Not from where others did it."""
    member = f"bob-{team.team}"
    team.add(member, **{team.team: "reader"})
    team.call("ann", "PUT", f"teams/{team.team}/members/{member}", {"role": "writer"})

    [given, *_] = team.trail(member, "me/events?kind=grant")
    seen_by_root = team.trail("root", f"users/{member}/events?kind=grant")

    assert given["actor"] == team.subject(f"ann-{team.team}")
    assert (given["address"], given["credential"]) == (None, None)
    assert seen_by_root[0]["address"] == "127.0.0.1"
    assert team.trail("ann", "me/events")[0]["address"] == "127.0.0.1"
    team.get("ann", f"users/{member}/events", 404)


def test_ten_thousand_events_are_exported_in_little_memory(team: Team) -> None:
    with team.site.database.transaction() as session:
        row = {"kind": "test.done", "actor": "x", "transaction": 0, "data": {"note": "n" * 400}}
        rows = [{**row, "at": datetime.now(UTC)} for _ in range(MANY)]
        session.connection().execute(insert(Event), rows)
        mark_changed(session)
    asked = Request.blank("/v1/events?kind=test", headers=bearer(team.keys["root"]))
    asked.accept = "application/jsonl"
    started: list[Any] = []
    lines = 0
    tracemalloc.start()
    chunks = team.site.application(asked.environ, lambda *head: started.append(head))
    for chunk in chunks:
        lines += chunk.count(b"\n")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert started[0][0] == "200 OK"
    assert dict(started[0][1])["Content-Type"] == "application/jsonl"
    assert lines == MANY
    assert peak < MANY * 400


def test_an_export_is_the_list_without_its_pages(team: Team) -> None:
    path = f"teams/{team.team}/events"
    listed = team.trail("ann", f"{path}?limit=500")

    exported = team.call("ann", "GET", f"{path}?format=jsonl")

    assert exported.content_type == "application/jsonl"
    assert [json.loads(line) for line in exported.body.splitlines()] == listed
    empty = team.call("ann", "GET", f"{path}?format=jsonl&kind=none")
    assert empty.body == b""


@pytest.mark.parametrize("kind", ["shared", "postgresql"])
@pytest.mark.parametrize("statement", ["UPDATE events SET actor = 'nobody'", "DELETE FROM events"])
def test_the_database_refuses_to_change_the_trail(
    request: pytest.FixtureRequest, kind: str, statement: str
) -> None:
    site: TestSite = request.getfixturevalue(kind)
    site.create_workspace(f"sealed-{next(NUMBERS)}")

    with (
        pytest.raises(DBAPIError, match="events are only ever added"),
        site.database.transaction() as session,
    ):
        session.execute(text(statement))


def test_nothing_of_ours_changes_or_deletes_an_event() -> None:
    """No statement that does names them, and no module loads one to change it."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="update" | "delete"), args=[ast.Name(id="Event")]):
                    found.append(f"{path.name}:{node.lineno}")
                case ast.Call(func=ast.Name(id="select"), args=[ast.Name(id="Event")]):
                    found.append(f"{path.name}:{node.lineno}")

    assert found == []
