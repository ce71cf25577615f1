"""pip, uv and twine get their tokens from the keyring backend, on a real server."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from stockroom_keyring.origins import origin_of
from stockroom_keyring.server import Pair
from stockroom_keyring.store import Store
from tests.support.clients import SYSTEM_PATH, Fresh, Machine, Pip, Twine, Uv
from tests.support.programs import Person, approve_when_polled, make_person, refresh
from tests.support.projects import Builder, Dists
from tests.support.publishers import Publisher
from tests.support.waiting import Worker
from tests.support.workspaces import Workspace

BIN = Path(sys.executable).parent
PACKAGES = Path(sysconfig.get_path("purelib"))
NEEDED = (
    *("keyring*", "jaraco*", "more_itertools"),
    # For Python 3.11.
    *("importlib_metadata", "lazy_importer*", "zipp", "backports"),
)
PLUMB = {"plumb": "1.0"}
SUBPROCESS = ("--keyring-provider", "subprocess")


@dataclass
class Desk:
    """A machine with keyring and the backend, whose user may publish to a workspace."""

    machine: Machine
    workspace: Workspace
    person: Person
    modules: Path

    @property
    def store(self) -> Store:
        return Store(self.machine.home / "kept")

    @property
    def variables(self) -> dict[str, str]:
        return {
            # What keyring itself chooses, in place of the null backend of other tests.
            "PYTHON_KEYRING_BACKEND": "keyring.backends.chainer.ChainerBackend",
            "STOCKROOM_KEYRING_DIR": str(self.machine.home / "kept"),
            "PATH": f"{self.modules / 'bin'}:{SYSTEM_PATH}",
        }

    @property
    def beside(self) -> dict[str, str]:
        """The variables that make a program in Python import keyring."""
        return {**self.variables, "PYTHONPATH": str(self.modules)}

    def command(self, *arguments: str, fails: bool = False) -> str:
        return self.machine.run(
            BIN / "stockroom-keyring", *arguments, fails=fails, variables=self.variables
        )

    def login(self) -> dict[str, str]:
        """Log in without the command, which waits a second."""
        tokens = self.person.sign_in()
        self.store.write(origin_of(self.workspace.index), Pair(**tokens))
        return tokens

    def schemes(self) -> set[str]:
        return {access.scheme for access in self.workspace.accesses() if access.status == 200}


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keyring, what it needs, and the backend, but nothing else."""
    folder = tmp_path_factory.mktemp("keyring")
    for pattern in NEEDED:
        for found in PACKAGES.glob(pattern):
            (folder / found.name).symlink_to(found)
    [described] = PACKAGES.glob("stockroom_keyring-*.dist-info")
    (folder / described.name).symlink_to(described)
    source = Path(__file__).parents[1] / "src" / "stockroom_keyring"
    (folder / source.name).symlink_to(source)
    (folder / "bin").mkdir()
    (folder / "bin" / "keyring").symlink_to(BIN / "keyring")
    return folder


