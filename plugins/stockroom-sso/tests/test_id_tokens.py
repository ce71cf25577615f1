"""ID tokens that must not be believed (OpenID Connect Core 3.1.3.7, RFC 8725)."""

from __future__ import annotations

import base64
import hmac
import json
import re
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry

from sso_support.doubles import IssuerDouble, make_key, sign_in
from stockroom.spi import ExternalUser, LoginRefused
from stockroom_sso.openid import OpenIdMethod


def refusal(method: OpenIdMethod, issuer: IssuerDouble, **query: str) -> str:
    """Why a person is not let in."""
    with pytest.raises(LoginRefused) as caught:
        sign_in(method, issuer, **query)
    told = caught.value.detail
    assert "eyJ" not in told
    assert "the access token" not in told
    return told


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def part(value: Any) -> str:
    return encoded(json.dumps(value).encode())


def test_token_of_the_issuer_is_believed(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    user = sign_in(method, issuer)

    assert user == ExternalUser(
        issuer=issuer.base,
        external_id="1",
        name="ada",
        email="ada@corp.example",
        email_verified=True,
    )


LONG_AGO, IN_2100 = 1_000_000_000, 4_102_444_800


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"nonce": "another"}, "its nonce is not the right one"),
        ({"nonce": ["another"]}, "its nonce is not the right one"),
        ({"nonce": None}, "a claim is missing"),
        ({"iss": "https://evil.example"}, "its iss is not the right one"),
        ({"iss": None}, "a claim is missing"),
        ({"aud": "another"}, "its aud is not the right one"),
        ({"aud": ["another"]}, "its aud is not the right one"),
        ({"aud": []}, "its aud is not the right one"),
        ({"aud": None}, "a claim is missing"),
        ({"aud": ["stockroom", "another"]}, "its azp is not the right one"),
        ({"aud": ["stockroom", "another"], "azp": "another"}, "its azp is not the right one"),
        ({"azp": "another"}, "its azp is not the right one"),
        ({"exp": LONG_AGO}, "it has expired"),
        ({"exp": None}, "a claim is missing"),
        ({"exp": "never"}, "its exp is not the right one"),
        ({"iat": IN_2100}, "its iat is not the right one"),
        ({"nbf": IN_2100}, "its nbf is not the right one"),
        ({"sub": None}, "a claim is missing"),
        ({"sub": 7}, "its sub is not the right one"),
        ({"sub": "1" * 256}, "its sub is not the right one"),
    ],
    ids=str,
)
def test_token_for_somebody_else_or_another_time_is_refused(
    method: OpenIdMethod, issuer: IssuerDouble, claims: dict[str, Any], reason: str
) -> None:
    issuer.claims |= claims

    assert refusal(method, issuer).endswith(
        f"the ID token cannot be believed: {reason}. Try again, and tell your administrator if "
        "it goes on."
    )


