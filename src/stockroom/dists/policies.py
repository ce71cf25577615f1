"""What a registry may decide for itself: the policies, and the findings that they decide about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from stockroom.spi.violations import Violation

DECISIONS = ("allow", "warn", "refuse")
"""The answers of a policy: say nothing, accept with a warning, refuse the upload."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One decision of a registry.

    ``rule`` is the id of the rule that leaves it open, such as ``U-88``; ``default`` is one of
    ``DECISIONS``; ``help`` is one sentence for operators that says what is decided about.
    """

    rule: str
    default: str
    help: str


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "local_versions": Policy(
            "U-42", "allow", "Versions with a local part, like 1.0+build.5, which PyPI refuses."
        ),
        "long_summary": Policy("U-43", "refuse", "Summaries of more than 512 characters."),
        "unknown_classifiers": Policy(
            "U-45", "warn", "Classifiers that are in no list; Private :: ones are always accepted."
        ),
        "deprecated_classifiers": Policy(
            "U-45", "refuse", "Classifiers that are deprecated, most of them for a newer one."
        ),
        "repository_urls": Policy(
            "U-46", "warn", "Links of the project that no browser opens: those to git and ssh."
        ),
        "direct_references": Policy(
            "U-47", "refuse", "Dependencies on a URL (name @ url) instead of a version."
        ),
        "unrenderable_description": Policy(
            "U-56", "warn", "Descriptions that cannot be shown as their content type says."
        ),
        "platform_tags": Policy(
            "U-87", "warn", "Wheels for platforms that PyPI does not accept, like linux_x86_64."
        ),
        "record_list": Policy(
            "U-88", "refuse", "Wheels whose RECORD is not the list of the files in them."
        ),
        "record_hashes": Policy(
            "U-88", "warn", "Wheels whose RECORD has other hashes or sizes than the files, or none."
        ),
        "wheel_tags": Policy(
            "U-91", "warn", "Wheels whose file WHEEL has other tags than the filename."
        ),
        "folded_names": Policy(
            "U-108",
            "warn",
            "Archives with names that some systems take for other ones: equal but for case or"
            " composition, or not marked as UTF-8.",
        ),
    }
)
"""Every policy by its name."""


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """A broken rule that one registry refuses and another lets pass.

    ``rule`` is its id, such as ``U-88``; ``policy`` is the name of the policy that decides, see
    ``POLICIES`` and ``Inspection.judged``.
    """

    rule: str
    policy: str
    violation: Violation


Finding: TypeAlias = Violation | PolicyFinding | str
"""What a rule yields: a reason to refuse, one that a policy decides about, or a mere warning."""
