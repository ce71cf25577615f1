"""From Python's syntax tree to the checked tree: what belongs to the language, and has its type."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping, Sequence

from stockroom.filters.comparing import Compared, Pair, Wrong, condition_of
from stockroom.filters.literals import WORDS, WRITTEN_AS, literal
from stockroom.filters.mistakes import FilterInvalid, Mistake
from stockroom.filters.parsing import Source
from stockroom.filters.tokens import MAX_DEPTH
from stockroom.filters.tree import (
    Always,
    Call,
    Condition,
    Holds,
    Not,
    Operand,
    Reference,
    conjunction,
    disjunction,
    leaves,
)
from stockroom.spi import FilterField, FilterFunction, ValueType

MAX_CONDITIONS = 100
"""How many comparisons a filter has; each may cost something for each file."""

_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_WORDS_OF_OTHERS = {"true": "True", "false": "False"}


class Checker:
    """Checks one text; everything that is wrong is collected, and raised at the end."""

    def __init__(
        self,
        source: Source,
        fields: Mapping[str, FilterField],
        functions: Mapping[str, FilterFunction],
    ) -> None:
        self._source = source
        self._fields = fields
        self._functions = functions
        self._mistakes: list[Mistake] = []

    def check(self) -> Condition:
        """The tree of the whole text.

        :raises FilterInvalid: with all mistakes.
        """
        expression = self._source.expression()
        condition = self._condition(expression, 1)
        if condition is not None and sum(1 for _ in leaves(condition)) > MAX_CONDITIONS:
            self._refuse(
                expression,
                f"A filter has up to {MAX_CONDITIONS} comparisons: write `in` and a list for the "
                "values of one field.",
            )
        if condition is None or self._mistakes:
            raise FilterInvalid(self._mistakes)
        return condition

    def _refuse(self, node: ast.expr, message: str) -> None:
        self._mistakes.append(Mistake(*self._source.place(node), message))

    def _too_deep(self, node: ast.expr, depth: int) -> bool:
        if depth > MAX_DEPTH:
            self._refuse(node, f"Conditions are nested up to {MAX_DEPTH} deep: write less of it.")
        return depth > MAX_DEPTH

    def _condition(self, node: ast.expr, depth: int) -> Condition | None:
        if self._too_deep(node, depth):
            return None
        match node:
            case ast.BoolOp(op=op, values=values):
                terms = [self._condition(value, depth + 1) for value in values]
                found = [term for term in terms if term is not None]
                if len(found) < len(terms):
                    return None
                return (conjunction if isinstance(op, ast.And) else disjunction)(found)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                term = self._condition(inner, depth + 1)
                return None if term is None else Not(term)
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.Constant(value=bool(value)):
                return Always(value)
            case ast.Attribute() | ast.Call():
                return self._truth(node, self._operand(node, depth))
            case ast.Name(id=name) if name in _WORDS_OF_OTHERS:
                self._refuse(node, f"{name}: did you mean {_WORDS_OF_OTHERS[name]}?")
            case ast.Name():
                self._operand(node, depth)
            case ast.Constant(value=str() | int() | float()):
                self._refuse(node, "A value alone is no condition: compare a field with it.")
            case _:
                self._refuse(node, _not_of_the_language(node))
        return None

    def _truth(self, node: ast.expr, operand: Operand | None) -> Condition | None:
        """The condition that a field or a function is by itself."""
        if not isinstance(operand, Reference | Call):
            return None
        if operand.type is ValueType.BOOLEAN:
            return Holds(operand)
        self._refuse(
            node,
            f"{operand} is {WORDS[operand.type]}, which is no condition: compare it, such as with "
            f"{WRITTEN_AS[operand.type]}.",
        )
        return None

    def _comparison(self, node: ast.Compare, depth: int) -> Condition | None:
        sides = [
            self._side(side, depth, behind_in=isinstance(operator, ast.In | ast.NotIn))
            for side, operator in zip(
                (node.left, *node.comparators), (None, *node.ops), strict=True
            )
        ]
        terms = []
        for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
            name = _OPERATORS.get(type(operator))
            if name is None:
                self._refuse(node, "`is` is not of the language: write == or !=.")
            elif left is not None and right is not None:
                terms.append(self._pair(Pair(left, name, right)))
        found = [term for term in terms if term is not None]
        return conjunction(found) if len(found) == len(node.ops) else None

    def _pair(self, pair: Pair) -> Condition | None:
        try:
            return condition_of(pair)
        except Wrong as wrong:
            self._refuse(wrong.node, wrong.message)
            return None

    def _side(self, node: ast.expr, depth: int, *, behind_in: bool) -> Compared | None:
        """One side of a comparison; None if it has been refused."""
        if isinstance(node, ast.List) and behind_in:
            elements = [self._side(element, depth, behind_in=False) for element in node.elts]
            found = [element for element in elements if element is not None]
            return Compared(node, found) if len(found) == len(elements) else None
        value = _written(node)
        if value is not None:
            return Compared(node, value)
        operand = self._operand(node, depth)
        return None if operand is None else Compared(node, operand)

    def _operand(self, node: ast.expr, depth: int) -> Reference | Call | None:
        """A field or a function; None if it has been refused."""
        match node:
            case ast.Attribute(value=ast.Name(id=level), attr=name):
                return self._reference(node, f"{level}.{name}")
            case ast.Attribute():
                self._refuse(node, "A field has two parts, such as package.name.")
            case ast.Call():
                return self._call(node, depth + 1)
            case ast.Name(id=name):
                self._refuse(node, self._about_name(name))
            case ast.List():
                self._refuse(node, "A list stands behind `in` or `not in` only.")
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                self._refuse(
                    node,
                    "A condition cannot be compared: combine conditions with and, or and not.",
                )
            case _:
                self._refuse(node, _not_of_the_language(node))
        return None

    def _reference(self, node: ast.expr, name: str) -> Reference | None:
        field = self._fields.get(name)
        if field is None:
            self._refuse(node, _unknown("field", name, self._fields))
            return None
        return Reference(field, self._fields[field.age_of] if field.age_of else None)

    def _about_name(self, name: str) -> str:
        if name in self._functions:
            return f"{name} is a function: write {name}(...) with its arguments."
        near = [field for field in self._fields if field.partition(".")[2] == name]
        if near:
            return f"{name}: did you mean {' or '.join(near)}?"
        return f"{name} is no field: a field has two parts, such as package.name."

    def _call(self, node: ast.Call, depth: int) -> Call | None:
        if self._too_deep(node, depth):
            return None
        if not isinstance(node.func, ast.Name):
            self._refuse(node, "Only functions of the language can be called.")
            return None
        function = self._functions.get(node.func.id)
        if function is None:
            self._refuse(node, _unknown("function", node.func.id, self._functions))
            return None
        if node.keywords or len(node.args) != len(function.parameters):
            takes = ", ".join(WORDS[wanted] for wanted in function.parameters) or "nothing"
            self._refuse(node, f"{function.name} takes {takes}, without names.")
            return None
        pairs = zip(node.args, function.parameters, strict=True)
        arguments = [self._argument(argument, wanted, depth) for argument, wanted in pairs]
        found = tuple(argument for argument in arguments if argument is not None)
        return Call(function, found) if len(found) == len(arguments) else None

    def _argument(self, node: ast.expr, wanted: ValueType, depth: int) -> Operand | None:
        value = _written(node)
        if value is not None:
            try:
                return literal(value, wanted)
            except ValueError as error:
                self._refuse(node, str(error))
                return None
        operand = self._operand(node, depth)
        if (
            operand is not None
            and operand.type is not wanted
            and not (
                wanted is ValueType.TEXT and operand.type in (ValueType.NAME, ValueType.VERSION)
            )
        ):
            self._refuse(
                node, f"{operand} is {WORDS[operand.type]}; {WORDS[wanted]} is needed here."
            )
            return None
        return operand


def _written(node: ast.expr) -> str | float | bool | None:
    """The value of a literal, None for anything else."""
    match node:
        case ast.Constant(value=str() | int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return None if isinstance(number, bool) else -number
    return None


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    names: Sequence[str] = sorted(known)
    # What has only the level in common is not meant; what goes on like this is.
    longer = [one for one in names if one.startswith(name) and not name.endswith(".")]
    close = longer or difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    if close:
        return f"There is no {kind} {name}: did you mean {close[0]}?"
    return f"There is no {kind} {name}; there are: {', '.join(names) or 'none'}."


def _not_of_the_language(node: ast.expr) -> str:
    match node:
        case ast.Tuple():
            return "A list is written in [ and ], and stands behind `in` or `not in`."
        case ast.List():
            return "A list is no condition: put a field and `in` before it."
        case ast.Constant(value=None):
            return "There is no None: a comparison with an unknown value is never true."
        case ast.IfExp():
            return "There is no if in the language: combine conditions with and, or and not."
        case ast.BinOp() | ast.UnaryOp():
            return "There is no arithmetic in the language: write the result."
        case ast.Subscript():
            return "Nothing can be taken out of a value in the language."
    return "This is not of the language: it has comparisons, and, or, not, in and fields only."
