"""Store the log in a PostgreSQL database."""
