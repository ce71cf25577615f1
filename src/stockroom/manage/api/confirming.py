"""The name that is typed again before something is deleted."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from stockroom.manage.problems import NotConfirmed


class Confirmation(Struct, forbid_unknown_fields=True):
    """The name of what is to be deleted, and why it is."""

    confirm: str
    reason: str | None = None


class ConfirmationQuery(Struct):
    """The same after the question mark, since not every client sends a body with DELETE."""

    confirm: Annotated[str, Meta(description="The name of what is to be deleted.")] = ""
    reason: Annotated[str, Meta(description="Why; kept in the audit trail.")] = ""


def confirmation_of(query: ConfirmationQuery, body: Confirmation | None) -> Confirmation:
    """What was confirmed, wherever that stands.

    :raises NotConfirmed: it stands in both places.
    """
    if body is None:
        return Confirmation(query.confirm, query.reason)
    if query.confirm or query.reason:
        raise NotConfirmed("the confirmation stands in the URL and in the body: send it once")
    return body
