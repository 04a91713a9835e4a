"""Store the room log: its interface, the committer in front of it, read marks, and one package per engine."""
