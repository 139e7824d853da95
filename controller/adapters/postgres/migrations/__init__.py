"""How the database came to its present shape, one revision after another (Alembic)."""
