"""Problems that come of what a view shows."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from stockroom.errors import Forbidden, Problem
from stockroom.filters import Explanation, Mistake
from stockroom.resolution.answers import SeenFile
from stockroom.resolution.moments import ViewAt


class Quarantined(Forbidden):
    """The package is quarantined: nothing of it is served (S-60)."""

    slug, title = "quarantined", "Package is quarantined"


class HiddenByFilter(Forbidden):
    """A filter of the view hides the file.

    Members: ``view``, ``registry``, ``filter``; ``terms``, the conditions that do not hold, each
    with ``text``, ``value`` (null is unknown) and ``detail``; ``visible_at``, when time alone will
    show it, or null; ``why``, the path that tells more.
    """

    slug, title = "hidden-by-filter", "Hidden by a filter"


class FilterBroken(Problem):
    """A filter cannot be read any more, so that nobody knows what it hides.

    Members: ``view``, ``registry``, ``filter``, ``mistakes``, each with ``line``, ``column`` (both
    from 1) and ``message``.
    """

    slug, status, title = "filter-broken", 503, "Filter of a view cannot be read"


def hidden_by_filter(
    view: ViewAt, package: str, registry: str, seen: SeenFile, found: Explanation
) -> HiddenByFilter:
    """The problem for a file whose fate is FILTERED; ``registry`` is the name of its registry."""
    name = f"{view.workspace}/{view.name}"
    filename = seen.file.filename
    reasons = "; ".join(term.detail for term in found.terms if term.detail)
    detail = f"{name} hides {filename}: of {registry} it shows what has {seen.filter}"
    if reasons:
        detail += f", but {reasons}"
    visible_at = None
    if found.visible_at is not None:
        visible_at = found.visible_at.isoformat().replace("+00:00", "Z")
        detail += f"; it will be visible at {visible_at}"
    return HiddenByFilter(
        detail,
        view=name,
        registry=registry,
        filter=seen.filter,
        terms=[
            {"text": term.text, "value": term.value, "detail": term.detail} for term in found.terms
        ],
        visible_at=visible_at,
        why=f"/v1/why/{view.workspace}/{view.name}/{quote(package)}/{quote(filename)}",
    )


def filter_broken(view: str, registry: str, text: str, mistakes: Sequence[Mistake]) -> FilterBroken:
    """The problem for a filter with mistakes; the places are given as people write them."""
    first = mistakes[0]
    return FilterBroken(
        f"{view} is out of order until its filter of {registry} is mended: {text}: line "
        f"{first.line}, column {first.column}: {first.message}",
        view=view,
        registry=registry,
        filter=text,
        mistakes=[mistake._asdict() for mistake in mistakes],
    )
