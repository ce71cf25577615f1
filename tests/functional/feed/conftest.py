"""Nodes of one server: several applications on one database and one folder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.support.nodes import Nodes, Pair, furnish, open_pair


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Two nodes on each kind of database."""
    url: str = request.getfixturevalue(f"make_{request.param}")()
    with open_pair(url, tmp_path_factory.mktemp("files")) as opened:
        yield opened


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """For names that are not taken yet."""
    return count(1)


@pytest.fixture
def nodes(pair: Pair, numbers: Iterator[int]) -> Nodes:
    """The two nodes with a workspace of the test's own, in which both show demo-pkg."""
    return furnish(pair, f"acme-{next(numbers)}")


@pytest.fixture
def postgresql_nodes(postgresql_url: str, tmp_path: Path) -> Iterator[Nodes]:
    """Two nodes on a PostgreSQL database of the test's own."""
    with open_pair(postgresql_url, tmp_path / "files") as opened:
        yield furnish(opened)
