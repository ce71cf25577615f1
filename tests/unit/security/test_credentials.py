"""Reading the Authorization header (S-62, U-10)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stockroom.security.credentials import MAX_HEADER, token_of

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
