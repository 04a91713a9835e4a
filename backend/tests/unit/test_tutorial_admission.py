"""Test the admission of the tutorial's sockets: revocations during the handshake (A7, W5), and limits (L3)."""

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


class AcceptedSocket(FakeConnection):
    """An accepted socket (AcceptedConnection) whose close is reported when it runs."""

    async def run(self, receiver: Receiver) -> None:
        """Report an earlier close to the receiver, and return (AcceptedConnection)."""
        self.receiver = receiver
        if self.close_code is not None:
            receiver.on_close(self.close_code)


def create_hub() -> Hub:
    """Create a hub that admits two connections."""
    return Hub(HeldLog(), limits=Limits(60_000, 0, 1), process_limits=ProcessLimits(connections=2))


@pytest.mark.parametrize(
    ("revocation", "code"),
    [
        (Revocation(time.time() + 1, sub="ada"), 4403),
        (Revocation(time.time() + 1, sub="ada", item="foo"), 4403),
        (Revocation(time.time(), digest="digest", expires=time.time() + 3600), 4401),
        (Revocation(time.time() + 1, sub="ada", item="bar"), None),
        (Revocation(time.time() + 1, sub="bob"), None),
    ],
)
async def test_a7_w5_a_revocation_during_the_handshake_closes_the_socket(
    revocation: Revocation, code: int | None
) -> None:
    revocations = Revocations()
    hub = create_hub()
    socket = AcceptedSocket()
    admission = TutorialAdmission(Authenticator(Keys(SECRET, None, 0), revocations), hub, "credential", ADA, "foo")
    hub._expiry.end_revoked(revocation)
    revocations.add(revocation)  # the token was accepted, and the connection is not watched yet

    await admission.run(socket, NullReceiver())

    assert socket.close_code == code
    assert (code is None) == (len(hub._expiry) == hub.connections == 1)


@pytest.mark.parametrize("member", [ADA, None])
async def test_l3_c_1013_the_limit_of_connections_counts_the_tutorial_sockets(member: Member | None) -> None:
    hub = create_hub()
    authenticator = Authenticator(None, Revocations())
    sockets = [AcceptedSocket(), AcceptedSocket()]
    for socket in sockets:
        await TutorialAdmission(authenticator, hub, "credential", member).run(socket, NullReceiver())
    with pytest.raises(Refusal) as refusal:
        TutorialAdmission(authenticator, hub, "credential", member)
    assert refusal.value.close_code == Close.AT_CAPACITY

    sockets[0].receiver.on_close(1000)
    TutorialAdmission(authenticator, hub, "credential", member)
