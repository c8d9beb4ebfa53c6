"""How the database's shape came to be, revision after revision; run by `server.kernel.migrate`."""
