"""Looks up what views show; one statement each."""

from __future__ import annotations

from datetime import datetime

from stockroom.db import Database
from stockroom.resolution import queries
from stockroom.resolution.listing import Listing, listed
from stockroom.resolution.rules import Resolution, resolve
from stockroom.resources import ViewRow


class Resolver:
    """Resolves packages through views. Nothing is kept here: pages are.

    ``at`` is the instant as of which a view is looked at: files that were uploaded later do not
    exist; None is now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def package(self, view: ViewRow, name: str, at: datetime | None = None) -> Resolution | None:
        """The package with all its files by its normalised name; None if nobody has it."""
        with self._database.read() as connection:
            held = queries.holdings(connection, queries.registries_of(view.groups), name)
        found = resolve(view.groups, name, held, at)
        return None if found.winner is None else found

    def file(
        self, view: ViewRow, name: str, filename: str, at: datetime | None = None
    ) -> Resolution | None:
        """The same with the files of one name only."""
        if "\0" in filename:  # which PostgreSQL refuses to compare with
            return None
        registries = queries.registries_of(view.groups)
        with self._database.read() as connection:
            held = queries.holdings_of_file(connection, registries, name, filename)
        found = resolve(view.groups, name, held, at)
        return None if found.winner is None else found

    def listing(self, view: ViewRow, at: datetime | None = None) -> Listing:
        """The packages that the view lists."""
        with self._database.read() as connection:
            held = queries.packages(connection, queries.registries_of(view.groups), at)
        return listed(view.groups, held)
