"""One site for all tests here that change nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.databases import MakeUrl
from tests.support.library import Library, open_library


@pytest.fixture(scope="session")
def library(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Packages of every kind; see open_library."""
    with open_library(make_sqlite(), tmp_path_factory.mktemp("library")) as opened:
        yield opened
