"""One method of a door: what is read from a request and what is answered, as its view declares it.

A view takes a resource and the request, then what is read for it, by the name of the parameter:

- ``body``: the JSON body, a Struct; ``Struct | None`` where there need not be any,
- ``query``: what stands after the question mark, a Struct whose fields are texts, literals and
  bounded whole numbers,
- ``if_match``: the value of the If-Match header, or None.

It returns what is answered as JSON; a :class:`Tagged` value also has an entity tag, :class:`Lines`
is what a caller may have instead, and None is no body at all. The annotations say the types, so
that the description of the API is made of the same declarations that requests are read by.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from types import NoneType, UnionType
from typing import Any, Generic, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from stockroom.bodies import MAX_BODY, InvalidBody, UnsupportedMediaType, has_body, read_body
from stockroom.errors import ContentTooLarge, Forbidden, NotFound, Problem, Unauthenticated
from stockroom.manage.api.parameters import read_query
from stockroom.manage.problems import InvalidQuery, PreconditionFailed
from stockroom.resources import Resource
from stockroom.web import VARY, Ready, Request, Unavailable

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

JSON_LINES = "application/jsonl"
ALWAYS: tuple[type[Problem], ...] = (Unauthenticated, Forbidden, NotFound, Problem, Unavailable)
"""What every request may be refused with."""
OF_BODY: tuple[type[Problem], ...] = (InvalidBody, ContentTooLarge, UnsupportedMediaType)


class Tagged(NamedTuple, Generic[T]):
    """What is answered, with the entity tag of the state that it is about, for If-Match.

    What is answered may change without the tag: a download is no change.
    """

    value: T
    etag: str


class Lines(NamedTuple, Generic[T]):
    """What is answered as JSON lines, made a chunk at a time while it is sent."""

    chunks: Iterator[Sequence[T]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What :func:`outcome` says of a view."""

    status: HTTPStatus = HTTPStatus.OK
    problems: tuple[type[Problem], ...] = ()
    max_body: int = MAX_BODY


def outcome(
    *problems: type[Problem], status: HTTPStatus = HTTPStatus.OK, max_body: int = MAX_BODY
) -> Callable[[F], F]:
    """Declare what a view raises beyond what follows from what it reads, and its success.

    ``max_body`` is how many bytes of a body it reads.
    """

    def mark(view: F) -> F:
        view.__dict__["outcome"] = Outcome(status, problems, max_body)
        return view

    return mark


@dataclass(frozen=True, slots=True)
class Operation:
    """What a view declares."""

    view: Callable[..., Any]
    status: HTTPStatus
    body: type[msgspec.Struct] | None
    is_body_optional: bool
    query: type[msgspec.Struct] | None
    reads_if_match: bool
    answer: Any
    """The type of what is answered; None where there is no body."""
    is_tagged: bool
    problems: tuple[type[Problem], ...]
    max_body: int = MAX_BODY
    line: Any = None
    """The type of one line, where the answer can be JSON lines instead; None where it cannot."""

    def __call__(self, context: Resource, request: Request) -> Ready:
        """Read the request, call the view, answer."""
        read: dict[str, object] = {}
        if self.query is not None:
            read["query"] = read_query(request, self.query)
        if self.body is not None:
            wanted = not self.is_body_optional or has_body(request)
            read["body"] = read_body(request, self.body, max_body=self.max_body) if wanted else None
        if self.reads_if_match:
            read["if_match"] = request.environ.get("HTTP_IF_MATCH")
        found = self.view(context, request, **read)
        if isinstance(found, Lines):
            return _answer_lines(found)
        value, etag = found if self.is_tagged else (found, None)
        return _answer(self.status, None if self.answer is None else value, etag)


@cache
def operation_of(view: Callable[..., Any]) -> Operation:
    """What ``view`` declares.

    :raises TypeError: it declares what nothing here can read.
    """
    hints = get_type_hints(view)
    names = list(inspect.signature(view).parameters)[2:]
    unknown = set(names) - {"body", "query", "if_match"}
    if unknown:
        raise TypeError(f"{view.__name__} has the parameters {sorted(unknown)}")
    said: Outcome = view.__dict__.get("outcome", Outcome())
    body, is_body_optional = _without_none(hints.get("body"))
    query, reads_if_match = hints.get("query"), "if_match" in names
    answer, line = _without_lines(hints["return"])
    is_tagged = get_origin(answer) is Tagged
    if is_tagged:
        [answer] = get_args(answer)
    problems = (
        *ALWAYS,
        *(OF_BODY if body else ()),
        *((InvalidQuery,) if query else ()),
        *((PreconditionFailed,) if reads_if_match else ()),
        *said.problems,
    )
    return Operation(
        view=view,
        status=HTTPStatus.NO_CONTENT if answer is NoneType else said.status,
        body=body,
        is_body_optional=is_body_optional,
        query=query,
        reads_if_match=reads_if_match,
        answer=None if answer is NoneType else answer,
        is_tagged=is_tagged,
        problems=problems,
        max_body=said.max_body,
        line=line,
    )


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) is not UnionType:
        return hint, False
    [kind] = (part for part in get_args(hint) if part is not NoneType)
    return kind, True


def _without_lines(hint: Any) -> tuple[Any, Any]:
    """The type of an answer, and that of its lines where it can be lines instead."""
    lines = [part for part in get_args(hint) if get_origin(part) is Lines]
    if not lines:
        return hint, None
    [kind] = (part for part in get_args(hint) if part not in lines)
    return kind, get_args(lines[0])[0]


def _answer_lines(lines: Lines[Any]) -> Ready:
    headers = [("Cache-Control", "private, no-store"), VARY, ("Content-Type", JSON_LINES)]
    encoder = msgspec.json.Encoder()
    return Ready("200 OK", headers, (encoder.encode_lines(chunk) for chunk in lines.chunks))


def _answer(status: HTTPStatus, value: object, etag: str | None) -> Ready:
    headers = [("Cache-Control", "private, no-store"), VARY]
    if etag is not None:
        headers.append(("ETag", etag))
    if status is HTTPStatus.NO_CONTENT:
        return Ready(f"{status.value} {status.phrase}", headers, ())
    body = msgspec.json.encode(value)
    headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Ready(f"{status.value} {status.phrase}", headers, (body,))
