"""What is taken away is gone at the next request of every node, however warm it was kept there.

Each change is made through one node, and asked for at the other one, on both kinds of database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple

import pytest
from sqlalchemy.orm import Session

from stockroom.feed import Feed, emit
from stockroom.manage.grants import Grants
from stockroom.manage.keys import Keys
from stockroom.manage.robots import Robots
from stockroom.manage.scopes import find_scope
from stockroom.models import BrowserSession, Login, Robot, User
from stockroom.security.permissions import Access, Role
from stockroom.security.tokens import AccessTokens
from tests.support.callers import Callers, Credential
from tests.support.library import set_visibility
from tests.support.nodes import Nodes, furnish, open_pair, stopped_at
from tests.support.waiting import Worker

numbers = count(1)


class Held(NamedTuple):
    """A subject, the scope on which it has a role, and a credential of it."""

    subject: str
    scope: str
    credential: Credential


@dataclass(frozen=True)
class Change:
    """Something that is taken away, by row."""

    session: Session
    held: Held

    def remove_grant(self) -> None:
        place = find_scope(self.session, self.held.scope)
        Grants(self.session, "test").remove(self.held.subject, place, self.held.scope)

    def revoke_key(self) -> None:
        Keys(self.session, "test").revoke(self._id(self.held.credential.row))

    def end_session(self) -> None:
        self._end(self.session.get_one(BrowserSession, self._id(self.held.credential.row)))

    def end_login(self) -> None:
        self._end(self.session.get_one(Login, self._id(self.held.credential.row)))

    def disable_user(self) -> None:
        self.session.get_one(User, self._id(self.held.subject)).disabled_at = datetime.now(UTC)
        emit(self.session, "user.disabled", "test", subject=self.held.subject)

    def disable_robot(self) -> None:
        self.session.get_one(Robot, self._id(self.held.subject)).disabled_at = datetime.now(UTC)
        emit(self.session, "robot.changed", "test", subject=self.held.subject)

    def _end(self, row: BrowserSession | Login) -> None:
        row.revoked_at = datetime.now(UTC)
        emit(self.session, "session.revoked", "test", subject=self.held.credential.row)

    @staticmethod
    def _id(text: str) -> int:
        return int(text.partition(":")[2])


def browser(made: Callers, subject: str) -> Credential:
    return made.browser(subject)


def key(made: Callers, subject: str) -> Credential:
    return made.key(subject)


def limited_key(made: Callers, subject: str) -> Credential:
    return made.key(subject, Access.READ, ["*"])


def token_of_key(made: Callers, subject: str) -> Credential:
    return made.token(subject, made.key(subject))


def token_of_login(made: Callers, subject: str) -> Credential:
    return made.token(subject)


Kind = Callable[[Callers, str], Credential]
EVERY = (browser, key, limited_key, token_of_key, token_of_login)
TAKEN: list[tuple[Callable[[Change], None], tuple[Kind, ...], int]] = [
    (Change.remove_grant, EVERY, 404),
    (Change.disable_user, EVERY, 401),
    (Change.revoke_key, (key, limited_key, token_of_key), 401),
    (Change.end_session, (browser,), 401),
    (Change.end_login, (token_of_login,), 401),
]
CASES = [
    pytest.param(change, kind, status, id=f"{change.__name__}-{kind.__name__}")
    for change, kinds, status in TAKEN
    for kind in kinds
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def nodes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nodes]:
    url: str = request.getfixturevalue(f"make_{request.param}")()
    with open_pair(url, tmp_path_factory.mktemp("files")) as pair:
        made = furnish(pair)
        made.one.service(AccessTokens).prepare()
        yield made


def someone(nodes: Nodes, kind: Kind, role: Role = Role.READER, scope: str = "acme") -> Held:
    """A new user with a role, and a credential that the other node has not seen yet."""
    with nodes.one.database.transaction() as session:
        made = Callers(nodes.one, session)
        subject = made.user(f"user-{next(numbers)}", (role, scope))
        return Held(subject, scope, kind(made, subject))


def ask(nodes: Nodes, held: Held) -> int:
    """What the other node answers."""
    headers = held.credential.headers
    return int(nodes.other.app.get(nodes.index, headers=headers, status="*").status_int)


def change(nodes: Nodes, held: Held, how: Callable[[Change], None]) -> None:
    """Take something away through the first node."""
    with nodes.one.database.transaction() as session:
        how(Change(session, held))


@pytest.mark.parametrize(("how", "kind", "status"), CASES)
def test_what_is_taken_away_is_gone(
    nodes: Nodes, how: Callable[[Change], None], kind: Kind, status: int
) -> None:
    held = someone(nodes, kind)
    # Tokens signed with a key of which the other node has yet to hear are no matter here.
    nodes.soon(lambda: ask(nodes, held) == 200)

    change(nodes, held, how)

    nodes.soon(lambda: ask(nodes, held) == status)


@pytest.mark.parametrize(("how", "kind", "status"), CASES)
def test_what_is_taken_away_while_it_is_looked_up_is_not_kept(
    nodes: Nodes, how: Callable[[Change], None], kind: Kind, status: int
) -> None:
    held = someone(nodes, kind)
    nodes.other.service(Feed).pull()

    with stopped_at(nodes.other, "users") as gate:
        early = Worker(lambda: ask(nodes, held))
        gate.wait()
        change(nodes, held, how)
        nodes.other.service(Feed).pull()
        gate.open()
        answered = early.result()

    # Who asked before the change may be answered as before it, and nobody afterwards.
    assert answered == 200
    assert ask(nodes, held) == status


def test_a_disabled_robot_is_refused(nodes: Nodes) -> None:
    with nodes.one.database.transaction() as session:
        made = Callers(nodes.one, session)
        subject = f"robot:{Robots(session, 'test').create(None, f'robot-{next(numbers)}').id}"
        made.grant(subject, Role.READER, "acme")
        held = Held(subject, "acme", made.key(subject))
    nodes.soon(lambda: ask(nodes, held) == 200)

    change(nodes, held, Change.disable_robot)

    nodes.soon(lambda: ask(nodes, held) == 401)


@pytest.mark.parametrize("kind", [key, token_of_key, token_of_login])
@pytest.mark.parametrize("scope", ["*", "team:acme", "acme", "acme/main"])
def test_a_lowered_role_is_lower(nodes: Nodes, kind: Kind, scope: str) -> None:
    held = someone(nodes, kind, Role.WRITER, scope)

    def upload() -> int:
        headers = held.credential.headers
        path = "/v1/upload/acme/main"
        return int(nodes.other.app.post(path, headers=headers, status="*").status_int)

    nodes.soon(lambda: upload() == 400)

    with nodes.one.database.transaction() as session:
        Callers(nodes.one, session).grant(held.subject, Role.READER, scope)

    nodes.soon(lambda: upload() == 403)
    assert ask(nodes, held) == 200


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("visibility", ["global", "public"])
def test_a_closed_workspace_is_closed(nodes: Nodes, kind: Kind, visibility: str) -> None:
    name = f"hall-{next(numbers)}"
    nodes.one.create_workspace(name, visibility)
    with nodes.one.database.transaction() as session:
        made = Callers(nodes.one, session)
        credential = kind(made, made.user(f"user-{next(numbers)}"))
    path = f"/simple/{name}/main/"

    def status() -> int:
        headers = credential.headers
        return int(nodes.other.app.get(path, headers=headers, status="*").status_int)

    nodes.soon(lambda: status() == 200)

    set_visibility(nodes.one, "team", name)

    nodes.soon(lambda: status() == 404)


@pytest.mark.parametrize("kind", EVERY)
def test_what_is_given_is_there(nodes: Nodes, kind: Kind) -> None:
    held = someone(nodes, kind, scope="acme/main")
    other = f"ward-{next(numbers)}"
    nodes.one.create_workspace(other)

    def status() -> int:
        path, headers = f"/simple/{other}/main/", held.credential.headers
        return int(nodes.other.app.get(path, headers=headers, status="*").status_int)

    nodes.soon(lambda: status() == 404)

    with nodes.one.database.transaction() as session:
        Callers(nodes.one, session).grant(held.subject, Role.READER, other)

    nodes.soon(lambda: status() == 200)
