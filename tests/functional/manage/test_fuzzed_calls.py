"""Requests that schemathesis makes of the description of the API, right ones and wrong ones.

Every answer must be one that the description knows: its status, its type, its headers, its shape;
what the description forbids must be refused, and nothing may be answered without a key (S-61).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from stockroom.manage.api.doors import Door
from stockroom.manage.api.views import DOORS
from stockroom.security.permissions import Role
from tests.functional.manage.town import ABSENT, NAMES, Town, build_town
from tests.support.databases import MakeUrl
from tests.support.site import TestSite, bearer

CALLS = [
    pytest.param(door, method, id=f"{door.name}-{method}")
    for door in DOORS
    for method in door.methods
]
WITH_BODY = [
    pytest.param(door, method, id=f"{door.name}-{method}")
    for door in DOORS
    for method, operation in door.operations().items()
    if operation.body is not None
]
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
EXAMPLES = 2
# Sentences can forbid what shapes allow: a reason without a status, an If-Match of old.
EXCLUDED = [schemathesis.checks.positive_data_acceptance]


@pytest.fixture(scope="module")
def town(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("town"))
    yield build_town(site)
    site.close()


@pytest.fixture(scope="module")
def description(town: Town) -> Any:
    """What schemathesis makes of the description."""
    return schemathesis.openapi.from_wsgi("/v1/openapi.json", town.site.application)


@pytest.mark.parametrize(("door", "method"), CALLS)
def test_answers_are_as_described(town: Town, description: Any, door: Door, method: str) -> None:
    operation = description[door.path][method]
    key = town.keys[Role.OWNER, "*"]
    names = {**NAMES, **ABSENT} if method == "DELETE" else {**ABSENT, **NAMES}
    cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode])

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, is_there=st.sampled_from([True, True, True, False]))
    def ask(case: Any, is_there: bool) -> None:
        if is_there:
            case.path_parameters.update({name: names[name] for name in case.path_parameters})
        case.call_and_validate(headers=bearer(key), excluded_checks=EXCLUDED)

    ask()


def test_the_description_is_valid_openapi(description: Any) -> None:
    description.validate()


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_s74_no_door_answers_other_methods(town: Town, door: Door) -> None:
    for method in METHODS - set(door.allowed):
        answer = town.ask(door, method, town.keys[Role.OWNER, "*"])

        assert answer.status_int == 405
        assert answer.headers["Allow"] == ", ".join(door.allowed)


@pytest.mark.parametrize(("door", "method"), WITH_BODY)
def test_a_body_of_another_type_is_refused_wherever_one_is_read(
    town: Town, door: Door, method: str
) -> None:
    answer = town.site.app.request(
        door.path.format_map({**ABSENT, **NAMES}),
        method=method,
        body=b"{}",
        headers={**bearer(town.keys[Role.OWNER, "*"]), "Content-Type": "text/plain"},
        expect_errors=True,
    )

    assert answer.status_int == 415
