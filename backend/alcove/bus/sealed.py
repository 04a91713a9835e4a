"""A bus whose messages only the processes of one log can read and write (X9).

The medium is not trusted: whoever may publish there could forge messages, and whoever may listen could read them. So a
message is encrypted and authenticated with a key that is kept in the log's tables, and its channel's name on the medium
is the log's id and a keyed hash. A message that does not hold is not believed; it only makes its channel doubtful, and
what was missed there is read from the log (X2).
"""

import asyncio
import binascii
import logging
import os
import time
from collections.abc import Callable
from hashlib import blake2b

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from alcove.bus.base import Bus, OnGap, OnMessage
from alcove.observability.metrics import BUS_REFUSED

log = logging.getLogger("alcove.bus")

#: Bytes of the salt that a process makes its own key with, and of the number that makes a message unlike all others.
_SALT = 16
_NUMBER = 8
_HEAD = _SALT + _NUMBER
#: Bytes of AES-GCM's tag.
_TAG = 16
#: Seconds that a message may be old, or that the clocks of two machines may differ.
_FRESH_S = 60.0
#: Senders whose keys are kept, those heard last.
_SENDERS = 256
#: Seconds in which doubtful channels are gathered before they are told.
_DOUBT_S = 0.5
#: The channel on which processes of versions before this one, whose messages are plain, say that they are there.
_PLAIN_ALL = "!all"
#: Seconds after its last message that such a process counts as ended, and between two plain messages to it.
_OLDER_S = 6.0
_REMIND_S = 4.0
#: Begins the name that a process of this version gives itself there, so that others of it know it by that.
_SEALED = "sealed-"

#: Why a message is not believed → what to say about it, once.
_REASONS = {
    "forged": "a message was not sealed with this log's key; it is ignored, and the log is read instead",
    "replayed": "a message came a second time, or too late; it is ignored, and the log is read instead",
    "stale": f"a message is {_FRESH_S:.0f} s old, or of the future; set the machines' clocks. The log is read instead",
    "older_version": "a process of an older version publishes unsealed messages; they are ignored, and the log is read",
}


class _Sender:
    """Another process: the key it seals with, and the number of its last message."""

    __slots__ = ("cipher", "number")

    def __init__(self, cipher: AESGCM) -> None:
        self.cipher = cipher
        self.number = 0


