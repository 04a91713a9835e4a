"""Define the rooms of the screenshots: their messages, with authors and ages."""

import json
import time
from datetime import UTC, datetime

from tests.support.credentials import token
from tests.support.http import blocking_http
from tests.support.servers import Server

ITEM = "order-1042"
#: Members by id. The ids give them different colors.
NAMES = {"ada": "Ada", "grace": "Grace", "lin": "Lin", "sam": "Sam", "parcels": "Parcel service"}
COMMAND = "print-label --order 1042 --copies 2 --printer dock-3"
#: Author, minutes ago, and body, in the order of each room.
MESSAGES: dict[str, list[tuple[str, int, object]]] = {
    "listing-9": [("sam", 7020, "Is the bike still available?"), ("ada", 7011, "Sold last week, sorry!")],
    "ticket-91": [("grace", 2950, "Login works again, thank you!")],
    "order-1043": [("lin", 1540, "The new address is in the order now.")],
    "listing-7": [("grace", 172, "Photos are up. Shall we publish it?")],
    "ticket-88": [
        ("lin", 44, "The invoice has the old VAT number."),
        ("lin", 43, "Can you look at it before noon?"),
        ("sam", 27, "I can take it after lunch."),
    ],
    "order-1038": [("grace", 6, "Refund sent, it should arrive tomorrow.")],
    ITEM: [
        ("lin", 1130, "Order 1042 is paid. Two boxes, both fragile."),
        ("lin", 1129, "The customer asks for delivery before noon."),
        ("ada", 1121, "On it. I have asked the warehouse for the first van."),
        ("grace", 96, "Morning! Has the parcel for **Avenida 9** gone out?"),
        (
            "sam",
            91,
            f"Yes, with the first van. I had to print the label again:\n```\n{COMMAND}\n```",
        ),
        ("parcels", 90, {"parcel": "4711", "state": "out for delivery", "stops_left": 12}),
        ("sam", 88, "- box 1: six glasses\n- box 2: the desk lamp"),
        ("ada", 19, "Great, I'll tell the customer."),
        ("grace", 8, "Two stops to go: https://example.org/parcels/4711"),
    ],
}
#: What Ada has not read.
UNREAD = {"ticket-88": 3, "order-1038": 1}


def member_token(member: str) -> str:
    """Sign a token for a member who may read and write in every room."""
    return token(sub=member, name=NAMES[member], items={"*": "rw"})


def fill_rooms(server: Server) -> None:
    """Import the rooms, with Ada's read marks."""
    now = time.time_ns() // 1_000_000
    lines: list[dict[str, object]] = []
    for item, messages in MESSAGES.items():
        lines.append({"type": "room", "item": item})
        for number, (member, minutes, body) in enumerate(messages):
            by = {"id": member, "name": NAMES[member]}
            at = now - minutes * 60_000
            lines.append({"type": "entry", "kind": "message", "id": f"m{number}", "by": by, "at": at, "body": body})
        read = len(messages) - UNREAD.get(item, 0)
        if read > 0:
            target = {"by": messages[read - 1][0], "id": f"m{read - 1}"}
            lines.append({"type": "read", "by": "ada", "target": target})
    with blocking_http(server, token(sub="root", items={"*": "rwm"})) as client:
        content = "\n".join(map(json.dumps, lines))
        client.post("/api/import", content=content, headers={"content-type": "application/x-ndjson"}).raise_for_status()


def late_morning() -> str:
    """Return a time zone in which it is between 11 and 12 o'clock: what was said an hour ago is of today."""
    hours = (11 - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-hours:+d}"
