"""twine, uv, Flit, Hatch, Poetry and PDM publish the same project, each to its own success message.

Here with the project Fathom, which has everything that a form can carry.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.support.clients import SYSTEM_PATH, Machine, Variables
from tests.support.projects import Dists
from tests.support.publishers import Publisher, use_backend
from tests.support.workspaces import Workspace

PAGE = Path(__file__).parents[2] / "docs" / "publishing.md"
UPLOAD_URL = "https://packages.example/v1/upload/acme/main"
FLAGS = re.MULTILINE | re.DOTALL
BUILDERS = ("Poetry", "PDM")
"""Programs whose documented lines build first."""
UPLOADED = {
    "twine": "Uploading {file} [^U]*100%",
    "uv-0.12": "Uploading {file} \\(",
    "uv": "Uploading {file} \\(",
    "flit": "Uploading dist/{file}... I-flit.upload Package is at {url}/Fathom",
    "hatch": "dist/{file} ... success",
    "poetry": "- Uploading {file} 100%",
    "pdm": "Uploading {file} [^U]*100%",
}
"""What each program says of a file that was published."""


def uploaded(said: str, publisher: str, dists: Dists, url: str) -> list[str]:
    """The names of the files that the program called published."""
    pattern = UPLOADED[publisher]
    return [
        file
        for file in dists.filenames
        if re.search(pattern.format(file=re.escape(file), url=re.escape(url)), said)
    ]


def test_u74_publishes_to_its_success_message_and_the_same_again(
    publisher: Publisher, workspace: Workspace, fathom: Dists
) -> None:
    checkout, url = publisher.check_out(fathom), workspace.upload_url

    first = publisher.publish(checkout, url, workspace.writer)
    page = workspace.page("fathom")
    second = publisher.publish(checkout, url, workspace.writer)

    assert uploaded(first, publisher.name, fathom, url) == fathom.filenames
    assert uploaded(second, publisher.name, fathom, url) == fathom.filenames
    assert [file["filename"] for file in page["files"]] == fathom.filenames
    assert workspace.page("fathom") == page


def test_what_is_downloaded_is_what_was_published(
    publisher: Publisher, workspace: Workspace, fathom: Dists
) -> None:
    checkout = publisher.check_out(fathom)

    publisher.publish(checkout, workspace.upload_url, workspace.writer)

    for file in fathom.filenames:
        published = (checkout / "dist" / file).read_bytes()
        assert workspace.download("fathom", file) == published


def script_of(program: str) -> str:
    """The shell lines that the page gives for a program."""
    [lines] = re.findall(
        rf"^\*\*{program}\*\*\n\n((?:    .+\n)+)", PAGE.read_text("utf-8"), re.MULTILINE
    )
    assert UPLOAD_URL in lines
    return str(lines)


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("twine", "twine"),
        ("uv", "uv"),
        ("Flit", "flit"),
        ("Hatch", "hatch"),
        ("Poetry", "poetry"),
        ("PDM", "pdm"),
    ],
)
def test_the_documented_lines_publish(
    program: str,
    name: str,
    machine: Machine,
    workspace: Workspace,
    fathom: Dists,
    backend: Path,
) -> None:
    publisher = Publisher(machine, name)
    checkout, url = publisher.check_out(fathom), workspace.upload_url
    if program in BUILDERS:
        shutil.rmtree(checkout / "dist")
    # What it takes to build without the network.
    without_network: Variables = {}
    if program == "Poetry":
        use_backend(checkout, "poetry-core", "poetry.core.masonry.api")
    elif program == "PDM":
        without_network = {"PDM_BUILD_ISOLATION": "0", "PYTHONPATH": backend}
    path = f"{publisher.program.parent}:{SYSTEM_PATH}"

    said = machine.run(
        *("bash", "-ec", script_of(program).replace(UPLOAD_URL, url)),
        cwd=checkout,
        variables={"KEY": workspace.writer, "PATH": path, **without_network},
    )

    assert uploaded(said, name, fathom, url) == fathom.filenames
    assert workspace.listed("fathom") == fathom.filenames


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("twine", "twine upload --repository stockroom dist/*"),
        ("flit", "flit publish --repository stockroom"),
        ("hatch", f"hatch publish --repo {UPLOAD_URL}"),
    ],
)
def test_the_documented_pypirc_file_holds_the_key(
    name: str, command: str, machine: Machine, workspace: Workspace, fathom: Dists
) -> None:
    publisher = Publisher(machine, name)
    checkout, url = publisher.check_out(fathom), workspace.upload_url
    [lines] = re.findall(r"^```ini\n(\[distutils\]\n.+?)^```$", PAGE.read_text("utf-8"), FLAGS)
    lines = lines.replace(UPLOAD_URL, url).replace("stk_...", workspace.writer)
    (machine.home / ".pypirc").write_text(lines, "utf-8")

    said = machine.run(
        *("bash", "-ec", command.replace(UPLOAD_URL, url)),
        cwd=checkout,
        variables={"PATH": f"{publisher.program.parent}:{SYSTEM_PATH}"},
    )

    assert uploaded(said, name, fathom, url) == fathom.filenames
    assert workspace.listed("fathom") == fathom.filenames
