"""Encrypt and authenticate messages between the processes of one log (X9). No I/O.

A sealed message is `salt number ciphertext`, as Base64. Each process derives a key from the log's key and a random
salt, so a number must be unique within one process only. Numbers are increasing times in ns since the epoch, by which a
message that arrives twice or much later is recognized.
"""

import binascii
import os
from collections.abc import Callable
from hashlib import blake2b
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from alcove.errors import AlcoveError

#: Bytes of the salt, with which a message begins.
_SALT_BYTES = 16
#: Bytes of the number, which follows the salt.
_NUMBER_BYTES = 8
#: Bytes before the ciphertext.
_HEADER_BYTES = _SALT_BYTES + _NUMBER_BYTES
#: Bytes of AES-GCM's nonce.
_NONCE_BYTES = 12
#: Bytes of AES-GCM's authentication tag, which ends the ciphertext.
_TAG_BYTES = 16
#: Maximum seconds between a message's time and this machine's clock, which includes the difference of two clocks.
MAX_AGE_S = 60.0
#: Maximum number of senders that are remembered; those of the latest messages are kept.
_MAX_SENDERS = 256

#: Why a message is refused: the label of the metric.
RefusalReason = Literal["forged", "replayed", "stale"]


class RefusedMessageError(AlcoveError):
    """A message was not sealed by another process of this log, is not recent, or arrived before.

    Attributes:
        reason: Why it is refused; the label of the metric.

    """

    def __init__(self, reason: RefusalReason) -> None:
        """Store the reason, which is also the text of the error."""
        super().__init__(reason)
        self.reason = reason


class _Sender:
    """The state of another process that sends messages: its cipher, and the number of its last message."""

    __slots__ = ("cipher", "last_number")

    def __init__(self, cipher: AESGCM) -> None:
        #: Decrypts the messages of the process.
        self.cipher = cipher
        #: The number of the latest authentic message; 0: none.
        self.last_number = 0


class Sealer:
    """Seals the messages of this process, and opens the messages of the other processes of the log."""

    def __init__(self, key: bytes, log_id: str, clock_ns: Callable[[], int]) -> None:
        """Derive the keys, with a new random salt.

        Args:
            key: 32 random bytes that only the processes of the log have.
            log_id: The id of the log; a message can be opened for this log only.
            clock_ns: Returns the current time in ns since the epoch.

        """
        self._key = key
        self._log_id = log_id
        self._clock_ns = clock_ns
        self._names_key = self._derive(b"channel names", b"")
        self._salt = os.urandom(_SALT_BYTES)
        self._cipher = AESGCM(self._derive(b"messages", self._salt))
        self._last_number = 0
        #: The other processes, by salt; the sender of the latest message is the last one.
        self._senders: dict[bytes, _Sender] = {}

    @staticmethod
    def max_bytes(payload_bytes: int) -> int:
        """Compute the size in bytes of the largest message whose sealed form has at most `payload_bytes` bytes."""
        return payload_bytes // 4 * 3 - _HEADER_BYTES - _TAG_BYTES

    def channel_name(self, channel: str) -> str:
        """Compute the public name of a channel: the log's id, and a keyed hash that hides the item."""
        return f"{self._log_id}.{blake2b(channel.encode(), key=self._names_key, digest_size=12).hexdigest()}"

    def seal(self, channel: str, message: bytes) -> bytes:
        """Encrypt and authenticate a message, which can then be opened as one of this channel only.

        Args:
            channel: The channel.
            message: The message.

        Returns:
            The sealed message in Base64.

        """
        # A number is never used twice, even if the clock is set back.
        self._last_number = max(self._last_number + 1, self._clock_ns())
        number = self._last_number.to_bytes(_NUMBER_BYTES)
        ciphertext = self._cipher.encrypt(_nonce(number), message, self._associated_data(channel))
        return binascii.b2a_base64(self._salt + number + ciphertext, newline=False)

    def open(self, channel: str, payload: bytes) -> bytes:
        """Decrypt a sealed message, and check that another process of this log sealed it for this channel recently.

        Args:
            channel: The channel on which it arrived.
            payload: The sealed message in Base64.

        Raises:
            RefusedMessageError: It was not sealed by another process of this log for this channel, it arrived before,
                or its time differs from the clock by more than a minute.

        """
        try:
            sealed = binascii.a2b_base64(payload, strict_mode=True)
        except binascii.Error:
            raise RefusedMessageError("forged") from None
        salt, number = sealed[:_SALT_BYTES], sealed[_SALT_BYTES:_HEADER_BYTES]
        if salt == self._salt:  # a message of this process, which another client has published again
            raise RefusedMessageError("replayed")
        sender = self._senders.get(salt) or _Sender(AESGCM(self._derive(b"messages", salt)))
        try:
            message = sender.cipher.decrypt(_nonce(number), sealed[_HEADER_BYTES:], self._associated_data(channel))
        except (InvalidTag, ValueError):
            raise RefusedMessageError("forged") from None
        sent_ns = int.from_bytes(number)
        if sent_ns <= sender.last_number:
            raise RefusedMessageError("replayed")
        if abs(self._clock_ns() - sent_ns) > MAX_AGE_S * 1e9:
            raise RefusedMessageError("stale")
        sender.last_number = sent_ns
        self._remember(salt, sender)
        return message

    def _remember(self, salt: bytes, sender: _Sender) -> None:
        """Store the sender of an authentic message as the latest one; drop the oldest sender beyond `_MAX_SENDERS`."""
        self._senders.pop(salt, None)
        self._senders[salt] = sender
        if len(self._senders) > _MAX_SENDERS:
            del self._senders[next(iter(self._senders))]

    def _associated_data(self, channel: str) -> bytes:
        """Return the associated data for AES-GCM, which binds a message to the log and the channel."""
        return f"{self._log_id} {channel}".encode()

    def _derive(self, use: bytes, salt: bytes) -> bytes:
        """Derive a 32-byte key from the log's key (HKDF with SHA-256).

        Args:
            use: What the key is for; each use gets another key.
            salt: Random bytes; b"" for a key that all processes share.

        """
        return HKDF(SHA256(), 32, salt, b"alcove bus: " + use).derive(self._key)


def _nonce(number: bytes) -> bytes:
    """Pad a message number to the length of AES-GCM's nonce."""
    return bytes(_NONCE_BYTES - len(number)) + number
