"""Make the first line that a connection to a room receives (H5)."""

from alcove.clock import now_ms
from alcove.protocol import Hello, Limits, Member, You
from alcove.rooms.room import Room


def greeting(room: Room, member: Member, limits: Limits, *, reset: bool) -> Hello:
    """Return the `hello` line of a room for one member.

    Args:
        room: The room; the member counts in its presence already.
        member: The member whose connection is greeted.
        limits: The limits of this server that a client should keep to (L).
        reset: Whether the client's position does not apply, so that it drops what it had (R5).

    """
    return Hello(
        item=room.item,
        log=room.log_id,
        head=room.head,
        oldest=room.oldest,
        reset=reset,
        you=You(member.person.id, member.person.name, sorted(member.can)),
        members=room.presence.named(),
        count=len(room.presence),
        reads=room.presence.marks(),
        limits=limits,
        expires=member.expires_ms,
        now=now_ms(),
    )
