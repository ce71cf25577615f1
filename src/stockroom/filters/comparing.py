"""Comparisons: which values can be compared how, and what to write otherwise."""

from __future__ import annotations

import ast
from typing import NamedTuple, TypeAlias

from stockroom.filters.literals import WORDS, is_date, literal, part_of_name
from stockroom.filters.tree import (
    AgeTest,
    Call,
    Comparison,
    Condition,
    Contains,
    Literal,
    Not,
    OneOf,
    Operand,
    Operator,
    Reference,
)
from stockroom.spi import ValueType

_ORDERED = {ValueType.NUMBER, ValueType.VERSION, ValueType.INSTANT, ValueType.AGE}
_TEXTS = {ValueType.TEXT, ValueType.NAME}
_EQUALITY = {Operator.EQ, Operator.NE}

Written: TypeAlias = "str | float | bool"


class Compared(NamedTuple):
    """One side of a comparison: a field or call, what was written, or a list of sides."""

    node: ast.expr
    value: Reference | Call | Written | list[Compared]


class Pair(NamedTuple):
    """Two sides and the operator between them."""

    left: Compared
    operator: str
    right: Compared


class Wrong(Exception):
    """These cannot be compared like that."""

    def __init__(self, node: ast.expr, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


def condition_of(pair: Pair) -> Condition:
    """The condition that two sides and an operator are.

    :raises Wrong: if they are none.
    """
    if pair.operator in ("in", "not in"):
        found = _membership(pair)
        return found if pair.operator == "in" else Not(found)
    return _comparison(pair.left, Operator(pair.operator), pair.right)


def _comparison(left: Compared, operator: Operator, right: Compared) -> Condition:
    if isinstance(left.value, list) or isinstance(right.value, list):
        raise Wrong(left.node, "A list stands behind `in` or `not in` only.")
    if not isinstance(left.value, Reference | Call):
        if not isinstance(right.value, Reference | Call):
            raise Wrong(left.node, "Both sides are fixed values: compare a field with one.")
        return _comparison(right, operator.mirrored, left)
    _check_operator(left.node, left.value, operator)
    if isinstance(right.value, Reference | Call):
        _check_types(right.node, left.value, right.value)
        return Comparison(left.value, operator, right.value)
    return _with_literal(left.value, operator, right)


def _with_literal(
    subject: Reference | Call, operator: Operator, right: Compared
) -> Comparison | AgeTest:
    constant = _literal(right, subject.type)
    if isinstance(subject, Reference) and subject.type is ValueType.AGE:
        return AgeTest(subject, operator, constant)
    if subject.type is ValueType.INSTANT and operator in _EQUALITY and is_date(constant.written):
        raise Wrong(
            right.node,
            f'"{constant.written}" is the midnight of that day: write {subject} >= and {subject} '
            "< for the whole day, or an instant.",
        )
    return Comparison(subject, operator, constant)


def _check_types(node: ast.expr, one: Reference | Call, other: Reference | Call) -> None:
    if ValueType.AGE in (one.type, other.type):
        raise Wrong(
            node,
            "An age is compared with a number of days; compare times, such as file.upload_time, "
            "with each other.",
        )
    if one.type is not other.type:
        raise Wrong(
            node,
            f"{one} is {WORDS[one.type]} and {other} is {WORDS[other.type]}: they cannot be "
            "compared.",
        )


def _check_operator(node: ast.expr, subject: Reference | Call, operator: Operator) -> None:
    if subject.type is ValueType.AGE and operator in _EQUALITY:
        raise Wrong(
            node, f"{subject} grows all the time and never has exactly one value: write >= or <."
        )
    if subject.type not in _ORDERED and operator not in _EQUALITY:
        raise Wrong(
            node, f"{subject} is {WORDS[subject.type]}, which has no order: write == or !=."
        )


def _membership(pair: Pair) -> OneOf | Contains:
    left, _, right = pair
    if isinstance(right.value, list):
        return _one_of(left, right.node, right.value)
    if not isinstance(right.value, Reference | Call):
        raise Wrong(right.node, "Put the values in a list: [ and ], with commas between them.")
    if right.value.type not in _TEXTS:
        raise Wrong(
            right.node,
            f"{right.value} is {WORDS[right.value.type]}; `in` looks within texts, names and "
            "lists: write == to compare.",
        )
    return Contains(_part(left, right.value), right.value)


def _one_of(left: Compared, node: ast.expr, elements: list[Compared]) -> OneOf:
    subject = left.value
    if not isinstance(subject, Reference | Call):
        raise Wrong(left.node, "Put a field before `in`: both sides are fixed values.")
    if subject.type in (ValueType.AGE, ValueType.INSTANT):
        raise Wrong(
            left.node, f"{subject} is {WORDS[subject.type]}: write >= or < instead of a list."
        )
    if not elements:
        raise Wrong(node, "This list is empty: put the values in it.")
    choices = []
    for element in elements:
        if isinstance(element.value, Reference | Call | list):
            raise Wrong(element.node, "A list has fixed values only: combine comparisons with or.")
        choices.append(_literal(element, subject.type))
    return OneOf(subject, tuple(choices))


def _part(left: Compared, whole: Reference | Call) -> Operand:
    """What is looked for within a text or a name."""
    if isinstance(left.value, Reference | Call):
        if left.value.type not in _TEXTS:
            raise Wrong(
                left.node,
                f"{left.value} is {WORDS[left.value.type]}: only texts are within a text.",
            )
        return left.value
    if left.value == "":
        raise Wrong(left.node, "Nothing is within everything: write what to look for.")
    if whole.type is ValueType.NAME and isinstance(left.value, str):
        try:
            return part_of_name(left.value)
        except ValueError as error:
            raise Wrong(left.node, str(error)) from error
    return _literal(left, ValueType.TEXT)


def _literal(side: Compared, wanted: ValueType) -> Literal:
    value = side.value
    if isinstance(value, Reference | Call | list):
        raise TypeError("only what was written is a literal")
    try:
        return literal(value, wanted)
    except ValueError as error:
        raise Wrong(side.node, str(error)) from error
