"""Groups of registries with filters, as data and as people write them; it knows no database.

The text form of a member is ``acme/main`` or ``public/pypi[release.age_days >= 7]``; the members of
a group have commas between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from stockroom.errors import BadRequest
from stockroom.manage.texts import is_storable

OPENING = "([{"
CLOSING = ")]}"
QUOTES = "'\""


class MemberText(NamedTuple):
    """A registry in a group, as WORKSPACE/NAME; without a ``filter`` all of it is shown."""

    registry: str
    filter: str | None = None

    def __str__(self) -> str:
        """The text form."""
        if self.filter is None:
            return self.registry
        text = f"{self.registry}[{self.filter}]"
        # A comment at the end would swallow the bracket.
        return text if _closes(text) else f"{self.registry}[{self.filter}\n]"


class Definition(NamedTuple):
    """The groups of a view in order of priority."""

    groups: tuple[tuple[MemberText, ...], ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Each group in its text form."""
        return tuple(", ".join(map(str, group)) for group in self.groups)

    def document(self) -> list[list[dict[str, str | None]]]:
        """As the API and events have it."""
        return [[member._asdict() for member in group] for group in self.groups]

    def pairs(self) -> list[list[tuple[str, str | None]]]:
        """As the history keeps it."""
        return [[(member.registry, member.filter) for member in group] for group in self.groups]


class DefinitionMistake(NamedTuple):
    """What is wrong with a definition, and where.

    ``group``, ``line`` and ``column`` count from 1, the last two in the filter, or in the text form
    if that cannot be read; they are None where the mistake is in the definition as a whole.
    """

    message: str
    group: int | None = None
    registry: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """A sentence that says where."""
        where = [f"group {self.group}"] if self.group else []
        where += [self.registry] if self.registry else []
        where += [f"line {self.line}"] if self.line is not None and self.line > 1 else []
        where += [f"column {self.column}"] if self.column is not None else []
        return f"{', '.join(where)}: {self.message}" if where else self.message


class InvalidDefinition(BadRequest):
    """A view cannot be made of that."""

    slug, title = "invalid-definition", "Invalid definition of a view"

    def __init__(self, *mistakes: DefinitionMistake) -> None:
        super().__init__(
            "; ".join(map(str, mistakes)), mistakes=[mistake._asdict() for mistake in mistakes]
        )
        self.mistakes = mistakes


def parse_group(text: str, number: int = 1) -> tuple[MemberText, ...]:
    """The members of a group in its text form; ``number`` is its place in the view, from 1.

    What stands in the brackets is not looked at, other than to find their end.

    :raises InvalidDefinition: it is not of that form; with line and column.
    """
    return tuple(_Reader(text, number).members())


def parse_groups(texts: Iterable[str]) -> Definition:
    """Groups in their text form, in order of priority.

    :raises InvalidDefinition: with what is wrong with each of them.
    """
    groups: list[tuple[MemberText, ...]] = []
    mistakes: list[DefinitionMistake] = []
    for number, text in enumerate(texts, start=1):
        try:
            groups.append(parse_group(text, number))
        except InvalidDefinition as problem:
            mistakes += problem.mistakes
    if mistakes:
        raise InvalidDefinition(*mistakes)
    return Definition(tuple(groups))


def parse_lines(text: str) -> Definition:
    """Groups in their text form, each on lines of its own; a filter may go on over several.

    :raises InvalidDefinition: with what is wrong with each of them.
    """
    return parse_groups(_split(text))


class _Reader:
    """Reads one group in its text form."""

    def __init__(self, text: str, number: int) -> None:
        self._text = text
        self._number = number
        self._at = 0

    def members(self) -> Iterator[MemberText]:
        """Its members in order."""
        while True:
            yield self._member()
            if self._at == len(self._text):
                return
            if self._text[self._at] != ",":
                raise self._mistake("put a comma between two registries")
            self._at += 1

    def _member(self) -> MemberText:
        start = self._skip_space()
        while self._at < len(self._text) and not self._is_end(self._text[self._at]):
            self._at += 1
        name = self._text[start : self._at]
        if not name:
            raise self._mistake("name a registry here, as WORKSPACE/NAME")
        if not is_storable(name) or not name.isprintable():
            self._at = start
            raise self._mistake("a registry has no such name")
        self._skip_space()
        if self._text[self._at : self._at + 1] != "[":
            return MemberText(name)
        opened = self._at
        self._at = _end_of(self._text, opened)
        if self._at < 0:
            self._at = opened
            raise self._mistake("this bracket is not closed")
        filter_ = self._text[opened + 1 : self._at].strip()
        self._at += 1
        self._skip_space()
        return MemberText(name, filter_)

    def _is_end(self, letter: str) -> bool:
        return letter in "[]," or letter.isspace()

    def _skip_space(self) -> int:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at

    def _mistake(self, message: str) -> InvalidDefinition:
        before = self._text[: self._at]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return InvalidDefinition(DefinitionMistake(message, self._number, None, line, column))


def _end_of(text: str, opened: int) -> int:
    """Where the bracket at ``opened`` is closed; -1 if it is not.

    Quotes and comments hide brackets, as they do in the filter language.
    """
    depth, quote, at = 0, "", opened
    while at < len(text):
        letter = text[at]
        if quote:
            if letter == "\\":
                at += 1
            elif letter == quote:
                quote = ""
        elif letter in QUOTES:
            quote = letter
        elif letter == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif letter in OPENING:
            depth += 1
        elif letter in CLOSING:
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1


def _closes(text: str) -> bool:
    return _end_of(text, text.index("[")) == len(text) - 1


def _split(text: str) -> Iterator[str]:
    """The groups of several lines: a line ends one unless it is inside of a bracket."""
    start, at = 0, 0
    while at < len(text):
        end = _end_of(text, at) if text[at] == "[" else at
        if text[at] == "\n":
            if text[start:at].strip():
                yield text[start:at]
            start = at + 1
        # One that is not closed goes on to the end, where it will be complained of.
        at = len(text) if end < 0 else end + 1
    if text[start:].strip():
        yield text[start:]
