"""The bench: what this server carries, beside its peers, on this machine."""
