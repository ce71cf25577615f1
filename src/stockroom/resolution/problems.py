"""Problems that come of what a view shows."""

from __future__ import annotations

from stockroom.errors import Forbidden


class Quarantined(Forbidden):
    """The package is quarantined: nothing of it is served (S-60)."""

    slug, title = "quarantined", "Package is quarantined"
