"""Filenames that cannot be used again: list, lift."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, read
from stockroom.manage.api.parameters import Paging
from stockroom.manage.burnt import BurntFilenames
from stockroom.manage.reports import queries
from stockroom.manage.reports.rows import BurntReport
from stockroom.resources import BurntFilenameResource, RegistryResource
from stockroom.web import Request


class BurntQuery(Paging):
    """Which burnt filenames."""

    package: Annotated[str, Meta(description="Only names of this package's files.")] = ""


class BurntPage(Struct):
    """Burnt filenames in order."""

    burnt_filenames: list[BurntReport]
    next: str | None


class Lifted(Struct):
    """The filename that can be published again."""

    lifted: str


def list_burnt(context: RegistryResource, request: Request, query: BurntQuery) -> BurntPage:
    """List the burnt filenames in order."""
    with read(request) as connection:
        rows = queries.burnt_page(
            connection,
            context.row.id,
            limit=query.limit + 1,
            after=query.after,
            package=query.package,
        )
    return page(BurntPage, rows, query.limit, "filename")


def lift_burnt(context: BurntFilenameResource, request: Request) -> Lifted:
    """Let a filename be published again (U-75)."""
    burnt = BurntFilenames(request.new_session(), actor(request))
    burnt.lift(*context.registry.address, context.__name__)
    return Lifted(context.__name__)
