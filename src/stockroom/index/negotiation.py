"""Choosing a representation (PEP 691, S-10 to S-18) and a content coding (S-73)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from urllib.parse import parse_qs

from stockroom.errors import BadRequest, NotAcceptable


class Representation(Enum):
    """A form of an index page; the value is its Content-Type."""

    PYX_MSGPACK = "application/vnd.pyx.simple.v1+msgpack"
    PYX_JSON = "application/vnd.pyx.simple.v1+json"
    JSON = "application/vnd.pypi.simple.v1+json"
    HTML = "application/vnd.pypi.simple.v1+html"
    TEXT_HTML = "text/html"


class Coding(Enum):
    """A content coding in which pages are kept."""

    IDENTITY = "identity"
    GZIP = "gzip"
    ZSTD = "zstd"


NAMED = {
    **{representation.value: representation for representation in Representation},
    "application/vnd.pypi.simple.latest+json": Representation.JSON,
    "application/vnd.pypi.simple.latest+html": Representation.HTML,
}
# On equal quality, in this order: S-12 for what is named, and for what only a wildcard covers.
NAMED_ORDER = tuple(Representation)
WILDCARD_ORDER = (Representation.TEXT_HTML, Representation.JSON, Representation.HTML)
SUPPORTED = ", ".join(r.value for r in (*WILDCARD_ORDER, *NAMED_ORDER[:2]))
MAX_HEADER = 2000
# RFC 9110 section 12.5.1; whatever is not of this form counts as not sent (S-13).
_TOKEN = r"[a-z0-9!#$%&'*+.^_`|~-]+"
_MEDIA_RANGE = re.compile(rf"\*/\*|{_TOKEN}/{_TOKEN}")


def negotiate(accept: str, query_string: str) -> Representation:
    """The representation to answer with; ``?format=`` wins over the Accept header (S-16).

    :raises NotAcceptable: nothing that the client accepts is offered (S-15).
    :raises BadRequest: ``format`` is not one single media type.
    """
    if query_string and "format=" in query_string:
        values = parse_qs(query_string).get("format")
        if values:
            return _by_format(values)
    return _by_accept(accept[:MAX_HEADER])


def choose_coding(accept_encoding: str) -> Coding:
    """The best coding that the client accepts by name; zstd before gzip on equal quality."""
    return _best_coding(accept_encoding[:MAX_HEADER])


@lru_cache(maxsize=512)
def _best_coding(accept_encoding: str) -> Coding:
    best, best_quality = Coding.IDENTITY, 0.0
    for name, quality in _ranges(accept_encoding):
        if name == "zstd" and quality > 0 and quality >= best_quality:
            best, best_quality = Coding.ZSTD, quality
        elif name in ("gzip", "x-gzip") and quality > best_quality:
            best, best_quality = Coding.GZIP, quality
    return best


def _by_format(values: list[str]) -> Representation:
    # A plus sign in a query string means a space; nobody means a space here.
    name = values[0].replace(" ", "+").lower()
    if len(values) > 1 or any(sign in name for sign in "*,;"):
        raise BadRequest("format takes one media type, without wildcards, lists or parameters")
    try:
        return NAMED[name]
    except KeyError:
        raise _not_acceptable() from None


@lru_cache(maxsize=512)
def _by_accept(accept: str) -> Representation:
    ranges = {name: quality for name, quality in _ranges(accept) if _MEDIA_RANGE.fullmatch(name)}
    if not ranges:
        return Representation.TEXT_HTML
    named: dict[Representation, float] = {}
    for name, quality in ranges.items():
        found = NAMED.get(name)
        if found is not None:
            named[found] = max(quality, named.get(found, 0.0))
    covered = {
        representation: _wildcard_quality(representation, ranges)
        for representation in WILDCARD_ORDER
        if representation not in named
    }
    best = max([0.0, *named.values(), *covered.values()])
    if best > 0:
        for representation in NAMED_ORDER:
            if named.get(representation) == best:
                return representation
        for representation in WILDCARD_ORDER:
            if covered.get(representation) == best:
                return representation
    raise _not_acceptable()


def _wildcard_quality(representation: Representation, ranges: dict[str, float]) -> float:
    family = representation.value.partition("/")[0] + "/*"
    return ranges.get(family, ranges.get("*/*", 0.0))


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    for element in header.split(","):
        name, *parameters = (part.strip().lower() for part in element.split(";"))
        if not name:
            continue
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = -1.0
        if 0.0 <= quality <= 1.0:
            yield name, quality


def _not_acceptable() -> NotAcceptable:
    return NotAcceptable(f"none of the accepted types is offered; supported are {SUPPORTED}")
