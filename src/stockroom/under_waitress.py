"""Two manners of waitress that do not suit a package index; other servers need no help."""

from __future__ import annotations

import logging

from waitress.channel import HTTPChannel
from waitress.task import WSGITask


class KeepingTask(WSGITask):
    """Keeps the connection after an answer that has no body by its nature.

    waitress 3.0 closes it after every 304, for want of a Content-Length. A 304 must not have one
    unless it is that of the body left out (RFC 9110 section 8.6), and ends with its headers anyway
    (RFC 9112 section 6.3). Each revalidation of a page would cost the client a new connection, with
    TLS a new handshake, and the server more time than the page itself.
    """

    def set_close_on_finish(self) -> None:
        """Close only when the client asks for it, or when there was to be a body."""
        headers: dict[str, str] = getattr(self.request, "headers", {})
        wanted = headers.get("CONNECTION", "").lower()
        if self.has_body or self.version != "1.1" or wanted == "close":
            super().set_close_on_finish()


def prepare() -> None:
    """Set up every waitress server of this process that starts from now on."""
    HTTPChannel.task_class = KeepingTask
    # It warns of every request that waits for a thread, and uv alone sends 50 at a time.
    queue = logging.getLogger("waitress.queue")
    if queue.level == logging.NOTSET:
        queue.setLevel(logging.ERROR)
