"""Decide who may do what: tokens, keys, rights, revocations, expiry, address limits."""
