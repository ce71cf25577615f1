"""What a registry may decide for itself: the findings of rules whose answer is a policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from stockroom.spi.violations import Violation


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """A broken rule that one registry refuses and another lets pass with a warning.

    ``rule`` is its id, such as ``U-88``. ``refused`` is the decision: at first the default, see
    ``Inspection.judged``.
    """

    rule: str
    violation: Violation
    refused: bool


Finding: TypeAlias = Violation | PolicyFinding | str
"""What a rule yields: a reason to refuse, one that a policy decides about, or a mere warning."""
