"""Renew the tokens of open connections to rooms (A4)."""

import asyncio

from alcove.access.authenticator import Authenticator
from alcove.access.expiry import ExpiryWatch
from alcove.errors import Refusal
from alcove.rooms.session import Session


class TokenRenewal:
    """The replacement of a session's token by a fresh one of the same member."""

    def __init__(self, authenticator: Authenticator, expiry: ExpiryWatch) -> None:
        """Store the authenticator, and the watch that ends connections when their tokens expire."""
        self._authenticator = authenticator
        self._expiry = expiry

    async def renew(self, session: Session, token: str, wait_s: float) -> None:
        """Check a fresh token in `wait_s` seconds.

        Then call the session's `renewed` and watch the new expiry, or call its `refused`.
        """
        if wait_s:
            await asyncio.sleep(wait_s)
        item = session.room.item
        try:
            member = await self._authenticator.renew(token, item, session.cursor.member.person)
        except Refusal as refusal:
            session.refused(refusal)
            return
        if session in self._expiry:  # the connection may have closed during the check
            self._expiry.watch(session, member, item)
            session.renewed(member)
