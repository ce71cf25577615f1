"""Alembic's environment: runs on the connection that `stockroom.migrations` hands over."""

from alembic import context

from stockroom import models  # noqa: F401 - imported for the tables that it declares
from stockroom.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
