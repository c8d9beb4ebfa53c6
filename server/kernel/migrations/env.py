"""What Alembic runs. The connection is handed over by `server.kernel.migrate`: no URL is read
here, and none is written in a log."""

from alembic import context

from server.kernel import cases
from server.kernel.db import Base

# Without it, its tables would be missing from the metadata.
assert cases.Case.metadata is Base.metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite changes a table only by making it anew.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
