"""The messages that clients receive when their access ends."""

EXPIRED = "the token expired; get a new one"
ENDED = "this login was ended; sign in again"
REVOKED = "your access was revoked; ask for a new token"
