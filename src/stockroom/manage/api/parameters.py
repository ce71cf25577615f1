"""Reading what stands after the question mark."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypeVar, cast
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta, Struct
from msgspec.inspect import IntType, LiteralType, Metadata, NoneType, StrType, UnionType

from stockroom.manage.problems import InvalidQuery
from stockroom.manage.texts import is_storable
from stockroom.web import Request

T = TypeVar("T", bound=Struct)

MAX_PARAMETERS = 20
MAX_LIMIT = 500
DEFAULT_LIMIT = 100
MAX_ID = 2**63 - 1

Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT, description="How many rows a page has at most.")]
After = Annotated[
    str, Meta(description="`next` of the page before, to get the rows that follow it.")
]
AfterId = Annotated[
    int, Meta(ge=0, le=MAX_ID, description="`next` of the page before, to get what follows it.")
]


class Paging(Struct):
    """Which page of a list, whose rows are in the order of their names."""

    limit: Limit = DEFAULT_LIMIT
    after: After = ""


class Numbered(Struct):
    """Which page of a list, whose rows are in the order of their numbers."""

    limit: Limit = DEFAULT_LIMIT
    after: AfterId = 0


def read_query(request: Request, kind: type[T]) -> T:
    """The parameters of a request, each of which must be a field of ``kind`` and stand only once.

    A field is a text, one of some literals, or a whole number with bounds.

    :raises InvalidQuery: they are something else.
    """
    given = _read(request.environ.get("QUERY_STRING", ""))
    fields = {field.name: field for field in _fields_of(kind)}
    unknown = sorted(given.keys() - fields.keys())
    if unknown:
        raise InvalidQuery(
            f"there is no parameter {', '.join(unknown)}; there are {', '.join(fields)}"
        )
    twice = sorted(name for name, values in given.items() if len(values) > 1)
    if twice:
        raise InvalidQuery(f"{', '.join(twice)} stands more than once")
    values = {name: _convert(name, text, fields[name].type) for name, [text] in given.items()}
    missing = [name for name, field in fields.items() if field.required and name not in given]
    if missing:
        raise InvalidQuery(f"{', '.join(missing)} is missing")
    return kind(**values)


def instant(name: str, text: str) -> datetime | None:
    """An instant with its zone (RFC 3339); None where nothing is said.

    :raises InvalidQuery: it is none.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidQuery(f"{name} must be an instant such as 2026-01-31T12:00:00Z")
    return found


def _read(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise InvalidQuery(f"there are more than {MAX_PARAMETERS} parameters") from None


@cache
def _fields_of(kind: type[Struct]) -> tuple[msgspec.inspect.Field, ...]:
    return cast(msgspec.inspect.StructType, msgspec.inspect.type_info(kind)).fields


def _convert(name: str, text: str, wanted: Any) -> object:
    match wanted:
        case Metadata(type=kind):
            return _convert(name, text, kind)
        case UnionType(types=kinds):
            [kind] = (part for part in kinds if not isinstance(part, NoneType))
            return _convert(name, text, kind)
        case IntType(ge=minimum, le=maximum) if minimum is not None and maximum is not None:
            return _number(name, text, minimum, maximum)
        case LiteralType(values=options):
            if text not in options:
                raise InvalidQuery(f"{name} must be one of {', '.join(map(str, options))}")
            return text
        case StrType():
            if not is_storable(text):
                raise InvalidQuery(f"{name} has characters that nothing here has")
            return text
    raise TypeError(f"the parameter {name} is of a type that is not read: {wanted}")


def _number(name: str, text: str, minimum: int, maximum: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not minimum <= number <= maximum:
        raise InvalidQuery(f"{name} must be a whole number from {minimum} to {maximum}")
    return number
