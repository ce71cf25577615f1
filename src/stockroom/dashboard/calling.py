"""Who is at the other end of a page, and what they have sent."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl

from stockroom.accounts.browser_sessions import BrowserSessions, Visitor, Visits
from stockroom.accounts.queries import Visit
from stockroom.accounts.webauthn import Site
from stockroom.errors import Forbidden
from stockroom.security import cross_site
from stockroom.security.credentials import session_of
from stockroom.security.identity import REFUSED
from stockroom.security.permissions import CredentialKind
from stockroom.settings import Settings
from stockroom.web import Request

MAX_NEXT = 2000
MAX_PARAMETERS = 50


class Caller(NamedTuple):
    """A person who is signed in with this browser."""

    user_id: int
    session_id: int
    name: str

    @property
    def subject(self) -> str:
        """They as the subject of grants and events."""
        return f"user:{self.user_id}"


def find_caller(request: Request) -> Caller | None:
    """Who is signed in with this browser; None if nobody is."""
    identity = request.identity
    if identity is None or identity is REFUSED or identity.kind is not CredentialKind.SESSION:
        return None
    number, session = identity.subject.partition(":")[2], identity.credential.partition(":")[2]
    return Caller(int(number), int(session), identity.name)


def caller(request: Request) -> Caller:
    """Who is signed in with this browser.

    :raises Forbidden: the request has a key or token instead, which have no use for pages.
    """
    found = find_caller(request)
    if found is None:
        raise Forbidden("this page is for people who are signed in with a browser")
    return found


def visitor(request: Request) -> Visitor:
    """From where they come."""
    agent = request.environ.get("HTTP_USER_AGENT", "").replace("\0", "")
    return Visitor(request.environ.get("REMOTE_ADDR", ""), agent)


def session_secret(request: Request) -> str | None:
    """The secret of the session, pending or not, that the browser has sent."""
    secure = request.environ["wsgi.url_scheme"] == "https"
    return session_of(request.environ.get("HTTP_COOKIE", ""), secure=secure)


def visit(request: Request) -> Visit | None:
    """The session of the browser, pending or not."""
    return request.service(Visits).find(session_secret(request))


def need_confirmed(request: Request, sessions: BrowserSessions) -> None:
    """Make sure that the caller has proved who they are some minutes ago at most.

    :raises ConfirmationNeeded: that was longer ago.
    """
    sessions.need_confirmed(caller(request).session_id)


def query(request: Request) -> dict[str, str]:
    """The parameters after the question mark; what is no text there is replaced."""
    text = request.environ.get("QUERY_STRING", "")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PARAMETERS))
    except ValueError:
        return {}


def form(request: Request) -> dict[str, str]:
    """The fields of the form that was sent."""
    return cross_site.read_form(request.environ)


def check_form(request: Request, secret: str | None) -> None:
    """Make sure that a page of ours has sent a form, to the browser with the cookie ``secret``.

    Forms of people who are signed in are checked before they are known at all.

    :raises CrossSite: another page may have.
    """
    cross_site.check(request.environ, secret, request.service(Settings).base_url)


def site_of(request: Request) -> Site:
    """This server as the browser sees it."""
    base_url = request.service(Settings).base_url
    return Site.at(base_url or request.host_url)


def safe_next(text: str) -> str:
    """Where to go on: ``text`` if it is a path of this server, else the start page.

    Browsers read a back slash as a slash and drop white space, and two slashes begin a host.
    """
    is_path = text.startswith("/") and not text.startswith("//") and len(text) <= MAX_NEXT
    plain = all("!" <= character <= "~" and character != "\\" for character in text)
    return text if is_path and plain else "/"
