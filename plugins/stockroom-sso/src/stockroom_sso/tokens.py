"""ID tokens: whether what they say was said by the issuer, to us, now (OpenID Connect, 3.1.3.7)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyIdError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from stockroom_sso.issuers import Issuer
from stockroom_sso.transport import Failed

ALGORITHMS = tuple(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512))
"""What an issuer may sign with: with a key pair only. A secret that two know proves nothing, and
``none`` is no signature (RFC 8725, section 3.1)."""
LEEWAY = 60
"""Seconds by which the clocks of an issuer and of this server may differ."""
_LONGEST_SUBJECT = 255


class IdTokens:
    """Reads the ID tokens that ``issuer`` gives to ``client_id``."""

    def __init__(
        self, issuer: Issuer, client_id: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._clock = clock

    def claims(self, token: object, nonce: str) -> dict[str, Any]:
        """What ``token`` says about the person who was asked with ``nonce``; raises Failed."""
        if not isinstance(token, str):
            raise Failed("the issuer gave no ID token")
        try:
            claims = self._verified(token)
            self._validate(claims, nonce)
        except JoseError as error:
            raise Failed(f"the ID token cannot be believed: {_reason(error)}") from None
        return claims

    def _verified(self, token: str) -> dict[str, Any]:
        keys = self._issuer.keys()
        try:
            return _decoded(token, keys)
        except (InvalidKeyIdError, BadSignatureError):
            # Issuers change their keys: those that are kept may be the old ones.
            return _decoded(token, self._issuer.keys(other_than=keys))

    def _validate(self, claims: dict[str, Any], nonce: str) -> None:
        jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self._issuer.name},
            sub={"essential": True},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
        for name in ("nonce", "sub"):
            if not isinstance(claims[name], str):
                raise InvalidClaimError(name)
        if len(claims["sub"]) > _LONGEST_SUBJECT:
            raise InvalidClaimError("sub")
        # A token for several may be used by any of them, and says who asked for it.
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != self._client_id:
            raise InvalidClaimError("azp")


def _decoded(token: str, keys: KeySet) -> dict[str, Any]:
    """The claims of a token that one of ``keys`` has signed; raises JoseError."""
    # Headers that nobody knows are to be ignored, unless they are critical (RFC 7515, section 4).
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        return jwt.decode(token, keys, registry=registry).claims
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise JoseError("it is no token") from None


def _reason(error: JoseError) -> str:
    """What is wrong with a token, in words that repeat nothing of it."""
    match error:
        case ExpiredTokenError():
            return "it has expired"
        case MissingClaimError():
            return "a claim is missing"
        case InvalidClaimError(claim=claim):
            return f"its {claim} is not the right one"
        case UnsupportedAlgorithmError():
            return "it is not signed with a key pair"
        case InvalidKeyIdError():
            return "its key is none of the issuer's"
        case BadSignatureError():
            return "its signature is wrong"
    return "it is malformed"
