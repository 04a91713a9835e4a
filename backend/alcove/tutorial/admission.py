"""Who may use the tutorial's sockets, and for how long (T2, A3): anyone in open mode, else who has a good token."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Cookie, Header, Query, Security
from fastapi.requests import HTTPConnection

from alcove.access.authenticator import Authenticator
from alcove.api.dependencies import AuthenticatorDep, OwnOriginDep, admit, check_cookie, credential, let_in, presented
from alcove.api.live import HubDep
from alcove.errors import Close, Code, Reason, Refusal
from alcove.protocol import Member
from alcove.rooms.admission import Slot
from alcove.rooms.hub import Hub
from alcove.wire.accept import Carrier
from alcove.wire.connection import Connection, Receiver


class Visit:
    """A stay at a socket of the tutorial: with keys it ends with the token that began it (A4, A7)."""

    def __init__(
        self,
        authenticator: Authenticator,
        hub: Hub,
        credential: str,
        member: Member | None = None,
        item: str | None = None,
    ) -> None:
        """Raises Refusal where the process is full, or the member has as many connections as they may (L3)."""
        hub.check_admission(member, item)
        self.credential = credential
        self._authenticator = authenticator
        self._hub = hub
        self._member = member
        self._item = item

    async def run(self, connection: Carrier, receiver: Receiver) -> None:
        """Let the receiver hear the connection, for as long as it may."""
        try:
            # Much can have happened during the handshake.
            if self._member is not None:
                self._authenticator.recheck(self._member, self._item)
            slot = self._hub.admit(self._member, self._item)
        except Refusal as refusal:
            connection.close(refusal.close, refusal.message)
            await connection.run(receiver)
            return
        visitor = Visitor(self._hub, slot, connection, receiver)
        if self._member is not None:
            self._hub.expiry.watch(visitor, self._member, self._item)
        await connection.run(visitor)


class Visitor:
    """A receiver that counts as a connection (L3), and whose stay can be ended (a Receiver and a Revocable)."""

    __slots__ = ("_connection", "_hub", "_receiver", "_slot")

    def __init__(self, hub: Hub, slot: Slot, connection: Connection, receiver: Receiver) -> None:
        self._hub = hub
        self._slot = slot
        self._connection = connection
        self._receiver = receiver

    def text(self, data: str) -> Iterator[object] | None:
        """Pass it on."""
        return self._receiver.text(data)

    def binary(self, data: bytes) -> None:
        """Pass it on."""
        self._receiver.binary(data)

    def closed(self, code: int) -> None:
        """Pass it on, and stay no longer."""
        self._slot.release()
        self._hub.expiry.forget(self)
        self._receiver.closed(code)

    def end(self, refusal: Refusal) -> None:
        """Close with the reason: this contract has no line to say it with."""
        self._connection.close(refusal.close, refusal.message)


#: Characters of a credential that T2 echoes where it came as a cookie and there are keys: a script must not read it.
_ECHOED = 8


async def item_visit(
    *,
    connection: HTTPConnection,
    item_id: str,
    authenticator: AuthenticatorDep,
    hub: HubDep,
    own: OwnOriginDep,
    session: Annotated[str | None, Cookie()] = None,
    token: Annotated[str | None, Query()] = None,
) -> Visit:
    """Let in by the cookie `session`, else the query `token` (T2); with keys it must give read and write (A3).

    Raises Refusal, which a socket without a subprotocol gets before the upgrade.
    """
    if session is None and token is None:
        expected = "no credential: send cookie `session` or query `token`"
        raise Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, expected, reason=Reason.MISSING)
    if authenticator.open:
        if session:
            check_cookie(connection, own=own)
        let_in(connection)
        return Visit(authenticator, hub, session or token or "")
    echoed = token or ""
    caller = None
    # A `session` that is no token of ours is the host application's own, and does not count (T2).
    if session and (caller := await authenticator.try_authenticate(session)):
        check_cookie(connection, own=own)
        let_in(connection)
        echoed = f"{session[:_ECHOED]}…"
    elif not token:
        echoed, token = "", session or ""
    member = authenticator.member_on(caller or await admit(connection, authenticator, token or "", None), item_id)
    if not member.can >= {"read", "write"}:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"this takes the rights to read and write {item_id}")
    return Visit(authenticator, hub, echoed, member, item_id)


async def visit(
    *,
    connection: HTTPConnection,
    authenticator: AuthenticatorDep,
    hub: HubDep,
    own: OwnOriginDep,
    authorization: Annotated[str | None, Header()] = None,
    token: Annotated[str | None, Query()] = None,
) -> Visit:
    """Let in anyone in open mode; with keys, with any good credential (T1, T3, A1, A3). Raises Refusal."""
    if authenticator.open:
        let_in(connection)
        return Visit(authenticator, hub, "")
    key = await credential(connection, await presented(connection, own, authorization, token))
    return Visit(
        authenticator, hub, "", authenticator.member_on(await admit(connection, authenticator, key, None), None)
    )


VisitDep = Annotated[Visit, Security(visit)]
ItemVisitDep = Annotated[Visit, Security(item_visit)]
