"""The log: its interface, the committer, read marks, and one package for each engine."""
