"""A Stockroom that was installed from its wheel serves without the checkout.

The lines that it prints for a newcomer are pasted into a shell as they are.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.support.clients import CLIENTS, SYSTEM_PATH, Fresh, Machine, Uv
from tests.support.projects import Builder, Dists
from tests.support.site import JSON

ROOT = Path(__file__).parents[2]
DATA_DIR = "data"
LAST_WORD = "password ="
"""What the last line begins with that a server prints at its first start."""


class Newcomer(NamedTuple):
    """What a server has printed at its first start, and the environment it is installed in."""

    environment: Fresh
    printed: str

    def line(self, beginning: str) -> str:
        """The one printed line that begins so, behind its indentation."""
        [line] = re.findall(rf"^ +({re.escape(beginning)} .*)$", self.printed, re.MULTILINE)
        return str(line)

    def pypirc(self) -> str:
        """The printed .pypirc file, without its indentation."""
        _, _, block = self.printed.partition(".pypirc:\n")
        return re.sub("^  ", "", block, flags=re.MULTILINE)

    def versions(self, package: str) -> list[str]:
        """The versions of a package, asked for with the printed address and key."""
        index = self.line("pip install").split()[-2]
        answer = requests.get(f"{index}{package}/", headers={"Accept": JSON}, timeout=10)
        found: list[str] = answer.json()["versions"]
        return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """An environment with Stockroom's wheel, which shares the libraries of this one."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [wheel] = (folder / "dist").glob("*.whl")
    machine = Machine(folder / "machine")
    environment = machine.make_environment()
    Uv(machine, "uv").install(environment, "--offline", "--no-deps", wheel, index=None)
    [packages] = environment.folder.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return environment


@pytest.fixture(scope="module")
def newcomer(installed: Fresh) -> Iterator[Newcomer]:
    """A server in an empty data folder."""
    with serving(installed) as printed:
        yield Newcomer(installed, printed)


class Shell:
    """A shell that finds uv, twine and pip, in a folder with ``dist`` and the environment."""

    def __init__(self, machine: Machine) -> None:
        self.environment = machine.make_environment()
        self._machine = machine
        self._dist = machine.folder / "dist"
        self._dist.mkdir()
        self._programs = machine.folder / "programs"
        self._programs.mkdir()
        for name in ("uv", "twine"):
            (self._programs / name).symlink_to(CLIENTS / name / "bin" / name)
        # The environment has no pip of its own, because making one takes seconds.
        [packages] = CLIENTS.glob("pip/lib/python*/site-packages")
        pip = self._programs / "pip"
        pip.write_text(
            "#!/bin/sh\n"
            f"export PYTHONPATH={shlex.quote(str(packages))}\n"
            f'exec {shlex.quote(str(self.environment.python))} -m pip "$@"\n',
            "utf-8",
        )
        pip.chmod(0o755)

    def lay_out(self, dists: Dists) -> None:
        """Put files into ``dist``, as a build does."""
        for path in dists.files:
            (self._dist / path.name).symlink_to(path)

    def paste(self, line: str) -> str:
        """Run a line."""
        return self._machine.run(
            *("sh", "-c", line),
            variables={
                "PATH": f"{self._programs}:{SYSTEM_PATH}",
                "VIRTUAL_ENV": self.environment.folder,
            },
        )

    def write_pypirc(self, text: str) -> None:
        """Save ~/.pypirc."""
        (self._machine.home / ".pypirc").write_text(text, "utf-8")


@pytest.fixture
def shell(machine: Machine) -> Shell:
    return Shell(machine)


@contextmanager
def serving(installed: Fresh) -> Iterator[str]:
    """Serve a new embedded instance on a free port; gives what it has printed."""
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            [
                installed.folder / "bin" / "stockroom",
                "serve",
                "--data-dir",
                DATA_DIR,
                "--port",
                "0",
            ],
            cwd=installed.machine.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            env={"HOME": str(installed.machine.home)},
        )
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.strip().startswith(LAST_WORD):
                break
        try:
            yield "".join(lines)
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()
            complaints.seek(0)
            said = complaints.read()
    assert said == ""


def test_the_wheel_is_what_runs(installed: Fresh) -> None:
    place = installed.run("python", "-c", "import stockroom; print(stockroom.__file__)")

    assert Path(place).is_relative_to(installed.folder)


@pytest.mark.parametrize(("beginning", "version"), [("uv publish", "1.0"), ("twine upload", "1.1")])
def test_a_printed_line_publishes(
    newcomer: Newcomer, shell: Shell, builder: Builder, beginning: str, version: str
) -> None:
    shell.lay_out(builder.build("plumb", version))

    shell.paste(newcomer.line(beginning))

    assert version in newcomer.versions("plumb")


def test_the_printed_pypirc_lets_twine_publish(
    newcomer: Newcomer, shell: Shell, builder: Builder
) -> None:
    shell.lay_out(builder.build("plumb", "1.2"))
    shell.write_pypirc(newcomer.pypirc())

    shell.paste("twine upload -r stockroom dist/*")

    assert "1.2" in newcomer.versions("plumb")


@pytest.mark.parametrize("beginning", ["uv pip install", "pip install"])
def test_a_printed_line_installs(
    newcomer: Newcomer, shell: Shell, builder: Builder, beginning: str
) -> None:
    shell.lay_out(builder.build("plumb", "2.0"))
    shell.paste(newcomer.line("uv publish"))

    shell.paste(newcomer.line(beginning).replace("NAME", "plumb"))

    assert shell.environment.installed == {"plumb": "2.0"}


def test_the_command_line_lists_what_was_published(
    newcomer: Newcomer, shell: Shell, builder: Builder
) -> None:
    shell.lay_out(builder.build("gauge", "0.3"))
    shell.paste(newcomer.line("uv publish"))

    listed = newcomer.environment.run(
        "stockroom", "--data-dir", DATA_DIR, "package", "list", "local/main"
    )

    assert "gauge" in listed
