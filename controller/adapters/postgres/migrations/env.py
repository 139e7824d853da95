"""Runs the revisions on the connection `migrate` gives, within its transaction."""

from alembic import context

from controller.adapters.postgres.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
