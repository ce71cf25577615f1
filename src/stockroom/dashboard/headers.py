"""The headers of every page, and its cookies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

from stockroom.security.credentials import SESSION_COOKIES
from stockroom.security.cross_site import FORM_COOKIES, new_form_cookie
from stockroom.web import NOSNIFF, Headers, Request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS = (
    "camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
    "publickey-credentials-create=(self), publickey-credentials-get=(self)"
)
HEADERS: tuple[tuple[str, str], ...] = (
    ("Content-Security-Policy", POLICY),
    NOSNIFF,
    # With no-referrer, browsers would not say in Origin that a form is ours.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", PERMISSIONS),
    ("X-Frame-Options", "DENY"),
    ("Cache-Control", "no-store"),
    ("Vary", "Cookie, Accept, Authorization"),
)
HSTS = ("Strict-Transport-Security", "max-age=31536000")
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def is_secure(request: Request) -> bool:
    """Whether the browser came over https."""
    return bool(request.environ["wsgi.url_scheme"] == "https")


def page_headers(request: Request, *more: tuple[str, str]) -> Headers:
    """What every page says of itself."""
    return [*HEADERS, *([HSTS] if is_secure(request) else []), *more]


def session_cookie(request: Request, secret: str, expires_at: datetime) -> tuple[str, str]:
    """Sets the cookie of a session."""
    return cookie(request, SESSION_COOKIES, secret, expires_at)


def no_session_cookie(request: Request) -> tuple[str, str]:
    """Takes the cookie of a session away."""
    return cookie(request, SESSION_COOKIES, "", LONG_AGO)


def form_cookie_header(request: Request) -> tuple[str, tuple[str, str]]:
    """A new cookie for forms without a session: its value, and what sets it."""
    value = new_form_cookie()
    return value, cookie(request, FORM_COOKIES, value)


def cookie(
    request: Request,
    names: dict[bool, str] | Sequence[str],
    value: str,
    expires_at: datetime | None = None,
) -> tuple[str, str]:
    """A Set-Cookie header; ``names`` has the name over http, then that over https.

    The browser sends it to this host only, shows it to no script, and leaves it out of what other
    sites make it send, but for links that are followed.
    """
    secure = is_secure(request)
    parts = [f"{names[secure]}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if secure:
        parts.append("Secure")
    if expires_at is not None:
        parts.append(f"Expires={format_datetime(expires_at.astimezone(UTC), usegmt=True)}")
    return "Set-Cookie", "; ".join(parts)
