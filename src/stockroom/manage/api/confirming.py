"""The name that is typed again before something is deleted."""

from __future__ import annotations

from msgspec import Struct

from stockroom.bodies import has_body, read_body
from stockroom.manage.api.parameters import Parameters
from stockroom.manage.problems import NotConfirmed
from stockroom.web import Request


class Confirmation(Struct, forbid_unknown_fields=True):
    """The name of what is to be deleted, and why it is."""

    confirm: str
    reason: str | None = None


def read_confirmation(request: Request) -> Confirmation:
    """From the body, or from ``?confirm=NAME&reason=TEXT``, since not every client sends a body.

    :raises NotConfirmed: there is none, or one in both places.
    """
    given = Parameters(request, "confirm", "reason")
    in_query = Confirmation(given.text("confirm"), given.text("reason"))
    if not has_body(request):
        return in_query
    if in_query.confirm or in_query.reason:
        raise NotConfirmed("the confirmation stands in the URL and in the body: send it once")
    return read_body(request, Confirmation)
