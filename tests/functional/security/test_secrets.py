"""No secret is in a log, in an answer, in an event, or anywhere in the database (point 5)."""

from __future__ import annotations

import base64
import http.client
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.exc import DBAPIError

from stockroom.db import Database
from stockroom.index.stages import StagedPackages
from stockroom.models import ApiKey, SigningKey
from stockroom.publish.direct import DirectUploads
from stockroom.security import keys
from stockroom.security.credentials import SESSION_COOKIES
from stockroom.security.permissions import Access, Role
from stockroom.security.tokens import AccessTokens
from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.callers import Callers
from tests.support.databases import MakeUrl
from tests.support.library import revoke
from tests.support.server import ServerProcess
from tests.support.site import TestSite
from tests.support.uploads import FORM, encode, parts_of

EVERYTHING = """
[loggers]
keys = root, sqlalchemy
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = DEBUG
handlers = console
[logger_sqlalchemy]
level = DEBUG
handlers =
qualname = sqlalchemy
[handler_console]
class = StreamHandler
args = (sys.stdout,)
level = NOTSET
formatter = plain
[formatter_plain]
format = %(levelname)s %(name)s %(message)s
"""
"""A log of all that the server and its libraries have to say, statements included."""
JSON_PLEASE = {"Accept": "application/json"}


