"""The fact sources of the server."""

from __future__ import annotations

from http import HTTPStatus

from msgspec import Struct

from stockroom.insight.queries import FactStatus
from stockroom.insight.service import Facts
from stockroom.manage.api.calling import actor
from stockroom.manage.api.operations import outcome
from stockroom.resources import FactSourceResource, Root
from stockroom.web import Request


class FactSources(Struct):
    """Fact sources, in the order of their plugins."""

    sources: list[FactStatus]


def list_facts(context: Root, request: Request) -> FactSources:
    """List the fact sources: how far each is, its last success, and when it is asked next.

    `done` and `total` are the progress of the refresh that is going on, or how far the last one
    came; `packages` is how many packages the source knows something of.
    """
    return FactSources(request.service(Facts).statuses())


@outcome(status=HTTPStatus.ACCEPTED)
def refresh_facts(context: FactSourceResource, request: Request) -> FactStatus:
    """Have a fact source asked for everything, within seconds; one that is being asked goes on."""
    facts = request.service(Facts)
    return facts.refresh_soon(request.new_session(), actor(request), context.__name__)
