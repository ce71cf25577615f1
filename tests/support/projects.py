"""Distributions built by a real build backend from the source trees in `tests/clients/projects`.

plumb       has no dependencies
gauge       has none either, and its wheel is for every Python
Fathom      needs plumb, with the extra `chart` also gauge, and has a console script
sextant     needs fathom[chart]
lanyard     describes itself at such a length that no registry takes it
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "clients" / "projects"
VERSION = re.compile('^version = ".*"$', re.MULTILINE)
BACKEND = ("hatchling", "packaging", "pathspec", "pluggy", "trove_classifiers")
"""The modules of the build backend and of what it needs."""


@dataclass(frozen=True)
class Dists:
    """What was built of one version of a project."""

    name: str
    version: str
    source: Path
    wheel: Path
    sdist: Path

    @property
    def files(self) -> tuple[Path, Path]:
        """Both, in the order in which pages list them."""
        return self.wheel, self.sdist

    @property
    def filenames(self) -> list[str]:
        """The names of both, in the order in which pages list them."""
        return [path.name for path in self.files]


class Builder:
    """Builds each version of each project once, below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._built: dict[tuple[str, str, str], Dists] = {}

    def build(self, name: str, version: str, *, note: str = "") -> Dists:
        """Build a version; another ``note`` gives files of the same names with other content."""
        key = (name, version, note)
        if key not in self._built:
            self._built[key] = self._build(*key)
        return self._built[key]

    def _build(self, name: str, version: str, note: str) -> Dists:
        folder = self._folder / f"{name}-{version}-{hashlib.sha256(note.encode()).hexdigest()[:8]}"
        source = folder / "source"
        shutil.copytree(SOURCES / name, source)
        project = source / "pyproject.toml"
        text = VERSION.sub(f'version = "{version}"', project.read_text("utf-8"), count=1)
        project.write_text(text, "utf-8")
        if note:
            (source / "src" / name / "note.txt").write_text(note, "utf-8")
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-d", folder / "dist"],
            cwd=source,
            check=True,
            capture_output=True,
        )
        [wheel], [sdist] = (list((folder / "dist").glob(kind)) for kind in ("*.whl", "*.tar.gz"))
        return Dists(name, version, source, wheel, sdist)


def make_backend_folder(folder: Path) -> Path:
    """A folder with the build backend and nothing else, for PYTHONPATH.

    With it a client builds an sdist without isolation, and so without the network.
    """
    folder.mkdir()
    for module in BACKEND:
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        place = Path(spec.origin)
        target = place.parent if spec.submodule_search_locations else place
        (folder / target.name).symlink_to(target)
    return folder