@dataclass(frozen=True)
class Scene:
    """A server process that logs everything, a second node in this process, and secrets."""

    server: ServerProcess
    node: TestSite
    secrets: Sequence[str]
    database: Path

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
        """The whole answer of the server process: status line, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            told = f"{answer.status} {answer.reason} {answer.getheaders()}"
            return told.encode() + answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def scene(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    url = make_sqlite()
    server = ServerProcess(folder, url, environment={"PYTHONUNBUFFERED": "1"})
    server.ini.write_text(server.ini.read_text("utf-8") + EVERYTHING, "utf-8")
    node = TestSite(url, folder / "files")
    node.create_workspace()
    node.service(AccessTokens).prepare()
    with node.database.transaction() as session:
        made = Callers(node, session)
        ann = made.user("ann", (Role.ADMIN, "acme"))
        dead = made.key(ann)
        good = [
            made.browser(ann),
            made.key(ann),
            made.key(ann, Access.READ, ["acme/main"]),
            made.token(ann),
            made.token(ann, dead),
        ]
    revoke(node, dead.secret)
    mistyped = good[1].secret[:-1] + ("a" if good[1].secret[-1] != "a" else "b")
    forged = good[3].secret[:-10] + "A" * 10
    others = [keys.mint(prefix).secret for prefix in keys.PREFIXES]
    secrets = [*(held.secret for held in good), dead.secret, mistyped, forged, *others]
    try:
        server.start()
        yield Scene(server, node, secrets, Path(url.removeprefix("sqlite:///")))
    finally:
        server.stop()
        node.close()


def signing_key(scene: Scene) -> str:
    """The private part of the key with which tokens are signed."""
    with scene.node.database.reading() as session:
        private = session.execute(sqlalchemy.select(SigningKey.private)).scalar_one()
    part: str = json.loads(private)["d"]
    return part


def forms(secret: str) -> Iterator[dict[str, str]]:
    """Every way in which a client sends a secret (S-62), and cookies."""

    def basic(pair: str) -> str:
        return "Basic " + base64.b64encode(pair.encode()).decode()

    for value in (
        f"Bearer {secret}",
        f"token {secret}",
        f"Digest {secret}",
        secret,
        basic(f"__token__:{secret}"),
        basic(f"ann:{secret}"),
        basic(f"{secret}:"),
        basic(secret),
    ):
        yield {"Authorization": value, **JSON_PLEASE}
    for name in SESSION_COOKIES.values():
        yield {"Cookie": f"{name}={secret}", **JSON_PLEASE}


def leaks(text: bytes, secrets: Sequence[str]) -> list[str]:
    """The secrets of which a large part stands in a text, as it is or as Basic sends it."""
    found = []
    for secret in secrets:
        # What every key begins with may be shown; so may what every token begins with.
        parts = [secret[len(secret) // 2 :][:24]]
        for shift in range(3):
            coded = base64.b64encode(b"x" * shift + secret.encode()).decode()
            parts.append(coded[len(coded) // 2 :][:24])
        if any(part.encode() in text for part in parts):
            found.append(secret)
    return found


def test_what_is_looked_for_is_found() -> None:
    secret = keys.mint().secret
    [*_, first, last] = forms(secret)
    coded = base64.b64encode(f"__token__:{secret}".encode())

    for text in (secret.encode(), b"..." + coded, str(first).encode(), str(last).encode()):
        assert leaks(text, [secret]) == [secret]


def test_no_secret_is_in_an_answer_or_in_the_log(scene: Scene) -> None:
    wheel = make_wheel("demo-pkg", "1.0")
    form = encode(parts_of(*wheel))
    answers = [
        scene.ask(method, path, headers, body)
        for secret in scene.secrets
        for headers in forms(secret)
        for method, path, body in [
            ("GET", "/simple/acme/main/", b""),
            ("GET", "/simple/acme/main/demo-pkg/", b""),
            ("GET", "/simple/none/main/", b""),
            ("GET", "/v1/workspaces/acme/registries/main", b""),
            ("DELETE", "/v1/workspaces/acme/registries/main/packages/none?confirm=none", b""),
            ("POST", "/v1/upload/acme/main", b""),
        ]
    ]
    headers = {"Content-Type": FORM, "Authorization": f"Bearer {scene.secrets[1]}"}
    answers.append(scene.ask("POST", "/v1/upload/acme/main", headers, form))
    log = scene.server.log.read_bytes()

    assert b"200 OK" in answers[-1]
    assert {answer[:3] for answer in answers} >= {b"200", b"401", b"403", b"404"}
    # Statements are in it, so that there was something to hide.
    assert b"FROM api_keys" in log
    assert b"INSERT INTO events" in log
    assert leaks(log, [*scene.secrets, signing_key(scene)]) == []
    assert leaks(b"".join(answers), scene.secrets) == []


def test_no_secret_is_in_the_database(scene: Scene) -> None:
    """Only digests are; nor does an event hold one, being in the same file."""
    for secret in scene.secrets:
        for headers in forms(secret):
            scene.ask("GET", "/simple/acme/main/", headers)
    files = scene.database.parent.glob(f"{scene.database.name}*")
    content = b"".join(path.read_bytes() for path in files)

    assert keys.digest(scene.secrets[1]).encode() in content
    assert leaks(content, scene.secrets) == []


def test_no_secret_is_in_the_log_of_a_failure(scene: Scene) -> None:
    """The last one here: the server has lost a table."""
    engine = sqlalchemy.create_engine(f"sqlite:///{scene.database}")
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE robots RENAME TO gone")
    engine.dispose()
    with scene.node.database.transaction() as session:
        fresh = Callers(scene.node, session).key("robot:1").secret

    failed = [
        scene.ask("GET", "/simple/acme/main/", headers)
        for secret in (*scene.secrets, fresh)
        for headers in forms(secret)
    ]
    log = scene.server.log.read_bytes()

    assert b"no such table: robots" in log
    assert {answer[:3] for answer in failed} >= {b"503"}
    assert not [answer for answer in failed if b"no such table" in answer]
    assert leaks(log, (*scene.secrets, fresh)) == []
    assert leaks(b"".join(failed), (*scene.secrets, fresh)) == []


def test_what_the_database_refuses_is_not_told_with_its_parameters(both: TestSite) -> None:
    minted = keys.mint()
    row = {"digest": minted.digest, "hint": minted.secret}

    with pytest.raises(DBAPIError) as raised, both.service(Database).engine.begin() as connection:
        connection.execute(sqlalchemy.insert(ApiKey).values(**row))

    assert leaks(str(raised.value).encode(), [minted.secret]) == []
    assert "hide_parameters" in str(raised.value)


@pytest.mark.parametrize(
    ("service", "broken", "method", "path"),
    [
        (StagedPackages, "package", "GET", "/stage/{}/"),
        (DirectUploads, "receive", "PUT", "/v1/incoming/{}"),
    ],
)
def test_a_defect_is_logged_without_the_url_that_is_a_credential(
    make_site: MakeSite,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    service: type,
    broken: str,
    method: str,
    path: str,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(service, broken, fail)
    token = keys.mint().digest
    site = make_site(sqlite_url, **{"stockroom.upload2": "true"})

    with caplog.at_level(logging.DEBUG):
        answer = site.app.request(path.format(token), method=method, status=500)

    assert "unhandled exception" in caplog.text
    assert path.format("{token}") in caplog.text
    assert token not in caplog.text
    assert b"a defect" not in answer.body


def test_a_secret_does_not_show_itself() -> None:
    minted = keys.mint()

    assert leaks(repr(minted).encode(), [minted.secret]) == []
