"""Storage of the room log: the interface, the committer in front of it, read marks, and one package per engine."""
