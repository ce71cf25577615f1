"""Nodes of one server: several applications on one database and one folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.nodes import Nodes, open_nodes


@pytest.fixture
def nodes(database_url: str, tmp_path: Path) -> Iterator[Nodes]:
    """Two nodes on each kind of database, which show the package demo-pkg to one key."""
    with open_nodes(database_url, tmp_path / "files") as opened:
        yield opened


@pytest.fixture
def postgresql_nodes(postgresql_url: str, tmp_path: Path) -> Iterator[Nodes]:
    """The same on PostgreSQL."""
    with open_nodes(postgresql_url, tmp_path / "files") as opened:
        yield opened
