"""Holds every answer of the API to its description, whatever test has asked for it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema_rs
from webtest import TestApp

from stockroom.manage.api.description import describe
from stockroom.manage.api.views import DOORS


class DescribedApp(TestApp):
    """An application whose answers at the doors of the API must be described."""

    def do_request(self, req: Any, status: Any = None, expect_errors: Any = None) -> Any:
        """Send a request, and look at the answer."""
        answer = super().do_request(req, status, expect_errors)
        # As it came: not every path can be decoded.
        _check(req.method, req.environ["PATH_INFO"], answer)
        return answer


def _check(method: str, path: str, answer: Any) -> None:
    asked = "GET" if method == "HEAD" else method
    for pattern, door in _doors():
        if pattern.fullmatch(path) and asked in door.methods:
            responses = _document()["paths"][door.path][asked.lower()]["responses"]
            what = f"{method} {path}: {answer.status}"
            assert str(answer.status_int) in responses, f"{what} is not described"
            if method != "HEAD":
                _check_body(door.path, asked, answer, what)


def _check_body(path: str, method: str, answer: Any, what: str) -> None:
    described = _resolved(path, method, answer.status_int)
    for name, header in described.get("headers", {}).items():
        assert not header["required"] or name in answer.headers, f"{what} has no {name}"
    content = described.get("content", {})
    assert (answer.content_type in content) == bool(content), f"{what}: {answer.content_type}"
    if content and answer.content_type.endswith("json"):
        _validator(path, method, answer.status_int, answer.content_type).validate(answer.json)
    elif not content:
        assert answer.body == b"", f"{what} has a body"


@cache
def _document() -> Any:
    return describe(DOORS)


@cache
def _doors() -> list[tuple[re.Pattern[str], Any]]:
    return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(d.path)) + "/?"), d) for d in DOORS]


@cache
def _resolved(path: str, method: str, status: int) -> Any:
    described = _document()["paths"][path][method.lower()]["responses"][str(status)]
    name = described.get("$ref", "").rpartition("/")[2]
    return _document()["components"]["responses"][name] if name else described


@cache
def _validator(path: str, method: str, status: int, content_type: str) -> Any:
    schema = _resolved(path, method, status)["content"][content_type]["schema"]
    components = _document()["components"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": components})
