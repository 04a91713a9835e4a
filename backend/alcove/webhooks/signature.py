"""Sign webhooks, and verify their signatures (Standard Webhooks, K1)."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from alcove.errors import InvalidError, SettingsError

#: The sizes in bytes that a secret may have (Standard Webhooks, "Signature scheme").
_SECRET_BYTES = range(24, 65)
_EXPECTED = "expected whsec_ and Base64 of 24 to 64 bytes; make one with: echo whsec_$(openssl rand -base64 32)"


class Signer:
    """Signs requests with each of one or more secrets, and accepts a request that is signed with any of them."""

    def __init__(self, secrets: str) -> None:
        """Create a signer.

        Args:
            secrets: One secret, or several separated by commas during a rotation.

        Raises:
            SettingsError: A secret has the wrong form. The message does not contain the secret.

        """
        self._signers = [_create_signer(secret.strip()) for secret in secrets.split(",")]

    def headers(self, id: str, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers that sign a request with this id and body, sent at `now`."""
        signatures = [signer.sign(id, now, body.decode()) for signer in self._signers]
        return {
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def verify(self, body: bytes | str, headers: Mapping[str, str]) -> Any:
        """Verify a request, and decode its body.

        Raises:
            InvalidError: The request was not signed with one of the secrets within the last 5 minutes.

        """
        reason = ""
        for signer in self._signers:
            try:
                return signer.verify(body, dict(headers))
            except (WebhookVerificationError, ValueError) as error:
                reason = str(error)
        raise InvalidError(f"this request is not a webhook of this server: {reason}")


def verify_webhook(body: bytes | str, headers: Mapping[str, str], secret: str) -> dict[str, Any]:
    """Verify the signature of a webhook request, and return its event (K1).

    Args:
        body: The body of the request, as it arrived.
        headers: Its headers; upper and lower case do not matter.
        secret: The server's ALCOVE_WEBHOOK_SECRET.

    Returns:
        `type`, `timestamp` and `data`, as the guide to integrating describes them. `headers["webhook-id"]` is the same
        each time an event is sent.

    Raises:
        InvalidError: The signature is wrong, or older than 5 minutes: answer 401.
        SettingsError: The secret has the wrong form.

    """
    event = Signer(secret).verify(body, headers)
    if not isinstance(event, dict):
        raise InvalidError(
            f"this request is not a webhook of this server: expected an object, got {json.dumps(event)[:40]}"
        )
    return event


def utc_now() -> datetime:
    """Return the time, for `Signer.headers`."""
    return datetime.now(UTC)


def _create_signer(secret: str) -> Webhook:
    """Create the signer of one secret. Raises SettingsError if the secret has the wrong form."""
    try:
        size = len(base64.b64decode(secret.removeprefix("whsec_") + "==", validate=False))
    except (binascii.Error, ValueError):
        size = 0
    if size not in _SECRET_BYTES:
        raise SettingsError(f"ALCOVE_WEBHOOK_SECRET: {_EXPECTED}")
    return Webhook(secret)
