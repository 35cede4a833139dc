"""How alembic runs the steps in ``versions``: on the connection, and inside the transaction, that it is handed.

``worker.record.database.Database.migrate`` is the one that runs them, so that no address is written in a second place.
"""

from __future__ import annotations

from alembic import context

from worker.record.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
