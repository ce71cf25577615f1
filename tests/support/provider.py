"""A real OpenID provider: oidc-provider on a free port of loopback, and who signs in there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import playwright
import requests
from playwright.sync_api import Page

from tests.support.server import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests/browser/provider/provider.mjs"
LIBRARY = ROOT / ".provider/node_modules/oidc-provider/lib/index.js"
# The machine's own Node.js may be older than what the provider needs.
NODE = Path(playwright.__file__).parent / "driver" / "node"

USERS: Mapping[str, Mapping[str, Any]] = {
    "ada": {
        "name": "Ada Lovelace",
        "preferred_username": "ada",
        "email": "ada@corp.example",
        "email_verified": True,
        "groups": ["engineers", "everyone"],
    },
    "grace": {
        "name": "Grace Hopper",
        "preferred_username": "grace",
        "email": "grace@corp.example",
        "email_verified": True,
        "groups": ["admins", "engineers"],
    },
    "mallory": {
        "name": "Mallory",
        "preferred_username": "mallory",
        "email": "ada@corp.example",
        "email_verified": False,
        "groups": [],
    },
}
"""The people whom the provider knows, by the name with which they sign in."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A running provider, and the client that it knows Stockroom as."""

    issuer: str
    client_id: str
    client_secret: str

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to let people of the provider sign in at ``/sign-in/sso``."""
        return {
            "stockroom.plugins": "sso",
            "plugin.sso.issuer": self.issuer,
            "plugin.sso.client_id": self.client_id,
            "plugin.sso.client_secret": self.client_secret,
            "plugin.sso.label": "Sign in with Example Corp",
            "plugin.sso.scopes": "openid profile email groups",
            "plugin.sso.roles": "engineers=acme:writer admins=acme:owner",
        }

    def sign_in(self, url: str, user: str) -> str:
        """Go to ``url`` as a browser does and sign in; where the browser is sent at last."""
        with requests.Session() as session:
            page = self._follow(session, url)
            assert page.startswith(self.issuer), f"sent away without a question: {page}"
            answer = session.post(page, data={"user": user}, timeout=10, allow_redirects=False)
            return self._follow(session, urljoin(page, answer.headers["Location"]))

    def _follow(self, session: requests.Session, url: str) -> str:
        """The first page of the provider that is no redirect, or the first URL somewhere else."""
        while url.startswith(self.issuer):
            answer = session.get(url, timeout=10, allow_redirects=False)
            if not answer.is_redirect:
                assert answer.ok, f"{answer.status_code} for {url}: {answer.text}"
                return url
            url = urljoin(url, answer.headers["Location"])
        return url


def sign_in_at_provider(page: Page, user: str) -> None:
    """Fill in the form of the provider, which the browser has to show."""
    page.get_by_label("User name").fill(user)
    page.get_by_role("button", name="Sign in").click()


@contextmanager
def openid_provider(
    folder: Path,
    redirect_uris: Sequence[str],
    *,
    users: Mapping[str, Mapping[str, Any]] = USERS,
    id_token_claims: bool = False,
    auth_method: str = "client_secret_basic",
) -> Iterator[Provider]:
    """A provider that sends people back to one of ``redirect_uris``; its log is in ``folder``.

    It tells claims in ID tokens if ``id_token_claims``, at its userinfo endpoint otherwise.
    ``auth_method`` is how a client authenticates: ``none`` for one without a secret.
    """
    port = free_port()
    secret = "" if auth_method == "none" else "1+1=2 & hush: hush"
    description = {
        "port": port,
        "users": users,
        "idTokenClaims": id_token_claims,
        "client": {
            "client_id": "stockroom",
            **({"client_secret": secret} if secret else {}),
            "redirect_uris": redirect_uris,
            "scope": "openid email profile groups",
            "token_endpoint_auth_method": auth_method,
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
        },
    }
    log = folder / "provider.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [NODE, SCRIPT, LIBRARY.as_uri(), json.dumps(description)],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        wait_until(lambda: process.poll() is not None or b"ready" in log.read_bytes())
        assert process.poll() is None, f"run `make provider`:\n{log.read_text('utf-8')}"
        yield Provider(f"http://127.0.0.1:{port}", "stockroom", secret)
    finally:
        process.terminate()
        process.wait(10)
