"""Keeping other sites from sending requests in the name of whoever is signed in (CSRF).

A browser adds the cookie of a session to whatever it sends here. So a request that may change
something, and is known by its cookie, has to come from a page of ours and carry a token that only
our pages know. A form without a session has a cookie of its own that its token is compared with.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from stockroom.errors import BadRequest, ContentTooLarge, Forbidden
from stockroom.security.credentials import cookie_of

FIELD = "csrf_token"
HEADER = "HTTP_X_CSRF_TOKEN"
FORM_COOKIES = {True: "__Host-stockroom-form", False: "stockroom-form"}
"""Names of the cookie of forms without a session, over https and over http."""
FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FORM = 65536
"""Bytes of a form."""
MAX_FIELDS = 100
PURPOSE = b"stockroom form"
Environ = dict[str, Any]


class CrossSite(Forbidden):
    """A request that a page of another site may have sent."""

    slug, title = "cross-site-request", "Not sent by this site"


def token_for(secret: str) -> str:
    """The token of the forms that a browser gets together with the cookie ``secret``."""
    return hmac.new(secret.encode(), PURPOSE, hashlib.sha256).hexdigest()


def new_form_cookie() -> str:
    """The value of a cookie for forms without a session."""
    return secrets.token_urlsafe(24)


def form_cookie(environ: Environ) -> str | None:
    """The value of that cookie in a request."""
    secure = environ["wsgi.url_scheme"] == "https"
    return cookie_of(environ.get("HTTP_COOKIE", ""), FORM_COOKIES[secure])


def check(environ: Environ, secret: str | None, base_url: str | None) -> None:
    """Make sure that a page of ours has sent this, to a browser with the cookie ``secret``.

    ``base_url`` is this server's address where that is set.

    :raises CrossSite: another page may have.
    :raises ContentTooLarge: the form with the token is too large.
    :raises BadRequest: the form cannot be read.
    """
    if not _is_ours(environ, base_url):
        raise CrossSite("this was sent by a page of another site")
    token = environ.get(HEADER) or read_form(environ).get(FIELD, "")
    if not secret or not hmac.compare_digest(token_for(secret).encode(), token.encode()):
        raise CrossSite("this page is too old, or was not made for you; load it again")


def read_form(environ: Environ) -> dict[str, str]:
    """The fields of a form, of which each stands once; nothing where the body is something else.

    :raises ContentTooLarge: it has more than ``MAX_FORM`` bytes; nothing of it was read then.
    :raises BadRequest: it is not UTF-8, has too many fields, or one of them twice.
    """
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != FORM_TYPE:
        return {}
    known: dict[str, str] | None = environ.get("stockroom.form")
    if known is None:
        known = environ["stockroom.form"] = _parse(_body(environ))
    return known


def _body(environ: Environ) -> bytes:
    text = environ.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()):
        raise BadRequest("the Content-Length is not a number")
    if len(text) > len(str(MAX_FORM)) or int(text) > MAX_FORM:
        raise ContentTooLarge(f"the form has {text} bytes, at most {MAX_FORM} are read")
    body: bytes = environ["wsgi.input"].read(int(text))
    return body


def _parse(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise BadRequest("the form cannot be read") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadRequest("a field stands twice in the form")
    if any("\0" in value for value in fields.values()):
        # No database keeps it.
        raise BadRequest("a field of the form holds a NUL character")
    return fields


def _is_ours(environ: Environ, base_url: str | None) -> bool:
    """Whether the browser says that a page of ours sent this, or says nothing at all.

    Every browser of the last years says it; what says nothing is no browser, and has no cookies
    that somebody else could make use of.
    """
    if environ.get("HTTP_SEC_FETCH_SITE", "same-origin") not in ("same-origin", "none"):
        return False
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return True
    own = {f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}".lower()}
    if base_url is not None:
        parts = urlsplit(base_url)
        own.add(f"{parts.scheme}://{parts.netloc}".lower())
    return origin.lower() in own
