"""The description of the API, an OpenAPI 3.1 document made of its doors and their views.

What a view reads and answers is written down once, in its signature: nothing here can say
something else than what happens.
"""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any

import msgspec

from stockroom import __version__
from stockroom.errors import Problem
from stockroom.manage.api.doors import Door
from stockroom.manage.api.operations import JSON_LINES, Operation
from stockroom.security.credentials import SESSION_COOKIES
from stockroom.security.permissions import OWN, Permission, least_role
from stockroom.web import Ready, Request

Json = dict[str, Any]

JSON = "application/json"
PROBLEM = "application/problem+json"
REF = "#/components/{kind}/{name}"
PLACEHOLDER = re.compile(r"\{(\w+)\}")
INTRODUCTION = """\
Administration of a Stockroom server: what its command line does on the server, from anywhere.

Bodies are JSON objects, of at most 512 KiB unless an operation says more; members that are not
known are refused by name. Every refusal is a problem document (RFC 9457), whose `detail` says what
to do. What the credential may not read is answered like something that does not exist.

HEAD is answered wherever GET is. Other methods than those listed are answered with 405.
"""


class ProblemDocument(msgspec.Struct):
    """Why a request is refused (RFC 9457); a problem may have more members."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: str


SECURITY: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "An API key as the password of the user `__token__`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIES[True],
        "description": f"A browser that is signed in; `{SESSION_COOKIES[False]}` over plain HTTP. "
        "What changes something needs the CSRF token as well, in the header `X-CSRF-Token`.",
    },
}


class Description:
    """Answers with the document, whose bytes are made once."""

    def __init__(self, doors: Sequence[Door]) -> None:
        body = msgspec.json.encode(describe(doors))
        self.etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        shared = [("ETag", self.etag), ("Cache-Control", "no-cache")]
        self._unchanged = Ready("304 Not Modified", shared, ())
        content = [("Content-Type", JSON), ("Content-Length", str(len(body)))]
        self._full = Ready("200 OK", [*shared, *content], (body,))

    def show(self, request: Request) -> Ready:
        """200, or 304 to who has these very bytes."""
        given: str = request.environ.get("HTTP_IF_NONE_MATCH", "")
        tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
        return self._unchanged if tags & {self.etag, "*"} else self._full


def describe(doors: Sequence[Door]) -> Json:
    """The document for ``doors``."""
    calls = [
        (door, method, operation)
        for door in doors
        for method, operation in door.operations().items()
    ]
    operations = [operation for _, _, operation in calls]
    schemas = Schemas(operations)
    paths: Json = {}
    for door, method, operation in calls:
        item = paths.setdefault(door.path, {"parameters": _placeholders(door.path)})
        _, permission = door.methods[method]
        item[method.lower()] = _operation(operation, permission, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stockroom", "version": __version__, "description": INTRODUCTION},
        "servers": [{"url": "/"}],
        "security": [{name: []} for name in SECURITY],
        "tags": _tags(operations),
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": _refusals(operations, schemas),
            "securitySchemes": SECURITY,
        },
    }


class Schemas:
    """The schema of every type that ``operations`` read or answer, most of them references."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        named = (kind for operation in operations for kind in (operation.body, operation.answer))
        kinds = [ProblemDocument, *dict.fromkeys(kind for kind in named if kind is not None)]
        template = _ref("schemas", "{name}")
        found, self.components = msgspec.json.schema_components(kinds, ref_template=template)
        self._of = dict(zip(kinds, found, strict=True))

    def content(self, kind: Any, content_type: str = JSON) -> Json:
        """A body of that type."""
        return {content_type: {"schema": self._of[kind]}}


