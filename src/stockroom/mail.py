"""Sending mail, if there is a server for it: in a thread, so that no request waits or fails."""

from __future__ import annotations

import logging
import smtplib
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from queue import Full, Queue
from threading import Thread
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

log = logging.getLogger(__name__)

PORTS = {"smtp": 587, "smtps": 465}
TIMEOUT_SECONDS = 20.0
MOST_WAITING = 1000
WAITS = (2.0, 20.0, 120.0)
"""Seconds before a mail that could not be sent is tried again; then it is given up."""
PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and from whom it is."""

    host: str
    port: int
    sender: str
    tls: str
    """``implicit`` (smtps), ``starttls``, or ``none``."""
    user: str = ""
    password: str = field(default="", repr=False)


def read_server(url: str) -> MailServer:
    """The server that ``smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS&tls=starttls`` names.

    :raises ValueError: with a sentence that quotes nothing of it, since it holds a password.
    """
    parts = urlsplit(url)
    given = parse_qs(parts.query)
    sender = given.pop("from", [""])[0]
    tls = given.pop("tls", ["starttls"])[0] if parts.scheme == "smtp" else "implicit"
    if parts.scheme not in PORTS or not parts.hostname or given:
        raise ValueError("must be smtp://USER:PASSWORD@HOST:587?from=ADDRESS, or smtps://")
    if "@" not in sender or not sender.isprintable():
        raise ValueError("must end with ?from=ADDRESS, from whom mail is")
    if tls not in {"starttls", "none", "implicit"}:
        raise ValueError("has another tls than starttls or none")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname, _port(parts), sender, tls, user, password)


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or PORTS[parts.scheme]
    except ValueError:
        raise ValueError("has a port that is no number") from None


class Mailer:
    """Sends what it is given, one after the other; without a server it does nothing."""

    def __init__(self, url: str | None, waits: Sequence[float] = WAITS) -> None:
        self.server = read_server(url) if url else None
        self._waits = waits
        self._waiting: Queue[EmailMessage | None] = Queue(MOST_WAITING)
        self._thread: Thread | None = None
        if self.server is not None:
            self._thread = Thread(target=self._run, name="stockroom-mail", daemon=True)
            self._thread.start()

    def send(self, to: str, subject: str, text: str) -> None:
        """Send a mail soon; what is too much is dropped, which is logged."""
        if self.server is None:
            return
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.server.sender, to, subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid()
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            self._waiting.put_nowait(message)
        except Full:
            log.error("a mail is dropped, because %d wait already", MOST_WAITING)

    def close(self) -> None:
        """Send what is left, as far as that takes a few seconds."""
        if self._thread is None:
            return
        try:
            self._waiting.put(None, timeout=PATIENCE_SECONDS)
        except Full:
            return
        self._thread.join(PATIENCE_SECONDS)

    def _run(self) -> None:
        while (message := self._waiting.get()) is not None:
            for wait in (*self._waits, None):
                if self._try(message, last=wait is None):
                    break
                time.sleep(wait or 0)

    def _try(self, message: EmailMessage, *, last: bool) -> bool:
        try:
            self._hand_over(message)
        except Exception as error:
            # What servers answer may quote the address, and the mail holds a link.
            what = "is given up" if last else "will be tried again"
            log.warning("a mail could not be sent (%s) and %s", type(error).__name__, what)
            return last
        return True

    def _hand_over(self, message: EmailMessage) -> None:
        server = self.server
        assert server is not None  # noqa: S101 - there is no thread without one
        context = ssl.create_default_context()
        if server.tls == "implicit":
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            session = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        with session:
            if server.tls == "starttls":
                session.starttls(context=context)
            if server.user:
                session.login(server.user, server.password)
            session.send_message(message)
