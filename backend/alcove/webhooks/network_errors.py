"""Describe why a receiver could not be reached, without any text of a request or a response (A6)."""

import errno
import os
import socket
import ssl
from collections.abc import Iterator

#: Descriptions of frequent errors, the same on every operating system.
_TEXT_BY_ERRNO = {errno.ECONNREFUSED: "connection refused", errno.ECONNRESET: "connection reset"}


def network_error(error: BaseException) -> str:
    """Describe an error of the HTTP client in a few words.

    The client wraps the error of the operating system; if the host name has several addresses, it wraps a group of
    errors. The innermost error is the most precise one.

    Args:
        error: The exception that the client raised.

    Returns:
        A text such as "connection refused" or "certificate refused: self-signed certificate".

    """
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return f"certificate refused: {cause.verify_message}"
            case ssl.SSLError():
                return f"TLS failed: {cause.reason.replace('_', ' ').lower()}"
            case socket.gaierror():
                return f"name not found: {cause.strerror}"
            case OSError(errno=int(code)):
                return _TEXT_BY_ERRNO.get(code) or os.strerror(code).lower()
            case _:
                pass
    name = type(error).__name__
    if "disconnected" in str(error):
        return "connection closed without a response"
    # Only the type: the message of the error may contain parts of the response.
    return "the response is not HTTP" if name == "RemoteProtocolError" else name


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the causes of an error, then the error itself: the innermost first."""
    if isinstance(error, BaseExceptionGroup):
        yield from _causes(error.exceptions[0])
    elif (cause := error.__cause__ or error.__context__) is not None:
        yield from _causes(cause)
    yield error