def test_several_nonces_are_none(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    header = {"alg": "ES256", "kid": issuer.key.kid}
    issuer.make_token = lambda: jwt.encode(
        header, {**issuer.all_claims(), "nonce": [issuer.nonce, "another"]}, issuer.key
    )

    assert "its nonce is not the right one" in refusal(method, issuer)


def test_token_for_several_is_believed_if_it_was_asked_for_here(
    method: OpenIdMethod, issuer: IssuerDouble
) -> None:
    issuer.claims |= {"aud": ["another", "stockroom"], "azp": "stockroom"}

    assert sign_in(method, issuer).external_id == "1"


def test_unsigned_token_is_refused(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    header = {"alg": "none", "kid": issuer.key.kid}
    issuer.make_token = lambda: f"{part(header)}.{part(issuer.all_claims())}."

    assert "it is not signed with a key pair" in refusal(method, issuer)


@pytest.mark.parametrize("form", ["pem", "jwk"])
def test_token_signed_with_the_public_key_as_a_secret_is_refused(
    method: OpenIdMethod, issuer: IssuerDouble, form: str
) -> None:
    public = issuer.key.as_dict(private=False)
    secret = issuer.key.as_pem(private=False) if form == "pem" else json.dumps(public).encode()

    def forged() -> str:
        header = {"alg": "HS256", "kid": issuer.key.kid}
        signed = f"{part(header)}.{part(issuer.all_claims())}"
        return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"

    issuer.make_token = forged

    assert "it is not signed with a key pair" in refusal(method, issuer)


def test_secret_among_the_keys_of_the_issuer_is_no_key(
    method: OpenIdMethod, issuer: IssuerDouble
) -> None:
    secret = OctKey.generate_key(256, {"kid": "shared"})
    issuer.public_keys = lambda: [secret.as_dict(), issuer.key.as_dict(private=False)]
    header = {"alg": "ES256", "kid": "shared"}
    issuer.make_token = lambda: jwt.encode(header, issuer.all_claims(), issuer.key)

    assert "its key is none of the issuer's" in refusal(method, issuer)


def test_token_signed_by_another_key_is_refused(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    issuer.published = [make_key("first")]

    assert "its signature is wrong" in refusal(method, issuer)


def test_changed_token_is_refused(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    def changed() -> str:
        header, _, signature = issuer.signed().split(".")
        return f"{header}.{part(issuer.all_claims() | {'sub': '2'})}.{signature}"

    issuer.make_token = changed

    assert "its signature is wrong" in refusal(method, issuer)


def test_key_in_the_token_itself_is_not_used(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    own = make_key("own")
    header = {"alg": "ES256", "kid": "own", "jwk": own.as_dict(private=False)}
    issuer.make_token = lambda: jwt.encode(header, issuer.all_claims(), own)

    assert "its key is none of the issuer's" in refusal(method, issuer)


def test_unknown_key_is_asked_for_once(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    sign_in(method, issuer)
    issuer.key = make_key("unknown")

    assert "its key is none of the issuer's" in refusal(method, issuer)
    assert issuer.paths().count("/keys") == 2


def test_new_key_of_the_issuer_is_believed(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    sign_in(method, issuer)
    issuer.key = make_key("second")
    issuer.published.append(issuer.key)

    users = [sign_in(method, issuer) for _ in range(2)]

    assert [user.external_id for user in users] == ["1", "1"]
    assert issuer.paths().count("/keys") == 2


def test_new_key_of_the_same_name_is_believed(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    sign_in(method, issuer)
    issuer.key = make_key("first")
    issuer.published = [issuer.key]

    assert sign_in(method, issuer).external_id == "1"


def test_rsa_keys_are_believed_and_keys_that_nobody_knows_are_left_out(
    method: OpenIdMethod, issuer: IssuerDouble
) -> None:
    key = RSAKey.generate_key(2048, {"kid": "rsa"}, private=True)
    issuer.public_keys = lambda: [
        "junk",
        {"kty": "AKP", "kid": "later"},
        {"kty": "RSA", "kid": "broken"},
        {**key.as_dict(private=False), "kid": "rsa", "use": "enc"},
        key.as_dict(private=False),
    ]
    registry = JWSRegistry(strict_check_header=False)
    header = {"alg": "RS256", "kid": "rsa", "nobody-knows-this": 1}
    issuer.make_token = lambda: jwt.encode(header, issuer.all_claims(), key, registry=registry)

    assert sign_in(method, issuer).external_id == "1"


def test_key_for_encryption_is_no_key_for_signatures(
    method: OpenIdMethod, issuer: IssuerDouble
) -> None:
    issuer.public_keys = lambda: [{**issuer.key.as_dict(private=False), "use": "enc"}]
    issuer.make_token = lambda: jwt.encode({"alg": "ES256"}, issuer.all_claims(), issuer.key)

    assert "has no keys that can be used" in refusal(method, issuer)


@pytest.mark.parametrize(
    "token",
    [
        None,
        7,
        "",
        "a.b.c",
        "..",
        f"{part([])}.{part({})}.x",
        f"{part({'alg': 7})}.{part({})}.x",
        f"{part({'alg': 'ES256', 'crit': 7})}.{part({})}.x",
        f"{part({'alg': 'ES256', 'kid': {}})}.{part({})}.x",
        f"{part({'alg': 'ES256', 'crit': ['exp']})}.{part({})}.x",
        "[" * 100_000,
        "x" * 500_000,
    ],
    ids=[
        "none",
        "number",
        "empty",
        "letters",
        "dots",
        "list",
        "alg",
        "crit-number",
        "kid-object",
        "crit",
        "brackets",
        "long",
    ],
)
def test_what_is_no_token_is_refused(
    method: OpenIdMethod, issuer: IssuerDouble, token: Any
) -> None:
    issuer.make_token = lambda: token

    assert re.search("no ID token|it is malformed|is not signed", refusal(method, issuer))
