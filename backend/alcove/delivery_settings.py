"""Define the settings of webhooks and handlers (K1 to K5)."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from alcove.urls import check_url


class DeliverySettings(BaseSettings):
    """The settings of webhooks and handlers; `Settings` inherits them."""

    webhook_url: str | None = Field(default=None, description="address that events are sent to (K1)")
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="secret that events are signed with: `whsec_` and Base64 of 24 to 64 bytes; several, separated by"
        " commas, during a rotation (K1)",
    )
    webhook_s: float = Field(
        default=15, ge=0.1, le=120, description="seconds that the receiver of an event has to answer (K1)"
    )
    webhook_retry_s: float = Field(
        default=259_200,
        ge=1,
        le=2_592_000,
        description="seconds over which a failed event is retried before its item is parked (K3)",
    )
    handler_s: float = Field(
        default=60, ge=0.1, le=3600, description="seconds that a handler may take for an entry (K5)"
    )
    handler_attempts: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="calls of a handler with an entry that fails, before the item is parked (K5)",
    )
    deliveries: int = Field(
        default=16,
        ge=2,
        le=1000,
        description="items whose entries are delivered at once, to the webhook and to each handler (K2)",
    )
    delivery_items: int = Field(
        default=10_000,
        ge=100,
        le=1_000_000,
        description="items kept in memory for the webhook and for each handler (K2)",
    )

    @field_validator("webhook_url")
    @classmethod
    def _check_webhook_url(cls, url: str | None) -> str | None:
        """Check that the address is an http(s) URL. Raises ValueError if it is not."""
        if url is not None and not check_url(url).startswith(("https://", "http://")):
            raise ValueError("expected https:// or http://")
        return url
