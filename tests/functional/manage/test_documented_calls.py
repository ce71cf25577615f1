"""The calls in docs/managing.md are answered as a reader of that page expects."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from stockroom.manage.grants import Grants
from stockroom.manage.robots import Robots
from stockroom.manage.scopes import find_scope
from stockroom.manage.users import Users
from stockroom.security.permissions import Role
from tests.archives import make_sdist, make_wheel
from tests.functional.manage.conftest import Desk
from tests.support.site import TestSite

PAGE = Path(__file__).parents[3] / "docs" / "managing.md"
CURL = re.compile(r"^    curl (?:[^\n]*\\\n)*[^\n]*$", re.MULTILINE)
JSON = ("application/json", "application/jsonl")
FILES = (
    make_wheel("demo", "1.0"),
    make_sdist("demo", "1.0"),
    make_wheel("demo", "1.1"),
)


class Call(NamedTuple):
    """One call of curl."""

    method: str
    url: str
    body: object
    headers: tuple[str, ...]


def documented() -> Iterator[Call]:
    for text in CURL.findall(PAGE.read_text("utf-8")):
        words = shlex.split(text.replace("\\\n", " "))[1:]
        method, body, url, headers = "GET", None, "", []
        while words:
            match words.pop(0):
                case "-X":
                    method = words.pop(0)
                case "-H":
                    headers.append(words.pop(0))
                case "-d":
                    body = json.loads(words.pop(0))
                case address:
                    url = address
        yield Call(method, url, body, tuple(headers))


CALLS = list(documented())


@pytest.fixture
def demo(sqlite_site: TestSite, numbers: count[int]) -> Desk:
    """A registry with the package that the page is about, one name of which is burnt."""
    workspace = f"acme-{next(numbers)}"
    sqlite_site.create_workspace(workspace)
    desk = Desk(sqlite_site, workspace)
    for file in FILES:
        desk.publish(file)
    return desk


def test_there_are_calls() -> None:
    assert len(CALLS) > 15
    assert {call.method for call in CALLS} == {"GET", "PATCH", "POST", "PUT", "DELETE"}


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_documented_call_is_answered(demo: Desk, number: int) -> None:
    call = CALLS[number]
    base = f"/v1/workspaces/{demo.workspace}/registries/main"
    url = call.url.replace("acme", demo.workspace).replace("/ann", f"/ann-{demo.workspace}")
    url = url.replace("$API", base).replace("$TEAM", f"/v1/teams/{demo.workspace}")
    url = url.replace("https://packages.example", "")
    body = call.body
    if "burnt-filenames/" in url:
        name = url.rpartition("/")[2]
        demo.call("DELETE", f"{base}/packages/demo/files/{name}?confirm={name}")
    if "retention" in url and body is not None:
        body = {"digest": demo.read(url)["digest"]}
    if isinstance(body, dict) and "places" in body:
        body = {**body, "places": [f"{demo.workspace}/main"]}
    if isinstance(body, dict) and "groups" in body:
        body = json.loads(json.dumps(body).replace("acme/", f"{demo.workspace}/"))
    admin = settle(demo, robot="ci" if "ci" in url.partition("robot")[2] else None)

    answer = demo.call(call.method, url, body, key=admin, status="2*")

    assert answer.status_int == 204 or answer.content_type in JSON
    assert ("$AUTH" in call.headers) == (not url.endswith("openapi.json"))
    assert ("$JSON" in call.headers) == (call.body is not None)


def settle(demo: Desk, robot: str | None) -> str:
    """Make the member ann, and the robot that the page has made by then; a key of an admin."""
    with demo.site.database.transaction() as session:
        text = f"team:{demo.workspace}"
        scope = find_scope(session, text)
        ann = Users(session, "test").create(f"ann-{demo.workspace}")
        Grants(session, "test").set(f"user:{ann.id}", Role.READER, scope, text)
        if robot:
            Robots(session, "test").create(scope.id, robot)
    return demo.site.create_key("admin", text)
