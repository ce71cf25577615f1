"""What must not stand in any text of the project."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Put together from pieces, so that this file does not contain what it looks for. Which registry
# Stockroom talks to is a matter of configuration; texts call the public one PyPI.
REGISTRY_HOSTS = [
    ".".join(labels)
    for labels in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("pypi", "python", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("anaconda", "org"),
    ]
]
HOME_FOLDERS = ["root", "work", r"home/[\w.-]+", r"Users/[\w.-]+"]

FORBIDDEN = re.compile(
    # A host name may be part of a longer one, but not of another word.
    rf"(?<![\w-])(?:{'|'.join(map(re.escape, REGISTRY_HOSTS))})(?![\w-])"
    # A path is absolute if nothing that can belong to a URL or to a path comes before it.
    rf"|(?<![\w.~%}})-])/(?:{'|'.join(HOME_FOLDERS)})/",
    re.IGNORECASE,
)


def project_files() -> Iterator[Path]:
    """Yield the files of the project: what git tracks, and what it would track."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in listing.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file():
            yield path


def lines_of(path: Path) -> list[str]:
    """Return the lines of a text file, none of a binary one."""
    content = path.read_bytes()
    return [] if b"\0" in content else content.decode("utf-8", "replace").splitlines()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a git checkout knows its files")
def test_no_registry_host_and_no_path_of_a_machine():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match.group()}"
        for path in project_files()
        for number, line in enumerate(lines_of(path), 1)
        for match in FORBIDDEN.finditer(line)
    ]

    assert not found, "\n".join(["these must go:", *found])


@pytest.mark.parametrize(
    "line",
    [
        *(f"see https://{host}/simple/" for host in REGISTRY_HOSTS),
        *(f"upload.{host}" for host in REGISTRY_HOSTS),
        *(f"open('/{folder}/notes')" for folder in ("root", "work", "home/ann", "Users/ann")),
        "file://{}".format("/root" + "/notes"),
    ],
)
def test_the_pattern_finds(line):
    assert FORBIDDEN.search(line)


@pytest.mark.parametrize(
    "line",
    [
        "https://registry.example/simple/work/main/",
        "{base}/work/main",
        "the workspace `pypi`, not the organisation",
        "~/root/notes",
        "/homepage/of/ann",
    ],
)
def test_the_pattern_leaves_alone(line):
    assert not FORBIDDEN.search(line)
