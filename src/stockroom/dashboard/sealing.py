"""What a browser keeps for us for some minutes: it can read it, but not change it."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from stockroom.security.tokens import AccessTokens

PURPOSE = "login state"
"""So that a seal is good for nothing else."""
MAX_SEALED = 4096
"""Characters; browsers keep no longer cookies."""


def seal(
    tokens: AccessTokens,
    content: Mapping[str, Any],
    seconds: int,
    clock: Callable[[], float] = time.time,
) -> str:
    """Sign ``content``, which is good for ``seconds``; may write a new key, so comes first."""
    tokens.prepare()
    document = json.dumps({"content": content, "ends_at": clock() + seconds})
    text = base64.urlsafe_b64encode(document.encode()).decode()
    return f"{text}.{_seals(tokens, text)[0]}"


def unseal(
    tokens: AccessTokens, sealed: str, clock: Callable[[], float] = time.time
) -> Mapping[str, Any] | None:
    """What was sealed; None unless we have sealed it, and it is in time."""
    text, _, given = sealed.rpartition(".")
    if len(sealed) > MAX_SEALED or not given.isascii():
        return None
    if not any(hmac.compare_digest(given, seal) for seal in _seals(tokens, text)):
        return None
    document = json.loads(base64.urlsafe_b64decode(text))
    content: Mapping[str, Any] = document["content"]
    return content if document["ends_at"] > clock() else None


def _seals(tokens: AccessTokens, text: str) -> list[str]:
    return [seal.hex() for seal in tokens.seals(f"{PURPOSE}:{text}")]
