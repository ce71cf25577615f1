"""Reading the Authorization header (S-62, U-10)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stockroom.security.credentials import MAX_HEADER, SESSION_COOKIES, session_of, token_of

SECRET = "stk_secret"
UNHURRIED = settings(deadline=None)

# A WSGI server hands headers over as Latin-1.
HEADERS = st.text(st.characters(max_codepoint=255))


def basic(pair: str | bytes) -> str:
    data = pair if isinstance(pair, bytes) else pair.encode()
    return "Basic " + base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {SECRET}",
        f"bearer {SECRET}",
        f"BEARER   {SECRET}  ",
        f"  Bearer {SECRET}",
        f"token {SECRET}",
        f"Token {SECRET}",
        basic(f"__token__:{SECRET}"),
        basic(f"__token__:  {SECRET}\n"),
        basic(f"anybody:{SECRET}"),
        basic(f":{SECRET}"),
        basic(f"{SECRET}:"),
        basic(SECRET),
        basic(f"{SECRET}:   "),
        basic(f"\u00fcser:{SECRET}"),
        basic(f"__token__:{SECRET}").replace("Basic ", "basic   "),
    ],
)
def test_u10_s62_every_form_of_a_credential(header: str) -> None:
    assert token_of(header) == SECRET


def test_u10_a_password_may_hold_colons() -> None:
    assert token_of(basic("__token__:a:b:c")) == "a:b:c"


def test_no_header_is_no_credential() -> None:
    assert token_of("") is None


@pytest.mark.parametrize(
    "header",
    [
        " ",
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic ",
        "Basic !",
        "Basic \xe9",
        "Basic YQ",
        basic(b"\xff:\xff"),
        basic(":"),
        "Digest username=a",
        SECRET,
        f"Negotiate {SECRET}",
        "Bearer " + "x" * MAX_HEADER,
    ],
)
def test_a_header_that_holds_no_credential_is_nobodys(header: str) -> None:
    assert token_of(header) == ""


@UNHURRIED
@given(header=HEADERS)
@example(header="Basic \xe9")
def test_no_header_is_anonymous_by_mistake_and_none_raises(header: str) -> None:
    assert (token_of(header) is None) == (header == "")


@UNHURRIED
@given(value=HEADERS, scheme=st.sampled_from(["Basic", "basic", "Bearer", "token"]))
def test_no_value_of_a_known_scheme_raises(value: str, scheme: str) -> None:
    token = token_of(f"{scheme} {value}")

    assert token is not None
    assert token == token.strip()


@UNHURRIED
@given(pair=st.binary())
def test_no_pair_of_user_and_password_raises(pair: bytes) -> None:
    assert token_of(basic(pair)) is not None


@UNHURRIED
@given(user=st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"])))
def test_the_user_name_does_not_matter(user: str) -> None:
    assert token_of(basic(f"{user}:{SECRET}")) == SECRET


@pytest.mark.parametrize("secure", [True, False])
def test_the_cookie_is_found_among_others(secure: bool) -> None:
    name = SESSION_COOKIES[secure]

    for header in (
        f"{name}={SECRET}",
        f"a=b; {name}={SECRET}; c=d",
        f"a=b;{name}={SECRET}",
        f"  {name}={SECRET}  ",
        f"{name}x=1; x{name}=2; {name}={SECRET}",
    ):
        assert session_of(header, secure=secure) == SECRET


@pytest.mark.parametrize("secure", [True, False])
def test_the_cookie_of_the_other_scheme_is_none(secure: bool) -> None:
    """A page over http, or a neighbour's host, can set a cookie without the prefix."""
    assert session_of(f"{SESSION_COOKIES[not secure]}={SECRET}", secure=secure) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        ";",
        "stockroom",
        "STOCKROOM=a",
        "stockroom =a",
        "a=stockroom=b",
        'a="; stockroom-=b',
        "stockroom=a; stockroom=a",
        "stockroom=a; stockroom=b",
        "stockroom=a; x=y; stockroom=",
        "stockroom=a;" + "x" * MAX_HEADER,
        "$Version=1, stockroom=a",
        "stockroom\x00=a",
    ],
)
def test_what_is_not_clearly_the_cookie_is_none(header: str) -> None:
    """Of two cookies one may have been planted: nobody is signed in as who planted it."""
    assert session_of(header, secure=False) is None


@UNHURRIED
@given(header=HEADERS, secure=st.booleans())
def test_no_cookie_header_raises(header: str, secure: bool) -> None:
    found = session_of(header, secure=secure)

    assert found is None or SESSION_COOKIES[secure] + "=" in header
