from typing import Any

from sqlalchemy.orm import Session, scoped_session, sessionmaker
from transaction import ThreadTransactionManager, TransactionManager

class ZopeTransactionEvents: ...

def register(
    session: Session | scoped_session[Any] | sessionmaker[Any],
    initial_state: str = "active",
    transaction_manager: TransactionManager | ThreadTransactionManager = ...,
    keep_session: bool = False,
) -> ZopeTransactionEvents: ...
def mark_changed(
    session: Session,
    transaction_manager: TransactionManager | ThreadTransactionManager = ...,
    keep_session: bool = False,
) -> None: ...
