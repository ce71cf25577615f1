"""Access tokens that somebody else has made, or has bent, are worth nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from stockroom.security.tokens import CREDENTIAL, AccessTokens
from tests.support.databases import MakeUrl
from tests.support.programs import exchange, logout, make_person
from tests.support.site import TestSite, bearer

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Town:
    """A site, a genuine token of a key of it, and the key that has signed it."""

    site: TestSite
    token: str
    key: ECKey
    stranger: str
    """The credential of another user."""

    @property
    def header(self) -> dict[str, Any]:
        return read(self.token, 0)

    @property
    def claims(self) -> dict[str, Any]:
        return read(self.token, 1)

    def sign(self, message: bytes) -> bytes:
        return signer(self.key)(message)

    def bend(
        self, sign: Sign | None = None, header: Any = None, claims: Any = None, **other: Any
    ) -> str:
        """The genuine token with another header, other claims (None: left out) or signature."""
        bent = {**self.claims, **(claims or {})}
        bent = {name: value for name, value in bent.items() if value is not None}
        head = {**self.header, **(header or {}), **other}
        head = {name: value for name, value in head.items() if value != "absent"}
        return compact(head, bent, sign or self.sign)


def read(token: str, part: int) -> dict[str, Any]:
    text = token.split(".")[part]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(header: Any, claims: Any, sign: Sign) -> str:
    head, body = (encode(json.dumps(part).encode()) for part in (header, claims))
    message = f"{head}.{body}"
    return f"{message}.{encode(sign(message.encode()))}"


def signer(key: ECKey) -> Sign:
    return lambda message: JWSRegistry.algorithms["ES256"].sign(message, key)


def hmac_with(secret: bytes) -> Sign:
    return lambda message: hmac.digest(secret, message, hashlib.sha256)


@pytest.fixture(scope="module")
def town(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder: Path = tmp_path_factory.mktemp("files")
    site = TestSite(make_sqlite(), folder)
    site.create_workspace()
    token = exchange(site, site.create_key("reader")).json["access_token"]
    stranger = make_person(site).sign_in()["access_token"]
    [known] = site.service(AccessTokens)._known()
    yield Town(site, token, known.key, read(stranger, 1)[CREDENTIAL])
    site.close()


MINE = ECKey.generate_key("P-256", private=True, auto_kid=True)
PUBLIC = MINE.as_dict(private=False)
NOTHING: Sign = lambda _: b""  # noqa: E731 - one of many of its kind


def public_keys(town: Town) -> dict[str, bytes]:
    """Our public key as somebody might feed it to HMAC."""
    document: dict[str, Any] = town.key.as_dict(private=False)
    point = b"".join(base64.urlsafe_b64decode(document[name] + "=") for name in ("x", "y"))
    return {
        "PEM": town.key.as_pem(private=False),
        "stripped PEM": town.key.as_pem(private=False).strip(),
        "DER": town.key.as_der(private=False),
        "JWK": json.dumps(document).encode(),
        "point": point,
        "uncompressed point": b"\x04" + point,
        "kid": town.header["kid"].encode(),
        "nothing": b"",
    }


SIGN = signer(MINE)
ALGORITHMS = ("none", "None", "NONE", "", "ES384", "RS256", None, ["ES256"])
PUBLIC_KEYS = (
    *("PEM", "stripped PEM", "DER", "JWK", "point", "uncompressed point", "kid", "nothing"),
)
KIDS = (
    *("", "../../../../dev/null", "x' OR '1'='1", "' UNION SELECT 'key'--", "\x00", "absent"),
    *(None, 0, True, ["a"], {"a": 1}, "\u00e9\ud7ff"),
)


def with_header(sign: Sign, town: Town, **header: Any) -> str:
    return town.bend(sign, **header)


def with_hmac(name: str, town: Town) -> str:
    return town.bend(hmac_with(public_keys(town)[name]), alg="HS256")


FORGERIES: dict[str, Callable[[Town], str]] = {
    **{f"alg {name}": partial(with_header, NOTHING, alg=name) for name in ALGORITHMS},
    "no alg": lambda town: town.bend(NOTHING, alg="absent"),
    **{f"HS256 with {name}": partial(with_hmac, name) for name in PUBLIC_KEYS},
    "another key": lambda town: town.bend(SIGN),
    "another key by its own kid": lambda town: town.bend(SIGN, kid=MINE.kid),
    **{f"kid {name!r}": partial(with_header, SIGN, kid=name) for name in KIDS},
    "our signature, without a kid": lambda town: town.bend(kid="absent"),
    "our signature, with another kid": lambda town: town.bend(kid=MINE.kid),
    "jwk": lambda town: town.bend(SIGN, jwk=PUBLIC),
    "jwk and its kid": lambda town: town.bend(SIGN, jwk=PUBLIC, kid=MINE.kid),
    "jwk alone": lambda town: town.bend(SIGN, jwk=PUBLIC, kid="absent"),
    "jku": lambda town: town.bend(SIGN, jku="http://127.0.0.1:9/jwks.json"),
    "x5u": lambda town: town.bend(SIGN, x5u="http://127.0.0.1:9/cert.pem"),
    "x5c": lambda town: town.bend(SIGN, x5c=[encode(MINE.as_der(private=False))]),
    "crit": lambda town: town.bend(crit=["exp"]),
    "b64": lambda town: town.bend(crit=["b64"], b64=False),
    "typ JWT": lambda town: town.bend(typ="JWT"),
    "no typ": lambda town: town.bend(typ="absent"),
    "zeros": lambda town: town.bend(lambda _: bytes(64)),
    "no signature": lambda town: town.bend(NOTHING),
    "half a signature": lambda town: town.bend(lambda message: town.sign(message)[:32]),
    "more than a signature": lambda town: town.bend(lambda message: town.sign(message) + b"0"),
    "two parts": lambda town: town.token.rpartition(".")[0],
    "four parts": lambda town: f"{town.token}.e30",
    "five parts": lambda town: f"{town.token}.e30.e30",
    "other claims": lambda town: swap(town, 1, json.dumps({**town.claims, "x": 1})),
    "header that is a list": lambda town: swap(town, 0, '["alg", "typ", "kid"]'),
    "header that is a text": lambda town: swap(town, 0, '"alg"'),
    "header that is deep": lambda town: swap(town, 0, "[" * 300),
    "header that is long": lambda town: town.bend(x="x" * 2500),
    "claims that are a list": lambda town: compact(town.header, [1], town.sign),
    "claims that are a number": lambda town: compact(town.header, 1, town.sign),
    "huge": lambda town: town.bend(claims={"x": "x" * 7000}),
}
"""What has no signature of ours, or says in its header that it is something else."""

MISUSED: dict[str, dict[str, Any]] = {
    "exp in the past": {"exp": int(time.time()) - 1},
    "exp now": {"exp": 0},
    "exp float": {"exp": time.time() + 600},
    "exp text": {"exp": "9999999999"},
    "exp true": {"exp": True},
    "exp list": {"exp": [9999999999]},
    "no exp": {"exp": None},
    "iss": {"iss": "https://elsewhere.example"},
    "no iss": {"iss": None},
    "aud": {"aud": "elsewhere"},
    "aud list": {"aud": ["stockroom"]},
    "no aud": {"aud": None},
    "no sub": {"sub": None},
    "sub number": {"sub": 1},
    "sub of somebody else": {"sub": "user:1"},
    "sub without a number": {"sub": "robot:abc"},
    "no credential": {CREDENTIAL: None},
    **{
        f"credential {name}": {CREDENTIAL: name}
        for name in (
            *("", "key", "key:", "key:abc", "key:-1", "key:1.0", "key:\u0661", "key:0", "KEY:1"),
            *("key:99999999999999999999", "key:1 OR 1=1", "session:1", "robot:1", "refused"),
            *("login:1", "login:999", "key:1\n", 7, ["key:1"]),
        )
    },
}
"""Claims that we never sign: were one of our keys to leak, they would not add to the damage."""


def swap(town: Town, part: int, text: str) -> str:
    parts = town.token.split(".")
    parts[part] = encode(text.encode())
    return ".".join(parts)


def attempt(town: Town, token: str) -> list[int]:
    """What one gets with a token at several doors."""
    basic = base64.b64encode(f"__token__:{token}".encode()).decode()
    tries = (bearer(token), {"Authorization": f"Basic {basic}"})
    found = [
        town.site.app.get("/simple/acme/main/", headers=headers, status="*").status_int
        for headers in tries
    ]
    return [*found, exchange(town.site, token, "*").status_int]


def test_the_means_of_these_tests_make_good_tokens(town: Town) -> None:
    assert attempt(town, town.bend()) == [200, 200, 401]


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_is_refused(town: Town, name: str) -> None:
    token = FORGERIES[name](town)

    assert attempt(town, token) == [401, 401, 401]
    logout(town.site, token, 401)


@pytest.mark.parametrize("name", MISUSED)
def test_a_token_with_other_claims_is_refused(town: Town, name: str) -> None:
    token = town.bend(claims=MISUSED[name])

    assert attempt(town, token) == [401, 401, 401]
    assert logout(town.site, token, "*").status_int in (200, 401)


def test_one_user_cannot_bring_the_login_of_another(town: Town) -> None:
    token = town.bend(claims={CREDENTIAL: town.stranger})

    logout(town.site, token)

    assert attempt(town, token) == [401, 401, 401]
    kind, _, number = town.stranger.partition(":")
    assert (kind, number.isdigit()) == ("login", True)
    own = town.bend(claims={"sub": "user:1", CREDENTIAL: town.stranger})
    # Known, and without a role: the other user is still signed in.
    assert attempt(town, own)[:2] == [404, 404]