class SealedBus:
    """A Bus over another one, whose messages are sealed.

    A sealed message is `salt number ciphertext`, as Base64. Each process derives a key from the log's and a random
    salt, so that numbers need only be unlike within the process. They are times in ns that always grow: a message that
    is heard again, or much later, is known by its number.
    """

    shared = True

    def __init__(self, bus: Bus, key: bytes, log_id: str, *, clock_ns: Callable[[], int] = time.time_ns) -> None:
        """`key`: 32 random bytes that the processes of the log share, and nobody else."""
        self._bus = bus
        self._key = key
        self._log_id = log_id
        self._clock_ns = clock_ns
        self._names_key = self._derive(b"channel names", b"")
        salt = os.urandom(_SALT)
        self._salt = salt
        self._cipher = AESGCM(self._derive(b"messages", salt))
        self._number = 0
        self._senders: dict[bytes, _Sender] = {}
        #: Subscribed channels, as the medium calls them → ours, and the other way round.
        self._channels: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._doubtful: set[str] = set()
        self._telling: asyncio.TimerHandle | None = None
        self._said: set[str] = set()
        self._older_at: float | None = None
        self._reminding: asyncio.TimerHandle | None = None

    @property
    def up(self) -> bool:
        """Whether messages get through just now (Bus)."""
        return self._bus.up

    @property
    def max_bytes(self) -> int:
        """The largest message that fits where none of a large one's parts are sent (Bus)."""
        return (self._bus.max_bytes // 4 * 3) - _HEAD - _TAG

    @property
    def mixed(self) -> bool:
        """Whether a process of an older version is there (Bus)."""
        return self._older_at is not None and asyncio.get_running_loop().time() - self._older_at < _OLDER_S

    # --- Bus

    async def start(self, heard: OnMessage, restored: OnGap) -> None:
        """Connect (Bus)."""
        self._heard = heard
        self._restored = restored
        await self._bus.start(self._hear, self._missed)
        self._bus.subscribe(_PLAIN_ALL)

    def subscribe(self, channel: str) -> None:
        """Hear the channel from soon on (Bus)."""
        name = self._name(channel)
        self._channels[name], self._names[channel] = channel, name
        self._bus.subscribe(name)

    def unsubscribe(self, channel: str) -> None:
        """Hear the channel no more (Bus)."""
        name = self._name(channel)
        self._channels.pop(name, None)
        self._names.pop(channel, None)
        self._doubtful.discard(channel)
        self._bus.unsubscribe(name)

    def publish(self, channel: str, message: bytes, brief: bytes | None = None) -> None:
        """Seal the message, or the brief one where it is too large, and publish it (Bus)."""
        if brief is not None and len(message) > self.max_bytes:
            message = brief
        # Never the same twice: a clock that is set back goes on where it was.
        self._number = max(self._number + 1, self._clock_ns())
        number = self._number.to_bytes(_NUMBER)
        sealed = self._cipher.encrypt(bytes(12 - _NUMBER) + number, message, self._bound_to(channel))
        payload = binascii.b2a_base64(self._salt + number + sealed, newline=False)
        self._bus.publish(self._name(channel), payload)

    async def close(self) -> None:
        """Tell what was still to be told (Bus)."""
        for timer in (self._telling, self._reminding):
            if timer is not None:
                timer.cancel()
        await self._bus.close()

    # --- what the medium brings

    def _missed(self, names: frozenset[str]) -> None:
        if channels := frozenset(self._channels[name] for name in names if name in self._channels):
            self._restored(channels)

    def _hear(self, name: str, payload: bytes) -> None:
        """Open a message; where it does not hold, doubt its channel."""
        if name == _PLAIN_ALL:
            if f'"{_SEALED}'.encode() not in payload:
                self._notice_older()
        elif (channel := self._channels.get(name)) is not None:
            reason, message = self._open(channel, payload)
            if not reason:
                self._heard(channel, message)
                return
            self._complain(reason)
            self._doubtful.add(channel)
            if self._telling is None:
                self._telling = asyncio.get_running_loop().call_later(_DOUBT_S, self._tell_doubts)

    def _open(self, channel: str, payload: bytes) -> tuple[str, bytes]:
        """Return why the message is not believed, or an empty reason and what it says."""
        try:
            sealed = binascii.a2b_base64(payload, strict_mode=True)
        except binascii.Error:
            return "forged", b""
        salt, number = sealed[:_SALT], sealed[_SALT:_HEAD]
        if salt == self._salt:  # one of ours, sent back by somebody else
            return "replayed", b""
        sender = self._senders.get(salt) or _Sender(AESGCM(self._derive(b"messages", salt)))
        try:
            message = sender.cipher.decrypt(bytes(12 - _NUMBER) + number, sealed[_HEAD:], self._bound_to(channel))
        except (InvalidTag, ValueError):
            return "forged", b""
        sent_ns = int.from_bytes(number)
        if sent_ns <= sender.number:
            return "replayed", b""
        if abs(self._clock_ns() - sent_ns) > _FRESH_S * 1e9:
            return "stale", b""
        sender.number = sent_ns
        # The last one heard is the last to be forgotten. Only a sender that holds the key gets a place.
        self._senders.pop(salt, None)
        self._senders[salt] = sender
        if len(self._senders) > _SENDERS:
            del self._senders[next(iter(self._senders))]
        return "", message

    def _tell_doubts(self) -> None:
        """Have what was missed on doubtful channels read from the log."""
        self._telling = None
        doubtful, self._doubtful = self._doubtful, set()
        if doubtful:
            self._restored(frozenset(doubtful))

    def _complain(self, reason: str) -> None:
        """Count a message that is not believed, and say so the first time."""
        BUS_REFUSED.labels(reason).inc()
        if reason not in self._said:
            self._said.add(reason)
            log.warning("bus: %s", _REASONS[reason])

    # --- processes of older versions, during a rolling upgrade

    def _notice_older(self) -> None:
        """Remember that such a process is there, and make it look into the log, too: it cannot read what is sealed."""
        self._complain("older_version")
        self._older_at = asyncio.get_running_loop().time()
        if self._reminding is None:
            self._remind()

    def _remind(self) -> None:
        """Say as a process that then falls silent that it is there: an older version then polls the log for 4.5 s."""
        self._reminding = None
        if self.mixed:
            alive = {"kind": "alive", "process": _SEALED + os.urandom(6).hex()}
            self._bus.publish(_PLAIN_ALL, msgspec.json.encode(alive))
            self._reminding = asyncio.get_running_loop().call_later(_REMIND_S, self._remind)

    # --- keys and names

    def _name(self, channel: str) -> str:
        """What the medium calls a channel: it tells which log it is of, and nothing of the item."""
        if name := self._names.get(channel):
            return name
        return f"{self._log_id}.{blake2b(channel.encode(), key=self._names_key, digest_size=12).hexdigest()}"

    def _bound_to(self, channel: str) -> bytes:
        """What a message is sealed together with: it holds on no other channel, and in no other log."""
        return f"{self._log_id} {channel}".encode()

    def _derive(self, use: bytes, salt: bytes) -> bytes:
        return HKDF(SHA256(), 32, salt, b"alcove bus: " + use).derive(self._key)
