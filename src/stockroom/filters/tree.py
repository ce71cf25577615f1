"""The checked tree of a filter: plain dataclasses, which print themselves as the language.

Everything in it has the right type. Two trees are equal if they mean the same values, however
these were written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor
from typing import Any, TypeAlias

from stockroom.spi import FilterField, FilterFunction, Level, ValueType

MICROSECONDS_PER_DAY = 86_400_000_000
LEVELS = (Level.PACKAGE, Level.RELEASE, Level.FILE)
"""From the widest to the narrowest; a package has releases, and these have files."""


class Operator(StrEnum):
    """The operators of a comparison."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    @property
    def mirrored(self) -> Operator:
        """The operator for exchanged sides."""
        return _MIRRORED.get(self, self)


_MIRRORED = {
    Operator.LT: Operator.GT,
    Operator.LE: Operator.GE,
    Operator.GT: Operator.LT,
    Operator.GE: Operator.LE,
}


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that was written down.

    ``value`` is a ``str`` (text; a name in its normalised form), ``int`` or ``float``, ``bool``,
    ``packaging.version.Version`` or an aware ``datetime`` in UTC.
    """

    value: Any
    type: ValueType
    written: str = field(compare=False)

    def __str__(self) -> str:
        if self.type in (ValueType.NUMBER, ValueType.BOOLEAN):
            return self.written
        quote = "'" if '"' in self.written else '"'
        return f"{quote}{self.written}{quote}"


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of a field; ``instant`` is the field of which an age is the age."""

    field: FilterField
    instant: FilterField | None = None

    @property
    def type(self) -> ValueType:
        return self.field.type

    def __str__(self) -> str:
        return self.field.name


@dataclass(frozen=True, slots=True)
class Call:
    """The value of a function."""

    function: FilterFunction
    arguments: tuple[Operand, ...]

    @property
    def type(self) -> ValueType:
        return self.function.returns

    def __str__(self) -> str:
        return f"{self.function.name}({', '.join(map(str, self.arguments))})"


Operand: TypeAlias = Literal | Reference | Call


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values of one type; the left one is never a literal, and neither is an age."""

    left: Reference | Call
    operator: Operator
    right: Operand

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"


@dataclass(frozen=True, slots=True)
class AgeTest:
    """An age in days against a number; ``operator`` is one that orders."""

    age: Reference
    operator: Operator
    days: Literal

    @property
    def microseconds(self) -> int:
        """The age, in whole microseconds, at which the test changes its value.

        Times have no fractions of a microsecond, so that every test has such an age, exactly.
        """
        exact = Fraction(str(self.days.value)) * MICROSECONDS_PER_DAY
        if self.operator in (Operator.GE, Operator.LT):
            return ceil(exact)
        return floor(exact) + 1

    @property
    def value_when_reached(self) -> bool:
        """Its value from that age on; before, it is the opposite."""
        return self.operator in (Operator.GE, Operator.GT)

    def __str__(self) -> str:
        return f"{self.age} {self.operator} {self.days}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether a value is in a list of literals of its type."""

    operand: Reference | Call
    choices: tuple[Literal, ...]

    def __str__(self) -> str:
        return self.printed("in")

    def printed(self, operator: str) -> str:
        """With ``in`` or ``not in``."""
        return f"{self.operand} {operator} [{', '.join(map(str, self.choices))}]"


@dataclass(frozen=True, slots=True)
class Contains:
    """Whether a text or a name has another within it."""

    part: Operand
    whole: Reference | Call

    def __str__(self) -> str:
        return self.printed("in")

    def printed(self, operator: str) -> str:
        """With ``in`` or ``not in``."""
        return f"{self.part} {operator} {self.whole}"


@dataclass(frozen=True, slots=True)
class Holds:
    """Whether a boolean field or function is true."""

    operand: Reference | Call

    def __str__(self) -> str:
        return str(self.operand)


@dataclass(frozen=True, slots=True)
class Always:
    """A condition that is always true, or never."""

    value: bool

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition; unknown stays unknown."""

    term: Condition

    def __str__(self) -> str:
        if isinstance(self.term, OneOf | Contains):
            return self.term.printed("not in")
        return f"not ({self.term})" if isinstance(self.term, And | Or) else f"not {self.term}"


@dataclass(frozen=True, slots=True)
class And:
    """All of at least two conditions, none of which is an ``And``."""

    terms: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(
            f"({term})" if isinstance(term, Or) else str(term) for term in self.terms
        )


@dataclass(frozen=True, slots=True)
class Or:
    """Any of at least two conditions, none of which is an ``Or``."""

    terms: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(map(str, self.terms))


Leaf: TypeAlias = Comparison | AgeTest | OneOf | Contains | Holds
Condition: TypeAlias = Leaf | Always | Not | And | Or


def conjunction(terms: Iterable[Condition]) -> Condition:
    """All of the conditions; at least one is given."""
    flat = [part for term in terms for part in (term.terms if isinstance(term, And) else (term,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(terms: Iterable[Condition]) -> Condition:
    """Any of the conditions; at least one is given."""
    flat = [part for term in terms for part in (term.terms if isinstance(term, Or) else (term,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The conditions that have no others within them, from left to right."""
    match condition:
        case And(terms) | Or(terms):
            for term in terms:
                yield from leaves(term)
        case Not(term):
            yield from leaves(term)
        case Always():
            pass
        case _:
            yield condition


def operands(leaf: Leaf) -> tuple[Operand, ...]:
    """The values that a leaf looks at, literals of lists left out."""
    match leaf:
        case Comparison(left, _, right):
            return (left, right)
        case AgeTest(age, _, days):
            return (age, days)
        case Contains(part, whole):
            return (part, whole)
        case OneOf(operand) | Holds(operand):
            return (operand,)


def references(*found: Operand) -> Iterator[Reference]:
    """Every field in the operands, those in the arguments of calls included."""
    for operand in found:
        if isinstance(operand, Reference):
            yield operand
        elif isinstance(operand, Call):
            yield from references(*operand.arguments)


def level_of(*found: Operand) -> Level:
    """The narrowest level of the fields in the operands; the package's if there are none."""
    levels = {reference.field.level for reference in references(*found)}
    return max(levels, key=LEVELS.index, default=Level.PACKAGE)
