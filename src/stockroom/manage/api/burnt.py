"""Filenames that cannot be used again: list, lift."""

from __future__ import annotations

from stockroom.manage.api.answers import answer, page
from stockroom.manage.api.calling import actor, read
from stockroom.manage.api.parameters import Parameters
from stockroom.manage.burnt import BurntFilenames
from stockroom.manage.reports import queries
from stockroom.resources import BurntFilenameResource, RegistryResource
from stockroom.web import Ready, Request


def list_burnt(context: RegistryResource, request: Request) -> Ready:
    """The burnt filenames in order."""
    given = Parameters(request, "limit", "after", "package")
    limit = given.limit()
    with read(request) as connection:
        rows = queries.burnt_page(
            connection,
            context.row.id,
            limit=limit + 1,
            after=given.text("after"),
            package=given.text("package"),
        )
    return page("burnt_filenames", rows, limit, "filename")


def lift_burnt(context: BurntFilenameResource, request: Request) -> Ready:
    """Let a filename be published again (U-75)."""
    burnt = BurntFilenames(request.new_session(), actor(request))
    burnt.lift(*context.registry.address, context.__name__)
    return answer({"lifted": context.__name__})
