"""Ids that nothing has had, for what is remembered of a thing goes on after its deletion."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from stockroom.models import Registry, Team, View


def unused_id(
    session: Session,
    model: type[Team | Registry | View],
    noted: InstrumentedAttribute[int | None] | InstrumentedAttribute[int],
) -> int | None:
    """An id that nothing of this kind has had.

    ``noted`` is the column that names all that there were: audit trails and kept pages must not
    mistake one for the other. None on PostgreSQL, which gives out no number twice.
    """
    if session.get_bind().dialect.name == "postgresql":
        return None
    newest = (session.execute(select(func.max(column))).scalar() for column in (model.id, noted))
    return max(number or 0 for number in newest) + 1
