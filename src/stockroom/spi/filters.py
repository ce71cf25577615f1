"""What the filter language is made of: fields and functions, and the items that they look at.

A field belongs to a package, a release or a file, which is the first part of its name. Its values
are asked for in batches, so that no field can cause a query for each file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias


class ValueType(StrEnum):
    """The types of the filter language."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NAME = "name"
    """The name of a package; compared in its normalised form (PEP 503)."""
    VERSION = "version"
    """A version; compared as PEP 440 says."""
    INSTANT = "instant"
    """A point in time, written as an ISO 8601 date (its midnight, UTC) or instant."""
    AGE = "age"
    """Days until now, with fractions: a number that grows with time."""


class Level(StrEnum):
    """What a field is about."""

    PACKAGE = "package"
    RELEASE = "release"
    FILE = "file"


class FilterPackage(NamedTuple):
    """A package of one registry.

    ``name`` is normalised; ``upload_time`` that of its first file, None if it has none.
    ``documents`` are what fact sources know of a package of this name, by the source's name.
    """

    name: str
    upload_time: datetime | None
    documents: Mapping[str, Mapping[str, Any]]


class FilterRelease(NamedTuple):
    """A release; ``version`` is normalised (PEP 440), ``upload_time`` that of its first file."""

    version: str
    upload_time: datetime


class FilterFile(NamedTuple):
    """A file, with the release that it is of."""

    filename: str
    upload_time: datetime
    release: FilterRelease


FilterItem: TypeAlias = FilterPackage | FilterRelease | FilterFile
Values: TypeAlias = Callable[[FilterPackage, Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class FilterField:
    """A field; ``name`` is its level and its own name, such as ``release.cve_max_score``.

    ``values`` gets the package and the items of the field's level (the package itself, or some of
    its releases or files) and gives one value for each, of the Python type for ``type``: ``str``,
    ``float``, ``bool``, or an aware ``datetime``; None is an unknown value. It must be a pure
    function, quick, and must not raise. ``source`` names the fact source whose document it reads,
    so that pages are made anew when that changes.

    Instead of ``values``, a field of type ``AGE`` has ``age_of``: the name of the INSTANT field of
    which it is the age.
    """

    name: str
    type: ValueType
    description: str
    values: Values | None = field(default=None, repr=False)
    source: str | None = None
    age_of: str | None = None

    @property
    def level(self) -> Level:
        """What it is about; raises ValueError for a name without a level."""
        return Level(self.name.partition(".")[0])


@dataclass(frozen=True, slots=True)
class FilterFunction:
    """A function: its value follows from its arguments alone, at any time.

    ``call`` gets arguments of the types in ``parameters``, none of which is unknown, and gives a
    value of ``returns``; what it raises is logged and makes its value unknown.
    """

    name: str
    parameters: tuple[ValueType, ...]
    returns: ValueType
    description: str
    call: Callable[..., Any] = field(repr=False)
