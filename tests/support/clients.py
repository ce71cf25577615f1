"""Real client programs, run on a machine that nobody has configured.

The programs lie below `.clients` (or the folder named by STOCKROOM_CLIENTS), where `make clients`
has put them. Everything that a program could know by itself is kept from it: it gets an empty home
folder, no configuration and only the environment variables that a test gives.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from packaging.utils import canonicalize_name

from tests.clients.setup import DEFAULT_FOLDER, DESCRIPTION, parse

Variables = Mapping[str, str | Path]
"""Environment variables."""

CLIENTS = Path(os.environ.get("STOCKROOM_CLIENTS") or DEFAULT_FOLDER).absolute()
QUIET = {
    # There is no proxy: whatever asks for anything beyond this machine fails at once.
    "ALL_PROXY": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1",
    "FLIT_NO_NETWORK": "1",
    "NO_COLOR": "1",
    "PDM_CHECK_UPDATE": "0",
    # Only commands that need no environment are run.
    "PDM_USE_VENV": "0",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_PROGRESS_BAR": "off",
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    "TWINE_NON_INTERACTIVE": "1",
    "UV_NO_PROGRESS": "1",
    "UV_PYTHON_DOWNLOADS": "never",
    # Retries would only make the tests of errors slow.
    "UV_HTTP_RETRIES": "0",
}
WRONG_KEY = "sr_0123456789abcdef"
"""A key that no server has made."""
NOTHING: Variables = MappingProxyType({})
SYSTEM_PATH = "/usr/bin:/bin"
_EMPTY = TemporaryDirectory(prefix="stockroom-environments-")
TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _available(program: str) -> list[str]:
    """The environments of a program, oldest version first.

    One that works with other Pythons only is left out if there was none to make it with.
    """
    found = [
        environment
        for environment in parse(DESCRIPTION.read_text("utf-8").splitlines())
        if environment.program == program
        and (environment.python.contains(PYTHON_VERSION) or (CLIENTS / environment.name).is_dir())
    ]
    return [
        environment.name
        for environment in sorted(found, key=lambda each: [int(n) for n in each.version.split(".")])
    ]


PYTHON_VERSION = ".".join(map(str, sys.version_info[:3]))
PIPS = _available("pip")
UVS = _available("uv")


class Machine:
    """A computer with an empty home folder; ``folder`` is also where its programs are started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True)

    def run(
        self,
        *command: str | Path,
        fails: bool = False,
        cwd: Path | None = None,
        stdin: str = "",
        variables: Variables = NOTHING,
    ) -> str:
        """Run a program that has to succeed, or with ``fails`` has to fail.

        Returns all that it printed as one line, because programs break lines as they like.
        """
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.folder,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
            env={
                **QUIET,
                "HOME": str(self.home),
                "PATH": SYSTEM_PATH,
                "COLUMNS": "1000",
                **{name: str(value) for name, value in variables.items()},
            },
        )
        output = TERMINAL_CODES.sub("", done.stdout)
        if bool(done.returncode) != fails:
            line = " ".join(map(str, command))
            raise AssertionError(f"{line}\nended with {done.returncode}:\n{output}")
        return " ".join(output.split())

    def make_environment(self, name: str = "env", python: str | Path = sys.executable) -> Fresh:
        """Make a virtual environment in which nothing is installed."""
        folder = self.folder / name
        shutil.copytree(_empty_environment(python), folder, symlinks=True)
        return Fresh(self, folder)


@cache
def _empty_environment(python: str | Path) -> Path:
    """An environment to copy, which takes a tenth of the time that it takes to make one."""
    folder = Path(_EMPTY.name) / str(len(list(Path(_EMPTY.name).iterdir())))
    Machine(folder).run(
        *(CLIENTS / "uv" / "bin" / "uv", "venv", "--quiet", "--no-project", "--no-config"),
        *("--python", python, folder / "env"),
    )
    return folder / "env"


