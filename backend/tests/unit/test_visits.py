"""A stay at a socket of the tutorial: a revocation may overtake it (A7, W5), and it counts like any other (L3)."""

import time

import pytest

from alcove.access.authenticator import Authenticator
from alcove.access.revocations import Revocation, Revocations
from alcove.access.tokens import Keys
from alcove.api.problems import Nobody
from alcove.errors import Close, Refusal
from alcove.limits import ProcessLimits
from alcove.protocol import Limits, Member, Person
from alcove.rooms.hub import Hub
from alcove.tutorial.admission import Visit
from alcove.wire.connection import Receiver
from tests.doubles import HeldLog, Socket
from tests.integration.credentials import SECRET

ADA = Member(Person("ada", "Ada"), frozenset({"read", "write"}), time.time() + 3600, time.time(), "digest")


class Peer(Socket):
    """A socket that is over as soon as it was closed."""

    async def run(self, receiver: Receiver) -> None:
        """Leave, where one was sent away (Carrier)."""
        self.receiver = receiver
        if self.close_code is not None:
            receiver.closed(self.close_code)


def a_hub() -> Hub:
    """A hub that takes two connections."""
    return Hub(HeldLog(), limits=Limits(60_000, 0, 1), bounds=ProcessLimits(connections=2))


@pytest.mark.parametrize(
    ("revoked", "code"),
    [
        (Revocation(time.time() + 1, sub="ada"), 4403),
        (Revocation(time.time() + 1, sub="ada", item="foo"), 4403),
        (Revocation(time.time(), digest="digest", expires=time.time() + 3600), 4401),
        (Revocation(time.time() + 1, sub="ada", item="bar"), None),
        (Revocation(time.time() + 1, sub="bob"), None),
    ],
)
async def test_a7_w5_whoever_is_revoked_during_the_handshake_does_not_stay(
    revoked: Revocation, code: int | None
) -> None:
    revocations, hub, peer = Revocations(), a_hub(), Peer()
    visit = Visit(Authenticator(Keys(SECRET, None, 0), revocations), hub, "credential", ADA, "foo")
    hub.expiry.end_revoked(revoked)
    revocations.add(revoked)  # the socket was let in, and its lease is not granted yet

    await visit.run(peer, Nobody())

    assert code == peer.close_code
    assert (code is None) == (len(hub.expiry) == hub.connections == 1)


@pytest.mark.parametrize("member", [ADA, None])
async def test_l3_c_1013_a_process_has_so_many_connections_beside_rooms_too(member: Member | None) -> None:
    hub, authenticator = a_hub(), Authenticator(None, Revocations())
    peers = [Peer(), Peer()]
    for peer in peers:
        await Visit(authenticator, hub, "credential", member).run(peer, Nobody())
    with pytest.raises(Refusal) as refused:
        Visit(authenticator, hub, "credential", member)
    assert Close.AT_CAPACITY == refused.value.close

    peers[0].receiver.closed(1000)
    Visit(authenticator, hub, "credential", member)
