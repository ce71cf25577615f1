"""Security keys by WebAuthn: registering one, and proving that one has it (W3C, level 2)."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from stockroom.accounts.problems import ProofRefused, SecurityKeyRefused
from stockroom.accounts.queries import KnownKey

NAME = "Stockroom"
VERIFICATION = UserVerificationRequirement.PREFERRED
COSE_ALGORITHM = 3
"""The label of the algorithm in a public key (RFC 9052 section 7.1)."""
ALGORITHMS = frozenset(CoseKey.supported_algorithms())
REFUSED = "the security key was not recognised; try again"
MAX_ANSWER = 16384
MALFORMED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    struct.error,
)
"""What reading an answer raises that is none."""


class Site(NamedTuple):
    """This server as browsers see it: the origin of its pages, and the host that keys are for."""

    origin: str
    host: str

    @classmethod
    def at(cls, url: str) -> Site:
        """That of a URL of this server."""
        parts = urlsplit(url)
        return cls(f"{parts.scheme}://{parts.netloc}", parts.hostname or "")


class NewKey(NamedTuple):
    """What is kept of a security key."""

    credential_id: str
    data: str
    sign_count: int


def ask_new(
    site: Site, user_id: int, name: str, known: Sequence[KnownKey]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ask a browser to make a credential: the options for it, and what has to be kept."""
    user = PublicKeyCredentialUserEntity(
        id=f"user:{user_id}".encode(), name=name, display_name=name
    )
    options, state = _server(site).register_begin(
        user,
        [_attested(key) for key in known],
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=VERIFICATION,
    )
    return dict(options), _plain(state)


def take_new(site: Site, state: Mapping[str, Any], answer: str) -> NewKey:
    """Look at the credential that a browser has made.

    :raises SecurityKeyRefused: it is none, or not an answer to that question.
    """
    try:
        data = _server(site).register_complete(state, _read(answer))
    except MALFORMED as error:
        raise SecurityKeyRefused("the security key was not added; try again") from error
    attested = data.credential_data
    if attested is None or attested.public_key.get(COSE_ALGORITHM) not in ALGORITHMS:
        raise SecurityKeyRefused("the security key was not added; try again")
    return NewKey(
        websafe_encode(attested.credential_id), websafe_encode(bytes(attested)), data.counter
    )


def ask(site: Site, known: Sequence[KnownKey]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ask a browser to prove that it has a key: the options for it, and what has to be kept."""
    options, state = _server(site).authenticate_begin(
        [_attested(key) for key in known], user_verification=VERIFICATION
    )
    return dict(options), _plain(state)


def check(
    site: Site, known: Sequence[KnownKey], state: Mapping[str, Any], answer: str
) -> tuple[int, int]:
    """Look at what a key has signed: the id of the key, and how often it has signed.

    :raises ProofRefused: it is no answer of one of these keys to that question, or a copy of the
        key has been at work (WebAuthn section 6.1.1).
    """
    credentials = {key.id: _attested(key) for key in known}
    try:
        response = AuthenticationResponse.from_dict(_read(answer))
        found = _server(site).authenticate_complete(state, list(credentials.values()), response)
        counter = response.response.authenticator_data.counter
    except MALFORMED as error:
        raise ProofRefused(REFUSED) from error
    key = next(key for key in known if credentials[key.id].credential_id == found.credential_id)
    if not counts_on(key.sign_count, counter):
        raise ProofRefused(REFUSED)
    return key.id, counter


def counts_on(before: int, now: int) -> bool:
    """Whether the counter of a key went on; keys that do not count always say 0."""
    return now > before or before == now == 0


def _server(site: Site) -> Fido2Server:
    entity = PublicKeyCredentialRpEntity(id=site.host, name=NAME)
    return Fido2Server(entity, verify_origin=lambda origin: origin == site.origin)


def _attested(key: KnownKey) -> AttestedCredentialData:
    return AttestedCredentialData(websafe_decode(key.data))


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) for name, value in state.items()}


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > MAX_ANSWER:
        raise ValueError("too long")
    read = json.loads(answer)
    if not isinstance(read, dict):
        raise ValueError("not an object")
    return read
