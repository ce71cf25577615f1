"""Security keys by WebAuthn, with an authenticator made of some lines of Python."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestedCredentialData

from stockroom.accounts import webauthn
from stockroom.accounts.problems import ProofRefused, SecurityKeyRefused
from stockroom.accounts.queries import KnownKey
from stockroom.accounts.webauthn import Site

SITE = Site.at("https://packages.example/anything")
PRESENT, ATTESTED = 0x01, 0x40


class Authenticator:
    """A security key; what it says can be changed on the way."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        public = ES256.from_cryptography_key(self._private.public_key())
        self._credential = AttestedCredentialData.create(Aaguid.NONE, b"i" * 16, public)
        self.counter = 0
        self.host = SITE.host
        self.origin = SITE.origin
        self.flags = PRESENT

    def make(self, options: Any, **changes: Any) -> str:
        """Answer to a request for a new credential."""
        data = self._data(self.flags | ATTESTED) + bytes(self._credential)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options, **changes)
        return self._answer(clientDataJSON=client, attestationObject=attestation)

    def sign(self, options: Any, **changes: Any) -> str:
        """Answer to a request for a proof."""
        data = self._data(self.flags)
        client = self._client("webauthn.get", options, **changes)
        signature = self._private.sign(
            data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256())
        )
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _data(self, flags: int) -> bytes:
        rp = hashlib.sha256(self.host.encode()).digest()
        return rp + bytes([flags]) + struct.pack(">I", self.counter)

    def _client(self, kind: str, options: Any, **changes: Any) -> bytes:
        challenge = options["publicKey"]["challenge"]
        told = {"type": kind, "challenge": challenge, "origin": self.origin, **changes}
        return json.dumps(told).encode()

    def _answer(self, **response: bytes) -> str:
        id_ = websafe_encode(self._credential.credential_id)
        encoded = {name: websafe_encode(value) for name, value in response.items()}
        return json.dumps({"id": id_, "rawId": id_, "type": "public-key", "response": encoded})


@pytest.fixture
def key() -> Authenticator:
    return Authenticator()


def register(key: Authenticator) -> KnownKey:
    options, state = webauthn.ask_new(SITE, 7, "ann", [])
    new = webauthn.take_new(SITE, state, key.make(options))
    return KnownKey(3, new.data, new.sign_count)


def test_key_is_registered_and_proves(key: Authenticator) -> None:
    known = register(key)
    key.counter = 5
    options, state = webauthn.ask(SITE, [known])

    assert webauthn.check(SITE, [known], state, key.sign(options)) == (3, 5)
    assert options["publicKey"]["rpId"] == "packages.example"
    assert options["publicKey"]["userVerification"] == "preferred"


def test_no_key_is_offered_twice(key: Authenticator) -> None:
    options, _ = webauthn.ask_new(SITE, 7, "ann", [register(key)])

    [excluded] = options["publicKey"]["excludeCredentials"]
    assert websafe_decode(excluded["id"]) == b"i" * 16


def change(**values: Any) -> Callable[[Authenticator], None]:
    def apply(key: Authenticator) -> None:
        vars(key).update(values)

    return apply


WRONG = pytest.mark.parametrize(
    ("spoil", "changes"),
    [
        (change(origin="https://evil.example"), {}),
        (change(origin="https://packages.example:8443"), {}),
        (change(origin="http://packages.example"), {}),
        (change(host="evil.example"), {}),
        (change(flags=0), {}),
        (change(), {"challenge": websafe_encode(b"x" * 32)}),
        (change(), {"type": "webauthn.other"}),
    ],
    ids=["origin", "port", "scheme", "host", "absent", "challenge", "type"],
)


@WRONG
def test_strange_credential_is_refused(
    key: Authenticator, spoil: Callable[[Authenticator], None], changes: dict[str, Any]
) -> None:
    options, state = webauthn.ask_new(SITE, 7, "ann", [])
    spoil(key)

    with pytest.raises(SecurityKeyRefused):
        webauthn.take_new(SITE, state, key.make(options, **changes))


@WRONG
def test_strange_proof_is_refused(
    key: Authenticator, spoil: Callable[[Authenticator], None], changes: dict[str, Any]
) -> None:
    known = register(key)
    options, state = webauthn.ask(SITE, [known])
    spoil(key)

    with pytest.raises(ProofRefused):
        webauthn.check(SITE, [known], state, key.sign(options, **changes))


def test_key_of_somebody_else_is_refused(key: Authenticator) -> None:
    known = register(key)
    options, state = webauthn.ask(SITE, [known])

    with pytest.raises(ProofRefused):
        webauthn.check(SITE, [known], state, Authenticator().sign(options))
    with pytest.raises(ProofRefused):
        webauthn.check(SITE, [], state, key.sign(options))


@pytest.mark.parametrize(("before", "now"), [(5, 5), (5, 4), (1, 0)])
def test_counter_that_does_not_go_on_shows_a_copy(
    key: Authenticator, before: int, now: int
) -> None:
    known = register(key)._replace(sign_count=before)
    key.counter = now
    options, state = webauthn.ask(SITE, [known])

    with pytest.raises(ProofRefused):
        webauthn.check(SITE, [known], state, key.sign(options))


def test_keys_that_do_not_count_are_fine(key: Authenticator) -> None:
    known = register(key)
    options, state = webauthn.ask(SITE, [known])

    assert webauthn.check(SITE, [known], state, key.sign(options)) == (3, 0)


def test_key_of_an_unknown_algorithm_is_refused(key: Authenticator) -> None:
    strange = {1: 2, 3: -65000, -1: 1, -2: b"x" * 32, -3: b"y" * 32}
    id_and_key = struct.pack(">H", 16) + b"i" * 16 + cbor.encode(strange)
    key._credential = AttestedCredentialData(bytes(16) + id_and_key)
    options, state = webauthn.ask_new(SITE, 7, "ann", [])

    with pytest.raises(SecurityKeyRefused):
        webauthn.take_new(SITE, state, key.make(options))


def test_answer_without_a_question_is_refused(key: Authenticator) -> None:
    known = register(key)
    options, _ = webauthn.ask(SITE, [known])

    with pytest.raises(ProofRefused):
        webauthn.check(SITE, [known], {}, key.sign(options))


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 10_000,
        '{"rawId": 7, "response": {}}',
        '{"rawId": "AA", "id": "AA", "type": "x", "response": {"clientDataJSON": "AA"}}',
        json.dumps({"rawId": "A" * 20_000}),
    ],
    ids=range(8),
)
def test_what_is_no_answer_is_refused(key: Authenticator, answer: str) -> None:
    known = register(key)
    _, state = webauthn.ask(SITE, [known])

    with pytest.raises(ProofRefused):
        webauthn.check(SITE, [known], state, answer)
    with pytest.raises(SecurityKeyRefused):
        webauthn.take_new(SITE, state, answer)
