"""Create the `hello` line, the first line on every connection to a room (H5)."""

from alcove.clock import now_ms
from alcove.protocol import Hello, Limits, Member, You
from alcove.rooms.room import Room


def hello_line(room: Room, member: Member, limits: Limits, *, reset: bool) -> Hello:
    """Create the `hello` line of a room for one member.

    Args:
        room: The room; its presence already includes the member.
        member: The member whose connection gets the line.
        limits: The limits of this server that the line announces (L).
        reset: Whether the client must discard its entries, because they belong to another history (R5).

    """
    return Hello(
        item=room.item,
        log=room.log_id,
        head=room.head,
        oldest=room.oldest,
        reset=reset,
        you=You(member.person.id, member.person.name, sorted(member.can), member.person.picture, member.person.role),
        members=room.presence.named_members(),
        count=len(room.presence),
        reads=room.presence.latest_marks(),
        limits=limits,
        expires=member.expires_ms,
        now=now_ms(),
    )
