"""Reading credentials from headers, in every form that clients send (S-62, U-10)."""

from __future__ import annotations

import base64

TOKEN_USER = "__token__"
SESSION_COOKIES = {True: "__Host-stockroom", False: "stockroom"}
"""Names of the cookie of a browser session, over https and over http.

Browsers take the first only from this very host, over https (RFC 6265bis section 4.1.3.2).
"""
MAX_HEADER = 8192


def token_of(authorization: str) -> str | None:
    """The secret in an Authorization header; None when there is no header.

    ``Bearer T``, ``token T`` and ``Basic``: with T as the password of ``__token__`` or of any
    other user, or as the user name with an empty password. White space around T is dropped. A
    header that is none of these gives "", which is nobody's token.
    """
    if not authorization:
        return None
    if len(authorization) > MAX_HEADER:
        return ""
    scheme, _, value = authorization.strip().partition(" ")
    match scheme.lower():
        case "bearer" | "token":
            return value.strip()
        case "basic":
            return _basic(value.strip())
    return ""


def user_of(authorization: str) -> str | None:
    """The user name of a Basic header that brings a password; None where there is none."""
    scheme, _, value = authorization.strip().partition(" ")
    if scheme.lower() != "basic" or len(authorization) > MAX_HEADER:
        return None
    user, password = _pair(value.strip())
    return user if password else None


def session_of(cookies: str, *, secure: bool) -> str | None:
    """The secret of a browser session in a Cookie header; None where there is none."""
    return cookie_of(cookies, SESSION_COOKIES[secure])


def cookie_of(cookies: str, wanted: str) -> str | None:
    """The value of a cookie in a Cookie header; None where there is none.

    With two cookies of the name nobody can tell which is whose, and neither counts.
    """
    if len(cookies) > MAX_HEADER:
        return None
    pairs = (part.strip().partition("=") for part in cookies.split(";"))
    found = [value for name, _, value in pairs if name == wanted]
    return (found[0] or None) if len(found) == 1 else None


def _basic(value: str) -> str:
    user, password = _pair(value)
    return password or user


def _pair(value: str) -> tuple[str, str]:
    try:
        pair = base64.b64decode(value, validate=True).decode()
    except ValueError:  # neither base64 nor UTF-8 is promised
        return "", ""
    user, _, password = pair.partition(":")
    return user.strip(), password.strip()
