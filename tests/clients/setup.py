"""Make the virtual environments of the client programs that the tests run.

They are described in `environments.txt` and made below `.clients`, or below the folder that the
environment variable STOCKROOM_CLIENTS names. An environment that is up to date is left alone, one
that is no longer described is removed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

HERE = Path(__file__).parent
DESCRIPTION = HERE / "environments.txt"
DEFAULT_FOLDER = HERE.parent.parent / ".clients"
UV = Path(sys.executable).with_name("uv")
STAMP = ".stamp"
HEADER = re.compile(r"\[(?P<name>[a-z0-9.-]+)(?:: *python(?P<python>[^\]]+))?\]")
# Work for one environment hardly uses the processor: uv links files from its cache.
AT_ONCE = 4


class SetupFailed(Exception):
    """An environment could not be made; the message says which one and why."""


@dataclass
class Environment:
    """One section of the description; the first requirement is the program itself."""

    name: str
    python: SpecifierSet
    requirements: list[str] = field(default_factory=list)

    @property
    def program(self) -> str:
        return Requirement(self.requirements[0]).name

    @property
    def version(self) -> str:
        (pin,) = Requirement(self.requirements[0]).specifier
        return pin.version

    def fingerprint(self, interpreter: str) -> str:
        """Return a text that changes when the environment has to be made anew."""
        parts = [Path(__file__).read_text("utf-8"), interpreter, sys.version, *self.requirements]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def parse(lines: Iterable[str]) -> Iterator[Environment]:
    """Yield the environments that the lines of a description declare."""
    environment: Environment | None = None
    for line in lines:
        text = line.partition("#")[0].strip()
        if not text:
            continue
        if header := HEADER.fullmatch(text):
            if environment is not None:
                yield environment
            environment = Environment(header["name"], SpecifierSet(header["python"] or ""))
        elif environment is not None:
            environment.requirements.append(text)
        else:
            raise SetupFailed(f"{DESCRIPTION.name}: a section must come before {text!r}")
    if environment is not None:
        yield environment


def run(*command: str | Path, stdin: str = "") -> str:
    """Return what a command prints; raise SetupFailed with its complaint if it fails."""
    done = subprocess.run(  # noqa: PLW1510 - the return code is looked at below
        [*map(str, command)], input=stdin, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SetupFailed(f"{' '.join(map(str, command))}\n{done.stderr.strip()}")
    return done.stdout.strip()


def find_interpreter(environment: Environment) -> str | None:
    """Return the path of a Python that the program works with, this one if possible."""
    if environment.python.contains(".".join(map(str, sys.version_info[:3]))):
        return sys.executable
    try:
        return run(
            UV, "python", "find", "--system", "--no-python-downloads", str(environment.python)
        )
    except SetupFailed:
        return None


def verify(folder: Path, environment: Environment) -> None:
    """Check that the program starts and is the version that was asked for."""
    answer = run(folder / "bin" / environment.program, "--version")
    if environment.version not in re.findall(r"[0-9][0-9a-z.]*", answer):
        raise SetupFailed(f"expected version {environment.version}, it says: {answer}")


def make(environment: Environment, parent: Path) -> str:
    """Make one environment if need be, and return what was done."""
    folder = parent / environment.name
    interpreter = find_interpreter(environment)
    if interpreter is None:
        shutil.rmtree(folder, ignore_errors=True)
        return f"left out, because no Python {environment.python} was found"
    stamp = folder / STAMP
    fingerprint = environment.fingerprint(interpreter)
    if stamp.is_file() and stamp.read_text("utf-8") == fingerprint:
        return "up to date"

    try:
        run(UV, "venv", "--quiet", "--clear", "--no-project", "--python", interpreter, folder)
        run(
            *(UV, "pip", "install", "--quiet", "--no-deps", "--python", folder),
            *("--requirements", "-"),
            stdin="\n".join(environment.requirements),
        )
        verify(folder, environment)
    except SetupFailed as failure:
        raise SetupFailed(f"{environment.name}: {failure}") from failure
    stamp.write_text(fingerprint, "utf-8")
    return f"made with {environment.program} {environment.version}"


def remove_others(parent: Path, names: set[str]) -> None:
    """Remove the environments that are no longer described."""
    for folder in parent.iterdir():
        if folder.name not in names and (folder / STAMP).is_file():
            shutil.rmtree(folder)


def main() -> int:
    parent = Path(os.environ.get("STOCKROOM_CLIENTS") or DEFAULT_FOLDER).absolute()
    try:
        environments = list(parse(DESCRIPTION.read_text("utf-8").splitlines()))
        parent.mkdir(parents=True, exist_ok=True)
        remove_others(parent, {environment.name for environment in environments})
        with ThreadPoolExecutor(AT_ONCE) as pool:
            results = pool.map(lambda each: make(each, parent), environments)
            for environment, result in zip(environments, results, strict=True):
                if result != "up to date":
                    print(f"{environment.name}: {result}")
    except (SetupFailed, OSError) as failure:
        print(f"The client environments could not be made. {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
