"""Procrastinate's tables and functions, as the release this revision was written for has them.

A newer release with another schema must bring its own changes in a revision of its own; until
then it is refused here, so that two databases never differ behind one revision number.
"""

import hashlib

from alembic import op
from procrastinate.schema import SchemaManager

from controller.errors import ConfigurationError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA_DIGEST = "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"


def upgrade() -> None:
    """Apply the schema in one go; without parameters psycopg sends several statements as they are."""
    schema = SchemaManager.get_schema()
    digest = hashlib.sha256(schema.encode()).hexdigest()
    if digest != SCHEMA_DIGEST:
        raise ConfigurationError(f"expected Procrastinate's schema {SCHEMA_DIGEST}, the installed release has {digest}")
    connection = op.get_bind().connection.driver_connection
    assert connection is not None  # noqa: S101 - it is checked out; this tells mypy so
    connection.execute(schema)
