"""uv 0.12.6 is signed in, stays so, and signs out (uv-client.md 3.2 to 3.7)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from stockroom.security.tokens import AccessTokens
from tests.support.clients import SYSTEM_PATH, Uv, Variables
from tests.support.programs import Person, approve_when_polled, events, make_person, refresh
from tests.support.projects import Builder, Dists
from tests.support.publishers import Publisher
from tests.support.waiting import Worker
from tests.support.workspaces import Workspace

PAGE = Path(__file__).parents[2] / "docs" / "signing-in-programs.md"
BLOCK = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
HELPER = ("auth", "helper", "--protocol=bazel", "--preview-features", "auth-helper", "get")


@dataclass
class Signed:
    """A user of uv who publishes to a workspace of their own."""

    uv: Uv
    workspace: Workspace
    person: Person

    @property
    def base(self) -> str:
        return self.workspace.server.base

    @property
    def variables(self) -> dict[str, str]:
        return {"PYX_API_URL": self.base}

    def asked(self, path: str) -> list[int]:
        """The statuses of the requests for a path, since the test has begun."""
        answered = self.workspace.server.accesses()[self.before :]
        return [access.status for access in answered if access.path.startswith(path)]

    def __post_init__(self) -> None:
        self.before = len(self.workspace.server.accesses())

    def login(self) -> str:
        """Sign in: uv prints a URL and polls, the user approves."""
        process = Worker(lambda: self.uv("auth", "login", self.base, variables=self.variables))
        code = approve_when_polled(self.workspace.server, self.person)
        said: str = process.result()
        assert code in said
        return said

    @property
    def store(self) -> Path:
        """Where uv keeps the tokens."""
        [found] = (self.uv.machine.home / ".local" / "share").rglob("tokens.json")
        return found

    def expire_soon(self) -> None:
        """Put an access token of the same login in the store that lasts three minutes more."""
        kept = json.loads(self.store.read_text("utf-8"))
        [created] = events(self.person.site, "login.created")[-1:]
        tokens = self.person.site.service(AccessTokens)
        assert created.subject is not None
        kept["access_token"] = tokens.mint(
            self.person.subject, created.subject, "acme", time.time() + 180
        )
        self.store.write_text(json.dumps(kept), "utf-8")

    def install(self, name: str = "env", *, fails: bool = False) -> str:
        environment = self.uv.make_environment(name)
        index = self.workspace.index
        return self.uv.install(
            environment, "plumb", index=index, fails=fails, variables=self.variables
        )


@pytest.fixture
def signed(native_uv: Uv, workspace: Workspace, builder: Builder) -> Signed:
    workspace.add(*builder.build("plumb", "1.0").files)
    person = make_person(workspace.node, f"ann-{workspace.name}")
    person.grant("writer", f"team:{workspace.name}")
    return Signed(native_uv, workspace, person)


def test_from_login_to_logout(signed: Signed, fathom: Dists) -> None:
    assert f"Logged in to {signed.workspace.name}" in signed.login()
    assert signed.asked("/auth/cli/status/") == [404, 200]

    signed.install()
    signed.uv.publish(
        "--publish-url", signed.workspace.upload_url, *fathom.files, variables=signed.variables
    )
    assert {access.scheme for access in signed.workspace.accesses()} == {"bearer"}
    assert signed.workspace.listed("fathom") == fathom.filenames
    kept = json.loads(signed.store.read_text("utf-8"))

    said = signed.uv("auth", "logout", signed.base, variables=signed.variables)

    assert "Logged out from" in said
    assert signed.asked("/auth/cli/logout") == [200]
    refresh(signed.workspace.node, kept["refresh_token"], 401)
    assert "uv auth login" in signed.install("other", fails=True)


def test_a_token_is_shown_after_a_refresh_each_time(signed: Signed) -> None:
    signed.login()

    tokens = [signed.uv("auth", "token", signed.base, variables=signed.variables) for _ in range(2)]

    assert signed.asked("/auth/cli/refresh") == [200, 200]
    assert len(set(tokens)) == 2
    assert all(token.count(".") == 2 for token in tokens)


def test_five_at_once_refresh_once_when_the_end_is_near(signed: Signed) -> None:
    signed.login()
    signed.expire_soon()

    workers = [Worker(running(signed, f"env{number}")) for number in range(5)]
    for worker in workers:
        worker.result()

    assert signed.asked("/auth/cli/refresh") == [200]


def test_nothing_is_sent_when_the_login_was_ended_elsewhere(signed: Signed) -> None:
    signed.login()
    signed.expire_soon()
    signed.person.disable()
    signed.workspace.forget_accesses()

    said = signed.install(fails=True)

    assert "uv auth login" in said
    assert signed.asked("/auth/cli/refresh") == [401]
    assert signed.workspace.accesses() == []


def test_helpers_of_others_get_the_header(signed: Signed) -> None:
    signed.login()

    said = signed.uv(
        *HELPER, stdin=json.dumps({"uri": signed.workspace.index}), variables=signed.variables
    )

    [header] = json.loads(said)["headers"]["Authorization"]
    assert header.startswith("Bearer ey")


class TestApiKey:
    """With a key in the environment, uv trades it for a token by itself (uv-client.md 3.5)."""

    def test_it_installs_and_publishes(self, signed: Signed, fathom: Dists) -> None:
        variables = {**signed.variables, "PYX_API_KEY": signed.workspace.writer}
        environment = signed.uv.make_environment()

        signed.uv.install(environment, "plumb", index=signed.workspace.index, variables=variables)
        signed.uv.publish(
            "--publish-url", signed.workspace.upload_url, *fathom.files, variables=variables
        )

        assert environment.installed == {"plumb": "1.0"}
        assert signed.workspace.listed("fathom") == fathom.filenames
        # The token of the first command is kept for the second.
        assert signed.asked("/auth/cli/access-token") == [200]

    def test_a_token_is_shown(self, signed: Signed) -> None:
        variables = {**signed.variables, "PYX_API_KEY": signed.workspace.reader}

        said = signed.uv("auth", "token", signed.base, variables=variables)

        assert said.count(".") == 2

    def test_an_unknown_one_is_refused(self, signed: Signed) -> None:
        variables = {**signed.variables, "PYX_API_KEY": "stk_unknown"}

        said = signed.uv("auth", "token", signed.base, variables=variables, fails=True)

        assert "Failed to authenticate with API key" in said


def test_the_newest_uv_keeps_a_token_that_is_given(uv: Uv, signed: Signed, fathom: Dists) -> None:
    base, workspace = signed.base, signed.workspace
    uv("auth", "login", base, "--token", workspace.writer)
    environment = uv.make_environment()

    uv.install(environment, "plumb", index=workspace.index)
    uv.publish("--publish-url", workspace.upload_url, *fathom.files)
    uv("auth", "logout", base)

    assert environment.installed == {"plumb": "1.0"}
    assert workspace.listed("fathom") == fathom.filenames
    fresh = uv.make_environment("fresh")
    assert "401" in uv.install(fresh, "--no-cache", "plumb", index=workspace.index, fails=True)


@pytest.mark.parametrize("number", [0, 1])
def test_the_documented_lines_work(signed: Signed, fathom: Dists, number: int) -> None:
    section = PAGE.read_text("utf-8").split("\n## uv ")[number + 1]
    [lines] = [block for block in BLOCK.findall(section) if "auth login" in block]
    for text, real in (
        ("https://packages.example", signed.base),
        ("/acme/main", f"/{signed.workspace.name}/main"),
        (" demo\n", " plumb\n"),
    ):
        lines = lines.replace(text, real)
    uv = (signed.uv, Uv(signed.uv.machine, "uv"))[number]
    checkout = Publisher(uv.machine, "uv").check_out(fathom)
    variables: Variables = {
        "PATH": f"{uv.folder / 'bin'}:{SYSTEM_PATH}",
        "VIRTUAL_ENV": uv.make_environment().folder,
        "KEY": signed.workspace.writer,
    }

    process = Worker(
        lambda: uv.machine.run("bash", "-ec", lines, cwd=checkout, variables=variables)
    )
    if number == 0:
        approve_when_polled(signed.workspace.server, signed.person)
    process.result()

    assert signed.workspace.listed("fathom") == fathom.filenames


def running(signed: Signed, name: str) -> Callable[[], str]:
    return lambda: signed.install(name)
