"""The tables of this adapter; the migrations make exactly these (a test compares them).

The journal keeps each event as its canonical text, so what is read is what was recorded, and
beside it the columns that are searched. Procrastinate's tables belong to Procrastinate.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

METADATA = MetaData()

JOURNAL = Table(
    "journal",
    METADATA,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Uuid(as_uuid=False), nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("event", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("sequence", BigInteger),
    Column("previous", Text),
    Column("digest", Text),
    UniqueConstraint("id", name="journal_id"),
    UniqueConstraint("sequence", name="journal_sequence"),
    Index("journal_subject_type", "subject", "type"),
    Index("journal_type", "type"),
    Index("journal_unsealed", "position", postgresql_where=text("sequence IS NULL")),
)

INDEX_FACTS = Table(
    "index_facts",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

SETBACKS = Table(
    "setbacks",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("parked_until", DateTime(timezone=True)),
)
