"""The codes that programs make to be signed in, and what can be wrong with them."""

from __future__ import annotations

import re

from stockroom.errors import BadRequest, Conflict, NotFound, Problem
from stockroom.security import keys

CODE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
"""A random UUID (RFC 9562 section 5.4) as clients write it."""


class InvalidCode(BadRequest):
    """The code of a login is no random UUID."""

    slug, title = "invalid-code", "Invalid code"


class CodeTaken(Conflict):
    """A code was approved before."""

    slug, title = "code-taken", "Code already used"


class NotApproved(NotFound):
    """Nobody has approved the code yet."""

    slug, title = "not-approved", "Not approved yet"


class CodeSpent(Problem):
    """A code was collected before, or was approved too long ago."""

    slug, status, title = "code-spent", 410, "Code no longer valid"


def code_digest(code: str) -> str:
    """What is stored in place of a code.

    :raises InvalidCode: it is no UUID of version 4.
    """
    if not CODE.fullmatch(code):
        raise InvalidCode("the code of a login is a random UUID (version 4)")
    return keys.digest(code)
