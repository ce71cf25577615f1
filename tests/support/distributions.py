"""Small distributions with a plugin in them, installed for the time of a test."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path


class SitePackages:
    """A folder on ``sys.path`` that takes distributions as an installer lays them down."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._modules: list[str] = []

    def install(
        self, distribution: str, *, plugin: str, code: str, version: str = "1.2", target: str = ""
    ) -> None:
        """Install a distribution that offers ``plugin``, a module that consists of ``code``."""
        module = distribution.replace("-", "_")
        self._modules.append(module)
        (self._folder / f"{module}.py").write_text(textwrap.dedent(code), "utf-8")
        info = self._folder / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n", "utf-8"
        )
        (info / "entry_points.txt").write_text(
            f"[stockroom.plugins]\n{plugin} = {target or module}\n", "utf-8"
        )

    def forget(self) -> None:
        """Let the next test import modules of the same names."""
        for module in self._modules:
            sys.modules.pop(module, None)
