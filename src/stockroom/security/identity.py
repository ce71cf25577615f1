"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """A known caller and what was granted to them; the secret itself is not kept.

    ``expires_at`` is in seconds since the epoch. A caller whose credential is wrong is not
    anonymous: they get :data:`REFUSED`, which may do nothing at all (S-61).
    """

    subject: str
    name: str
    principals: frozenset[str]
    expires_at: float | None = None


REFUSED = Identity(subject="refused", name="refused", principals=frozenset())
"""The holder of an unknown, revoked or expired credential."""
