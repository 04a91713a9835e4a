"""Test admission to the tutorial's sockets: revocations during the handshake (A7, W5), and limits (L3)."""

import time

import pytest

from alcove.access.authenticator import Authenticator
from alcove.access.revocations import Revocation, Revocations
from alcove.access.tokens import Keys
from alcove.errors import Close, Refusal
from alcove.limits import ProcessLimits
from alcove.protocol import Limits, Member, Person
from alcove.rooms.hub import Hub
from alcove.tutorial.admission import TutorialAdmission
from alcove.wire.connection import NullReceiver, Receiver
from tests.support.credentials import SECRET
from tests.support.fake_connection import FakeConnection
from tests.support.held_log import HeldLog

ADA = Member(Person("ada", "Ada"), frozenset({"read", "write"}), time.time() + 3600, time.time(), "digest")


class Peer(FakeConnection):
    """A socket that ends as soon as it is closed."""

    async def run(self, receiver: Receiver) -> None:
        """Tell the receiver if the socket was closed (AcceptedConnection)."""
        self.receiver = receiver
        if self.close_code is not None:
            receiver.on_close(self.close_code)


def a_hub() -> Hub:
    """Return a hub that admits two connections."""
    return Hub(HeldLog(), limits=Limits(60_000, 0, 1), process_limits=ProcessLimits(connections=2))


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
async def test_a7_w5_a_revocation_during_the_handshake_closes_the_socket(revoked: Revocation, code: int | None) -> None:
    revocations, hub, peer = Revocations(), a_hub(), Peer()
    admission = TutorialAdmission(Authenticator(Keys(SECRET, None, 0), revocations), hub, "credential", ADA, "foo")
    hub._expiry.end_revoked(revoked)
    revocations.add(revoked)  # the token was accepted, and the connection is not watched yet

    await admission.run(peer, NullReceiver())

    assert peer.close_code == code
    assert (code is None) == (len(hub._expiry) == hub.connections == 1)


@pytest.mark.parametrize("member", [ADA, None])
async def test_l3_c_1013_the_limit_of_connections_counts_the_tutorial_sockets(member: Member | None) -> None:
    hub, authenticator = a_hub(), Authenticator(None, Revocations())
    peers = [Peer(), Peer()]
    for peer in peers:
        await TutorialAdmission(authenticator, hub, "credential", member).run(peer, NullReceiver())
    with pytest.raises(Refusal) as refused:
        TutorialAdmission(authenticator, hub, "credential", member)
    assert refused.value.close == Close.AT_CAPACITY

    peers[0].receiver.on_close(1000)
    TutorialAdmission(authenticator, hub, "credential", member)
