"""Reading a JSON body: bounded, of a known shape, without unknown members."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from stockroom.errors import BadRequest, ContentTooLarge, Problem
from stockroom.web import Request

T = TypeVar("T")

MAX_BODY = 512 * 1024
"""Bytes, unless a view asks for more: notes of their greatest length, every character escaped."""
JSON = "application/json"


class InvalidBody(BadRequest):
    """The body of a request is not the JSON that it should be."""

    slug, title = "invalid-body", "Invalid body"


class UnsupportedMediaType(Problem):
    """The body is of a type that is not read here."""

    slug, status, title = "unsupported-media-type", 415, "Unsupported media type"


def read_body(request: Request, kind: type[T], *content_types: str, max_body: int = MAX_BODY) -> T:
    """The body as a ``kind``; it may say that it is JSON, or one of ``content_types``.

    :raises UnsupportedMediaType: it says that it is something else than JSON.
    :raises ContentTooLarge: it has more than ``max_body`` bytes.
    :raises InvalidBody: it is no JSON of that shape.
    """
    content_type = request.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if content_type not in (JSON, *content_types):
        raise UnsupportedMediaType(f"send the body as {JSON}, not as {content_type or 'nothing'}")
    try:
        return msgspec.json.decode(_read(request, max_body), type=kind)
    except msgspec.ValidationError as error:
        raise InvalidBody(f"the body is not what it should be: {_sentence(error)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"the body is not JSON: {error}") from error


def has_body(request: Request) -> bool:
    """Whether the request carries any body."""
    return (request.environ.get("CONTENT_LENGTH") or "0") != "0"


def _read(request: Request, max_body: int) -> bytes:
    body: bytes = request.environ["wsgi.input"].read(_length(request, max_body))
    return body


def _length(request: Request, max_body: int) -> int:
    # The server has read the body already, and says how long it is.
    text = request.environ.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()):
        raise InvalidBody("the Content-Length is not a number")
    if len(text) > len(str(max_body)) or int(text) > max_body:
        raise ContentTooLarge(f"the body has {text} bytes, at most {max_body} are read")
    return int(text)


def _sentence(error: msgspec.ValidationError) -> str:
    text = str(error)
    return f"{text[:1].lower()}{text[1:]}"
