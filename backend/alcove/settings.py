"""Read the settings from environment variables or a `.env` file; every setting has a default that works."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import SettingsConfigDict

from alcove.base_path import check_base_path
from alcove.delivery_settings import DeliverySettings
from alcove.env_file import ENV_FILE, check_env_file
from alcove.errors import SettingsError
from alcove.limits import DATABASE_CONNECTIONS, MAX_BANS, Budget, ListLimits, ProcessLimits, Retention
from alcove.origins import Origin, check_frame_ancestors
from alcove.proxies import check_proxies
from alcove.regular_files import check_regular, check_url_files
from alcove.urls import check_url, redact_url, split_commas, sqlite_path

#: The defaults of the settings that limit the process, its lists of rooms and its log.
_LIMITS, _LISTS, _RETENTION = ProcessLimits(), ListLimits(), Retention()


class Settings(DeliverySettings):
    """All settings of a server. The environment variable of a field is `ALCOVE_` and the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="ALCOVE_",
        env_file=ENV_FILE,
        env_file_encoding="utf-8-sig",  # a byte order mark would otherwise become part of the first name
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        allow_inf_nan=False,
    )

    database_url: str = Field(default="sqlite:///alcove.db", description="address of the log's database")
    database_connections: int = Field(
        default=DATABASE_CONNECTIONS, ge=4, le=1000, description="connections of one process to a PostgreSQL log"
    )
    bus_url: str = Field(default="memory://", description="address of the bus that connects the processes")
    bus_prefix: str = Field(
        default="alcove",
        pattern=r"^[\w.:-]{1,40}$",
        description="prefix of the bus's channel names; different for deployments that share a bus",
    )
    secret: SecretStr | None = Field(default=None, description="secret that tokens are signed with, HS256 (A3)")
    jwks: str | None = Field(
        default=None, description="file or address of the key set that tokens are signed with (A3)"
    )
    leeway_s: float = Field(
        default=2, ge=0, le=300, description="seconds by which the signing application's clock may differ"
    )
    allow_open: bool = Field(default=False, description="allow other machines in open mode (A2)")
    base_path: Annotated[str, AfterValidator(check_base_path)] = Field(
        default="", description="path below which browsers reach Alcove, such as `/chat`, behind a proxy (B1)"
    )
    origins: str = Field(
        default="", description="other origins whose pages may use the cookie, separated by commas (A5)"
    )
    frame_ancestors: Annotated[str, AfterValidator(check_frame_ancestors)] = Field(
        default="'none'",
        description="pages besides the server's own that may show `/embed/{item}` in a frame, as in CSP"
        " `frame-ancestors`",
    )
    picture_origins: str = Field(
        default="", description="origins whose pictures of members the page shows, separated by commas (A9)"
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="proxies whose X-Forwarded-* headers are trusted: addresses, networks, host names",
    )
    handshakes_per_s: float = Field(
        default=100, ge=0, le=1_000_000, description="WebSocket handshakes per second from one address; 0: no limit"
    )
    handshakes_burst: int = Field(
        default=2000, ge=1, le=10_000_000, description="WebSocket handshakes that one address may make at once"
    )
    refusals_per_s: float = Field(
        default=20,
        ge=0,
        le=1_000_000,
        description="refusals of unknown credentials per second to one address; 0: no limit",
    )
    refusals_burst: int = Field(
        default=200, ge=1, le=10_000_000, description="refusals of unknown credentials that one address may get at once"
    )
    credential_refusals_per_s: float = Field(
        default=0.2, ge=0, le=1000, description="refusals of one credential per second; 0: no limit"
    )
    credential_refusals_burst: int = Field(
        default=20, ge=1, le=1_000_000, description="refusals that one credential may get at once"
    )
    unauthenticated_requests: int = Field(
        default=200, ge=1, le=1_000_000, description="unauthenticated requests from one address that are in progress"
    )
    head_bytes: int = Field(
        default=32 * 1024, ge=1024, le=16 * 1024 * 1024, description="maximum bytes of a request line and its headers"
    )
    request_s: float = Field(
        default=20, ge=0.01, le=3600, description="seconds that a client has to send a whole HTTP request"
    )
    keep_alive_s: int = Field(
        default=75,
        ge=1,
        le=86_400,
        description="seconds that an idle HTTP connection stays open; must exceed the load balancer's idle timeout",
    )
    carrier: Literal["detached", "asgi"] = Field(
        default="detached",
        description="`detached`: WebSockets directly on the transport; `asgi`: as under any ASGI server",
    )
    log: Literal["text", "json"] = Field(default="text", description="log format of `alcove serve`: `text` or `json`")
    sends_per_s: float = Field(
        default=20, ge=0, le=1_000_000, description="sends per second by one member to one item; 0: no limit (L2)"
    )
    sends_burst: int = Field(
        default=60, ge=1, le=10_000_000, description="sends that one member may make to one item at once (L2)"
    )
    rates: int = Field(
        default=_LIMITS.rate_limiters,
        ge=1000,
        le=10_000_000,
        description="rate limiters kept in memory: for members, addresses, credentials",
    )
    bans: int = Field(default=MAX_BANS, ge=1, le=10_000_000, description="bans in force at a time (W15)")
    body_bytes: int = Field(
        default=64 * 1024, ge=1, le=64 * 1024 * 1024, description="maximum bytes of an entry's body, as JSON (L1)"
    )
    message_bytes: int = Field(
        default=1024 * 1024,
        ge=1024,
        le=64 * 1024 * 1024,
        description="maximum bytes of a WebSocket message or an HTTP body (L1)",
    )
    turn_frames: int = Field(
        default=_LIMITS.budget.frames,
        ge=1,
        le=100_000,
        description="frames and lines from one connection that are processed per turn of the event loop (L6)",
    )
    turn_bytes: int = Field(
        default=_LIMITS.budget.size,
        ge=1024,
        le=2**30,
        description="bytes from one connection that are processed per turn of the event loop (L6)",
    )
    control_frames: int = Field(
        default=_LIMITS.budget.control_frames,
        ge=10,
        le=10**9,
        description="pings, pongs and empty fragments that one client may send in 10 s (L6)",
    )
    member_connections: int = Field(
        default=_LIMITS.member_connections, ge=1, le=1_000_000, description="connections of one member to one item (L3)"
    )
    connections: int = Field(
        default=_LIMITS.connections, ge=1, le=1_000_000, description="connections to one process (L3)"
    )
    waiting_sends: int = Field(
        default=_LIMITS.waiting_sends, ge=1, le=1_000_000, description="sends in one process that wait for storage (L4)"
    )
    list_s: float = Field(
        default=_LISTS.seconds, ge=0.001, le=60, description="seconds that one list of rooms may take (W4)"
    )
    waiting_lists: int = Field(
        default=_LISTS.waiting_lists, ge=1, le=100_000, description="lists of rooms that may wait for storage (W4)"
    )
    list_pending: int = Field(
        default=_LIMITS.list_pending, ge=1, le=1_000_000, description="changed rooms that wait for one reader (W10)"
    )
    list_changes: int = Field(
        default=_LIMITS.list_changes, ge=100, le=10_000_000, description="changed rooms collected for all readers (W10)"
    )
    closed_rooms: int = Field(
        default=_LIMITS.closed_rooms,
        ge=1,
        le=10_000_000,
        description="closed rooms whose last entry is remembered (X8)",
    )
    retain_entries: int | None = Field(
        default=_RETENTION.entries, ge=1, le=10**12, description="entries that a room keeps; unset: all (L5)"
    )
    retain_days: float | None = Field(
        default=_RETENTION.days, gt=0, le=36_500, description="days that a room keeps an entry; unset: forever (L5)"
    )
    retain_ids_days: float = Field(
        default=_RETENTION.ids_days, ge=0, le=36_500, description="days that ids of removed entries are remembered (S5)"
    )
    drain_s: float = Field(
        default=_LIMITS.drain_s, ge=0, le=600, description="seconds over which clients reconnect after a stop (Z1)"
    )
    tail_entries: int = Field(
        default=_LIMITS.tail_entries, ge=0, le=1_000_000, description="entries of a room kept in memory"
    )
    tail_bytes: int = Field(
        default=_LIMITS.tail_bytes, ge=0, le=1024 * 1024 * 1024, description="bytes of a room's entries kept in memory"
    )
    ping_s: float = Field(default=20, ge=0.01, le=3600, description="seconds of silence after which a client is pinged")
    pong_s: float = Field(default=20, ge=0.01, le=3600, description="seconds that a client has to answer a ping (P3)")

    @field_validator("picture_origins")
    @classmethod
    def _normalize_picture_origins(cls, origins: str) -> str:
        """Check that each origin is https, and return the origins as browsers write them (A9). Raises ValueError."""
        parsed = [Origin.parse(origin) for origin in split_commas(origins)]
        if any(origin.scheme != "https" for origin in parsed):
            raise ValueError("expected origins that begin with https://")
        return ",".join(map(str, parsed))

    @field_validator("origins")
    @classmethod
    def _check_origins(cls, origins: str) -> str:
        """Check the form of each origin, because a mistyped one would never match (A5). Raises ValueError."""
        for origin in split_commas(origins):
            Origin.parse(origin)
        return origins

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, proxies: str) -> str:
        """Check the form of each proxy: headers of a mistyped proxy would be ignored silently. Raises ValueError."""
        check_proxies(split_commas(proxies))
        return proxies

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, url: str) -> str:
        """Check that the address has the form of a database address. Raises ValueError."""
        path = sqlite_path(url)
        if path is not None:
            check_regular(path)
            return url
        check_url_files(url)
        return check_url(url)

    @field_validator("bus_url", "jwks")
    @classmethod
    def _check_address(cls, url: str | None) -> str | None:
        """Check that the address can be parsed, so that a mistake is reported in one line. Raises ValueError."""
        if url is None:
            return None
        check_url_files(url)
        return check_url(url)

    @property
    def budget(self) -> Budget:
        """The input of one connection that is processed per turn of the event loop (L6)."""
        return Budget(self.turn_frames, self.turn_bytes, self.control_frames)

    @property
    def process_limits(self) -> ProcessLimits:
        """The limits of one server process (L)."""
        return ProcessLimits(
            connections=self.connections,
            member_connections=self.member_connections,
            waiting_sends=self.waiting_sends,
            rate_limiters=self.rates,
            drain_s=self.drain_s,
            tail_entries=self.tail_entries,
            tail_bytes=self.tail_bytes,
            list_pending=self.list_pending,
            list_changes=self.list_changes,
            closed_rooms=self.closed_rooms,
            budget=self.budget,
        )

    @property
    def list_limits(self) -> ListLimits:
        """The limits of lists of rooms (W4)."""
        return ListLimits(self.list_s, self.waiting_lists)

    @property
    def retention(self) -> Retention:
        """How many entries of each room are kept, and how long (L5)."""
        return Retention(self.retain_entries, self.retain_days, self.retain_ids_days)

    @property
    def open_mode(self) -> bool:
        """Whether no key is configured, which means open mode (A2)."""
        return self.secret is None and self.jwks is None

    @classmethod
    def load(cls) -> Self:
        """Read the settings from the environment and the file `.env`.

        Raises:
            SettingsError: A value is wrong, or `.env` cannot be read; the message is one line.

        """
        try:
            check_env_file()
            return cls()
        except OSError as error:
            raise SettingsError(f"{ENV_FILE} cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise SettingsError(f"{ENV_FILE} is not UTF-8: save it as UTF-8") from None
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            message = f"ALCOVE_{name}={redact_url(str(first['input']))!r}: {first['msg'][0].lower()}{first['msg'][1:]}"
            raise SettingsError(message) from None
