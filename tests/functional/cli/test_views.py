"""`stockroom view` on the database of a server, and with --server over its API."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.archives import make_wheel
from tests.support.cli import AnyCommandLine, CommandLine
from tests.support.databases import MakeUrl
from tests.support.server import ServerProcess
from tests.support.site import TestSite

NUMBERS = count(1)
FILTERED = "public/main[release.age_days >= 7]"


class Desk(AnyCommandLine):
    """A command line for one workspace, which has the registries main and side."""

    def __init__(self, other: AnyCommandLine, workspace: str) -> None:
        super().__init__(*other.options, **other.environment)
        self.workspace = workspace

    def view(self, command: str, *rest: str) -> str:
        """Run `stockroom view` on the view all."""
        return self.run("view", command, f"{self.workspace}/all", *rest)


@pytest.fixture(scope="module")
def server(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    url, folder = make_sqlite(), tmp_path_factory.mktemp("server")
    site = TestSite(url, folder / "files")
    site.create_workspace("public", "public")
    process = ServerProcess(folder / "server", url, files=folder / "files").start()
    yield Server(site, process)
    process.stop()
    site.close()


class Server:
    """A server process, and a site in this process on the same database and files."""

    def __init__(self, site: TestSite, process: ServerProcess) -> None:
        self.site = site
        self.process = process

    def desk(self, kind: str) -> Desk:
        """A command line for a new workspace."""
        workspace = f"acme-{next(NUMBERS)}"
        self.site.create_workspace(workspace)
        key = self.site.create_key("admin", f"team:{workspace}")
        local = AnyCommandLine("-c", self.process.ini)
        local.run("registry", "create", f"{workspace}/side")
        remote = AnyCommandLine("--server", self.process.base, STOCKROOM_KEY=key)
        return Desk(local if kind == "local" else remote, workspace)


@pytest.fixture(params=["local", "remote"])
def desk(request: pytest.FixtureRequest, server: Server) -> Desk:
    return server.desk(request.param)


def test_a_view_lives(desk: Desk) -> None:
    here = desk.workspace
    groups = ("--group", f"{here}/main, {here}/side", "--group", FILTERED)

    told = [
        desk.view("create", *groups, "--reason", "one place for all"),
        desk.view("set", "--group", f"{here}/side", "--group", FILTERED, "--revision", "1"),
        desk.view("set", "--group", f"{here}/side", "--group", FILTERED),
    ]
    stale = desk.refuse("view", "set", f"{here}/all", "--group", f"{here}/side", "--revision", "1")
    shown = desk.view("show")
    listed = desk.run("view", "list", here)
    history = desk.view("history")
    told.append(desk.view("delete", "--reason", "done"))

    assert told == [
        f"created view {here}/all\n",
        f"view {here}/all is at revision 2 now\n",
        f"view {here}/all is at revision 2 now\n",
        f"deleted view {here}/all\n",
    ]
    assert stale == f"error: {here}/all is at revision 2 now\n"
    lines = shown.splitlines()
    assert lines[0] == f"{here}/all, revision 2"
    assert lines[2:] == [
        f"index: /simple/{here}/all/",
        f"group 1: {here}/side",
        f"group 2: {FILTERED}",
    ]
    assert f"{here}/side | {FILTERED}" in listed
    assert f"{here}/main, {here}/side | {FILTERED}" in history
    assert "one place for all" in history
    assert desk.refuse("view", "show", f"{here}/all")


def test_both_show_the_same_as_json(server: Server) -> None:
    remote = server.desk("remote")
    here = remote.workspace
    local = AnyCommandLine("-c", server.process.ini)
    remote.view("create", "--group", f"{here}/main, {here}/side", "--group", FILTERED)
    writer = server.site.create_key("writer", here)
    for number, name in enumerate(("main", "side")):
        wheel = make_wheel("demo", "1.0", description=str(number))
        server.site.upload(*wheel, writer, to=f"{here}/{name}")

    for command in ("show", "history", "conflicts"):
        words = ("view", command, f"{here}/all")
        assert remote.json(*words) == local.json(*words)
        assert remote.run(*words) == local.run(*words)
    assert remote.json("view", "list", here) == local.json("view", "list", here)
    listed = [row["view"] for row in remote.json("view", "list")]
    assert listed == [f"{here}/all", f"{here}/main", f"{here}/side"]
    [conflict] = local.json("view", "conflicts", f"{here}/all")
    assert conflict["taken"] == f"{here}/main"
    assert [file["registry"] for file in conflict["files"]] == [f"{here}/main", f"{here}/side"]
    assert "1 conflict\n" in remote.view("conflicts")
    shown = remote.view("show", "--json")
    assert '"filter": "release.age_days >= 7"' in shown


@pytest.mark.parametrize(
    ("groups", "complaint"),
    [
        (["HERE/main", "HERE/main[release.versoin == '1']"], "group 2, HERE/main, column 1: "),
        (["HERE/main["], "bracket is not closed"),
        (["HERE/main", "HERE/nothing"], "group 2, HERE/nothing: there is no registry HERE/nothing"),
    ],
)
def test_mistakes_are_told_with_their_places(desk: Desk, groups: list[str], complaint: str) -> None:
    named = [text.replace("HERE", desk.workspace) for text in groups]
    options = [word for text in named for word in ("--group", text)]

    told = desk.refuse("view", "create", f"{desk.workspace}/all", *options)

    assert complaint.replace("HERE", desk.workspace) in told


def test_the_view_of_a_registry_is_left_alone(desk: Desk) -> None:
    told = desk.refuse("view", "delete", f"{desk.workspace}/main")

    assert "is the view of the registry of that name" in told


def test_a_view_that_is_not_there_is_told_of(cli: CommandLine, tmp_path: Path) -> None:
    for words in (
        ["show", "acme/all"],
        ["history", "acme/all"],
        ["set", "acme/all", "--group", "a/b"],
    ):
        assert "there is no view acme/all" in cli.refuse("view", *words)
    assert "there is no workspace acme" in cli.refuse("view", "list", "acme")


def test_the_documented_commands_work(site_cli: CommandLine, site: TestSite) -> None:
    page = (Path(__file__).parents[3] / "docs" / "views.md").read_text("utf-8")
    lines = re.findall(r"^    stockroom (view .+)$", page, re.MULTILINE)
    site.create_workspace("public", "public")
    for registry in ("acme/staging", "public/pypi"):
        site_cli.run("registry", "create", registry)

    for line in lines:
        site_cli.run(*shlex.split(line))

    assert {line.split()[1] for line in lines} >= {"create", "set", "show", "history", "conflicts"}
    assert "acme/all" not in site_cli.run("view", "list")
