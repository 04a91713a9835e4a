"""Check the rights of members whom a host application admits itself, without tokens."""

from alcove.access.authenticator import Authenticator, Caller
from alcove.access.bans import Bans
from alcove.access.revocations import Revocations
from alcove.errors import Close, Code, Refusal


class HostAuthenticator(Authenticator):
    """Applies rights, bans and revocations to callers that the host application's dependency has admitted."""

    def __init__(self, revocations: Revocations, bans: Bans, *, leeway_s: float = 0) -> None:
        super().__init__(None, revocations, bans, leeway_s=leeway_s)

    def __repr__(self) -> str:
        return "<HostAuthenticator>"

    @property
    def open(self) -> bool:
        """Whether this is open mode (A2): the application authorizes callers."""
        return False

    async def authenticate(self, credential: str, name: str | None = None) -> Caller:  # noqa: ARG002 - of the base
        """Raise Refusal 4400: there are no tokens here, so none can extend a connection (A4)."""
        message = "this application admits each connection by itself: open another one with the new credential"
        raise Refusal(Code.INVALID, Close.INVALID, message)
