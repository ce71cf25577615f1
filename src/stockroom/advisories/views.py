"""The OSV protocol over HTTP. Everybody may ask: advisories are published to be known.

What is answered depends on the records alone, and tells nothing of the packages of this server.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from pyramid.config import Configurator

from stockroom.advisories.service import (
    MAX_QUERIES,
    Advisories,
    Answer,
    InvalidQuery,
    Query,
    query_of,
)
from stockroom.bodies import read_body
from stockroom.web import NOSNIFF, READS, VARY, Ready, Request, at

Text = Annotated[str, Meta(max_length=500)]
UNTYPED = ("", "text/plain", "application/x-www-form-urlencoded")
"""What clients of this protocol say, or do not say, of their JSON."""


class _Package(Struct):
    name: Text | None = None
    ecosystem: Text | None = None
    purl: Text | None = None


class _Query(Struct):
    package: _Package | None = None
    version: Text | None = None
    commit: Text | None = None
    page_token: Text | None = None

    def read(self) -> Query | None:
        """What is asked; None for a commit, of which nothing is known."""
        if self.package is None:
            if self.commit:
                return None
            raise InvalidQuery("a query needs package.name and package.ecosystem, or package.purl")
        return query_of(
            name=self.package.name,
            ecosystem=self.package.ecosystem,
            purl=self.package.purl,
            version=self.version,
            after=self.page_token or "",
        )


class _Batch(Struct):
    queries: list[_Query]


def query(context: object, request: Request) -> Ready:
    """The advisories about a package or a version; anybody may ask, they are published."""
    asked = read_body(request, _Query, *UNTYPED).read()
    advisories = request.service(Advisories)
    [answer] = advisories.answer([asked])
    return _json(_paged(answer, advisories.records(answer.found)))


def query_batch(context: object, request: Request) -> Ready:
    """The ids of the advisories about each of many packages; anybody may ask, see above."""
    asked = read_body(request, _Batch, *UNTYPED).queries
    if len(asked) > MAX_QUERIES:
        raise InvalidQuery(f"there are {len(asked)} queries; send at most {MAX_QUERIES} at a time")
    answers = request.service(Advisories).answer([one.read() for one in asked])
    return _json({"results": [_paged(answer, _ids(answer)) for answer in answers]})


def show(context: object, request: Request) -> Ready:
    """An advisory by its id; anybody may ask, see above."""
    return _json(request.service(Advisories).record(request.matchdict["id"]))


def configure(config: Configurator) -> None:
    """Routes and views."""
    for name, pattern, view, methods in (
        ("osv.query", "/v1/query", query, ("POST",)),
        ("osv.query-batch", "/v1/querybatch", query_batch, ("POST",)),
        ("osv.vulnerability", "/v1/vulns/{id}", show, READS),
    ):
        config.add_route(name, pattern, factory=at(methods=methods))
        config.add_view(view, route_name=name)


def _ids(answer: Answer) -> list[dict[str, str]]:
    return [
        {"id": one.id, "modified": one.modified.isoformat().replace("+00:00", "Z")}
        for one in answer.found
    ]


def _paged(answer: Answer, shown: list[Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"vulns": shown} if shown else {}
    return told if answer.after is None else {**told, "next_page_token": answer.after}


def _json(value: object) -> Ready:
    body = msgspec.json.encode(value)
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-cache"),
        VARY,
        NOSNIFF,
    ]
    return Ready(f"{HTTPStatus.OK.value} {HTTPStatus.OK.phrase}", headers, (body,))
