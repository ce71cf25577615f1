"""`/v1/openapi.json` describes every door, and only what is really read and answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from stockroom.manage.api.operations import Tagged, operation_of
from stockroom.manage.api.views import DOORS
from stockroom.manage.problems import PlanStale
from stockroom.resources import Resource
from stockroom.web import Ready, Request
from tests.functional.manage.conftest import BASE, Desk
from tests.support.described import DescribedApp
from tests.support.site import TestSite

PATH = "/v1/openapi.json"


@pytest.fixture
def document(sqlite_site: TestSite) -> Any:
    return sqlite_site.app.get(PATH).json


def calls(document: Any) -> dict[tuple[str, str], Any]:
    """Every operation by its path and method."""
    return {
        (path, method.upper()): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_every_method_of_every_door_is_described_once(document: Any) -> None:
    described = calls(document)

    assert document["openapi"] == "3.1.0"
    assert list(described) == [(door.path, method) for door in DOORS for method in door.methods]
    names = [operation["operationId"] for operation in described.values()]
    assert len(set(names)) == len(names)


def test_each_operation_says_what_it_does_and_what_it_needs(document: Any) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    described = calls(document)
    for door in DOORS:
        for method, (_, permission) in door.methods.items():
            operation = described[door.path, method]

            assert operation["summary"]
            assert f"`{permission}`" in operation["description"]
            assert set(operation["tags"]) <= tags


def test_placeholders_are_parameters(document: Any) -> None:
    item = document["paths"]["/v1/workspaces/{workspace}/registries/{registry}/packages"]

    assert [parameter["name"] for parameter in item["parameters"]] == ["workspace", "registry"]
    assert all(parameter["in"] == "path" for parameter in item["parameters"])


def test_parameters_are_described_with_their_bounds(document: Any) -> None:
    path = "/v1/workspaces/{workspace}/registries/{registry}/packages"
    found = {entry["name"]: entry for entry in document["paths"][path]["get"]["parameters"]}

    assert list(found) == ["limit", "after", "q", "status"]
    assert found["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 500,
        "default": 100,
    }
    statuses = ["active", "archived", "deprecated", "quarantined"]
    assert found["status"]["schema"] == {"enum": statuses}
    assert found["q"]["description"] == "A part of the name."


def test_refusals_are_components_with_every_problem_of_their_status(document: Any) -> None:
    path = "/v1/workspaces/{workspace}/registries/{registry}/retention"
    responses = document["paths"][path]["post"]["responses"]
    conflict = document["components"]["responses"]["Conflict"]

    assert list(responses) == ["200", "400", "401", "403", "404", "409", "413", "415", "500", "503"]
    assert responses["409"] == {"$ref": "#/components/responses/Conflict"}
    assert f"`{PlanStale.slug}`" in conflict["description"]
    assert list(conflict["content"]) == ["application/problem+json", "text/plain"]
    assert "WWW-Authenticate" in document["components"]["responses"]["Unauthorized"]["headers"]


def test_every_reference_leads_somewhere(document: Any) -> None:
    parts = json.dumps(document).split('"$ref": "#/')[1:]

    assert len(parts) > 100
    for part in parts:
        place = document
        for step in part.partition('"')[0].split("/"):
            place = place[step]


def test_the_description_needs_no_key_and_is_sent_once(sqlite_site: TestSite) -> None:
    first = sqlite_site.app.get(PATH)
    etag = first.headers["ETag"]

    assert first.content_type == "application/json"
    for given in (etag, f'"x", W/{etag}', "*"):
        again = sqlite_site.app.get(PATH, headers={"If-None-Match": given}, status=304)
        assert again.body == b""
        assert again.headers["ETag"] == etag
    assert sqlite_site.app.get(PATH, headers={"If-None-Match": '"x"'}).body == first.body
    assert sqlite_site.app.head(PATH).headers == first.headers


def test_s74_the_description_can_only_be_read(sqlite_site: TestSite) -> None:
    assert sqlite_site.app.post(PATH, status=405).headers["Allow"] == "GET, HEAD"


def test_operations_are_read_from_signatures() -> None:
    def view(context: Resource, request: Request, if_match: str | None) -> Tagged[int]:
        raise AssertionError

    def silent(context: Resource, request: Request) -> None:
        raise AssertionError

    tagged, empty = operation_of(view), operation_of(silent)

    assert (tagged.answer, tagged.is_tagged, tagged.reads_if_match) == (int, True, True)
    assert (empty.answer, empty.status) == (None, 204)


def test_an_operation_without_an_answer_sends_no_body(desk: Desk) -> None:
    def silent(context: Resource, request: Request) -> None:
        assert request.method == "GET"

    request = Request.blank(BASE)
    answer = operation_of(silent)(Resource(None, ""), request)

    assert answer.status == "204 No Content"
    assert list(answer.app_iter) == []
    assert "content-type" not in answer.headers


def test_a_parameter_that_nothing_reads_stops_the_start() -> None:
    def view(context: Resource, request: Request, patch: int) -> None:
        raise AssertionError

    wrong: Callable[..., Any] = view
    with pytest.raises(TypeError, match="patch"):
        operation_of(wrong)


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        ("418 Teapot", "application/json", b"{}"),
        ("200 OK", "text/html", b"{}"),
        ("200 OK", "application/json", b'{"name": "acme"}'),
        ("404 Not Found", "application/problem+json", b'{"detail": "x"}'),
        ("401 Unauthorized", "text/plain", b"x"),
    ],
)
def test_tests_notice_an_answer_that_is_not_described(
    status: str, content_type: str, body: bytes
) -> None:
    app = DescribedApp(Ready(status, [("Content-Type", content_type)], (body,)), lint=False)

    with pytest.raises((AssertionError, jsonschema_rs.ValidationError)):
        app.get("/v1/teams/acme/", expect_errors=True)
