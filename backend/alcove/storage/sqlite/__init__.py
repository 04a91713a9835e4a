"""Store the log in a SQLite file."""
