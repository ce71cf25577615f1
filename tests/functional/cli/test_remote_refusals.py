"""`stockroom --server`: what is not a server, no key, and what stays on the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stockroom.cli import stockroom
from stockroom.cli.backends import client
from tests.conftest import StartServer
from tests.support.cli import AnyCommandLine, all_commands, write_ini
from tests.support.fake_server import fake_server, make_certificate
from tests.support.server import free_port

KEY = "stk_nonsense"
PROGRAM = """
import sys
from stockroom.cli import stockroom
try:
    stockroom(["--server", "http://127.0.0.1:1", "team", "settings", "acme"])
finally:
    print(sorted({"alembic", "pyramid", "sqlalchemy"} & sys.modules.keys()))
"""
SHOW = ("team", "settings", "acme")
TEAM = json.dumps(
    {
        "name": "acme",
        "usage": {"packages": 0, "files": 0, "size": 0, "max_size": None},
        "settings": {},
        "since": "a later version",
    }
).encode()
JSON = "application/json"


def remote(url: str, **environment: str) -> AnyCommandLine:
    return AnyCommandLine("--server", url, **{"STOCKROOM_KEY": KEY, **environment})


def test_a_wrong_key_is_told(start_server: StartServer, sqlite_url: str) -> None:
    cli = remote(start_server(sqlite_url).base)

    told = cli.refuse(*SHOW)

    assert told.startswith("error: the credential is unknown, revoked or expired")


def test_the_key_is_sent_to_the_server_below_its_path() -> None:
    with fake_server(body=TEAM, Content_Type=JSON) as (url, server):
        assert remote(f"{url}/stock/").json(*SHOW) == []

    assert server.asked == [("/stock/v1/teams/acme", f"Bearer {KEY}")]


def test_without_a_key_nothing_is_sent() -> None:
    with fake_server() as (url, server):
        told = remote(url, STOCKROOM_KEY="").refuse(*SHOW, status=2)

    assert "put it into the variable STOCKROOM_KEY" in told
    assert server.asked == []


@pytest.mark.parametrize("how", ["option", "variable"])
def test_the_key_is_read_from_a_file_which_wins(tmp_path: Path, how: str) -> None:
    file = tmp_path / "key"
    file.write_text("stk_from_file\n")
    options: list[str | Path] = ["--key-file", file] if how == "option" else []
    variables = {} if how == "option" else {"STOCKROOM_KEY_FILE": str(file)}

    with fake_server(body=TEAM, Content_Type=JSON) as (url, server):
        AnyCommandLine("--server", url, *options, STOCKROOM_KEY=KEY, **variables).run(*SHOW)

    assert [key for _, key in server.asked] == ["Bearer stk_from_file"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read: No such file"),
        (b"", "must hold one API key"),
        (b"stk_a\nstk_b", "must hold one API key"),
        (b"stk_a\r\nX-Other: 1", "must hold one API key"),
        ("stk_ä".encode(), "must hold one API key"),
        (b"\xff", "cannot be read: it is not text"),
    ],
)
def test_a_file_that_holds_no_key_is_refused(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)

    with fake_server() as (url, server):
        told = AnyCommandLine("--server", url, "--key-file", file).refuse(*SHOW, status=2)

    assert complaint in told
    assert server.asked == []


def test_there_is_no_option_for_the_key() -> None:
    """Everybody on the machine sees the command lines of all processes."""
    options = {option for parameter in stockroom.params for option in parameter.opts}

    assert "--key-file" in options
    assert "--key" not in options


def test_a_server_that_is_not_there_is_told() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    assert f"error: {url} cannot be reached" in remote(url).refuse(*SHOW, status=2)


def test_a_certificate_that_is_not_trusted_is_refused_before_the_key_is_sent(
    tmp_path: Path,
) -> None:
    certificate = make_certificate(tmp_path)

    with fake_server(body=TEAM, certificate=certificate, Content_Type=JSON) as (url, server):
        told = remote(url).refuse(*SHOW, status=2)
        trusting = remote(url, SSL_CERT_FILE=str(certificate)).json(*SHOW)

    assert f"the certificate of {url} cannot be verified" in told
    assert "SSL_CERT_FILE" in told
    assert trusting == []
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [200, 404, 502])
def test_a_server_that_answers_html_is_no_stockroom(status: int) -> None:
    page = b"<h1>Welcome</h1>"

    with fake_server(status, page, Content_Type="text/html; charset=utf-8") as (url, _):
        told = remote(url).refuse(*SHOW, status=2)

    assert f"there is no Stockroom at {url}: it answers {status} with text/html" in told


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_key_follows_no_redirect(status: int) -> None:
    with fake_server() as (elsewhere, other):
        target = f"{elsewhere}/v1/teams/acme"
        with fake_server(status, Location=target) as (url, _):
            told = remote(url).refuse(*SHOW, status=2)

    assert f"sends on to {target}, which is not followed" in told
    assert other.asked == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"name": 1}', b"\xff"])
def test_an_answer_of_another_shape_is_told(body: bytes) -> None:
    with fake_server(body=body, Content_Type=JSON) as (url, _):
        told = remote(url).refuse(*SHOW, status=2)

    assert "the server's answer cannot be read" in told


def test_an_answer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_ANSWER", 100)

    with fake_server(body=TEAM, Content_Type=JSON) as (url, _):
        told = remote(url).refuse(*SHOW, status=2)

    assert "answers with more than 100 bytes" in told


def test_a_problem_is_told_without_what_a_terminal_would_obey() -> None:
    problem = json.dumps({"detail": "no\x1b]0;x\x07 \u202eway\r\n"}).encode()

    with fake_server(409, problem, Content_Type="application/problem+json") as (url, _):
        told = remote(url).refuse(*SHOW)

    assert told == "error: no ]0;x   way\n"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("packages.example", "is no address of a server"),
        ("ftp://packages.example", "is no address of a server"),
        ("https://", "is no address of a server"),
        ("http://packages.example", "would send the key unencrypted: use https"),
        ("http://10.0.0.1:8000", "would send the key unencrypted: use https"),
        ("https://packages.example:x", "is no address of a server"),
        ("https://[::1", "is no address of a server"),
        ("https://ann:secret@packages.example", "takes no user and password"),
        ("https://packages.example?x=1", "must end with the host"),
        ("https://packages.example/#x", "must end with the host"),
        ("https://packages.example/a b", "must end with the host"),
    ],
)
def test_an_address_that_cannot_be_is_refused(url: str, complaint: str) -> None:
    told = remote(url).refuse(*SHOW, status=2)

    assert complaint in told
    assert "secret" not in told


ON_THE_MACHINE = [
    ("init",),
    ("migrate",),
    ("serve",),
    ("settings",),
    ("plugins",),
    ("check",),
    ("gc",),
]


@pytest.mark.parametrize("command", ON_THE_MACHINE, ids=" ".join)
def test_what_works_only_on_the_machine_says_so(command: tuple[str, ...]) -> None:
    assert command in all_commands(stockroom)

    for cli in (
        remote("https://packages.example"),
        AnyCommandLine(STOCKROOM_SERVER="https://packages.example"),
    ):
        told = cli.refuse(*command, status=2)

        assert f"`stockroom {' '.join(command)}` works only on the machine of the server" in told


@pytest.mark.parametrize("option", ["-c", "--data-dir"])
def test_two_servers_are_one_too_many(tmp_path: Path, option: str) -> None:
    cli = AnyCommandLine("--server", "https://packages.example", option, tmp_path)

    told = cli.refuse(*SHOW, status=2)

    assert "name two servers: use one of them" in told


def test_what_stands_on_the_command_line_wins(tmp_path: Path) -> None:
    """A variable that is set for the whole shell must not turn a command to another server."""
    ini = write_ini(tmp_path)
    cli = AnyCommandLine("-c", ini, STOCKROOM_SERVER="https://packages.example")
    with fake_server(body=TEAM, Content_Type=JSON) as (url, server):
        remote(url, STOCKROOM_CONFIG=str(ini)).run(*SHOW)

    cli.run("init")
    assert "there is no team acme" in cli.refuse(*SHOW)
    assert len(server.asked) == 1


def test_another_server_needs_no_database_here() -> None:
    """Whoever only manages a server waits for no import of what it is made of."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "STOCKROOM_KEY": KEY},
    )

    assert "http://127.0.0.1:1 cannot be reached" in done.stderr
    assert done.stdout == "[]\n"