class Fresh:
    """A virtual environment without even pip."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        self.folder = folder
        self.python = folder / "bin" / "python"

    @property
    def installed(self) -> dict[str, str]:
        """Name and version of everything that is installed."""
        [packages] = self.folder.glob("lib/python*/site-packages")
        return {
            canonicalize_name(dist.name): dist.version
            for dist in importlib.metadata.distributions(path=[str(packages)])
        }

    def run(self, program: str, *arguments: str) -> str:
        """Run a program that was installed."""
        return self.machine.run(self.folder / "bin" / program, *arguments)


class Client:
    """A client program on a machine."""

    def __init__(self, machine: Machine, name: str) -> None:
        self.machine = machine
        self.name = name
        self.folder = CLIENTS / name


class Installer(Client):
    """A client that installs; every installer understands the same calls."""

    def make_environment(self, name: str = "env") -> Fresh:
        """Make an environment that this client can install into."""
        return self.machine.make_environment(name, self.folder / "bin" / "python")

    def install(
        self,
        into: Fresh,
        *arguments: str | Path,
        index: str | None,
        fails: bool = False,
        backend: Path | None = None,
        variables: Variables = NOTHING,
    ) -> str:
        """Install from an index; None stands for the index that the client is configured for.

        ``backend`` is a folder with a build backend, to build sdists without isolation.
        """
        raise NotImplementedError


class Pip(Installer):
    """A version of pip, run by the Python of the environment that it installs into."""

    def __call__(
        self,
        environment: Fresh,
        *arguments: str | Path,
        fails: bool = False,
        also: Sequence[Path] = (),
        variables: Variables = NOTHING,
    ) -> str:
        """Run a command of pip."""
        [packages] = self.folder.glob("lib/python*/site-packages")
        path = os.pathsep.join(map(str, (packages, *also)))
        return self.machine.run(
            *(environment.python, "-m", "pip", *arguments, "--no-input"),
            fails=fails,
            variables={"PYTHONPATH": path, **variables},
        )

    def install(
        self,
        into: Fresh,
        *arguments: str | Path,
        index: str | None,
        fails: bool = False,
        backend: Path | None = None,
        variables: Variables = NOTHING,
    ) -> str:
        options = ["--index-url", index] if index else []
        also = (backend,) if backend else ()
        return self(
            into, "install", *options, *arguments, fails=fails, also=also, variables=variables
        )


class Uv(Installer):
    """A version of uv."""

    def __call__(
        self,
        *arguments: str | Path,
        fails: bool = False,
        cwd: Path | None = None,
        stdin: str = "",
        variables: Variables = NOTHING,
    ) -> str:
        """Run a command of uv."""
        return self.machine.run(
            *(self.folder / "bin" / "uv", *arguments),
            fails=fails,
            cwd=cwd,
            stdin=stdin,
            variables={"UV_PYTHON": self.folder / "bin" / "python", **variables},
        )

    def install(
        self,
        into: Fresh,
        *arguments: str | Path,
        index: str | None,
        fails: bool = False,
        backend: Path | None = None,
        variables: Variables = NOTHING,
    ) -> str:
        options = ["--default-index", index] if index else []
        if backend:
            variables = {"PYTHONPATH": backend, **variables}
        return self(
            *("pip", "install", "--python", into.python, *options, *arguments),
            fails=fails,
            variables=variables,
        )

    def publish(
        self,
        *arguments: str | Path,
        fails: bool = False,
        cwd: Path | None = None,
        variables: Variables = NOTHING,
    ) -> str:
        """Run ``uv publish`` without the tries of trusted publishing."""
        never = ("--trusted-publishing", "never")
        return self("publish", *never, *arguments, fails=fails, cwd=cwd, variables=variables)


class Twine(Client):
    """Twine."""

    def upload(
        self, *arguments: str | Path, fails: bool = False, variables: Variables = NOTHING
    ) -> str:
        """Run ``twine upload``."""
        return self.machine.run(
            *(self.folder / "bin" / "twine", "upload", "--disable-progress-bar", *arguments),
            fails=fails,
            variables=variables,
        )


def make_installer(machine: Machine, name: str) -> Installer:
    """The installer in the environment ``name``."""
    return Pip(machine, name) if name in PIPS else Uv(machine, name)
