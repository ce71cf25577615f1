from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.databases import MakeUrl
from tests.support.programs import Person, make_person
from tests.support.site import TestSite


@pytest.fixture
def ann(request: pytest.FixtureRequest) -> Person:
    """A user who may publish to acme, with a browser in which she is signed in."""
    where = "both" if "both" in request.fixturenames else "site"
    home: TestSite = request.getfixturevalue(where)
    person = make_person(home)
    person.grant("writer", "team:acme")
    return person


@pytest.fixture(scope="module")
def office(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    """A site with the workspace acme, for what changes nothing."""
    made = TestSite(make_sqlite(), tmp_path_factory.mktemp("files"))
    made.create_workspace()
    yield made
    made.close()
