"""The journal, the index and the setbacks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "journal",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("sequence", sa.BigInteger),
        sa.Column("previous", sa.Text),
        sa.Column("digest", sa.Text),
        sa.UniqueConstraint("id", name="journal_id"),
        sa.UniqueConstraint("sequence", name="journal_sequence"),
    )
    op.create_index("journal_subject_type", "journal", ["subject", "type"])
    op.create_index("journal_type", "journal", ["type"])
    op.create_index("journal_unsealed", "journal", ["position"], postgresql_where=sa.text("sequence IS NULL"))
    op.create_table(
        "index_facts",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "setbacks",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("parked_until", sa.DateTime(timezone=True)),
    )