@pytest.fixture
def desk(
    machine: Machine,
    workspace: Workspace,
    builder: Builder,
    modules: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    # A developer's own keyring is none of the business of these tests.
    monkeypatch.setattr("stockroom_keyring.store.get_all_keyring", list)
    workspace.add(*builder.build("plumb", "1.0").files)
    person = make_person(workspace.node, f"ann-{workspace.name}")
    person.grant("writer", f"team:{workspace.name}")
    return Desk(machine, workspace, person, modules)


def with_user(url: str) -> str:
    return url.replace("://", "://__token__@")


def test_from_login_to_logout(desk: Desk, pip: Pip) -> None:
    base, environment = desk.workspace.server.base, pip.make_environment()
    process = Worker(lambda: desk.command("login", f"{base}/simple/", "--no-browser"))

    code = approve_when_polled(desk.workspace.server, desk.person)

    said = process.result()
    assert f"approve the login at {base}/auth/cli/login/{code}" in said
    assert f"logged in to {base}" in said
    assert desk.command("list") == base
    pair = desk.store.read(base)
    assert pair is not None
    pip.install(
        environment, *SUBPROCESS, "plumb", index=desk.workspace.index, variables=desk.variables
    )
    assert environment.installed == PLUMB

    assert desk.command("logout", base) == f"logged out from {base}"

    assert desk.command("list") == ""
    refresh(desk.workspace.node, pair.refresh_token, 401)
    assert "nobody is logged in" in desk.command("logout", base, fails=True)


def test_pip_runs_the_command(desk: Desk, pip: Pip) -> None:
    desk.login()
    environment = pip.make_environment()

    pip.install(
        environment, *SUBPROCESS, "plumb", index=desk.workspace.index, variables=desk.variables
    )

    assert environment.installed == PLUMB
    assert desk.schemes() == {"basic"}


def test_pip_imports_the_backend(desk: Desk, pip: Pip) -> None:
    desk.login()
    environment = pip.make_environment()
    [packages] = pip.folder.glob("lib/python*/site-packages")
    path = {**desk.variables, "PYTHONPATH": f"{packages}:{desk.modules}"}

    pip.install(
        environment,
        *("--keyring-provider", "import", "plumb"),
        index=desk.workspace.index,
        variables=path,
    )

    assert environment.installed == PLUMB


def test_uv_runs_the_command(desk: Desk, uv: Uv) -> None:
    desk.login()
    environment = uv.make_environment()

    uv.install(
        environment,
        *(*SUBPROCESS, "plumb"),
        index=with_user(desk.workspace.index),
        variables=desk.variables,
    )

    assert environment.installed == PLUMB


def test_uv_publishes(desk: Desk, uv: Uv, fathom: Dists) -> None:
    desk.login()

    uv.publish(
        *(*SUBPROCESS, "--username", "__token__", "--publish-url", desk.workspace.upload_url),
        *fathom.files,
        variables=desk.variables,
    )

    assert desk.workspace.listed("fathom") == fathom.filenames


def test_twine_publishes(desk: Desk, twine: Twine, fathom: Dists) -> None:
    desk.login()

    twine.upload(
        *("--repository-url", desk.workspace.upload_url, *fathom.files), variables=desk.beside
    )

    assert desk.workspace.listed("fathom") == fathom.filenames


def test_poetry_publishes(desk: Desk, fathom: Dists) -> None:
    poetry = Publisher(desk.machine, "poetry")
    checkout = poetry.check_out(fathom)
    desk.login()

    desk.machine.run(
        *(poetry.program, "publish", "--repository", "stockroom"),
        cwd=checkout,
        variables={
            **desk.beside,
            "POETRY_REPOSITORIES_STOCKROOM_URL": desk.workspace.upload_url,
        },
    )

    assert desk.workspace.listed("fathom") == fathom.filenames


def test_ci_exchanges_its_key(desk: Desk, uv: Uv) -> None:
    environment = uv.make_environment()
    variables = {
        **desk.variables,
        "STOCKROOM_URL": desk.workspace.server.base,
        "STOCKROOM_API_KEY": desk.workspace.reader,
    }
    before = len(desk.workspace.server.accesses())

    uv.install(
        environment,
        *(*SUBPROCESS, "plumb"),
        index=with_user(desk.workspace.index),
        variables=variables,
    )

    assert environment.installed == PLUMB
    answered = desk.workspace.server.accesses()[before:]
    assert "/auth/cli/access-token" in {access.path for access in answered}
    assert list(desk.store.origins()) == []


def test_who_is_not_logged_in_gets_nothing(desk: Desk, pip: Pip) -> None:
    environment: Fresh = pip.make_environment()

    said = pip.install(
        environment,
        *(*SUBPROCESS, "plumb"),
        index=desk.workspace.index,
        variables=desk.variables,
        fails=True,
    )

    assert "plumb" in said
    assert desk.schemes() == set()
