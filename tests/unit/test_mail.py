"""Mail is sent from a thread to a real server, tried again, and told to no log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from stockroom.mail import Mailer, MailServer, read_server
from tests.support.server import free_port

LINK = "https://packages.example/join/sti_secret"


class Box:
    """Keeps what it is sent, after refusing the first few."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.refusals = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refusals:
            self.refusals -= 1
            return "451 try again, ann@example.org"
        self.mails.append(envelope)
        return "250 taken"


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def url(box: Box) -> Iterator[str]:
    """The URL of a server on loopback."""
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield f"smtp://127.0.0.1:{controller.port}?from=stockroom@packages.example&tls=none"
    controller.stop()


def send(url: str, waits: tuple[float, ...] = (0, 0)) -> None:
    mailer = Mailer(url, waits)
    mailer.send("ann@example.org", "Invitation", f"Follow {LINK}")
    mailer.close()


def test_a_mail_arrives(box: Box, url: str) -> None:
    send(url)

    [mail] = box.mails
    assert (mail.mail_from, mail.rcpt_tos) == ("stockroom@packages.example", ["ann@example.org"])
    content = mail.content.decode()
    assert LINK in content
    assert "Subject: Invitation\r\n" in content
    assert "Auto-Submitted: auto-generated" in content


def test_a_mail_is_tried_again_and_no_log_tells_to_whom(
    box: Box, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    box.refusals = 2

    send(url)

    assert len(box.mails) == 1
    assert caplog.text.count("will be tried again") == 2
    assert "ann@" not in caplog.text
    assert LINK not in caplog.text


def test_a_mail_is_given_up(box: Box, url: str, caplog: pytest.LogCaptureFixture) -> None:
    box.refusals = 3

    send(url)

    assert box.mails == []
    assert "is given up" in caplog.text


def test_a_server_that_is_away_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    send(f"smtp://127.0.0.1:{free_port()}?from=a@example.org&tls=none", ())

    assert "is given up" in caplog.text


def test_without_a_server_nothing_is_sent() -> None:
    mailer = Mailer(None)

    mailer.send("ann@example.org", "x", "y")
    mailer.close()

    assert mailer.server is None


def test_a_url_names_server_sender_and_encryption() -> None:
    full = "smtp://me:p%40ss@mail.example:2525?from=a@example.org&tls=none"
    sure = "smtps://mail.example?from=a@example.org"

    assert read_server(full) == MailServer(
        "mail.example", 2525, "a@example.org", "none", "me", "p@ss"
    )
    assert read_server(sure) == MailServer("mail.example", 465, "a@example.org", "implicit")
    assert read_server(sure.replace("smtps", "smtp")).tls == "starttls"
    assert "p@ss" not in repr(read_server(full))


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example?from=a@example.org",
        "smtp://?from=a@example.org",
        "smtp://:secret@mail.example",
        "smtp://mail.example?from=nobody",
        "smtp://mail.example?from=a@example.org&tls=perhaps",
        "smtp://mail.example?from=a@example.org&starttls=1",
        "smtp://mail.example:x?from=a@example.org",
    ],
)
def test_a_wrong_url_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|has) ") as caught:
        read_server(url)

    assert "secret" not in str(caught.value)
