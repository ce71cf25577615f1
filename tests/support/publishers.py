"""Programs that publish the project in whose folder they are started.

All of them are told by environment variables alone where to publish and with which key, so that
every one understands the same call.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.clients import Client
from tests.support.projects import Dists

BACKEND_TABLE = re.compile(r"^\[build-system\]\n(?:.+\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Line:
    """A command, and the variables that hold the URL, the user name and the key."""

    arguments: tuple[str, ...]
    url: str
    key: str
    user: str | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    def variables(self, url: str, key: str) -> dict[str, str]:
        """The environment variables that the command needs."""
        user = {self.user: "__token__"} if self.user else {}
        return {self.url: url, self.key: key, **user, **self.more}


_UV = Line(("publish",), "UV_PUBLISH_URL", "UV_PUBLISH_TOKEN")
LINES = {
    "twine": Line(
        ("upload", "dist/*"), "TWINE_REPOSITORY_URL", "TWINE_PASSWORD", user="TWINE_USERNAME"
    ),
    "uv-0.12": _UV,
    "uv": _UV,
    "flit": Line(("publish",), "FLIT_INDEX_URL", "FLIT_PASSWORD", user="FLIT_USERNAME"),
    "hatch": Line(("publish",), "HATCH_INDEX_REPO", "HATCH_INDEX_AUTH", user="HATCH_INDEX_USER"),
    "poetry": Line(
        ("publish", "--repository", "stockroom"),
        "POETRY_REPOSITORIES_STOCKROOM_URL",
        "POETRY_HTTP_BASIC_STOCKROOM_PASSWORD",
        user="POETRY_HTTP_BASIC_STOCKROOM_USERNAME",
    ),
    "pdm": Line(
        ("publish", "--no-build"),
        "PDM_PUBLISH_REPO",
        "PDM_PUBLISH_PASSWORD",
        user="PDM_PUBLISH_USERNAME",
    ),
}
"""Every program that publishes, by the name of its environment."""

BUILDS_ITSELF = "flit"
"""The one that never publishes what another program has built."""


class Publisher(Client):
    """One of the programs, on a machine."""

    @property
    def program(self) -> Path:
        """The path of the program."""
        return self.folder / "bin" / self.name.partition("-")[0]

    def check_out(self, dists: Dists, folder: str = "checkout") -> Path:
        """Make a folder with the sources of a project and, in ``dist``, what was built of them.

        For Flit, which builds what it publishes, the project says that Flit does, and ``dist`` is
        missing.
        """
        checkout = self.machine.folder / folder
        shutil.copytree(dists.source, checkout)
        if self.name == BUILDS_ITSELF:
            use_backend(checkout, "flit_core", "flit_core.buildapi")
        else:
            shutil.copytree(dists.wheel.parent, checkout / "dist")
        return checkout

    def publish(
        self, checkout: Path, url: str, key: str, *options: str, fails: bool = False
    ) -> str:
        """Publish what lies in ``dist``; returns what the program said, as one line."""
        line = LINES[self.name]
        return self.machine.run(
            self.program,
            *line.arguments,
            *options,
            cwd=checkout,
            fails=fails,
            variables=line.variables(url, key),
        )


def use_backend(checkout: Path, requirement: str, module: str) -> None:
    """Let a project name another build backend."""
    project = checkout / "pyproject.toml"
    table = f'[build-system]\nrequires = ["{requirement}"]\nbuild-backend = "{module}"\n'
    text, count = BACKEND_TABLE.subn(table, project.read_text("utf-8"))
    assert count == 1
    project.write_text(text, "utf-8")
