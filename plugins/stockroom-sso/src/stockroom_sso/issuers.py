"""What an OpenID issuer says about itself: endpoints and keys (OpenID Connect Discovery)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from stockroom_sso.kept import Kept
from stockroom_sso.oauth import BASIC, POST
from stockroom_sso.transport import Failed, Http, host_of, is_loopback, is_safe

DISCOVERY = "/.well-known/openid-configuration"
_KEY_TYPES = {"RSA", "EC", "OKP"}
_MOST_KEYS = 100


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where an issuer is asked; ``auth_method`` is how a client with a secret says who it is."""

    authorization: str
    token: str
    userinfo: str | None
    keys: str
    auth_method: str
    says_issuer: bool
    """Every answer of the authorization endpoint names the issuer (RFC 9207)."""


class Issuer:
    """An issuer, asked at most once an hour for what it says about itself."""

    def __init__(self, http: Http, name: str) -> None:
        self.name = name
        self._http = http
        self._endpoints = Kept(self._discover)
        self._keys = Kept(self._fetch_keys)

    def endpoints(self) -> Endpoints:
        """Where it is asked; raises Failed."""
        return self._endpoints.get()

    def keys(self, other_than: KeySet | None = None) -> KeySet:
        """The keys with which it signs; asks again if they are ``other_than``. Raises Failed."""
        return self._keys.get(other_than)

    def _discover(self) -> Endpoints:
        # An issuer may end with a slash, which then is a part of its name.
        found = self._http.get(self.name.rstrip("/") + DISCOVERY).document()
        if found.get("issuer") != self.name:
            raise Failed(f"{host_of(self.name)} calls itself another issuer")
        methods = found.get("token_endpoint_auth_methods_supported") or [BASIC]
        return Endpoints(
            authorization=self._url(found, "authorization_endpoint"),
            token=self._url(found, "token_endpoint"),
            userinfo=self._url(found, "userinfo_endpoint")
            if "userinfo_endpoint" in found
            else None,
            keys=self._url(found, "jwks_uri"),
            auth_method=POST if POST in methods and BASIC not in methods else BASIC,
            says_issuer=found.get("authorization_response_iss_parameter_supported") is True,
        )

    def _url(self, document: Mapping[str, Any], name: str) -> str:
        url = document.get(name)
        # An issuer elsewhere must not make this server ask, or send browsers to, its own machine.
        if not isinstance(url, str) or not is_safe(url, loopback=is_loopback(self.name)):
            raise Failed(f"{host_of(self.name)} has no {name} that can be used")
        return url

    def _fetch_keys(self) -> KeySet:
        url = self.endpoints().keys
        found = self._http.get(url).document().get("keys")
        usable = [_key(entry) for entry in found[:_MOST_KEYS]] if isinstance(found, list) else []
        keys = [key for key in usable if key is not None]
        if not keys:
            raise Failed(f"{host_of(url)} has no keys that can be used")
        return KeySet(keys)


def _key(entry: object) -> Key | None:
    """A public key for signatures; None for every other, which are nothing to us (RFC 7517)."""
    if (
        not isinstance(entry, dict)
        or entry.get("kty") not in _KEY_TYPES
        or entry.get("use", "sig") != "sig"
    ):
        return None
    try:
        return JWKRegistry.import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
