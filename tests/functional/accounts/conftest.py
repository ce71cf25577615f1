from __future__ import annotations

import pytest

from tests.support.programs import Person, make_person
from tests.support.site import TestSite


@pytest.fixture
def ann(both: TestSite) -> Person:
    """A user who may publish to acme, with a browser in which she is signed in."""
    person = make_person(both)
    person.grant("writer", "team:acme")
    return person
