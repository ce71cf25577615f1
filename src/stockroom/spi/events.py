"""What plugins are told of a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One change that was committed, as the audit trail has it.

    ``kind`` is ``thing.verb`` in the past tense. ``actor`` did it, with ``credential``, from
    ``address``; ``subject`` is whose account, roles or credential it is about. ``data`` has
    ``before`` and ``after`` where something changed, and never a secret.
    """

    id: int
    at: datetime
    kind: str
    actor: str
    credential: str | None
    address: str | None
    team_id: int | None
    registry_id: int | None
    package: str | None
    subject: str | None
    data: Mapping[str, object]
