"""A stay at a socket of the tutorial, which a revocation may overtake (A7, W5)."""

import time

import pytest

from alcove.api.problems import Nobody
from alcove.api.visits import Visit
from alcove.gate import Gate
from alcove.leases import Leases
from alcove.protocol import Member, Person
from alcove.revocations import Revocations, Revoked
from alcove.tokens import Keys
from alcove.wire.connection import Receiver
from tests.doubles import Socket
from tests.integration.credentials import SECRET

ADA = Member(Person("ada", "Ada"), frozenset({"read", "write"}), time.time() + 60, time.time(), "digest")


class Peer(Socket):
    """A socket that is over as soon as it was closed."""

    async def run(self, receiver: Receiver) -> None:
        """Leave, where one was sent away (Carrier)."""
        if self.close_code is not None:
            receiver.closed(self.close_code)


@pytest.mark.parametrize(
    ("revoked", "code"),
    [
        (Revoked(time.time() + 1, sub="ada"), 4403),
        (Revoked(time.time() + 1, sub="ada", item="foo"), 4403),
        (Revoked(time.time(), digest="digest", expires=time.time() + 60), 4401),
        (Revoked(time.time() + 1, sub="ada", item="bar"), None),
        (Revoked(time.time() + 1, sub="bob"), None),
    ],
)
async def test_a7_w5_whoever_is_revoked_during_the_handshake_does_not_stay(revoked: Revoked, code: int | None) -> None:
    revocations, leases, peer = Revocations(), Leases(), Peer()
    visit = Visit(Gate(Keys(SECRET, None, 0), revocations), leases, "credential", ADA, "foo")
    revocations.act = leases.revoked
    revocations.take(revoked)  # the socket was let in, and its lease is not granted yet

    await visit.run(peer, Nobody())

    assert code == peer.close_code
    assert (code is None) == (len(leases) == 1)
