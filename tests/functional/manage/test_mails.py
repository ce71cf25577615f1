"""Invitations are sent to the address that they name, once they stand."""

from __future__ import annotations

from typing import Any

import pytest

from stockroom.mail import Mailer
from tests.conftest import MakeSite
from tests.functional.manage.people import People


def test_an_invitation_is_sent_with_its_link(
    make_site: MakeSite, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link is made from the setting alone, whatever the Host header says."""
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(Mailer, "send", lambda _, *mail: sent.append(mail))
    site = make_site(sqlite_url, **{"stockroom.base_url": "https://packages.example"})
    site.create_workspace()
    people = People(site)
    people.add("ann", acme="admin")
    path, to = "teams/acme/invitations", {"role": "reader", "email": "bob@example.org"}

    made: Any = people.call("ann", "POST", path, to, status=201)
    people.call("ann", "POST", path, {"role": "reader"}, status=201)
    people.call("ann", "POST", path, {**to, "role": "owner"}, status=403)

    [(address, subject, text)] = sent
    assert address == "bob@example.org"
    assert subject == "Invitation to the team acme"
    assert made.json["link"].startswith("https://packages.example/join/sti_")
    assert made.json["link"] in text


def test_without_an_address_of_the_server_nothing_is_sent(
    make_site: MakeSite, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(Mailer, "send", lambda _, *mail: sent.append(mail))
    site = make_site(sqlite_url)
    site.create_workspace()
    people = People(site)
    people.add("ann", acme="admin")
    body = {"role": "reader", "email": "bob@example.org"}

    made: Any = people.call("ann", "POST", "teams/acme/invitations", body, status=201)

    assert sent == []
    assert made.json["link"].startswith("/join/sti_")
