"""Making pages: templates, tokens of forms, redirects, and what is said on the next page."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from pyramid.renderers import render

from stockroom.dashboard.calling import find_caller, query, safe_next, session_secret
from stockroom.dashboard.headers import form_cookie_header, page_headers
from stockroom.dashboard.static import assets
from stockroom.security.cross_site import form_cookie, token_for
from stockroom.web import Headers, Ready, Request

TEMPLATES = "stockroom.dashboard:templates"
DONE: Mapping[str, str] = {
    "signed-out": "You are signed out.",
    "password": "The password is changed. All other browsers and programs are signed out.",
    "confirmed": "Thank you. You can go on now.",
    "totp-removed": "The authenticator app is removed.",
    "key-removed": "The security key is removed.",
    "api-key-revoked": "The API key is revoked.",
    "session-ended": "The browser is signed out.",
    "sessions-ended": "All other browsers are signed out.",
    "login-ended": "The program is signed out.",
    "view-made": "The view is made.",
    "view-changed": "The view is changed.",
    "view-deleted": "The view is deleted.",
    "joined": "You have accepted the invitation.",
    "facts-asked": "The source is asked within seconds.",
}
"""What a page can say that comes after something was done, by the value of ``done`` in its URL."""


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Headers | None = None,
    token_of: str | None = None,
    **values: Any,
) -> Ready:
    """Make a page of a template.

    ``token_of`` is the cookie that its forms are compared with, the session's unless another is
    given.
    """
    secret = token_of or session_secret(request) or ""
    known = {
        "caller": find_caller(request),
        "csrf_token": token_for(secret),
        "asset": lambda name: assets()[name].url,
        "done": DONE.get(query(request).get("done", "")),
        "error": None,
        **values,
    }
    body = render(f"{TEMPLATES}/{template}.jinja2", known, request).encode()
    sent = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        *page_headers(request, *(headers or ())),
    ]
    return Ready(f"{status} {HTTPStatus(status).phrase}", sent, (body,))


def open_page(
    request: Request, template: str, *, headers: Headers | None = None, **values: Any
) -> Ready:
    """Make a page with a form for whoever is not signed in."""
    known = form_cookie(request.environ)
    sent = list(headers or ())
    if known is None:
        known, setting = form_cookie_header(request)
        sent.append(setting)
    return page(request, template, headers=sent, token_of=known, **values)


def see_other(request: Request, path: str, *headers: tuple[str, str], **more: str) -> Ready:
    """303 to a path of this server and no other; ``more`` goes behind its question mark."""
    location = safe_next(path)
    if more:
        location += f"{'&' if '?' in location else '?'}{urlencode(more)}"
    sent = [("Location", location), ("Content-Length", "0"), *page_headers(request, *headers)]
    return Ready("303 See Other", sent, ())


def sign_in_path(request: Request) -> str:
    """The sign-in page, from which one comes back to where one wanted to go."""
    target = quote(
        request.environ.get("PATH_INFO", "/").encode("latin-1"), safe="/-._~:@!$&'()*+,;="
    )
    parameters = request.environ.get("QUERY_STRING", "")
    here = f"{target}?{parameters}" if parameters else target
    return f"/sign-in?{urlencode({'next': safe_next(here)})}"
