"""Where Alembic asks how to run migrations: on the connection that `hub.store.migrate` holds, in its transaction."""

from alembic import context

__all__: list[str] = []

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