def _operation(operation: Operation, permission: Permission, schemas: Schemas) -> Json:
    summary, _, rest = (inspect.getdoc(operation.view) or "").partition("\n")
    who = (
        "everybody has for what is their own"
        if permission in OWN
        else f"the role `{least_role(permission)}` carries"
    )
    needs = f"Needs `{permission}`, which {who}."
    described: Json = {
        "operationId": operation.view.__name__,
        "summary": summary.strip().removesuffix("."),
        "description": f"{rest.strip()}\n\n{needs}".strip(),
        "tags": [_tag(operation.view.__module__)],
        "parameters": _parameters(operation),
        "responses": _responses(operation, schemas),
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": not operation.is_body_optional,
            "content": schemas.content(operation.body),
        }
    return described


def _placeholders(path: str) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PLACEHOLDER.findall(path)
    ]


def _parameters(operation: Operation) -> list[Json]:
    found = []
    if operation.query is not None:
        _, components = msgspec.json.schema_components([operation.query], ref_template="{name}")
        [query] = components.values()
        found = [
            _parameter(name, schema, required=name in query["required"])
            for name, schema in query["properties"].items()
        ]
    if operation.reads_if_match:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "description": "Entity tags; if the present one is not among them, answer 412.",
                "schema": {"type": "string"},
            }
        )
    return found


def _parameter(name: str, schema: Json, *, required: bool) -> Json:
    # A parameter that is left out has a default; there is no way to say null.
    kinds = [part for part in schema.pop("anyOf", ()) if part != {"type": "null"}]
    if kinds:
        schema.pop("default", None)
        [kind] = kinds
        schema.update(kind)
    described = {"name": name, "in": "query", "required": required}
    if "description" in schema:
        described["description"] = schema.pop("description")
    return {**described, "schema": schema}


def _responses(operation: Operation, schemas: Schemas) -> Json:
    success: Json = {"description": operation.status.phrase}
    if operation.answer is not None:
        success["content"] = schemas.content(operation.answer)
    if operation.line is not None:
        said = f"Each line is one `{operation.line.__name__}` as JSON."
        success["content"][JSON_LINES] = {"schema": {"type": "string", "description": said}}
    if operation.is_tagged:
        success["headers"] = {
            "ETag": {
                "description": "Names the state of what is answered, for If-Match.",
                "required": True,
                "schema": {"type": "string"},
            }
        }
    refusals = sorted({problem.status for problem in operation.problems})
    return {
        str(operation.status.value): success,
        **{str(status): {"$ref": _ref("responses", _name(status))} for status in refusals},
    }


def _refusals(operations: Iterable[Operation], schemas: Schemas) -> Json:
    """Every status of a refusal, with all that it may mean."""
    problems = {problem for operation in operations for problem in operation.problems}
    ordered = sorted(problems, key=lambda problem: (problem.status, problem.slug))
    return {
        _name(status): _refusal(status, list(kinds), schemas)
        for status, kinds in groupby(ordered, key=lambda problem: problem.status)
    }


def _refusal(status: int, kinds: list[type[Problem]], schemas: Schemas) -> Json:
    described: Json = {
        "description": "; ".join(f"{kind.title} (`{kind.slug}`)" for kind in kinds),
        "content": {
            **schemas.content(ProblemDocument, PROBLEM),
            "text/plain": {"schema": {"type": "string"}},
        },
    }
    if status == HTTPStatus.UNAUTHORIZED:
        challenge = {"required": True, "schema": {"type": "string"}}
        described["headers"] = {"WWW-Authenticate": challenge}
    return described


def _tags(operations: Iterable[Operation]) -> list[Json]:
    modules = dict.fromkeys(operation.view.__module__ for operation in operations)
    return [
        {"name": _tag(module), "description": inspect.getdoc(sys.modules[module])}
        for module in modules
    ]


def _tag(module: str) -> str:
    return module.rpartition(".")[2]


def _ref(kind: str, name: str) -> str:
    return REF.format(kind=kind, name=name)


def _name(status: int) -> str:
    return "".join(re.findall(r"\w+", HTTPStatus(status).phrase))
