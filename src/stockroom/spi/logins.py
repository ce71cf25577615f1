"""What a login method is: a way for people to sign in who are known somewhere else.

Stockroom owns the doors: it calls ``start`` and sends the browser to the URL of the answer, keeps
the state of the answer in a cookie that only this browser has, and calls ``finish`` when the
browser comes back. It then finds or makes the user, and starts the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from stockroom.errors import Problem


class LoginRefused(Problem):
    """A login method does not let this person in, or cannot say who it is: 403.

    The detail is a sentence for the person, and is kept in the audit trail: it never holds a
    token, a code or any other secret.
    """

    slug, status, title = "login-refused", 403, "Sign-in refused"


@dataclass(frozen=True, slots=True)
class LoginStart:
    """Where a browser goes to sign in, and what has to be known when it comes back.

    ``state`` is signed, not encrypted, and kept in a cookie: a few short texts, at most 2 kB.
    """

    url: str
    state: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class TeamRole:
    """A role in a team, by their names: ``acme`` and ``reader``, ``writer``, ``admin``, ``owner``.

    A team that does not exist gives nothing.
    """

    team: str
    role: str


@dataclass(frozen=True, slots=True)
class ExternalUser:
    """A person as a login method knows them.

    ``issuer`` and ``external_id`` together are the same for this person forever and never given to
    another. Everything else may change: ``name`` is a wish for the user's name, in any letters or
    none, and ``email`` may be believed if ``email_verified``. ``roles`` are all that the person
    has by this method, and what they had by it before ends; None if the method knows nothing about
    roles.
    """

    issuer: str
    external_id: str
    name: str
    full_name: str = ""
    email: str = ""
    email_verified: bool = False
    roles: tuple[TeamRole, ...] | None = None


class LoginMethod(Protocol):
    """One way to sign in; its methods may be called by several threads at once."""

    @property
    def name(self) -> str:
        """The part of the URL: 1 to 32 lower-case letters, digits and hyphens between them."""
        ...

    @property
    def label(self) -> str:
        """The words on the button, such as ``Sign in with Example Corp``."""
        ...

    def start(self, redirect_uri: str) -> LoginStart:
        """Where the browser goes, so that it comes back to ``redirect_uri``.

        :raises LoginRefused: nobody can sign in this way now.
        """
        ...

    def finish(
        self, redirect_uri: str, state: Mapping[str, str], query: Mapping[str, str]
    ) -> ExternalUser:
        """The person who came back to ``redirect_uri`` with the parameters ``query``.

        ``state`` is what ``start`` gave for the same browser some minutes ago at most. ``query``
        is as hostile as any request.

        :raises LoginRefused: they may not come in, or who they are cannot be believed.
        """
        ...
