"""What a check says about an upload."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    ``field`` is the form field or archive part, ``code`` a kebab-case slug that programs may rely
    on, ``message`` a full sentence that says what to do.
    """

    field: str
    code: str
    message: str
