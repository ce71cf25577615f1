"""Descriptions, and whether they can be shown as their content type says (U-56).

Nothing is rendered here. Whether rendering fails is known before anything is written: Markdown
fails only where nothing comes of it, reStructuredText where a warning comes of reading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from stockroom.dists.core_metadata import CoreMetadata
from stockroom.dists.limits import MAX_DESCRIPTION_CHECKED
from stockroom.dists.policies import Finding, PolicyFinding
from stockroom.dists.quoting import plain
from stockroom.spi.violations import Violation

# All files of a release have one description.
_CACHED_DESCRIPTIONS = 64

# Only definitions leave no trace in what Markdown becomes; they start with a bracket and end with
# a paragraph, but for an indented rest. So where any other text starts, something comes of it.
_SURELY_SHOWN = re.compile(r"(?:\A|\n[ \t]*\n)[^\s\[\ufeff]")


def description_findings(metadata: CoreMetadata) -> Iterator[Finding]:
    """Tell if the description cannot be shown, or is too long to find out."""
    text = metadata.description
    kind, _, parameters = (metadata.description_content_type or "text/x-rst").partition(";")
    kind = kind.strip().lower()
    if text is None or kind not in ("text/markdown", "text/x-rst"):
        return
    if kind == "text/markdown" and _SURELY_SHOWN.search(text):
        return
    if len(text) > MAX_DESCRIPTION_CHECKED:
        yield (
            f"Whether the description can be shown was not checked: it has more than"
            f" {MAX_DESCRIPTION_CHECKED} characters."
        )
        return
    is_plain_variant = "commonmark" in parameters.lower()
    reason = _markdown_fault(text, is_plain_variant) if kind == "text/markdown" else rst_fault(text)
    if reason is not None:
        yield PolicyFinding(
            "U-56",
            "unrenderable_description",
            Violation(
                "description",
                "description-unrenderable",
                f"The description cannot be shown as {kind}: {plain(reason)}. Correct it, or its"
                " Description-Content-Type.",
            ),
        )


def _markdown_fault(text: str, is_plain_variant: bool) -> str | None:
    # Loaded when a description needs it: most do not.
    from readme_renderer.markdown import variants  # noqa: PLC0415 - see above

    shown = variants["CommonMark" if is_plain_variant else "GFM"](text)
    return None if shown else "nothing comes of it"


@lru_cache(maxsize=_CACHED_DESCRIPTIONS)
def rst_fault(text: str) -> str | None:
    """Give the first reason why a reStructuredText cannot be shown, None if it can."""
    # Loaded when a description needs it, because that takes 60 ms.
    from stockroom.dists.restructured import reading_fault  # noqa: PLC0415 - see above

    return reading_fault(text)
