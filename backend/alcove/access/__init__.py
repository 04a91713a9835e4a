"""Who may do what: tokens, keys, rights, revocations, expiry."""
