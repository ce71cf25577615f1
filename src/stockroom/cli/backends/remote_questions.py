"""Asking another server about what its views show."""

from __future__ import annotations

from stockroom.cli.backends.client import Client
from stockroom.cli.backends.protocols import Address, LockText
from stockroom.manage.groups import Definition
from stockroom.manage.why.rows import RehearsalDocument, WhyDocument


class RemoteQuestions:
    """The views of the server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def why(self, view: Address, package: str, part: str | None, at: str) -> WhyDocument:
        """See Questions."""
        steps = ("why", *view, package) if part is None else ("why", *view, package, part)
        return self._client.get(*steps, at=at).as_(WhyDocument)

    def rehearse(
        self, view: Address, lock: LockText, draft: Definition | None, at: str
    ) -> RehearsalDocument:
        """See Questions."""
        groups = None if draft is None else draft.document()
        body = {"lock": lock._asdict(), "groups": groups, "at": at}
        return self._client.send("POST", "views", *view, "rehearse", body=body).as_(
            RehearsalDocument
        )
