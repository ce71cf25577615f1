"""The same commands on the database of a server, and with --server over its API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from stockroom.cli.backends import client
from tests.archives import make_sdist, make_wheel
from tests.support.cli import AnyCommandLine
from tests.support.databases import MakeUrl
from tests.support.server import ServerProcess
from tests.support.site import TestSite

WHEEL = make_wheel("Demo.Pkg", "1.0")
SDIST = make_sdist("Demo.Pkg", "1.0")
LATER = make_wheel("Demo.Pkg", "1.1")


@dataclass(frozen=True)
class Plant:
    """A server process, and a site in this process on the same database and files."""

    site: TestSite
    server: ServerProcess
    numbers: Iterator[int]

    def local(self) -> AnyCommandLine:
        """Commands on the database."""
        return AnyCommandLine("-c", self.server.ini)

    def remote(self, key: str) -> AnyCommandLine:
        """Commands on the running server."""
        return AnyCommandLine("--server", self.server.base, STOCKROOM_KEY=key)


@dataclass(frozen=True)
class Bench:
    """A workspace with three files of two releases, and a command line to manage it."""

    plant: Plant
    workspace: str
    cli: AnyCommandLine

    @property
    def registry(self) -> str:
        return f"{self.workspace}/main"

    @property
    def package(self) -> tuple[str, str]:
        return self.registry, "demo-pkg"

    def marks(self) -> dict[str, object]:
        """Whether, and why, each file is yanked."""
        page = self.plant.site.page("demo-pkg", self.key(), index=self.registry)
        return {file["filename"]: file["yanked"] for file in page["files"]}

    def key(self, role: str = "writer") -> str:
        return self.plant.site.create_key(role, f"team:{self.workspace}")

    def publish(self, *files: tuple[str, bytes], status: int = 200) -> None:
        for file in files:
            self.plant.site.upload(*file, self.key(), to=self.registry, status=status)


@pytest.fixture(scope="module")
def plant(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    url, folder = make_sqlite(), tmp_path_factory.mktemp("plant")
    site = TestSite(url, folder / "files")
    server = ServerProcess(folder / "server", url, files=folder / "files").start()
    yield Plant(site, server, count(1))
    server.stop()
    site.close()


def make_bench(plant: Plant, kind: str) -> Bench:
    """A new workspace, and one kind of command line for it."""
    workspace = f"acme-{next(plant.numbers)}"
    plant.site.create_workspace(workspace)
    admin = plant.site.create_key("admin", f"team:{workspace}")
    bench = Bench(plant, workspace, plant.local() if kind == "local" else plant.remote(admin))
    bench.publish(WHEEL, SDIST, LATER)
    return bench


@pytest.fixture(params=["local", "remote"])
def bench(request: pytest.FixtureRequest, plant: Plant) -> Bench:
    """Each kind of command line in turn, to change things by."""
    return make_bench(plant, request.param)


@pytest.fixture(scope="module", params=["local", "remote"])
def refusing(request: pytest.FixtureRequest, plant: Plant) -> Bench:
    """The same for all tests in which nothing is changed."""
    return make_bench(plant, request.param)


@pytest.fixture(params=["local", "remote"])
def root(request: pytest.FixtureRequest, plant: Plant) -> AnyCommandLine:
    """Each kind of command line, for the server as a whole."""
    key = plant.site.create_key("owner", "*")
    return plant.local() if request.param == "local" else plant.remote(key)


READS = (
    ["package", "list", "REGISTRY"],
    ["package", "list", "REGISTRY", "--query", "o_P", "--status", "active"],
    ["package", "list", "REGISTRY", "--status", "archived"],
    ["package", "show", "REGISTRY", "Demo_pkg"],
    ["package", "burnt", "REGISTRY"],
    ["registry", "show", "REGISTRY"],
    ["registry", "settings", "REGISTRY"],
    ["registry", "retention", "REGISTRY"],
    ["team", "settings", "TEAM"],
)


@pytest.mark.parametrize("bench", ["remote"], indirect=True)
def test_both_show_the_same_as_tables_and_as_json(bench: Bench) -> None:
    local = bench.plant.local()
    local.run("registry", "set", bench.registry, "keep_newest=1", "max_total_mb=1")
    local.run("package", "notes", *bench.package, "1.0", "--set", "built by hand")
    bench.publish(make_wheel("other", "1.0"))
    local.run("package", "delete", bench.registry, "other", "1.0", "--confirm", "1.0")
    local.run("package", "status", bench.registry, "other", "archived")
    names = {"REGISTRY": bench.registry, "TEAM": bench.workspace}

    for command in READS:
        words = [names.get(word, word) for word in command]

        assert bench.cli.run(*words) == local.run(*words)
        assert bench.cli.json(*words) == local.json(*words)
        assert bench.cli.json(*words)


@pytest.mark.parametrize("root", ["remote"], indirect=True)
def test_both_list_the_same_places(bench: Bench, root: AnyCommandLine) -> None:
    for noun in ("team", "workspace", "registry"):
        local = bench.plant.local()

        assert root.run(noun, "list") == local.run(noun, "list")
        assert root.json(noun, "list") == local.json(noun, "list")
        assert len(root.json(noun, "list")) > 0


@pytest.mark.parametrize("bench", ["remote"], indirect=True)
def test_lists_hold_what_the_key_may_see_s61(bench: Bench) -> None:
    for noun, name in (("team", "name"), ("workspace", "name"), ("registry", "registry")):
        rows = bench.cli.json(noun, "list")

        assert [row[name].partition("/")[0] for row in rows] == [bench.workspace]


def test_teams_workspaces_and_registries_are_made(plant: Plant, root: AnyCommandLine) -> None:
    team, name = (f"made-{next(plant.numbers)}" for _ in range(2))

    told = [
        root.run("team", "create", team),
        root.run("workspace", "create", name, "--team", team, "--visibility", "global"),
        root.run("workspace", "visibility", name, "public"),
        root.run("registry", "create", f"{name}/side"),
    ]

    assert told == [
        f"created team {team}\n",
        f"created workspace {name} with the registry {name}/main\n",
        f"workspace {name} is public now\n",
        f"created registry {name}/side\n",
    ]
    teams = {row["name"]: row["workspaces"] for row in root.json("team", "list")}
    workspaces = {row["name"]: row for row in root.json("workspace", "list")}
    registries = {row["registry"] for row in root.json("registry", "list")}
    assert teams[team] == 1
    made = workspaces[name]
    assert (made["team"], made["visibility"], made["registries"]) == (team, "public", 2)
    assert {f"{name}/main", f"{name}/side"} <= registries


def test_a_workspace_without_a_team_gets_one(plant: Plant, root: AnyCommandLine) -> None:
    name = f"made-{next(plant.numbers)}"

    root.run("workspace", "create", name)

    assert name in {row["name"] for row in root.json("team", "list")}
    assert f"there is a workspace {name} already" in root.refuse("workspace", "create", name)


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (["team", "create", "TEAM"], "there is a team TEAM already"),
        (["team", "create", "A_b"], "'A_b' cannot be a name in URLs"),
        (["workspace", "create", "A_b", "--team", "TEAM"], "'A_b' cannot be a name in URLs"),
        (["registry", "create", "TEAM/main"], "there is a registry or view TEAM/main already"),
        (["registry", "create", "TEAM"], "'TEAM' must be WORKSPACE/NAME"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_same_words(
    plant: Plant, root: AnyCommandLine, command: list[str], complaint: str
) -> None:
    team = f"made-{next(plant.numbers)}"
    plant.site.create_workspace(team)

    told = root.refuse(*(word.replace("TEAM", team) for word in command))

    assert complaint.replace("TEAM", team) in told


@pytest.mark.parametrize("kind", ["team", "workspace", "registry", "view", "package"])
def test_a_key_is_made_listed_and_revoked(bench: Bench, kind: str) -> None:
    bench.plant.site.create_view(f"{bench.workspace}/all", bench.registry)
    scope = {
        "team": f"team:{bench.workspace}",
        "workspace": bench.workspace,
        "registry": bench.registry,
        "view": f"{bench.workspace}/all",
        "package": f"{bench.registry}/demo-pkg",
    }[kind]
    create = ("key", "create", "--scope", scope, "--role", "reader", "--days", "30")

    secret = bench.cli.run(*create, "--name", "mine", "--quiet").strip()
    [row] = [row for row in bench.cli.json("key", "list") if row["hint"] == secret[:8]]
    told = bench.cli.run("key", "revoke", str(row["id"]))
    [revoked] = [key for key in bench.cli.json("key", "list") if key["id"] == row["id"]]

    assert (row["name"], row["role"], row["scope"]) == ("mine", "reader", scope)
    assert row["owner"].startswith("robot-")
    assert told == f"revoked key {row['id']}\n"
    assert (row["revoked_at"], bool(revoked["revoked_at"])) == (None, True)
    bench.plant.site.get(f"/simple/{bench.registry}/", secret, status=401)


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (["revoke", "999999"], "there is no key 999999"),
        (["create", "--scope", "WORKSPACE/nope", "--role", "reader"], "nope"),
    ],
)
def test_keys_that_cannot_be_are_refused(
    refusing: Bench, command: list[str], complaint: str
) -> None:
    words = [word.replace("WORKSPACE", refusing.workspace) for word in command]

    assert complaint in refusing.cli.refuse("key", *words)


@pytest.mark.parametrize("refusing", ["remote"], indirect=True)
def test_a_validity_that_the_api_does_not_offer_is_refused(refusing: Bench) -> None:
    create = ("key", "create", "--scope", refusing.workspace, "--role", "reader")

    assert "enum value 8 - at `$.days`" in refusing.cli.refuse(*create, "--days", "8")


@pytest.mark.parametrize("bench", ["remote"], indirect=True)
def test_nothing_is_left_of_a_key_that_was_refused(bench: Bench) -> None:
    create = ("key", "create", "--scope", bench.workspace)

    told = bench.cli.refuse(*create, "--role", "owner")
    server = bench.cli.refuse("key", "create", "--scope", "*", "--role", "reader")

    robots = f"/v1/teams/{bench.workspace}/robots"
    assert "is not yours to give" in told
    assert "made on its machine" in server
    found = bench.plant.site.get(robots, bench.key("admin")).json["robots"]
    assert {robot["description"] for robot in found} == {"a key"}


def test_a_list_is_followed_to_its_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ROWS", 1)
    bench.publish(make_wheel("alpha", "1.0"), make_wheel("zeta", "1.0"))

    rows = bench.cli.json("package", "list", bench.registry)
    files = bench.cli.json("package", "show", *bench.package)["files"]

    assert [row["name"] for row in rows] == ["alpha", "demo-pkg", "zeta"]
    assert [file["filename"] for file in files] == [WHEEL[0], SDIST[0], LATER[0]]


def test_the_status_of_a_package_is_set(bench: Bench) -> None:
    told = bench.cli.run("package", "status", *bench.package, "archived", "--reason", "moved")

    [row] = bench.cli.json("package", "list", bench.registry)
    assert told == "demo-pkg is archived now\n"
    assert row["status"] == "archived"
    assert "is archived: moved" in bench.cli.run("package", "show", *bench.package)


def test_a_release_is_yanked_and_unyanked_s63(bench: Bench) -> None:
    yank = ("package", "yank", *bench.package, "1.0.0", "--reason", "broken")

    told = [bench.cli.run(*yank), bench.cli.run(*yank)]
    marked = bench.marks()
    told.append(bench.cli.run("package", "unyank", *bench.package, "1.0"))

    assert told == [
        "yanked demo-pkg 1.0.0 (2 files)\n",
        "demo-pkg 1.0.0 is so already\n",
        "unyanked demo-pkg 1.0 (2 files)\n",
    ]
    assert marked == {WHEEL[0]: "broken", SDIST[0]: "broken", LATER[0]: False}
    assert set(bench.marks().values()) == {False}


def test_a_file_is_yanked_and_unyanked_s48(bench: Bench) -> None:
    place = (*bench.package, "--file", WHEEL[0])

    told = [bench.cli.run("package", "yank", *place), bench.cli.run("package", "yank", *place)]
    marked = bench.marks()
    told.append(bench.cli.run("package", "unyank", *place, "--reason", "mended"))

    assert told == [
        f"yanked {WHEEL[0]} (1 file)\n",
        f"{WHEEL[0]} is so already\n",
        f"unyanked {WHEEL[0]} (1 file)\n",
    ]
    assert marked == {WHEEL[0]: True, SDIST[0]: False, LATER[0]: False}


@pytest.mark.parametrize("version", [[], ["1.1"]])
def test_notes_are_written_shown_and_removed(
    bench: Bench, tmp_path: Path, version: list[str]
) -> None:
    file = tmp_path / "notes.md"
    file.write_text("# Ask Ann\n", "utf-8")
    notes = ("package", "notes", *bench.package, *version)

    shown = []
    for options in (["--from", str(file)], ["--set", "ä"], ["--clear"]):
        bench.cli.run(*notes, *options)
        shown.append(bench.cli.run(*notes))

    assert shown == ["# Ask Ann\n", "ä\n", ""]


def test_what_is_deleted_is_burnt_and_can_be_freed_u75(bench: Bench) -> None:
    delete, name = ("package", "delete", *bench.package), SDIST[0]

    told = [
        bench.cli.run(*delete, "--file", name, "--confirm", name, "--reason", "x"),
        bench.cli.run(*delete, "1.1", "--confirm", "1.1.0"),
        bench.cli.run(*delete, "--confirm", "Demo.Pkg"),
    ]
    burnt = [row["filename"] for row in bench.cli.json("package", "burnt", bench.registry)]
    bench.publish(SDIST, status=400)
    freed = bench.cli.run("package", "unburn", bench.registry, name)

    assert [line.splitlines()[0].partition(" (")[0] for line in told] == [
        f"deleted {name}",
        "deleted demo-pkg 1.1",
        "deleted demo-pkg",
    ]
    assert sorted(burnt) == sorted(file[0] for file in (WHEEL, SDIST, LATER))
    assert freed == f"{name} can be published again\n"
    bench.publish(SDIST)


def test_settings_are_set_and_put_back(bench: Bench) -> None:
    for kind, name in (("registry", bench.registry), ("team", bench.workspace)):
        told = bench.cli.run(kind, "set", name, "max_file_mb=5", "max_total_mb=7")
        back = bench.cli.run(kind, "set", name, "max_file_mb=", "--reason", "issue 17")

        assert told == "max_file_mb = 5\nmax_total_mb = 7\n"
        assert back == "max_file_mb = 0\n"
        values = {row["name"]: row["value"] for row in bench.cli.json(kind, "settings", name)}
        assert (values["max_file_mb"], values["max_total_mb"]) == (0, 7)


def test_a_setting_that_is_a_list_is_told_as_it_was_given(bench: Bench) -> None:
    told = bench.cli.run("registry", "set", bench.registry, "name_prefixes=acme- tools-")

    assert told == "name_prefixes = acme- tools-\n"


def test_retention_is_planned_and_applied(bench: Bench) -> None:
    bench.cli.run("registry", "set", bench.registry, "keep_newest=1")

    planned = bench.cli.json("registry", "retention", bench.registry)
    applied = bench.cli.json("registry", "retention", bench.registry, "--apply")
    told = bench.cli.run("registry", "retention", bench.registry, "--apply")

    assert [row["version"] for row in planned["releases"]] == ["1.0"]
    assert {**planned, "applied": True} == applied
    assert told == "deleted 0 releases (0 files, 0 B)\n"
    assert set(bench.marks()) == {LATER[0]}


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (["package", "list", "REGISTRYx"], "there is no registry REGISTRYx"),
        (["package", "list", "acme"], "'acme' must be WORKSPACE/NAME"),
        (["package", "show", "REGISTRY", "nope"], "there is no package nope"),
        (["package", "yank", "REGISTRY", "nope", "1.0"], "there is no package nope"),
        (["package", "yank", "REGISTRY", "demo-pkg", "9.9"], "demo-pkg has no release 9.9"),
        (["package", "yank", "REGISTRY", "demo-pkg", "--file", "x"], "demo-pkg has no file x"),
        (["package", "notes", "REGISTRY", "nope"], "there is no package nope"),
        (["package", "status", "REGISTRY", "nope", "archived"], "there is no package nope"),
        (
            ["package", "delete", "REGISTRY", "demo-pkg", "--confirm", "demo"],
            "'demo' was given as confirmation, which is not demo-pkg; nothing was deleted",
        ),
        (["package", "unburn", "REGISTRY", "a.whl"], "the name a.whl is not burnt"),
        (["registry", "set", "REGISTRY", "keep_newest=x"], "keep_newest = x: must be a whole"),
        (["registry", "set", "REGISTRY", "a=1"], "a is not a setting; there are any_user_name"),
        (["registry", "set", "REGISTRY", "a"], "must be NAME=VALUE"),
        (["registry", "retention", "REGISTRYx", "--apply"], "there is no registry REGISTRYx"),
        (["team", "set", "TEAM", "keep_newest=1"], "keep_newest is not a setting"),
    ],
)
def test_both_refuse_with_the_same_words(
    refusing: Bench, command: list[str], complaint: str
) -> None:
    def named(text: str) -> str:
        return text.replace("REGISTRY", refusing.registry).replace("TEAM", refusing.workspace)

    told = refusing.cli.refuse(*map(named, command))

    assert told.startswith("error: ")
    assert named(complaint) in told


@pytest.mark.parametrize("bench", ["remote"], indirect=True)
def test_a_key_without_a_role_on_the_team_sees_the_registry_alone(bench: Bench) -> None:
    reader = bench.plant.site.create_key("reader", bench.registry)

    cli = bench.plant.remote(reader)

    assert cli.json("registry", "show", bench.registry)["team_usage"] is None
    assert "team " not in cli.run("registry", "show", bench.registry)


@pytest.mark.parametrize("bench", ["remote"], indirect=True)
def test_a_key_that_may_not_is_told_so(bench: Bench) -> None:
    reader = bench.plant.remote(bench.plant.site.create_key("reader", bench.registry))

    told = reader.refuse("package", "yank", *bench.package, "1.0")

    assert "may not do that here" in told
    assert set(bench.marks().values()) == {False}


@pytest.mark.parametrize("bench", ["remote"], indirect=True)
def test_the_audit_trail_names_the_key(bench: Bench) -> None:
    bench.cli.run("package", "status", *bench.package, "archived")

    key = bench.key("admin")
    events = f"/v1/workspaces/{bench.workspace}/registries/main/events?kind=package"
    [changed, _] = bench.plant.site.get(events, key).json["events"]
    assert changed["kind"] == "package.status-changed"
    assert changed["actor"].partition(":")[0] in ("key", "robot")


@pytest.mark.parametrize("refusing", ["remote"], indirect=True)
@pytest.mark.parametrize("name", ["..", ".", ""])
def test_no_name_climbs_to_another_place(refusing: Bench, name: str) -> None:
    for command in (
        ["show", refusing.registry, name],
        ["status", refusing.registry, name, "archived"],
    ):
        assert f"{name!r} is no name" in refusing.cli.refuse("package", *command)
