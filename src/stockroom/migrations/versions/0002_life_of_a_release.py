"""The life of a release: settings, notes, sizes, burnt filenames, upload sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

LIVE = "kind = 'stage' AND status IN ('open', 'processing', 'error')"


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns, the tables and the indexes."""
    _add_columns()
    _fill_columns()
    op.create_table(
        "burnt_filenames",
        sa.Column("registry_id", _id(), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("package", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["registry_id"],
            ["registries.id"],
            name=op.f("fk_burnt_filenames_registry_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registry_id", "filename", name=op.f("pk_burnt_filenames")),
    )
    _add_sessions()


def _add_columns() -> None:
    for table in ("teams", "registries"):
        op.add_column(table, sa.Column("settings", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("packages", sa.Column("notes", sa.String(), nullable=True))
    op.add_column(
        "packages", sa.Column("size", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column("releases", sa.Column("notes", sa.String(), nullable=True))
    op.add_column("files", sa.Column("downloaded_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        op.f("ix_files_registry_id_uploaded_at"), "files", ["registry_id", "uploaded_at"]
    )
    op.create_index(op.f("ix_events_registry_id_id"), "events", ["registry_id", "id"])
    op.add_column("blobs", sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True))


def _fill_columns() -> None:
    op.execute(
        "UPDATE packages SET size = "
        "(SELECT coalesce(sum(files.size), 0) FROM files WHERE files.package_id = packages.id)"
    )
    op.execute("UPDATE blobs SET touched_at = created_at")
    # SQLite changes a column only by making the table anew.
    with op.batch_alter_table("blobs") as blobs:
        blobs.alter_column("touched_at", nullable=False)
    for table, column in (("teams", "settings"), ("registries", "settings"), ("packages", "size")):
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column, server_default=None)


def _add_sessions() -> None:
    op.create_table(
        "upload_sessions",
        sa.Column("id", _id(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("registry_id", _id(), nullable=False),
        sa.Column("package", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("canonical_version", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('stage', 'direct')", name=op.f("ck_upload_sessions_kind")),
        sa.CheckConstraint(
            "status IN ('open', 'processing', 'published', 'error', 'canceled')",
            name=op.f("ck_upload_sessions_status"),
        ),
        sa.ForeignKeyConstraint(
            ["registry_id"],
            ["registries.id"],
            name=op.f("fk_upload_sessions_registry_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_sessions")),
        sa.UniqueConstraint("token", name=op.f("uq_upload_sessions_token")),
    )
    op.create_index(op.f("ix_upload_sessions_expires_at"), "upload_sessions", ["expires_at"])
    op.create_index(
        "uq_upload_sessions_live_stage",
        "upload_sessions",
        ["registry_id", "package", "canonical_version"],
        unique=True,
        sqlite_where=sa.text(LIVE),
        postgresql_where=sa.text(LIVE),
    )
    op.create_table(
        "upload_files",
        sa.Column("id", _id(), nullable=False),
        sa.Column("session_id", _id(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("digests", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("metadata_sha256", sa.String(length=64), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'processing', 'completed', 'error')",
            name=op.f("ck_upload_files_status"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["upload_sessions.id"],
            name=op.f("fk_upload_files_session_id"),
            ondelete="CASCADE",
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["blobs.sha256"],
                name=op.f(f"fk_upload_files_{column}"),
                ondelete="RESTRICT",
            )
            for column in ("sha256", "metadata_sha256")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_files")),
        sa.UniqueConstraint(
            "session_id", "filename", name=op.f("uq_upload_files_session_id_filename")
        ),
        sa.UniqueConstraint("token", name=op.f("uq_upload_files_token")),
    )
    for column in ("filename", "sha256", "metadata_sha256"):
        op.create_index(op.f(f"ix_upload_files_{column}"), "upload_files", [column])
