"""Define where a connection starts to read a room's log (H2)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StartPosition:
    """The start that a client requests: after an entry that it already has, or at the last entries."""

    #: Read the entries after this seq; None: read the last `tail` entries.
    after: int | None = None
    #: The id of the history that `after` belongs to (R5); None: the current history of the room.
    log_id: str | None = None
    #: How many of the last entries to read if `after` is None or does not apply.
    tail: int = 50

    def resets(self, log_id: str, head: int) -> bool:
        """Return whether `after` does not apply to the room, so that the client must discard its entries (R5).

        Args:
            log_id: The id of the room's history.
            head: The seq of the room's last entry.

        """
        return self.log_id not in {None, log_id} or (self.after or 0) > head

    def start_seq(self, log_id: str, head: int, oldest: int) -> int:
        """Return the seq after which the connection starts to read.

        Args:
            log_id: The id of the room's history.
            head: The seq of the room's last entry.
            oldest: The seq of the first entry that the log keeps.

        """
        if self.after is None or self.resets(log_id, head):
            return max(head - self.tail, oldest - 1)
        return self.after
