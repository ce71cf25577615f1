"""A language, made of fields and functions, and the filters that are written in it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from stockroom.filters.checking import Checker
from stockroom.filters.parsing import Source
from stockroom.filters.program import Explanation, Judgement, Program
from stockroom.filters.tree import AgeTest, Condition, Reference, leaves, operands, references
from stockroom.spi import (
    FilterField,
    FilterFile,
    FilterFunction,
    FilterPackage,
    Level,
    ValueType,
)

KEPT_FILTERS = 1_000
"""How many parsed filters a language keeps."""
KEPT_NAMES = 2_000
"""For how many names a filter keeps what it says of them."""

_FIELD_NAME = re.compile(rf"({'|'.join(Level)})\.[a-z][a-z0-9_]*")
_Offered = TypeVar("_Offered", FilterField, FilterFunction)
_FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Filter:
    """A checked filter. Two are equal if they say the same in the same way, however spaced."""

    tree: Condition
    text: str = field(compare=False)
    """As it was written."""
    _program: Program = field(compare=False, repr=False)
    _by_name: Callable[[str], bool | None] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return str(self.tree)

    @property
    def fields(self) -> frozenset[str]:
        """The names of all fields that it reads."""
        return frozenset(one.field.name for one in _references(self.tree))

    @property
    def sources(self) -> frozenset[str]:
        """The names of all fact sources whose documents it reads."""
        read = [one.instant or one.field for one in _references(self.tree)]
        return frozenset(one.source for one in read if one.source)

    @property
    def depends_on_time(self) -> bool:
        """Whether it looks at an age."""
        return any(isinstance(leaf, AgeTest) for leaf in leaves(self.tree))

    def by_name(self, name: str) -> bool | None:
        """What it says of a package by its normalised name alone (design: who has a package).

        False: it never shows anything of such a package. True: it shows everything. None: that
        depends. Answers are kept.
        """
        return self._by_name(name)

    def judge(
        self, package: FilterPackage, files: Sequence[FilterFile], now: datetime
    ) -> Judgement:
        """Which of the files of a package it shows at ``now``, and when that next changes.

        What is unknown hides. ``now`` is aware, and may be any time.
        """
        return self._program.judge(package, files, now)

    def explain(self, package: FilterPackage, file: FilterFile, now: datetime) -> Explanation:
        """Why it shows or hides a file at ``now``, and when time alone will show it."""
        return self._program.explain(package, file, now)


class Language:
    """The fields and functions that filters may use.

    :raises ValueError: if two have one name, or one of them is not as :mod:`stockroom.spi` says.
    """

    def __init__(
        self, fields: Iterable[FilterField], functions: Iterable[FilterFunction] = ()
    ) -> None:
        self.fields: Mapping[str, FilterField] = MappingProxyType(_by_name("field", fields))
        self.functions: Mapping[str, FilterFunction] = MappingProxyType(
            _by_name("function", functions)
        )
        for one in self.fields.values():
            _check_field(one, self.fields)
        for function in self.functions.values():
            _check_function(function)
        self._kept = lru_cache(maxsize=KEPT_FILTERS)(self._parsed)

    def parse(self, text: str) -> Filter:
        """The filter that a text is; parsed filters are kept.

        :raises FilterInvalid: with every mistake that was found, and its place.
        """
        return self._kept(text)

    def _parsed(self, text: str) -> Filter:
        tree = Checker(Source(text), self.fields, self.functions).check()
        program = Program(tree)
        return Filter(tree, text, program, _answers_by_name(program))


def _answers_by_name(program: Program) -> Callable[[str], bool | None]:
    if program.asks_for_name:
        return lru_cache(maxsize=KEPT_NAMES)(program.by_name)
    answer = program.by_name("")
    return lambda name: answer


def _references(tree: Condition) -> list[Reference]:
    return [one for leaf in leaves(tree) for one in references(*operands(leaf))]


def _by_name(kind: str, offered: Iterable[_Offered]) -> dict[str, _Offered]:
    found: dict[str, _Offered] = {}
    for one in offered:
        if one.name in found:
            raise ValueError(
                f"two filter {kind}s are called {one.name}; enable one of the plugins that offer "
                "them"
            )
        found[one.name] = one
    return found


def _check_field(one: FilterField, fields: Mapping[str, FilterField]) -> None:
    if not _FIELD_NAME.fullmatch(one.name) or keyword.iskeyword(one.name.partition(".")[2]):
        raise ValueError(
            f"{one.name!r} cannot be the name of a filter field: write package., release. or "
            "file., and lower-case letters, digits and underscores behind it"
        )
    if one.type is not ValueType.AGE:
        if one.values is None or one.age_of is not None:
            raise ValueError(f"the filter field {one.name} needs values, and no age_of")
        return
    instant = fields.get(one.age_of or "")
    if (
        one.values is not None
        or instant is None
        or instant.type is not ValueType.INSTANT
        or instant.level is not one.level
    ):
        raise ValueError(
            f"the filter field {one.name} is an age: instead of values it needs age_of, the name "
            f"of an instant of its {one.level}"
        )


def _check_function(function: FilterFunction) -> None:
    name = function.name
    if not _FUNCTION_NAME.fullmatch(name) or keyword.iskeyword(name) or name in list(Level):
        raise ValueError(
            f"{name!r} cannot be the name of a filter function: take lower-case letters, digits "
            "and underscores, and no word of the language"
        )
    if ValueType.AGE in (function.returns, *function.parameters):
        raise ValueError(
            f"the filter function {name} has an age: its value must not change with time"
        )
