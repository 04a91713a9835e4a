"""Authenticate and authorize: tokens, keys, rights, bans, revocations, token expiry, limits per client address."""
