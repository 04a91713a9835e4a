"""Authorize members of a host application, which admits each connection by its own dependency, without a token."""

from alcove.access.authenticator import Authenticator, Caller
from alcove.access.bans import Bans
from alcove.access.revocations import Revocations
from alcove.errors import Close, Code, Refusal


class HostAuthenticator(Authenticator):
    """Applies bans and revocations to callers whom the host application's dependency has admitted."""

    def __init__(self, revocations: Revocations, bans: Bans, *, leeway_s: float = 0) -> None:
        """Store the tables of revocations and bans.

        Args:
            revocations: The revoked tokens and logins.
            bans: The banned members (A8).
            leeway_s: Seconds by which the clock of the host application may differ from this one.

        """
        super().__init__(None, revocations, bans, leeway_s=leeway_s)

    def __repr__(self) -> str:
        return "<HostAuthenticator>"

    @property
    def open(self) -> bool:
        """Whether the server runs in open mode (A2): False, because the host application authorizes every caller."""
        return False

    async def authenticate(self, credential: str, name: str | None = None) -> Caller:  # noqa: ARG002 - the base class has the arguments
        """Refuse every credential: members have no tokens here, so no token can extend a connection (A4).

        Raises:
            Refusal: 4400, always.

        """
        message = "this application admits each connection by itself: open another one with the new credential"
        raise Refusal(Code.INVALID, Close.INVALID, message)
