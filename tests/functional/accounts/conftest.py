from __future__ import annotations

import pytest

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
