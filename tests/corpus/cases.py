"""What a case of the corpus is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Case:
    """An archive that breaks one rule, or none.

    ``codes`` are those of the violations that it is refused with, none if it must be accepted;
    ``warned`` are those of the findings that are warnings by default, and ``remarks`` is the number
    of warnings that no policy decides about. ``legacy`` says that its name is of an old kind.
    """

    rule: str
    name: str
    filename: str
    build: Callable[[], bytes]
    codes: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    remarks: int = 0
    legacy: bool = False

    @property
    def id(self) -> str:
        """The name of the case with its rule, as it appears in the output of the tests."""
        return f"{self.rule}-{self.name}"

    @cached_property
    def data(self) -> bytes:
        """The archive."""
        return self.build()


def ids(cases: Iterable[Case]) -> list[str]:
    """The ids of parametrised tests."""
    return [case.id for case in cases]
