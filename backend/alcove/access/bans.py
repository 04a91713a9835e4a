"""Keep the table of banned members (A8, W15).

A ban takes away the right to write or all rights, on one item or on all items, until a time or until it is lifted.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from alcove.access.refusals import banned_refusal
from alcove.limits import MAX_BANS
from alcove.protocol import Right

#: The item of the internal room that holds the bans. No client can open it: `!` is not allowed in item ids (H3).
BANS_ITEM = "!bans"

#: What a ban takes away: the right to write, or all rights.
BannedRight = Literal["write", "all"]
BanReason = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class Ban(Struct, frozen=True, omit_defaults=True):
    """A ban of one member, or the lifting of a ban. It is stored as the body of an entry of the internal room.

    Attributes:
        member: The id of the banned member.
        item: The item that the ban applies to; None: all items.
        right: `write` takes away the right to write, `all` all rights; None: an earlier ban is lifted.
        until: When the ban ends, in ms since the epoch; None: when it is lifted.
        reason: A text for the member and for moderators.

    """

    member: str
    item: str | None = None
    right: BannedRight | None = None
    until: int | None = None
    reason: str | None = None

    def in_force(self, now_ms: int) -> bool:
        """Return whether the ban is in force at `now_ms` (ms since the epoch): not lifted and not ended."""
        return self.right is not None and (self.until is None or now_ms < self.until)


class BanSnapshot(Struct, frozen=True, omit_defaults=True):
    """All bans in force of a range of members. The entries up to `upto` are no longer needed, and may be removed.

    Attributes:
        upto: The seq of the last entry of the internal room that the snapshot includes.
        first: The range begins at this member id.
        behind: The range ends before this member id; None: it has no end.
        bans: The bans in force of the members in the range.

    """

    upto: int
    first: str
    behind: str | None
    bans: list[Ban]

    def covers(self, member: str) -> bool:
        """Return whether the range contains the member."""
        return self.first <= member and (self.behind is None or member < self.behind)


class Bans:
    """The bans in force that this process knows, at most one for each member and item: the last one replaces others."""

    def __init__(self, limit: int = MAX_BANS) -> None:
        """Create an empty table; `limit`: the maximum number of bans in it."""
        self.limit = limit
        #: The bans by member, then by item (None: on all items).
        self._bans: dict[str, dict[str | None, Ban]] = {}
        #: The seq of the last entry about each member and item that no snapshot includes.
        self._last_entries: dict[tuple[str, str | None], int] = {}

    def __len__(self) -> int:
        return sum(map(len, self._bans.values()))

    def __repr__(self) -> str:
        return f"<Bans members={len(self._bans)}>"

    def add(self, ban: Ban, now_ms: int, seq: int = 0) -> None:
        """Replace the member's ban on the same item by this one, and drop bans of the member that have ended.

        Args:
            ban: The ban; with `right` None it only removes the earlier one.
            now_ms: The current time in ms since the epoch.
            seq: The seq of the ban's entry in the internal room; 0: not known.

        """
        if seq:
            self._last_entries[ban.member, ban.item] = seq
        bans_of_member = self._bans.pop(ban.member, {}) | {ban.item: ban}
        if bans_in_force := {item: ban for item, ban in bans_of_member.items() if ban.in_force(now_ms)}:
            self._bans[ban.member] = bans_in_force

    def snapshots(self, upto: int, size: int, now_ms: int) -> list[BanSnapshot]:
        """Return snapshots of about `size` bans each that together include all bans in force.

        `upto`: the seq of the last entry that was applied.
        """
        snapshots: list[BanSnapshot] = [BanSnapshot(upto, "", None, [])]
        for member in sorted(self._bans):
            if len(snapshots[-1].bans) >= size:
                snapshots[-1] = replace(snapshots[-1], behind=member)
                snapshots.append(BanSnapshot(upto, member, None, []))
            snapshots[-1].bans.extend(ban for ban in self._bans[member].values() if ban.in_force(now_ms))
        return snapshots

    def forget_entries(self) -> None:
        """Forget the seqs of the bans' entries, because the room is read again and may have other seqs (X8)."""
        self._last_entries.clear()

    def apply_snapshot(self, snapshot: BanSnapshot, now_ms: int) -> list[Ban]:
        """Replace the bans of the members in a snapshot's range by its bans; keep those that later entries changed.

        Returns:
            The changes: new bans, and for each ban that the snapshot lacks, a Ban without `right`, which lifts it.

        """
        stored = {(ban.member, ban.item): ban for ban in snapshot.bans}
        known = {(ban.member, ban.item): ban for bans in self._bans.values() for ban in bans.values()}
        changed = []
        for key in stored.keys() | {key for key in known if snapshot.covers(key[0])}:
            ban = stored.get(key, Ban(*key))
            if self._last_entries.get(key, 0) <= snapshot.upto and known.get(key, Ban(*key)) != ban:
                self.add(ban, now_ms)
                changed.append(ban)
        if snapshot.behind is None:
            self._last_entries = {key: seq for key, seq in self._last_entries.items() if seq > snapshot.upto}
        return changed

    def can_add(self, ban: Ban) -> bool:
        """Return whether a ban may be added: it lifts or replaces another ban, or the table is not full."""
        return ban.right is None or ban.item in self._bans.get(ban.member, {}) or len(self) < self.limit

    def get(self, member: str, item: str | None, now_ms: int) -> Ban | None:
        """Return the member's ban on exactly this item (None: on all items) if it is in force at `now_ms`."""
        ban = self._bans.get(member, {}).get(item)
        return ban if ban is not None and ban.in_force(now_ms) else None

    def check(self, member: str, item: str | None, now_ms: int) -> None:
        """Check that no ban takes all rights from the member, on this item or on all items.

        `item`: the item id; None: only bans on all items count.

        Raises:
            Refusal: 4403 with the ban's reason, if there is such a ban.

        """
        if member in self._bans:
            for banned_item in (None, item):
                ban = self.get(member, banned_item, now_ms)
                if ban is not None and ban.right == "all":
                    raise banned_refusal(banned_item, ban.reason)

    def restrict(self, rights: frozenset[Right], member: str, item: str | None, now_ms: int) -> frozenset[Right]:
        """Return `rights`, without `write` if any ban on the item or on all items applies to the member.

        Args:
            rights: The rights that the member's token gives.
            member: The member's id.
            item: The item id; None: only bans on all items count.
            now_ms: The current time in ms since the epoch.

        """
        if member in self._bans and any(self.get(member, banned_item, now_ms) for banned_item in (None, item)):
            return rights - {"write"}
        return rights

    def items_of(self, member: str) -> list[str]:
        """Return the items on which the member has a ban; a ban on all items is not listed."""
        return [item for item in self._bans.get(member, {}) if item is not None]

    def next_end(self) -> int | None:
        """Return the time at which the next ban ends, in ms since the epoch; None if no ban ends by time."""
        ends = [ban.until for bans in self._bans.values() for ban in bans.values() if ban.until is not None]
        return min(ends, default=None)

    def take_ended(self, now_ms: int) -> list[Ban]:
        """Remove the bans that ended at or before `now_ms` (ms since the epoch), and return them."""
        ended = [ban for bans in self._bans.values() for ban in bans.values() if not ban.in_force(now_ms)]
        for ban in ended:
            del self._bans[ban.member][ban.item]
            if not self._bans[ban.member]:
                del self._bans[ban.member]
        return ended
