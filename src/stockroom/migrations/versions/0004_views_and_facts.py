"""Filters and the history of views, facts about packages, and background jobs."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; the history of every view begins with what it is made of now."""
    op.add_column("view_members", sa.Column("filter", sa.Text(), nullable=True))
    _add_history()
    _add_facts()
    _begin_history()


def _add_history() -> None:
    op.create_table(
        "view_definitions",
        sa.Column("id", _id(), nullable=False),
        sa.Column("view_id", _id(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_view_definitions")),
        sa.UniqueConstraint(
            "view_id", "revision", name=op.f("uq_view_definitions_view_id_revision")
        ),
    )


def _add_facts() -> None:
    op.create_table(
        "facts",
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("package", sa.String(length=255), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "package", name=op.f("pk_facts")),
    )
    op.create_index("ix_facts_package", "facts", ["package"])
    op.create_table(
        "advisories",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advisories")),
    )
    op.create_table(
        "advisory_packages",
        sa.Column("package", sa.String(length=255), nullable=False),
        sa.Column("advisory_id", sa.String(length=255), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["advisory_id"],
            ["advisories.id"],
            name=op.f("fk_advisory_packages_advisory_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("package", "advisory_id", name=op.f("pk_advisory_packages")),
    )
    op.create_index(op.f("ix_advisory_packages_advisory_id"), "advisory_packages", ["advisory_id"])
    op.create_table(
        "job_runs",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.String(length=64), nullable=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_runs")),
    )


def _begin_history() -> None:
    connection = op.get_bind()
    shown = connection.execute(
        sa.text(
            "SELECT v.id, v.revision, v.created_at, m.priority, w.name, r.name FROM views v "
            "LEFT JOIN view_members m ON m.view_id = v.id "
            "LEFT JOIN registries r ON r.id = m.registry_id "
            "LEFT JOIN workspaces w ON w.id = r.workspace_id "
            "ORDER BY v.id, m.priority, m.position"
        )
    ).all()
    heads = {row[0]: row[1:3] for row in shown}
    groups: dict[int, dict[int, list[list[str | None]]]] = {view_id: {} for view_id in heads}
    for view_id, _, _, priority, workspace, registry in shown:
        if priority is not None:
            mine = groups[view_id].setdefault(priority, [])
            mine.append([f"{workspace}/{registry}", None])
    insert = sa.text(
        "INSERT INTO view_definitions (view_id, revision, groups, at, actor) "
        "VALUES (:view_id, :revision, :groups, :at, 'migration')"
    )
    for view_id, (number, created_at) in heads.items():
        values = {"view_id": view_id, "revision": number, "at": created_at}
        definition = json.dumps(list(groups[view_id].values()))
        connection.execute(insert, {**values, "groups": definition})
