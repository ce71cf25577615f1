"""What comes back in the browser: whether it belongs to what was sent away (RFC 6749, RFC 9207)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from sso_support.doubles import REDIRECT_URI, IssuerDouble, sign_in
from stockroom.spi import LoginRefused
from stockroom_sso.openid import OpenIdMethod


def test_browser_is_sent_with_state_nonce_and_challenge(
    method: OpenIdMethod, issuer: IssuerDouble
) -> None:
    issuer.about["authorization_endpoint"] += "?tenant=7"

    starts = [method.start(REDIRECT_URI) for _ in range(2)]

    [sent, again] = [parse_qs(urlsplit(start.url).query) for start in starts]
    assert starts[0].url.startswith(f"{issuer.base}/authorize?tenant=7&")
    assert sent["response_type"] == ["code"]
    assert sent["client_id"] == ["stockroom"]
    assert sent["redirect_uri"] == [REDIRECT_URI]
    assert sent["scope"] == ["openid profile email"]
    assert sent["code_challenge_method"] == ["S256"]
    assert "code_verifier" not in sent
    for name in ("state", "nonce", "code_challenge"):
        assert sent[name] != again[name]
        assert len(sent[name][0]) >= 43


@pytest.mark.parametrize("state", ["another", "", "\ud800", "é"])
def test_answer_to_another_browser_is_refused(
    method: OpenIdMethod, issuer: IssuerDouble, state: str
) -> None:
    with pytest.raises(LoginRefused, match=r"^This sign-in was not begun in this browser"):
        sign_in(method, issuer, state=state)

    assert "/token" not in issuer.paths()


@pytest.mark.parametrize("state", [{}, {"state": ""}])
def test_answer_without_a_beginning_is_refused(method: OpenIdMethod, state: dict[str, str]) -> None:
    with pytest.raises(LoginRefused, match=r"^This sign-in was not begun in this browser"):
        method.finish(REDIRECT_URI, state, {"code": "the code", "state": ""})


@pytest.mark.parametrize("iss", ["https://evil.example", ""])
def test_answer_of_another_issuer_is_refused(
    method: OpenIdMethod, issuer: IssuerDouble, iss: str
) -> None:
    with pytest.raises(LoginRefused, match="the answer comes from another issuer"):
        sign_in(method, issuer, iss=iss)

    assert "/token" not in issuer.paths()


def test_answer_that_should_name_the_issuer_has_to(
    method: OpenIdMethod, issuer: IssuerDouble
) -> None:
    issuer.about["authorization_response_iss_parameter_supported"] = True

    with pytest.raises(LoginRefused, match="the answer comes from another issuer"):
        sign_in(method, issuer)
    user = sign_in(method, issuer, iss=issuer.base)

    assert user.external_id == "1"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"error": "access_denied"}, "^You were not let in"),
        ({"error": "server_error"}, r"did not work: it was refused \(server_error\)\."),
        ({"error": "<b>Call 555", "error_description": "Call 555"}, r"refused \(unknown reason\)"),
        ({"code": ""}, "the answer holds no code"),
        ({"code": "c" * 10_000}, "the answer holds no code"),
    ],
    ids=["denied", "failed", "made-up", "none", "long"],
)
def test_answer_without_a_code_is_told_in_our_words(
    method: OpenIdMethod, issuer: IssuerDouble, query: dict[str, str], told: str
) -> None:
    with pytest.raises(LoginRefused, match=told) as caught:
        sign_in(method, issuer, **query)

    assert "Call" not in caught.value.detail
    assert "/token" not in issuer.paths()
