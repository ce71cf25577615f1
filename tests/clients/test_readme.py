"""The session in the README works on an empty machine, word for word.

It consists of the fenced blocks that follow a comment line ``<!-- session -->``. They are run in
order by one bash that stops at the first failure, in an empty folder that is also the home folder.
Only the port is another one, so that a server on this machine is no obstacle.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.clients import CLIENTS, SYSTEM_PATH
from tests.support.server import free_port

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^<!-- session -->\n+```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DEFAULT_PORT = "8000"
END_WHAT_WAS_STARTED = "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT"
SECONDS = 90


def session_of(readme: str, port: int) -> str:
    """The session as a script for a server on ``port``."""
    lines = "".join(BLOCK.findall(readme))
    if f":{DEFAULT_PORT}" not in lines or "stockroom serve" not in lines:
        raise AssertionError(
            f"the README has no `<!-- session -->` that serves on port {DEFAULT_PORT} and uses it"
        )
    lines = lines.replace("stockroom serve", f"stockroom serve --port {port}")
    return lines.replace(f":{DEFAULT_PORT}", f":{port}")


def make_programs(folder: Path) -> Path:
    """A folder with the programs that a reader of the README has."""
    folder.mkdir()
    for program in (
        Path(sys.executable).with_name("stockroom"),
        CLIENTS / "uv" / "bin" / "uv",
        CLIENTS / "uv" / "bin" / "uvx",
        CLIENTS / "twine" / "bin" / "twine",
    ):
        (folder / program.name).symlink_to(program)
    (folder / "python3").symlink_to(Path(sys.executable).resolve())
    return folder


def test_the_session_of_the_readme(tmp_path: Path) -> None:
    script = session_of((ROOT / "README.md").read_text("utf-8"), free_port())
    programs, home = make_programs(tmp_path / "programs"), tmp_path / "home"
    home.mkdir()

    status, output = run_session(script, home, programs, tmp_path / "output")

    assert status == 0, output


def run_session(script: str, home: Path, programs: Path, log: Path) -> tuple[int, str]:
    """Run a script and end what it leaves running; returns its status and what it printed."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-ec", f"{END_WHAT_WAS_STARTED}\n{script}"],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={
                "HOME": str(home),
                "PATH": f"{programs}{os.pathsep}{SYSTEM_PATH}",
                "UV_PYTHON_DOWNLOADS": "never",
            },
        )
    try:
        status = process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
    return status, log.read_text("utf-8", "replace")
