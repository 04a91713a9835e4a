"""Admit callers to the tutorial's sockets: every caller in open mode, with keys those with a valid token (T2, A3)."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Cookie, Header, Query, Security
from fastapi.requests import HTTPConnection

from alcove.access.authenticator import Authenticator
from alcove.api.dependencies import (
    AuthenticatorDep,
    TrustedOriginDep,
    authenticate,
    check_cookie,
    mark_authenticated,
    optional_credential,
    required_credential,
)
from alcove.api.services import HubDep
from alcove.errors import Close, Code, Reason, Refusal
from alcove.protocol import Member
from alcove.rooms.admission import ConnectionSlot
from alcove.rooms.hub import Hub
from alcove.wire.accept import AcceptedConnection
from alcove.wire.connection import Connection, Receiver


class TutorialAdmission:
    """The permission to use one of the sockets. With keys, it ends when its token expires or is revoked (A4, A7)."""

    def __init__(
        self,
        authenticator: Authenticator,
        hub: Hub,
        credential: str,
        member: Member | None = None,
        item: str | None = None,
    ) -> None:
        """Check the limits of the process and of the member before the handshake is accepted.

        Args:
            authenticator: Checks the member again after the handshake.
            hub: Counts the connection.
            credential: The credential as the socket of an item shows it (T2).
            member: The member who connects; None in open mode.
            item: The item that the socket belongs to; None if it belongs to none.

        Raises:
            Refusal: 1012 during the drain (Z1); 1013 or 4429 at a limit of the process or the member (L3).

        """
        hub.check_admission(member, item)
        self.credential = credential
        self._authenticator = authenticator
        self._hub = hub
        self._member = member
        self._item = item

    async def run(self, connection: AcceptedConnection, receiver: Receiver) -> None:
        """Check the member and the limits again, then pass the connection's frames to `receiver` until it is closed."""
        try:
            # The token may have been revoked, and the limits reached, during the handshake.
            if self._member is not None:
                self._authenticator.recheck(self._member, self._item)
            slot = self._hub.admit(self._member, self._item)
        except Refusal as refusal:
            connection.close(refusal.close_code, refusal.message)
            await connection.run(receiver)
            return
        admitted = RevocableReceiver(self._hub, slot, connection, receiver)
        if self._member is not None:
            self._hub.watch(admitted, self._member, self._item)
        await connection.run(admitted)


class RevocableReceiver:
    """A receiver that passes frames to another one, and can be ended by the server (a Receiver and a Revocable)."""

    __slots__ = ("_connection", "_hub", "_receiver", "_slot")

    def __init__(self, hub: Hub, slot: ConnectionSlot, connection: Connection, receiver: Receiver) -> None:
        """Wrap a receiver.

        Args:
            hub: Watches the member's token.
            slot: The connection's place in the counts of the process and the member.
            connection: The connection.
            receiver: The receiver that gets the frames.

        """
        self._hub = hub
        self._slot = slot
        self._connection = connection
        self._receiver = receiver

    def on_text(self, data: str) -> Iterator[object] | None:
        """Pass the text to the receiver."""
        return self._receiver.on_text(data)

    def on_binary(self, data: bytes) -> None:
        """Pass the bytes to the receiver."""
        self._receiver.on_binary(data)

    def on_close(self, code: int) -> None:
        """Stop counting and watching the connection, and pass the close code to the receiver."""
        self._slot.release()
        self._hub.forget(self)
        self._receiver.on_close(code)

    def end(self, refusal: Refusal) -> None:
        """Close the connection; the reason goes into the close frame, as these sockets have no `error` line."""
        self._connection.close(refusal.close_code, refusal.message)


#: Characters of a cookie that T2 shows when there are keys: a script must not read the whole credential.
_SHOWN_CHARS = 8


async def admit_to_item(
    *,
    connection: HTTPConnection,
    item_id: str,
    authenticator: AuthenticatorDep,
    hub: HubDep,
    trusted_origin: TrustedOriginDep,
    session: Annotated[str | None, Cookie()] = None,
    token: Annotated[str | None, Query()] = None,
) -> TutorialAdmission:
    """Authenticate by the cookie `session` or the query parameter `token`; the cookie takes precedence.

    With keys, the credential must give the rights to read and write the item. A cookie that is not a valid token is
    ignored if there is a `token`.

    Source: T2, A3.

    Raises:
        Refusal: There is no credential, it is not valid, or a right is missing; sent before the upgrade, because these
            sockets have no subprotocol.

    """
    if session is None and token is None:
        message = "no credential: send cookie `session` or query `token`"
        raise Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, message, reason=Reason.MISSING)
    if authenticator.open:
        if session:
            check_cookie(connection, trusted_origin=trusted_origin)
        mark_authenticated(connection)
        return TutorialAdmission(authenticator, hub, session or token or "")
    shown_credential = token or ""
    caller = None
    # A `session` that is not a valid token belongs to the host application, and does not count (T2).
    if session and (caller := await authenticator.try_authenticate(session)):
        check_cookie(connection, trusted_origin=trusted_origin)
        mark_authenticated(connection)
        shown_credential = f"{session[:_SHOWN_CHARS]}…"
    elif not token:
        # There is no other credential: checking the cookie again raises the refusal.
        shown_credential, token = "", session or ""
    caller = caller or await authenticate(connection, authenticator, token or "", None)
    member = authenticator.member_on(caller, item_id)
    if not member.can >= {"read", "write"}:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"this requires the rights to read and write {item_id}")
    return TutorialAdmission(authenticator, hub, shown_credential, member, item_id)


async def admit_to_socket(
    *,
    connection: HTTPConnection,
    authenticator: AuthenticatorDep,
    hub: HubDep,
    trusted_origin: TrustedOriginDep,
    authorization: Annotated[str | None, Header()] = None,
    token: Annotated[str | None, Query()] = None,
) -> TutorialAdmission:
    """Admit every caller in open mode; with keys, every caller with a valid credential (T1, T3, A1, A3).

    Raises:
        Refusal: There is no credential, or it is not valid.

    """
    if authenticator.open:
        mark_authenticated(connection)
        return TutorialAdmission(authenticator, hub, "")
    credential = await required_credential(
        connection, await optional_credential(connection, trusted_origin, authorization, token)
    )
    caller = await authenticate(connection, authenticator, credential, None)
    return TutorialAdmission(authenticator, hub, "", authenticator.member_on(caller, None))


AdmissionDep = Annotated[TutorialAdmission, Security(admit_to_socket)]
ItemAdmissionDep = Annotated[TutorialAdmission, Security(admit_to_item)]
