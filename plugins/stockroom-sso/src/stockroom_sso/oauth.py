"""The authorization code of OAuth 2.0 with PKCE, which all methods share (RFC 6749, RFC 7636)."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Mapping
from urllib.parse import quote_plus

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client

from stockroom.spi import LoginRefused, LoginStart
from stockroom_sso.transport import Failed, Http, host_of

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"
"""How a client authenticates at the token endpoint; PKCE alone protects a client without secret."""
_LONGEST_CODE = 8192
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")


class Client:
    """Stockroom as a server of others knows it; a secret that is empty is none."""

    def __init__(self, http: Http, client_id: str, secret: str, scope: str) -> None:
        self._http = http
        self._id = client_id
        self._secret = secret
        self._scope = scope

    def start(self, url: str, redirect_uri: str, *, nonce: bool, **parameters: str) -> LoginStart:
        """Send a browser to the authorization endpoint ``url``."""
        state = {"state": secrets.token_urlsafe(32), "code_verifier": secrets.token_urlsafe(48)}
        if nonce:
            state["nonce"] = parameters["nonce"] = secrets.token_urlsafe(32)
        client = self._authlib(redirect_uri, NONE)
        target, _ = client.create_authorization_url(
            url, state["state"], state["code_verifier"], **parameters
        )
        return LoginStart(target, state)

    def fetch(
        self, url: str, redirect_uri: str, code: str, state: Mapping[str, str], method: str = BASIC
    ) -> Mapping[str, object]:
        """What the token endpoint ``url`` gives for ``code``, with an access token at least.

        ``method`` is how the client authenticates, if it has a secret. Raises Failed.
        """
        client = self._authlib(redirect_uri, method if self._secret else NONE)
        # Neither the code nor the verifier, nor what the server says, gets into a traceback.
        try:
            token = client.fetch_token(
                url,
                grant_type="authorization_code",
                code=code,
                code_verifier=state["code_verifier"],
            )
        except OAuth2Error as error:
            raise Failed(f"{host_of(url)} refused the code ({_shown(error.error)})") from None
        except (ValueError, TypeError, OverflowError):
            raise Failed(f"{host_of(url)} answered without a token") from None
        if not isinstance(token.get("access_token"), str):
            raise Failed(f"{host_of(url)} answered without a token")
        return token

    def _authlib(self, redirect_uri: str, method: str) -> OAuth2Client:
        client = OAuth2Client(
            self._http,
            self._id,
            self._secret,
            token_endpoint_auth_method=method,
            scope=self._scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        client.register_client_auth_method((BASIC, _basic))
        return client


def authorization_code(
    query: Mapping[str, str],
    state: Mapping[str, str],
    issuer: str = "",
    *,
    says_issuer: bool = False,
) -> str:
    """The code with which a browser came back, if it is the one that was sent away.

    Where ``issuer`` is given, an answer that names another is refused, and so is one that names
    none if the issuer ``says_issuer`` (RFC 9207: the code of one server is not told to another).

    :raises LoginRefused: it is not, or the person was not let in.
    """
    if not _same(query.get("state"), state.get("state")):
        raise LoginRefused(
            "This sign-in was not begun in this browser, or too long ago. Begin it again."
        )
    if issuer and (says_issuer or "iss" in query) and not _same(query.get("iss"), issuer):
        raise Failed("the answer comes from another issuer")
    if "error" in query:
        if query["error"] == "access_denied":
            raise LoginRefused("You were not let in, or did not want to be. Begin again.")
        raise Failed(f"it was refused ({_shown(query['error'])})")
    code = query.get("code", "")
    if not 0 < len(code) <= _LONGEST_CODE:
        raise Failed("the answer holds no code")
    return code


def _same(given: str | None, expected: str | None) -> bool:
    return bool(expected) and hmac.compare_digest(
        (given or "").encode("utf-8", "replace"), (expected or "").encode()
    )


def _shown(error: object) -> str:
    """The code of an error as it may be shown: what others write is not repeated."""
    return error if isinstance(error, str) and _ERROR_CODE.fullmatch(error) else "unknown reason"


def _basic(
    client: ClientAuth, method: str, uri: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    """RFC 6749, section 2.3.1: both are encoded like forms; Authlib leaves them as they are."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return uri, headers, body
