"""Fixtures for the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.site import TestSite


@pytest.fixture
def bare(tmp_path: Path) -> CommandLine:
    """A command line whose server was never set up."""
    return CommandLine(tmp_path)


@pytest.fixture
def cli(tmp_path: Path, sqlite_url: str) -> CommandLine:
    """A command line on a server with the right schema and nothing in it."""
    return CommandLine(tmp_path, sqlalchemy__url=sqlite_url)


@pytest.fixture
def site_cli(site: TestSite, tmp_path: Path) -> CommandLine:
    """A command line on the server of the fixture ``site``."""
    return CommandLine(
        tmp_path,
        sqlalchemy__url=site.values["sqlalchemy.url"],
        stockroom__storage=site.values["stockroom.storage"],
    )
